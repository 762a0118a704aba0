/** The embedded log: one SQLite file, any number of processes on it. */
import { setImmediate as turn } from 'node:timers/promises';
import { ReckonerError } from '../../events/errors.ts';
import {
  type EventLog,
  type EventRecord,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  START,
} from '../../events/event-log.ts';
import type { Snapshot } from '../../events/snapshot-store.ts';
import { createArchive, type Segment } from './archive.ts';
import { createArrivals } from './arrivals.ts';
import { type CommitPoint, createCommitter } from './committer.ts';
import { openDatabase } from './database.ts';
import type { DiskGuard } from './disk-guard.ts';
import { failureOf } from './failures.ts';
import { patience, patiently } from './patience.ts';
import { createReads } from './reads.ts';
import { readAcross } from './reads-across.ts';
import { logFile, positionOf, rowOf } from './schema.ts';
import { subscription } from './subscription.ts';
import { createTrouble } from './trouble.ts';

export interface SqliteEventLogOptions {
  /** Path of the file, or `:memory:`. Its directory must exist. */
  readonly file: string;
  /** How long to wait for a lock that another process holds before log_locked, in milliseconds; default 5,000. */
  readonly lockWaitMs?: number;
  /** Events after which a transaction takes no further append, default 1,024. */
  readonly maxBatch?: number;
  /** Streams whose heads are remembered, default 65,536; others are looked up at each append. */
  readonly heads?: number;
  /** Events read from the file at once, default 500. */
  readonly pageSize?: number;
  /** Rows that one read looks at when it filters, default 2,000. */
  readonly window?: number;
  /** How often a waiting subscription looks for other processes' events, in milliseconds; default 25. */
  readonly pollMs?: number;
  /** Pages of 4 KB that the write-ahead log gathers before they are copied into the file, default 4,000. */
  readonly walPages?: number;
  /** Page cache in megabytes, default 32. */
  readonly cacheMb?: number;
  /** The file grows to so many pages of 4 KB, then appends answer log_full; default: what the disk holds. */
  readonly maxPages?: number;
  /** Refuses appends while the disk is nearly full. Default: appends go on until it is full. */
  readonly guard?: DiskGuard;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Tests kill the process, or throw as a failing disk would, at these points. */
  readonly onPoint?: (name: CommitPoint) => void;
}

export interface SqliteEventLog extends EventLog {
  /** Why it takes no appends: from one that failed until one succeeds or can be expected to; else undefined. */
  trouble(): ReckonerError | undefined;
  /** The newest events of all streams, newest first. */
  newest(limit: number): Promise<RecordedEvent[]>;
  /** What is archived, oldest segment first. */
  segments(): Promise<readonly Segment[]>;
  /** A bucket's state at the first event of it that was not archived; undefined where none was. */
  base(stream: string): Promise<Snapshot | undefined>;
}

/** Events of the first page of a stream: how large its events are is only known then. */
const FIRST_PAGE = 64;
/** Bytes of a further page: an event may be two hundred kilobytes, and nothing else runs while a page is read and folded. */
const PAGE_BYTES = 64 * 1024;

/** Bytes of an event beside its data and metadata: its row, and its entries in two indexes. */
const ROW_BYTES = 250;

/** What events take of the disk, once in the write-ahead log and once in the file. */
function bytesOf(events: readonly EventRecord[]): number {
  let bytes = 0;
  for (const { data, metadata } of events) bytes += ROW_BYTES + data.length + metadata.length;
  return 2 * bytes;
}

/** How many events like these make so many bytes. */
function eventsOf(bytes: number, page: readonly RecordedEvent[]): number {
  const size = page.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
  return Math.max(1, Math.floor((bytes * page.length) / Math.max(1, size)));
}

/**
 * Opens or creates a log. Every append that answered `appended` survives a power cut.
 * @throws ReckonerError log_corrupt, log_newer, log_unusable, log_locked
 */
