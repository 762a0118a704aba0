/**
 * Sealing turns drafts into records: it adds the envelope and chains each record to the one before it in its stream, so that
 * a changed byte anywhere is found and located.
 */
import { hash } from 'node:crypto';
import { catalogue, type Draft, encodeData, encodeMetadata } from './catalogue.ts';
import { type EventRecord, NO_STREAM } from './event-log.ts';

/** Where a stream stands: what its next event must follow. */
export interface Head {
  /** Revision of the last event, NO_STREAM before the first. */
  readonly revision: number;
  /** `chainHash` of the last event; empty before the first. */
  readonly hash: Uint8Array;
}

export interface Envelope {
  readonly correlationId: string;
  readonly causationId: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly writer: string;
}

/** Where a stream without events stands. */
export const EMPTY_HEAD: Head = { revision: NO_STREAM, hash: new Uint8Array(0) };

/** Version of the arithmetic behind every choice; a golden history that no longer replays names it. */
export const ENGINE = 'reckoner/0.1';

/** The record of a draft, and the head of the stream after it. */
export function seal(
  draft: Draft,
  envelope: Envelope,
  head: Head,
): { readonly record: EventRecord; readonly head: Head } {
  const record: EventRecord = {
    id: draft.id,
    type: draft.type,
    data: encodeData(draft),
    metadata: encodeMetadata({
      correlationId: envelope.correlationId,
      causationId: envelope.causationId,
      time: envelope.time,
      writer: envelope.writer,
      schemaVersion: catalogue[draft.type].version,
      engine: ENGINE,
      previousHash: head.hash,
    }),
  };
  return { record, head: { revision: head.revision + 1, hash: chainHash(record) } };
}

/** SHA-256 over id, type, data and metadata, each preceded by its length (32 bits, little-endian) so that no byte can move between them. */
export function chainHash(record: EventRecord): Uint8Array {
  const idLength = Buffer.byteLength(record.id);
  const typeLength = Buffer.byteLength(record.type);
  const bytes = Buffer.allocUnsafe(16 + idLength + typeLength + record.data.length + record.metadata.length);
  let at = bytes.writeUInt32LE(idLength, 0);
  at += bytes.write(record.id, at);
  at = bytes.writeUInt32LE(typeLength, at);
  at += bytes.write(record.type, at);
  at = bytes.writeUInt32LE(record.data.length, at);
  bytes.set(record.data, at);
  at = bytes.writeUInt32LE(record.metadata.length, at + record.data.length);
  bytes.set(record.metadata, at);
  // By way of a string: a digest that comes as a buffer has a memory of its own, which takes twice as long and burdens the collector.
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
}
