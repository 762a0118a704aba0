/** Bounded reads: a page is read to its end or cancelled before anything else happens. */
import type { EventStoreDBClient, ResolvedEvent } from '@eventstore/db-client';
import { BACKWARDS, END, FORWARDS, StreamNotFoundError } from '@eventstore/db-client';
import type { Position, ReadStreamOptions, RecordedEvent } from '../../events/event-log.ts';
import type { Asking } from './asking.ts';
import { within } from './deadline.ts';
import { positionOf, storedPosition } from './position.ts';
import { type Placed, raw, unpack } from './stored-form.ts';

/** What the client hands out for a read. */
export interface ReadHandle extends AsyncIterable<ResolvedEvent> {
  cancel(): Promise<void>;
  destroy(): unknown;
  on(event: 'error', listener: (thrown: unknown) => void): unknown;
}

export interface ReadsOptions {
  readonly client: EventStoreDBClient;
  readonly asking: Asking;
  readonly prefix: string;
  /** Milliseconds within which a page has to be there. */
  readonly deadlineMs: number;
  /** Events of a page at most. */
  readonly pageSize: number;
  /** Finds positions that the server did not tell: of events read from their stream some servers do not know them. */
  readonly placed: (events: readonly Placed[]) => Promise<readonly RecordedEvent[]>;
}

export interface Reads {
  /** Events of one stream; one that others put there has its own id and bytes, so that no revision is missing. */
  stream(name: string, options?: ReadStreamOptions): AsyncGenerator<RecordedEvent>;
  /** The events at these revisions, as many of them as there are. */
  some(name: string, from: number, count: number): Promise<readonly RecordedEvent[]>;
  /** Ids of the events at these revisions, as many of them as there are. */
  ids(name: string, from: number, count: number): Promise<readonly string[]>;
  /** Revision of the stream's last event, -1 where there is none. */
  headOf(name: string): Promise<number>;
  /**
   * What follows a position in the whole store, system events and all: where a page ends before the log does, `upTo` is where to
   * go on. `end` says that nothing followed when it was read.
   */
  page(after: Position): Promise<StorePage>;
  /** The newest events of the log, newest first, none older than `floor`. */
  newest(limit: number, floor: Position): Promise<RecordedEvent[]>;
}

export interface StorePage {
  readonly events: readonly RecordedEvent[];
  readonly upTo: Position;
  readonly end: boolean;
}

/** Events of the first page of a stream: how large its events are is only known then. */
const FIRST_PAGE = 64;
/** Bytes of a further page, about. */
const PAGE_BYTES = 512 * 1024;
/** Events of the first page that looks for the newest, and how much larger each further one is. */
const NEWEST_PAGE = 8;
const NEWEST_GROWTH = 8;