export function openSqliteEventLog(options: SqliteEventLogOptions): SqliteEventLog {
  const { file } = options;
  const waits = patience({ limitMs: options.lockWaitMs, now: options.now, random: options.random });
  const kind = logFile(options.walPages, options.cacheMb, options.maxPages);
  const database = openDatabase(file, kind, waits);
  const sizes = { pageSize: options.pageSize ?? 500, window: options.window ?? 2_000 };
  const archive = createArchive(database, file, sizes);
  const reads = readAcross(createReads(database, sizes), archive);
  const dataVersion = database.prepare<[], number>('PRAGMA data_version').pluck();
  const arrivals = createArrivals(() => dataVersion.get() ?? 0, options.pollMs ?? 25);
  const trouble = createTrouble(file, waits.now);
  const committer = createCommitter(database, {
    file,
    archive,
    reads,
    patience: waits,
    maxBatch: options.maxBatch ?? 1_024,
    heads: options.heads ?? 65_536,
    committed: (...commit) => {
      trouble.mended();
      arrivals.notice(...commit);
    },
    failed: trouble.failed,
    onPoint: options.onPoint ?? (() => {}),
  });
  let closing: Promise<void> | undefined;

  const append: EventLog['append'] = (stream, expected, events) => {
    const refusal = options.guard?.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    if (options.guard !== undefined) options.guard.wrote(bytesOf(events));
    return committer.append(stream, expected, events);
  };

  /** Every read passes here: waits for locks, types failures, refuses after close. */
  async function read<T>(attempt: () => T): Promise<T> {
    try {
      return await patiently(() => {
        if (!database.open) throw new ReckonerError('shutting_down', 'The log is closed.');
        return attempt();
      }, waits);
    } catch (thrown) {
      throw failureOf(thrown, file);
    }
  }

  async function* readStream(stream: string, wanted: ReadStreamOptions = {}): AsyncGenerator<RecordedEvent> {
    const backwards = wanted.backwards ?? false;
    const step = backwards ? -1 : 1;
    let from = wanted.from ?? (backwards ? Number.MAX_SAFE_INTEGER : 0);
    let left = wanted.limit ?? Number.POSITIVE_INFINITY;
    let pageSize = Math.min(FIRST_PAGE, reads.pageSize);
    while (left > 0) {
      const asked = Math.min(left, pageSize);
      const { events: page, end } = await read(() => reads.stream(stream, from, asked, backwards));
      for (const event of page) yield event;
      const last = page.at(-1);
      if (last === undefined || end) return;
      left -= page.length;
      pageSize = Math.min(reads.pageSize, eventsOf(PAGE_BYTES, page));
      from = last.revision + step;
      await turn();
    }
  }

  async function* readAll(wanted: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    let at = rowOf(wanted.after ?? START);
    let left = wanted.limit ?? Number.POSITIVE_INFINITY;
    // What is appended while the reader reads is not for this read: it would never end beside a busy writer.
    const end = await read(() => reads.head());
    while (left > 0 && at < end) {
      const page = await read(() => reads.page(at, wanted, left, end));
      for (const event of page.events) yield event;
      left -= page.events.length;
      at = page.upTo;
      await turn();
    }
  }

  async function release(): Promise<void> {
    arrivals.close();
    await committer.close();
    try {
      // Leaves one file behind that can be copied as it is; another process that reads just now may prevent it.
      if (!database.memory) database.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // Everything is durable in the write-ahead log already.
    }
    archive.close();
    database.close();
  }

  return {
    append,
    find: (id) => read(() => reads.find(id)),
    readStream,
    readAll,
    subscribe: (wanted = {}) =>
      subscription(
        {
          arrivals,
          look: (after, filter) => read(() => ({ seen: arrivals.seen(), ...reads.page(after, filter) })),
        },
        wanted,
      ),
    trouble: () => trouble.present() ?? options.guard?.refusal(),
    newest: (limit) => read(() => reads.newest(limit)),
    segments: () => read(() => archive.segments()),
    base: (stream) => read(() => archive.base(stream)),
    requireWhole: (prefix, since) => read(() => archive.requireWhole(prefix, rowOf(since))),
    head: () => read(() => positionOf(reads.head())),
    close: () => {
      closing ??= release();
      return closing;
    },
  };
}
