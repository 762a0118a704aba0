/** The projector's side of the file: one connection, on which everything happens in fenced transactions, one after another. */
import type Database from 'better-sqlite3';
import { type ErrorCode, ReckonerError } from '../../events/errors.ts';
import type { DiskGuard } from '../sqlite/disk-guard.ts';
import { failureOf, isRowFault, sqliteCode } from '../sqlite/failures.ts';
import { watchPlace } from '../sqlite/in-place.ts';
import { patience, patiently } from '../sqlite/patience.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createEditions, type Editions } from './editions.ts';
import { discardReadModels, openReadModelsFile } from './file.ts';
import { createLease, type Lease, LeaseLost } from './lease.ts';
import { createRequests, type Requests } from './requests.ts';

export interface StoreOptions {
  readonly file: string;
  readonly owner: string;
  readonly ttlMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onError: (error: ReckonerError) => void;
  /** Refuses what would fill the disk that the log is on. */
  readonly guard?: DiskGuard | undefined;
}

export interface Store {
  readonly database: Database.Database;
  readonly editions: Editions;
  readonly deadLetters: DeadLetters;
  readonly requests: Requests;
  readonly lease: Lease;
  /** Takes the lease where it can be had. */
  takeLease(): Promise<boolean>;
  /** Waits for its turn, then runs alone on the connection: no other piece of work changes anything meanwhile. */
  alone<T>(run: () => Promise<T>): Promise<T>;
  /** Runs in one transaction that commits only while the lease is ours. Only within `alone`. @throws LeaseLost, and what `run` throws */
  fenced<T>(run: () => T | Promise<T>): Promise<T>;
  /** Gives the lease back, where that is possible, and lets the file go. */
  close(): Promise<void>;
}

/** @throws ReckonerError log_unusable, log_full, log_locked */
export function openStore({ file, owner, ttlMs, now, onError, guard }: StoreOptions): Store {
  const database = openReadModelsFile(file, onError);
  const requireInPlace = watchPlace(file);
  const waits = patience({ limitMs: 5_000 });
  const lease = createLease(database, { owner, ttlMs, now });
  const [begin, commit, rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) => database.prepare(sql));
  let last: Promise<unknown> = Promise.resolve();

  async function transaction<T>(run: () => T | Promise<T>): Promise<T> {
    // Those who ask for something write too, a row at a time.
    await patiently(() => begin?.run(), waits);
    try {
      requireInPlace();
      const result = await run();
      commit?.run();
      return result;
    } catch (thrown) {
      if (database.inTransaction) rollback?.run();
      throw thrown;
    }
  }

  function alone<T>(run: () => Promise<T>): Promise<T> {
    const mine = last.then(run);
    last = mine.catch(() => {});
    return mine;
  }

  return {
    ...{ database, lease, alone },
    editions: createEditions(database),
    deadLetters: createDeadLetters(database, now),
    requests: createRequests(database, now),
    takeLease: () => alone(() => transaction(lease.take)),
    fenced: (run) =>
      transaction(() => {
        const refusal = guard?.refusal();
        if (refusal !== undefined) throw refusal;
        lease.require();
        return run();
      }),
    async close() {
      try {
        await alone(() => transaction(lease.release));
      } catch {
        // It runs out by itself.
      }
      database.close();
    },
  };
}

const TROUBLE: ReadonlySet<string> = new Set(['log_locked', 'log_full', 'log_unusable', 'shutting_down']);

/** Whether what a projection threw was the event's doing or its own, and not the disk's, the log's or another process's. */
export function isFaultOfEvent(thrown: unknown): boolean {
  if (thrown instanceof LeaseLost) return false;
  return thrown instanceof ReckonerError ? !TROUBLE.has(thrown.code) : isRowFault(thrown);
}

/** Throws the file away where what was thrown says that it is damaged. The error, typed. */
export function afterTrouble(thrown: unknown, file: string): ReckonerError {
  const error = failureOf(thrown, file);
  // What the log says of itself came typed: only the read models' own connection throws SQLite's errors as they are.
  if (sqliteCode(thrown) !== undefined && error.code === 'log_corrupt') discardReadModels(file);
  // The remedies of these errors are for a log. Of read models nothing can be lost.
  const remedy = error.message.startsWith(file) ? REMEDIES[error.code] : undefined;
  return remedy === undefined ? error : new ReckonerError(error.code, error.message, { remedy, cause: thrown });
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  log_corrupt: 'Nothing is lost: the read models are made anew.',
  log_full: 'Free space on that disk: the read models go on by themselves, and nothing of them is lost.',
  log_unusable:
    'Nothing is lost: the read models are made anew where they cannot go on. If it stays so, see that the data directory can be written to.',
};
