import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventId, seedOf, uuidV5 } from '../../events/ids.ts';

const DNS = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex').toString('latin1');

describe('a name-based id', () => {
  it.each([
    ['www.example.com', '2ed6657d-e927-568b-95e1-2665a8aea6a2'], // RFC 9562, appendix A.4
    ['python.org', '886313e1-3b8a-5372-9b90-0c9aee199e5d'], // the documentation of Python's uuid module
  ])('of %s in the DNS namespace is the one that is published', (name, id) => {
    expect(uuidV5(name, DNS)).toBe(id);
  });

  it('is SHA-1 with version and variant in their places, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const id = uuidV5(name, DNS);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const digest = createHash('sha1').update(Buffer.from(DNS, 'latin1')).update(name, 'utf8').digest();
        digest[6] = (digest[6]! & 0x0f) | 0x50;
        digest[8] = (digest[8]! & 0x3f) | 0x80;
        expect(id.replaceAll('-', '')).toBe(digest.toString('hex', 0, 16));
      }),
    );
  });
});

describe('an event id', () => {
  it('is the same for the same request and differs in every part', () => {
    const parts = ['default', 'model_routing', 'request', 'DecisionMade', 0] as const;
    const id = eventId(...parts);
    expect(eventId(...parts)).toBe(id);
    const others = [
      eventId('other', parts[1], parts[2], parts[3], parts[4]),
      eventId(parts[0], 'other', parts[2], parts[3], parts[4]),
      eventId(parts[0], parts[1], 'other', parts[3], parts[4]),
      eventId(parts[0], parts[1], parts[2], 'RewardObserved', parts[4]),
      eventId(parts[0], parts[1], parts[2], parts[3], 1),
    ];
    expect(new Set([id, ...others]).size).toBe(6);
  });

  it('cannot be moved by shifting letters from one part to the next', () => {
    expect(eventId('ab', 'c', 'r', 't')).not.toBe(eventId('a', 'bc', 'r', 't'));
    expect(eventId('a', 'b', 'r', 't1', 2)).not.toBe(eventId('a', 'b', 'r', 't', 12));
  });

  it('gives learning its first 32 bits as a seed', () => {
    expect(seedOf('2ed6657d-e927-568b-95e1-2665a8aea6a2')).toBe(0x2ed6657d);
    expect(seedOf('ffffffff-e927-568b-95e1-2665a8aea6a2')).toBe(2 ** 32 - 1);
  });
});
