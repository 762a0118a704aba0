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
  const bytes = laidOut(record, `${stream}@${revision}`);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -CHECKSUM_BYTES)), bytes.length - CHECKSUM_BYTES);
  const { metadata } = record;
  metadata.set(bytes.subarray(-CHECKSUM_BYTES), metadata.length - CHECKSUM_BYTES);
  return { record, head: { revision, hash: bytesOf(digest(bytes, record)) } };
}

/** SHA-256 over id, type, data and metadata, each preceded by its length (32 bits, little-endian) so that no byte can move between them. */
export function chainHash(record: EventRecord): Uint8Array {
  return bytesOf(digest(laidOut(record), record));
}

/** What the bytes of a stored event say of themselves. */
export interface Examined {
  /** Its chain hash, each byte as a letter (latin1): who holds many, or compares them, needs no buffers. */
  readonly digest: string;
  /** Whether its checksum is that of its bytes, its stream and its revision; undefined where its metadata does not end in one. */
  readonly whole: boolean | undefined;
}

export function inspect(event: Omit<RecordedEvent, 'position'>): Examined {
  const bytes = laidOut(event, `${event.stream}@${event.revision}`);
  const found = digest(bytes, event);
  if (!endsInChecksum(event)) return { digest: found, whole: undefined };
  const recorded = bytes.readUInt32LE(bytes.length - CHECKSUM_BYTES);
  return { digest: found, whole: recorded === crc32(bytes.subarray(0, -CHECKSUM_BYTES)) };
}

/** The same with the chain hash as bytes. */
export function examine(event: Omit<RecordedEvent, 'position'>): {
  readonly hash: Uint8Array;
  readonly whole: boolean | undefined;
} {
  const { digest, whole } = inspect(event);
  return { hash: bytesOf(digest), whole };
}

/** @param digest as `inspect` gives it */
export function bytesOf(digest: string): Uint8Array {
  return Buffer.from(digest, 'latin1');
}

/** Whether these bytes are that digest. */
export function isDigest(bytes: Uint8Array, digest: string): boolean {
  if (bytes.length !== digest.length) return false;
  for (let at = 0; at < digest.length; at++) if (bytes[at] !== digest.charCodeAt(at)) return false;
  return true;
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

/** For who looks at one event after the other, and keeps nothing of them. */
const scratch = Buffer.alloc(16 * 1024);

/**
 * The parts of a record, one after the other, each preceded by its length. Valid until the next call.
 * @param place stands before them: a checksum covers it too
 */
function laidOut(record: EventRecord, place = ''): Buffer {
  const placeLength = Buffer.byteLength(place);
  const length = placeLength + lengthOf(record);
  const bytes = length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length);
  bytes.write(place, 0);
  let at = bytes.write(record.id, placeLength + 4);
  bytes.writeUInt32LE(at, placeLength);
  at += placeLength + 4;
  const typeLength = bytes.write(record.type, at + 4);
  at = bytes.writeUInt32LE(typeLength, at) + typeLength;
  at = bytes.writeUInt32LE(record.data.length, at);
  bytes.set(record.data, at);
  at = bytes.writeUInt32LE(record.metadata.length, at + record.data.length);
  bytes.set(record.metadata, at);
  return bytes;
}

function lengthOf({ id, type, data, metadata }: EventRecord): number {
  return 16 + Buffer.byteLength(id) + Buffer.byteLength(type) + data.length + metadata.length;
}

/** SHA-256 over a record that was laid out. By way of a string: a digest that comes as a buffer takes twice as long and burdens the collector. */
function digest(bytes: Buffer, record: EventRecord): string {
  return hash('sha256', bytes.subarray(bytes.length - lengthOf(record)), 'binary');
}
