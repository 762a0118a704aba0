/**
 * Sealing turns drafts into records: it adds the envelope and chains each record to the one before it in its stream, so that
 * a changed byte anywhere is found and located; a checksum does so for the last event, which no other follows yet.
 */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { catalogue, type Draft, decodeMetadata, encodeData, encodeMetadata } from './catalogue.ts';
import { type EventRecord, NO_STREAM, type RecordedEvent } from './event-log.ts';

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

/** The record of a draft, and the head of its stream after it. @param stream the one that it will be appended to */
export function seal(
  draft: Draft,
  envelope: Envelope,
  head: Head,
  stream: string,
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
      checksum: 0, // holds its place
    }),
  };
  const revision = head.revision + 1;
  const bytes = laidOut(record);
  const checksum = checksumOf(bytes, stream, revision);
  bytes.writeUInt32LE(checksum, bytes.length - CHECKSUM_BYTES);
  const { metadata } = record;
  metadata.set(bytes.subarray(bytes.length - CHECKSUM_BYTES), metadata.length - CHECKSUM_BYTES);
  return { record, head: { revision, hash: sha256(bytes) } };
}

/** SHA-256 over id, type, data and metadata, each preceded by its length (32 bits, little-endian) so that no byte can move between them. */
export function chainHash(record: EventRecord): Uint8Array {
  return sha256(laidOut(record));
}

/**
 * The chain hash of a stored event, and whether its checksum is that of its bytes, its stream and its revision; `whole` is undefined
 * where its metadata does not end in a checksum.
 */
export function examine(event: Omit<RecordedEvent, 'position'>): {
  readonly hash: Uint8Array;
  readonly whole: boolean | undefined;
} {
  const bytes = laidOut(event, scratch);
  const hash = sha256(bytes);
  if (!endsInChecksum(event)) return { hash, whole: undefined };
  const recorded = bytes.readUInt32LE(bytes.length - CHECKSUM_BYTES);
  return { hash, whole: recorded === checksumOf(bytes, event.stream, event.revision) };
}

const CHECKSUM_BYTES = 4;
/** What stands before the checksum's bytes: field 8, 32 bits. */
const CHECKSUM_TAG = (8 << 3) | 5;

/** How the last field of metadata without a checksum begins: field 7, 32 bytes. */
const HASH_TAG = [(7 << 3) | 2, 32] as const;

function endsInChecksum({ id, metadata }: Pick<EventRecord, 'id' | 'metadata'>): boolean {
  const { length } = metadata;
  if (metadata[length - CHECKSUM_BYTES - 1] !== CHECKSUM_TAG) return false;
  // A hash is any bytes: where one may be the end, it is read what is.
  if (metadata[length - 34] !== HASH_TAG[0] || metadata[length - 33] !== HASH_TAG[1]) return true;
  try {
    return decodeMetadata({ id, metadata }).checksum !== undefined;
  } catch {
    return false;
  }
}

/** CRC-32 of all bytes but its own, which are the last; of stream and revision first. */
function checksumOf(bytes: Buffer, stream: string, revision: number): number {
  return crc32(bytes.subarray(0, bytes.length - CHECKSUM_BYTES), crc32(`${stream}@${revision}`));
}

/** For who looks at one event after the other, and keeps nothing of them. */
const scratch = Buffer.alloc(16 * 1024);

/** The parts of a record, one after the other, each preceded by its length. @param room for them, used where it is large enough */
function laidOut(record: EventRecord, room?: Buffer): Buffer {
  const idLength = Buffer.byteLength(record.id);
  const typeLength = Buffer.byteLength(record.type);
  const length = 16 + idLength + typeLength + record.data.length + record.metadata.length;
  const bytes = room !== undefined && length <= room.length ? room.subarray(0, length) : Buffer.allocUnsafe(length);
  let at = bytes.writeUInt32LE(idLength, 0);
  at += bytes.write(record.id, at);
  at = bytes.writeUInt32LE(typeLength, at);
  at += bytes.write(record.type, at);
  at = bytes.writeUInt32LE(record.data.length, at);
  bytes.set(record.data, at);
  at = bytes.writeUInt32LE(record.metadata.length, at + record.data.length);
  bytes.set(record.metadata, at);
  return bytes;
}

function sha256(bytes: Buffer): Uint8Array {
  // By way of a string: a digest that comes as a buffer has a memory of its own, which takes twice as long and burdens the collector.
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
}
