/** The cache of bucket states, in a file of its own: it may be deleted at any time, and a damaged one is made anew. */
import { rmSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { ReckonerError } from '../../events/errors.ts';
import type { Snapshot, SnapshotStore } from '../../events/snapshot-store.ts';
import { applicationId, type FileKind, openDatabase } from './database.ts';
import type { DiskGuard } from './disk-guard.ts';
import { failureOf, isBusy } from './failures.ts';
import { patience } from './patience.ts';
import { createShelf, type Shelf } from './snapshot-shelf.ts';

export interface SnapshotStoreOptions {
  /** Path of the file, or `:memory:`. */
  readonly file: string;
  /** How long a snapshot may wait for company before it is written, in milliseconds; default 20. */
  readonly flushMs?: number;
  /** Snapshots written in one transaction, default 64: what the event loop stands still for. */
  readonly batch?: number;
  /** Snapshots that may wait, default 1,024. At half of it `put` begins to wait for the disk; beyond it the oldest are dropped. */
  readonly maxWaiting?: number;
  /** The same in bytes, default 16 MiB; one that waits alone may be eight times as large. */
  readonly maxWaitingBytes?: number;
  /** Keeps no further snapshots while the disk is nearly full: the last space is not for a cache. */
  readonly guard?: DiskGuard;
  /** Told of what went wrong; callers never are. */
  readonly onError?: (error: ReckonerError) => void;
}

const snapshotFile: FileKind = {
  name: "a cache of Reckoner's snapshots",
  applicationId: applicationId('RKNc'),
  migrations: [
    `CREATE TABLE snapshots (
       stream   TEXT    NOT NULL,
       revision INTEGER NOT NULL,
       versions TEXT    NOT NULL,
       bytes    BLOB    NOT NULL,
       PRIMARY KEY (stream, revision)
     ) STRICT`,
  ],
  settings: ['journal_mode = WAL', 'synchronous = NORMAL', 'busy_timeout = 0', 'cache_size = -16384'],
};

const ALONE = 8;

interface Waiting {
  readonly stream: string;
  readonly snapshot: Snapshot;
}

/** Opens the cache, making it anew where it is damaged; where it cannot be used at all, it stays empty. */
export function openSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  const { file, flushMs = 20, batch = 64, maxWaiting = 1_024, maxWaitingBytes = 2 ** 24, onError = () => {} } = options;
  let open = openShelf(file, onError);
  /** Not yet written, oldest first; a stream's later snapshot does not replace its earlier one. */
  const waiting = new Map<string, Waiting>();
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  let room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  let closed = false;

  function put(stream: string, snapshot: Snapshot): Promise<void> {
    if (closed || open === undefined || options.guard?.refusal() !== undefined) return Promise.resolve();
    options.guard?.wrote(2 * snapshot.bytes.length);
    const key = `${snapshot.revision} ${stream}`;
    leave(key);
    waiting.set(key, { stream, snapshot });
    bytes += snapshot.bytes.length;
    for (const oldest of waiting.keys()) {
      // A large one may wait alone: without any its bucket would be folded anew from its first event.
      const most = waiting.size === 1 ? ALONE * maxWaitingBytes : maxWaitingBytes;
      if (waiting.size <= maxWaiting && bytes <= most) break;
      leave(oldest);
    }
    if (waiting.size < batch) timer ??= setTimeout(flush, flushMs).unref();
    else soon ??= setImmediate(flush);
    if (!crowded()) return Promise.resolve();
    // Whoever waits for its puts is slowed to the disk's pace and loses nothing.
    room ??= deferred();
    return room.promise;
  }

  function crowded(): boolean {
    return waiting.size > maxWaiting / 2 || bytes > maxWaitingBytes / 2;
  }

  function leave(key: string): void {
    bytes -= waiting.get(key)?.snapshot.bytes.length ?? 0;
    waiting.delete(key);
  }

  /** Writes one batch, and sees to the rest. */
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    soon = undefined;
    const taken = front();
    const outcome = attempt((shelf) => shelf.write(taken.map(([, entry]) => entry)));
    // Where another process writes, they stay and are tried again later; any other failure costs the cache these entries.
    if (outcome !== 'busy') for (const [key] of taken) leave(key);
    if (!crowded()) makeRoom();
    if (waiting.size === 0 || closed) return;
    if (outcome === 'busy') timer = setTimeout(flush, flushMs).unref();
    else soon = setImmediate(flush);
  }

  /** The oldest that wait: a batch by count or, where they are large, a megabyte. */
  function front(): [string, Waiting][] {
    const taken: [string, Waiting][] = [];
    let size = 0;
    for (const entry of waiting) {
      if (taken.length >= batch || size > 2 ** 20) break;
      taken.push(entry);
      size += entry[1].snapshot.bytes.length;
    }
    return taken;
  }

  function makeRoom(): void {
    room?.resolve();
    room = undefined;
  }

  /** Runs something on the file. Damage makes the file anew; no failure leaves this function. */
  function attempt<T>(run: (shelf: Shelf) => T): { readonly value: T } | 'busy' | 'failed' {
    if (open === undefined) return 'failed';
    try {
      return { value: run(open.shelf) };
    } catch (thrown) {
      if (isBusy(thrown)) return 'busy';
      const error = failureOf(thrown, file);
      onError(error);
      if (error.code === 'log_corrupt') {
        open.database.close();
        discard(file);
        open = openShelf(file, onError);
      }
      return 'failed';
    }
  }

  return {
    put,
    async latest(stream, versions, revision = Number.MAX_SAFE_INTEGER) {
      let newest: Snapshot | undefined;
      for (const { stream: of, snapshot } of waiting.values()) {
        if (of !== stream || snapshot.versions !== versions || snapshot.revision > revision) continue;
        if (newest === undefined || snapshot.revision > newest.revision) newest = snapshot;
      }
      const found = attempt((shelf) => shelf.latest(stream, versions, revision));
      const stored = typeof found === 'object' ? found.value : undefined;
      if (stored === undefined || newest === undefined) return newest ?? stored;
      return newest.revision >= stored.revision ? newest : stored;
    },
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      clearImmediate(soon);
      while (waiting.size > 0) {
        const before = waiting.size;
        flush();
        if (waiting.size === before) break; // busy: it is only a cache
      }
      makeRoom();
      open?.database.close();
      open = undefined;
    },
  };
}

function openShelf(
  file: string,
  onError: (error: ReckonerError) => void,
): { readonly database: Database.Database; readonly shelf: Shelf } | undefined {
  const openIt = () => {
    const database = openDatabase(file, snapshotFile, patience({ limitMs: 1_000 }));
    return { database, shelf: createShelf(database) };
  };
  try {
    return openIt();
  } catch (thrown) {
    const error = failureOf(thrown, file);
    onError(error);
    // Another program's file, or one that cannot be written to, is left alone.
    if (error.code !== 'log_corrupt' && error.code !== 'log_newer') return undefined;
  }
  try {
    discard(file);
    return openIt();
  } catch (thrown) {
    onError(failureOf(thrown, file));
    return undefined;
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function discard(file: string): void {
  if (file === ':memory:') return;
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}
