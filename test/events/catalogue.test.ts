import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue, type Draft, decode, type EventType } from '../../events/catalogue.ts';
import type { Position, RecordedEvent } from '../../events/event-log.ts';
import { EMPTY_HEAD, type Envelope, seal } from '../../events/seal.ts';
import { messageOf, plainBytes } from './messages.ts';

const types = Object.keys(catalogue) as EventType[]; // keys of a const table
const envelope: Envelope = { correlationId: 'c', causationId: '', time: 1_700_000_000_000.5, writer: 'node-1' };

function recordOf(type: EventType, data: unknown): RecordedEvent {
  const draft = { id: '2ed6657d-e927-568b-95e1-2665a8aea6a2', type, data } as Draft; // the arbitrary paired them
  return {
    ...seal(draft, envelope, EMPTY_HEAD, 'bucket-a').record,
    stream: 'bucket-a',
    revision: 0,
    position: '1' as Position,
  };
}

describe('the catalogue', () => {
  it.each(types)('decodes a stored %s to what was drafted, with its envelope', (type) => {
    fc.assert(
      fc.property(messageOf(type), (data) => {
        const event = decode(recordOf(type, data))!;
        expect(event).toMatchObject({
          type,
          stream: 'bucket-a',
          revision: 0,
          metadata: { ...envelope, schemaVersion: 1 },
        });
        expect(plainBytes(event.data)).toStrictEqual(plainBytes(data));
      }),
      { numRuns: 20 },
    );
  });

  it.each(['AlertRaisedIn2031', '', 'constructor', 'toString', '__proto__'])(
    'skips an event of the type %j, which this version does not know',
    (type) => {
      const record = recordOf('DomainFrozen', { by: 'a', reason: 'b' });
      expect(decode({ ...record, type })).toBeUndefined();
    },
  );

  it('says that the log is corrupt where the data or metadata of an event cannot be read', () => {
    const record = recordOf('DomainFrozen', { by: 'somebody', reason: 'something' });
    const corrupt = expect.objectContaining({ code: 'log_corrupt', message: expect.stringContaining(record.id) });
    for (const part of ['data', 'metadata'] as const) {
      expect(() => decode({ ...record, [part]: record[part].subarray(0, 5) })).toThrow(corrupt);
      expect(() => decode({ ...record, [part]: Buffer.alloc(40, 0xff) })).toThrow(corrupt);
      expect(() => decode({ ...record, [part]: Buffer.from([0x0a, 0x7f]) })).toThrow(corrupt);
    }
  });

  it('throws nothing but log_corrupt, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 60 }), fc.boolean(), (type, bytes, buffer) => {
        const record = recordOf('DomainFrozen', { by: '', reason: '' });
        try {
          decode({ ...record, type, data: buffer ? Buffer.from(bytes) : bytes });
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'log_corrupt' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
