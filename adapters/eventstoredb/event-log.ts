/** The log in EventStoreDB: one server or a cluster, any number of processes on it. */
import { randomUUID } from 'node:crypto';
import type { ReckonerError } from '../../events/errors.ts';
import { type EventLog, type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import { type EventStoreAddress, placeOf } from './address.ts';
import { createAppends } from './appends.ts';
import { closedError, createAsking } from './asking.ts';
import { connect } from './client.ts';
import { within } from './deadline.ts';
import { refusalOf, tooOld, unreachable } from './failures.ts';
import { openFeed } from './feed.ts';
import { openIdIndex } from './id-index.ts';
import { type IndexLag, startIndexing } from './indexing.ts';
import { readAll } from './read-all.ts';
import { createReads } from './reads.ts';
import { shareSnapshots } from './shared-snapshots.ts';
import type { Placed } from './stored-form.ts';
import { subscription } from './subscription.ts';
import { createTurns } from './turns.ts';

export interface EventStoreLogOptions {
  readonly address: EventStoreAddress;
  /** The index of event ids: path of its SQLite file, or `:memory:`, which is made anew from $all at each start. */
  readonly indexFile: string;
  /** Goes before our stream names in the store, default nothing: lets several installations share one. */
  readonly prefix?: string;
  /** Bodies as JSON; default bytes. */
  readonly json?: boolean;
  /** Bytes that the server takes in one append, default 1 MiB as the server's. */
  readonly maxAppendBytes?: number;
  /** Milliseconds without an answer after which an append's outcome is unknown, default 5,000. */
  readonly appendMs?: number;
  /** Milliseconds in which a page of a read has to come, default 10,000. */
  readonly readMs?: number;
  /** Milliseconds after which a read that finds no server is refused, default 5,000. */
  readonly patienceMs?: number;
  /** Appends that are under way at once, default 64: servers take 100 calls on a connection. */
  readonly atOnce?: number;
  /** Events of a page, default 500. */
  readonly pageSize?: number;
  /** How often the index looks for others' events while nobody asks, in milliseconds; default 500. */
  readonly indexMs?: number;
  /** A subscription has all there is after so many milliseconds without an event, default 15. */
  readonly quietMs?: number;
  /** A subscription that hears nothing for so long looks whether there is anything, default 1,000. */
  readonly lookMs?: number;
  /** Events of a stream after which a snapshot of it is shared again, default 2,048. */
  readonly shareEvery?: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export interface EventStoreLog extends EventLog {
  /** Why it does not answer: from one call that failed until one succeeds; else undefined. */
  trouble(): ReckonerError | undefined;
  /** The newest events of all streams, newest first. */
  newest(limit: number): Promise<RecordedEvent[]>;
  /** How far the index of ids is: `find` waits for it. */
  lag(): IndexLag;
  /** Settles when the index has seen everything that is in the log now. */
  indexed(): Promise<void>;
  /** Snapshots that other nodes find too, beside these local ones. */
  shareSnapshots(local: SnapshotStore): SnapshotStore;
  /** What the server calls itself, such as 23.10.1. @throws ReckonerError log_unreachable, log_unusable */
  version(): Promise<string>;
}

/** What is accepted at close has so long to be sent. */
const CLOSE_MS = 5_000;
/** The version from which servers say that a subscription has caught up. */
const OLDEST = 2_310;
/** So many feeds in a row may fail before a read of all streams gives up. */
const READ_ATTEMPTS = 5;

/**
 * Opens the log. Nothing is asked of the server before the first call but what the index asks.
 * @throws ReckonerError config_invalid, and what opening the index's file throws
 */
export function openEventStoreLog(options: EventStoreLogOptions): EventStoreLog {
  const { address, prefix = '', readMs = 10_000, patienceMs = 5_000 } = options;
  const { now = () => performance.now(), random = Math.random, pageSize = 500 } = options;
  const { appendMs = 5_000, maxAppendBytes: maxBytes = 1024 * 1024, shareEvery = 2_048 } = options;
  const connection = connect(address, readMs);
  const { client } = connection;
  let trouble: ReckonerError | undefined;
  const told = (heard: ReckonerError | undefined) => {
    trouble = heard;
  };
  const asking = createAsking({ place: placeOf(address), patienceMs, now, random, told });
  const index = openIdIndex(options.indexFile);
  const reads = createReads({ client, asking, prefix, deadlineMs: readMs, pageSize, placed });
  const indexing = startIndexing({ index, reads, asking, everyMs: options.indexMs ?? 500, patienceMs, now });
  const appends = createAppends({
    ...{ client, asking, reads, indexing, deadlineMs: appendMs },
    form: { json: options.json ?? false, prefix, writer: randomUUID() },
    turns: createTurns(options.atOnce ?? 64),
    maxBytes,
  });
  const source = {
    ...{ head, asking, prefix, now, silenceMs: readMs, silence },
    open: (after: Position, filter: Parameters<typeof openFeed>[2]) => openFeed(client, after, filter, prefix),
    quietMs: options.quietMs ?? 15,
    lookMs: options.lookMs ?? 1_000,
  };
  let closing: Promise<void> | undefined;

  /** Servers that do not know positions of events in their streams: $all does, and so does who has read it. */
  async function placed(events: readonly Placed[]): Promise<readonly RecordedEvent[]> {
    const place = (event: Placed) => event.position ?? indexing.known(event.id)?.position;
    if (events.some((event) => place(event) === undefined)) await indexing.caughtUp();
    // What somebody else put into one of our streams is in no index of ours.
    return events.map((event) => ({ ...event, position: place(event) ?? START }));
  }

  function open(): void {
    if (closing !== undefined) throw closedError();
  }

  /** Servers before 23.10 never say that a subscription has caught up: it would be waited for without end. */
  async function silence(): Promise<Error> {
    const said = await within(readMs, connection.version(), 'the version').catch(() => undefined);
    const [, year = 0, month = 0] = /^(\d+)\.(\d+)\./.exec(said ?? '')?.map(Number) ?? [];
    const old = year > 0 && year * 100 + month < OLDEST;
    return old ? tooOld(asking.place, said) : new Error('A subscription heard nothing before it had caught up.');
  }

  async function head(): Promise<Position> {
    open();
    const floor = indexing.newest();
    const [last] = await reads.newest(1, floor);
    return last?.position ?? floor;
  }

  async function find(id: string): Promise<RecordedEvent | undefined> {
    open();
    const place = await indexing.find(id);
    if (place === undefined) return undefined;
    const [event] = await reads.some(place.stream, place.revision, 1);
    return event?.id === id ? event : undefined;
  }

  async function version(): Promise<string> {
    open();
    try {
      return await within(readMs, connection.version(), 'the version');
    } catch (thrown) {
      throw refusalOf(thrown) ?? unreachable(asking.place, thrown);
    }
  }

  async function release(): Promise<void> {
    await appends.close(CLOSE_MS);
    asking.close();
    await indexing.close();
    await connection.close();
  }

  return {
    append: (stream, expected, events) => appends.append(stream, expected, events),
    find,
    async *readStream(stream, wanted) {
      open();
      yield* reads.stream(stream, wanted);
    },
    async *readAll(wanted = {}) {
      open();
      yield* readAll(source, wanted, READ_ATTEMPTS);
    },
    subscribe: (wanted = {}) => subscription(source, wanted),
    head,
    newest: async (limit) => {
      open();
      return reads.newest(limit, START);
    },
    trouble: () => trouble,
    lag: indexing.lag,
    indexed: indexing.caughtUp,
    version,
    shareSnapshots: (local) =>
      shareSnapshots(local, {
        ...{ client, prefix, every: shareEvery, deadlineMs: readMs },
        // Room for its type and what is said of it.
        maxBytes: maxBytes - 2_048,
        told: (thrown) => told(refusalOf(thrown) ?? unreachable(asking.place, thrown)),
      }),
    close: () => {
      closing ??= release();
      return closing;
    },
  };
}
