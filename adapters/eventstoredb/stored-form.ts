/**
 * How an event lies in EventStoreDB. The body is our bytes; the metadata is JSON: a readable summary, our event id, and our
 * metadata bytes as base64. What is read back is the same to the byte, so that the chain of hashes holds in every store.
 */
import { createHash } from 'node:crypto';
import type { EventData, ResolvedEvent } from '@eventstore/db-client';
import { z } from 'zod';
import { ReckonerError } from '../../events/errors.ts';
import { type EventRecord, type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import { toldPosition } from './position.ts';
import { jsonOf, summaryOf } from './summary.ts';

export interface FormOptions {
  /** Bodies as JSON that the store's own pages and projections can read; the bytes then lie in the metadata too. */
  readonly json: boolean;
  /** Goes before our stream names in the store. */
  readonly prefix: string;
  /**
   * Names this opening of the log. EventStoreDB takes an append with ids that are already at its place for a repetition, and says
   * that it succeeded: also where another node has put other bytes under the same request's id there, which it would never see.
   * Ids in the store are therefore made of ours, this name and the content: only a repetition of one's own is one to the server.
   */
  readonly writer: string;
}

/** What marks an event as ours. */
const envelope = z.object({ id: z.string(), metadata: z.base64(), body: z.base64().optional() });

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Its wire form, and the bytes that it counts towards the largest append. */
export interface Packed {
  readonly event: EventData;
  readonly bytes: number;
}

/**
 * Serialised before the client has it: what throws inside the client leaves an append without an answer for ever.
 * @throws ReckonerError request_invalid
 */
export function pack(event: EventRecord, stream: string, revision: number, options: FormOptions): Packed {
  const { id, type, data, metadata } = event;
  if (!UUID.test(id)) throw invalid('an event id is no UUID in lower case');
  if (typeof type !== 'string' || type === '' || type.startsWith('$'))
    throw invalid('an event type is empty, or a system one');
  if (!(data instanceof Uint8Array) || !(metadata instanceof Uint8Array)) throw invalid('an event has no bytes');
  const seen = { ...event, stream, revision, position: START };
  const json = options.json ? jsonOf(seen) : undefined;
  const around = {
    summary: summaryOf(seen),
    id,
    metadata: base64(metadata),
    ...(json === undefined ? {} : { body: base64(data) }),
  };
  // The client writes any object as JSON but one that is exactly a Uint8Array, which a Buffer is not.
  const wrapped = new Uint8Array(Buffer.from(JSON.stringify(around), 'utf8'));
  const common = { id: storedId(event, stream, revision, options.writer), type, metadata: wrapped };
  const body = json === undefined ? data.length : Buffer.byteLength(json);
  return {
    event:
      json === undefined
        ? { ...common, contentType: 'application/octet-stream', data: plainBytes(data) }
        : { ...common, contentType: 'application/json', data: JSON.parse(json) },
    // As the server counts: body, metadata, and the type in UTF-16.
    bytes: body + wrapped.length + 2 * type.length,
  };
}

/** An event that was read; without its position where the server did not tell it. */
export type Placed = Omit<RecordedEvent, 'position'> & { readonly position: Position | undefined };

/** An event that was read, undefined where it is none of ours: the store's own, another program's, a link, or outside our prefix. */
export function unpack({ event }: ResolvedEvent, prefix: string): Placed | undefined {
  if (event === undefined || event.type.startsWith('$') || event.streamId.startsWith('$')) return undefined;
  if (!event.streamId.startsWith(prefix)) return undefined;
  const parsed = envelope.safeParse(event.metadata);
  if (!parsed.success) return undefined;
  const { id, metadata, body } = parsed.data;
  if (event.isJson && body === undefined) return undefined;
  return {
    id,
    type: event.type,
    // A JSON body is for people; the bytes are those that were written.
    data: body === undefined ? Buffer.from(bytesIn(event.data)) : Buffer.from(body, 'base64'),
    metadata: Buffer.from(metadata, 'base64'),
    stream: event.streamId.slice(prefix.length),
    revision: Number(event.revision),
    position: toldPosition(event.position),
  };
}

/**
 * What somebody else put into one of our streams, as it is: its revision is taken, and whoever reads the stream has to know that.
 * @throws ReckonerError log_corrupt where the store gives no event at all
 */
export function raw({ event }: ResolvedEvent, stream: string): Placed {
  if (event === undefined) throw new ReckonerError('log_corrupt', `EventStoreDB lost an event of ${stream}.`);
  const { id, type, revision, data, metadata } = event;
  const bytes = (value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(value === undefined ? '' : JSON.stringify(value));
  return {
    id,
    type,
    data: bytes(data),
    metadata: bytes(metadata),
    stream,
    revision: Number(revision),
    position: toldPosition(event.position),
  };
}

/** The name-based UUID (RFC 9562, 5.8) of who writes what where. */
function storedId({ id, data, metadata }: EventRecord, stream: string, revision: number, writer: string): string {
  const hash = createHash('sha256').update(`${writer}\n${id}\n${stream}\n${revision}\n${data.length}\n`);
  const hex = hash.update(data).update(metadata).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function bytesIn(data: unknown): Uint8Array {
  return data instanceof Uint8Array ? data : Buffer.from(String(data), 'utf8');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(what: string): ReckonerError {
  return new ReckonerError('request_invalid', `Cannot be appended: ${what}.`);
}