export function createReads({ client, asking, prefix, deadlineMs, pageSize, placed }: ReadsOptions): Reads {
  /** Every page passes here. */
  async function drained(open: () => ReadHandle): Promise<ResolvedEvent[]> {
    return asking.again(() => drain(open, deadlineMs));
  }

  const ofStream = (name: string, fromRevision: bigint | typeof END, maxCount: number, backwards: boolean) =>
    drained(() =>
      client.readStream(prefix + name, {
        ...{ fromRevision, maxCount, requiresLeader: true },
        direction: backwards ? BACKWARDS : FORWARDS,
      }),
    );

  async function* stream(name: string, wanted: ReadStreamOptions = {}): AsyncGenerator<RecordedEvent> {
    const backwards = wanted.backwards ?? false;
    if (backwards && wanted.from !== undefined && wanted.from < 0) return; // before the first there is nothing
    let from: bigint | typeof END = backwards ? END : 0n;
    if (wanted.from !== undefined && wanted.from > 0) from = BigInt(wanted.from);
    else if (wanted.from === 0) from = 0n;
    let left = wanted.limit ?? Number.POSITIVE_INFINITY;
    let size = Math.min(FIRST_PAGE, pageSize);
    while (left > 0) {
      const asked = Math.min(left, size);
      const found = await ofStream(name, from, asked, backwards);
      const page = await placed(found.map((event) => unpack(event, prefix) ?? raw(event, name)));
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < asked || (backwards && last.revision === 0)) return;
      left -= page.length;
      size = Math.min(pageSize, eventsOf(PAGE_BYTES, page));
      from = BigInt(last.revision + (backwards ? -1 : 1));
    }
  }

  async function some(name: string, from: number, count: number): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of stream(name, { from, limit: count })) events.push(event);
    return events;
  }

  async function ids(name: string, from: number, count: number): Promise<readonly string[]> {
    const found = await ofStream(name, BigInt(from), count, false);
    return found.map((event) => (unpack(event, prefix) ?? raw(event, name)).id);
  }

  async function headOf(name: string): Promise<number> {
    const [last] = await ofStream(name, END, 1, true);
    return Number(last?.event?.revision ?? -1n);
  }

  async function page(after: Position): Promise<StorePage> {
    const from = storedPosition(after);
    // The page begins with the event at the position itself, which is known.
    const found = await drained(() =>
      client.readAll({ fromPosition: from, maxCount: pageSize + 1, direction: FORWARDS, requiresLeader: true }),
    );
    const events: RecordedEvent[] = [];
    let upTo = after;
    for (const item of found) {
      const position = placeOf(item);
      if (position === undefined || position <= after) continue;
      upTo = position;
      const event = unpack(item, prefix);
      if (event !== undefined) events.push({ ...event, position });
    }
    return { events, upTo, end: found.length <= pageSize };
  }

  async function newest(limit: number, floor: Position): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let from: ReturnType<typeof storedPosition> | typeof END = END;
    for (
      let size = Math.max(NEWEST_PAGE, limit);
      events.length < limit;
      size = Math.min(pageSize, size * NEWEST_GROWTH)
    ) {
      const fromPosition = from;
      const found = await drained(() =>
        client.readAll({ fromPosition, maxCount: size, direction: BACKWARDS, requiresLeader: true }),
      );
      let lowest: Position | undefined;
      for (const item of found) {
        const position = placeOf(item);
        if (position === undefined) continue;
        lowest = position;
        if (position < floor) return events;
        const event = unpack(item, prefix);
        const last = events.at(-1);
        // Backwards a page may begin with the event that the last one ended with.
        const repeated = last !== undefined && position >= last.position;
        if (event !== undefined && !repeated && events.length < limit) events.push({ ...event, position });
      }
      if (lowest === undefined || found.length < size) return events;
      from = storedPosition(lowest);
    }
    return events;
  }

  return { stream, some, ids, headOf, page, newest };
}

/** One attempt at a read: to its end, or cancelled. A stream that does not exist has no events. */
export async function drain(open: () => ReadHandle, deadlineMs: number): Promise<ResolvedEvent[]> {
  const handle = open();
  handle.on('error', () => {}); // one that comes after we have left has nobody else
  try {
    return await within(deadlineMs, collect(handle), 'a read');
  } catch (thrown) {
    if (thrown instanceof StreamNotFoundError) return [];
    // One that is left unread keeps the client from ever ending; cancelling waits for a connection that may never come.
    await within(deadlineMs, handle.cancel(), 'cancel').catch(() => {});
    handle.destroy();
    throw thrown;
  }
}

async function collect(handle: AsyncIterable<ResolvedEvent>): Promise<ResolvedEvent[]> {
  const events: ResolvedEvent[] = [];
  for await (const event of handle) events.push(event);
  return events;
}

/** Where anything lies in the store, a link by its own place; undefined where it does not say. */
function placeOf({ event, link }: ResolvedEvent): Position | undefined {
  const position = (link ?? event)?.position;
  return position === undefined ? undefined : positionOf(position);
}

/** How many events like these make so many bytes. */
function eventsOf(bytes: number, page: readonly RecordedEvent[]): number {
  const size = page.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
  return Math.max(1, Math.floor((bytes * page.length) / Math.max(1, size)));
}
