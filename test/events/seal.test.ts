import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Draft, decodeMetadata, encodeMetadata } from '../../events/catalogue.ts';
import type { EventRecord } from '../../events/event-log.ts';
import { uuidV5 } from '../../events/ids.ts';
import { chainHash, EMPTY_HEAD, ENGINE, type Envelope, examine, seal } from '../../events/seal.ts';

const STREAM = 'domain-default-testing';
const envelope: Envelope = { correlationId: 'c', causationId: 'b', time: 12.5, writer: 'node-1' };

function frozen(n: number): Draft {
  return { id: uuidV5(`frozen ${n}`), type: 'DomainFrozen', data: { by: `person ${n}`, reason: '' } };
}

/** The record with one bit of one of its parts changed. */
function flipped(record: EventRecord, part: keyof EventRecord, at: number, bit: number): EventRecord {
  const bytes = Buffer.from(record[part]);
  const place = at % bytes.length;
  // A letter stays ASCII, so that the changed string has the same length.
  bytes[place] = bytes[place]! ^ (1 << (typeof record[part] === 'string' ? bit % 7 : bit));
  return { ...record, [part]: typeof record[part] === 'string' ? bytes.toString() : bytes };
}

const anyRecord = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom('DecisionMade', 'RewardObserved'),
  data: fc.uint8Array({ maxLength: 50 }),
  metadata: fc.uint8Array({ maxLength: 50 }),
});

describe('sealing', () => {
  it('gives each record the hash of the one before it, and counts revisions', () => {
    const first = seal(frozen(1), envelope, EMPTY_HEAD, STREAM);
    const second = seal(frozen(2), envelope, first.head, STREAM);
    expect(first.head.revision).toBe(0);
    expect(second.head.revision).toBe(1);
    const [one, two] = [decodeMetadata(first.record), decodeMetadata(second.record)];
    expect(one).toMatchObject({ ...envelope, schemaVersion: 1, engine: ENGINE });
    expect(one.previousHash).toHaveLength(0);
    expect(Buffer.compare(two.previousHash, chainHash(first.record))).toBe(0);
    expect(Buffer.compare(second.head.hash, chainHash(second.record))).toBe(0);
  });
});

describe('the checksum', () => {
  const { record, head } = seal(frozen(1), envelope, EMPTY_HEAD, STREAM);

  it('is the last of the metadata, and examining tells the hash of the chain with it', () => {
    const { metadata } = record;
    const { checksum } = decodeMetadata(record);
    expect(Buffer.from(metadata).readUInt32LE(metadata.length - 4)).toBe(checksum);
    const seen = examine({ ...record, stream: STREAM, revision: 0 });
    expect(seen.whole).toBe(true);
    expect(Buffer.compare(seen.hash, head.hash)).toBe(0);
    expect(Buffer.compare(seen.hash, chainHash(record))).toBe(0);
  });

  it('is wrong after any bit of id, type, data, metadata, stream or revision changed, or no checksum any more', () => {
    for (const part of ['id', 'type', 'data', 'metadata'] as const) {
      for (let at = 0; at < record[part].length; at++) {
        for (let bit = 0; bit < (typeof record[part] === 'string' ? 7 : 8); bit++) {
          const event = { ...flipped(record, part, at, bit), stream: STREAM, revision: 0 };
          expect(examine(event).whole, `${part} ${at} ${bit}`).not.toBe(true);
        }
      }
    }
    expect(examine({ ...record, stream: STREAM, revision: 1 }).whole).toBe(false);
    expect(examine({ ...record, stream: 'domain-default-testjng', revision: 0 }).whole).toBe(false);
  });

  it('is told from the end of a hash, whatever the bytes of that are', () => {
    const { metadata } = seal(frozen(2), envelope, head, STREAM).record;
    const told = decodeMetadata({ id: '', metadata });
    for (let at = 0; at < 32; at++) {
      for (const [byte, next] of [
        [0x45, 0],
        [0x3a, 0x20],
      ] as const) {
        const previousHash = Uint8Array.from(told.previousHash);
        previousHash[at] = byte;
        if (next > 0 && at < 31) previousHash[at + 1] = next;
        previousHash[27] = 0x45;
        const old = encodeMetadata({ ...told, previousHash, checksum: undefined });
        expect(examine({ ...record, metadata: old, stream: STREAM, revision: 1 }).whole).toBe(undefined);
        const kept = seal(frozen(2), envelope, { revision: 0, hash: previousHash }, STREAM).record;
        expect(examine({ ...kept, stream: STREAM, revision: 1 }).whole).toBe(true);
      }
    }
  });

  it('is absent in logs that know none', () => {
    const metadata = encodeMetadata({ ...decodeMetadata(record), checksum: undefined });
    expect(examine({ ...record, metadata, stream: STREAM, revision: 0 }).whole).toBe(undefined);
  });
});

describe('the chain hash', () => {
  it('changes with any bit of id, type, data or metadata', () => {
    fc.assert(
      fc.property(
        anyRecord,
        fc.constantFrom('id', 'type', 'data', 'metadata'),
        fc.nat(),
        fc.nat(7),
        (record, part, at, bit) => {
          fc.pre(record[part].length > 0);
          expect(Buffer.compare(chainHash(flipped(record, part, at, bit)), chainHash(record))).not.toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('changes when a byte moves from one part to the next', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        fc.pre(record.data.length > 0);
        const cut = record.data.length - 1;
        const moved = {
          ...record,
          data: record.data.subarray(0, cut),
          metadata: Buffer.concat([record.data.subarray(cut), record.metadata]),
        };
        expect(Buffer.compare(chainHash(moved), chainHash(record))).not.toBe(0);
        const shifted = { ...record, id: record.id.slice(0, -1), type: record.id.slice(-1) + record.type };
        expect(Buffer.compare(chainHash(shifted), chainHash(record))).not.toBe(0);
      }),
    );
  });

  it('does not care whether bytes come as a Buffer, or from the middle of one', () => {
    const record = { id: 'a', type: 'b', data: Uint8Array.of(1, 2), metadata: Uint8Array.of(3) };
    const views = { ...record, data: Buffer.from([0, 1, 2, 9]).subarray(1, 3), metadata: Buffer.from([3]) };
    expect(Buffer.compare(chainHash(views), chainHash(record))).toBe(0);
    expect(Buffer.from(chainHash(record)).toString('hex')).toMatch(/^[0-9a-f]{64}$/);
  });
});
