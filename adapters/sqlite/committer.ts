/** Group commit: what is appended within one turn of the event loop becomes one transaction. */
import type Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { AppendResult, EventRecord } from '../../events/event-log.ts';
import type { Archive } from './archive.ts';
import type { Written } from './arrivals.ts';
import { failureOf, isBusy, provesNoCommit } from './failures.ts';
import { watchPlace } from './in-place.ts';
import { delayBefore, type Patience } from './patience.ts';
import { createPlacing } from './placing.ts';
import type { Reads } from './reads.ts';
import { rowOf } from './schema.ts';

export interface CommitterOptions {
  readonly file: string;
  readonly archive: Archive;
  /** Of the whole log, archived events among it. */
  readonly reads: Reads;
  readonly patience: Patience;
  /** A transaction takes no further append once it has so many events. */
  readonly maxBatch: number;
  /** How many streams' heads to remember. */
  readonly heads: number;
  /**
   * Called after a transaction that wrote something, with the appends that it wrote.
   * @param last its last row
   * @param others whether others may have written since the transaction before it
   */
  readonly committed: (written: readonly Written[], last: number, others: boolean) => void;
  /** Called where a whole transaction failed, with what its appends were told. */
  readonly failed: (error: ReckonerError) => void;
  /** Named points where tests kill the process or let the disk fail. */
  readonly onPoint: (name: CommitPoint) => void;
}

export type CommitPoint = 'beforeCommit' | 'afterCommit';

export interface Committer {
  append(stream: string, expectedRevision: number, events: readonly EventRecord[]): Promise<AppendResult>;
  /** Refuses what comes from now on; settles when everything accepted has its answer. */
  close(): Promise<void>;
}

interface Waiting {
  readonly stream: string;
  readonly expected: number;
  readonly events: readonly EventRecord[];
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: ReckonerError) => void;
}

export function createCommitter(database: Database.Database, options: CommitterOptions): Committer {
  const { file, patience, maxBatch, committed, failed, onPoint } = options;
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const placing = createPlacing(database, options);
  const requireInPlace = watchPlace(file);

  let queue: Waiting[] = [];
  let scheduled = false;
  let closed = false;
  let idle: (() => void) | undefined;
  let lockedSince: number | undefined;
  let attempts = 0;
  /** Whether others may have written since `committed` was last called: a transaction that wrote nothing does not call it. */
  let others = false;

  function append(stream: string, expected: number, events: readonly EventRecord[]): Promise<AppendResult> {
    if (closed) return Promise.reject(new ReckonerError('shutting_down', 'The log is closed.'));
    if (events.length === 0) {
      return Promise.reject(new ReckonerError('request_invalid', 'An append needs at least one event.'));
    }
    return new Promise((resolve, reject) => {
      queue.push({ stream, expected, events, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    });
  }

  /** One transaction over the front of the queue. Synchronous: nothing can arrive while it runs. */
  function flush(): void {
    const answers: (AppendResult | ReckonerError)[] = [];
    let rows = 0;
    let committing = false;
    let last = 0;
    try {
      if (database.inTransaction) database.exec('ROLLBACK'); // an earlier one that could not be rolled back then
      begin.run();
      requireInPlace();
      others = placing.begin() || others;
      for (let next = queue[0]; next !== undefined && rows < maxBatch; next = queue[answers.length]) {
        const answer = placing.place(next.stream, next.expected, next.events);
        answers.push(answer);
        if (!(answer instanceof Error) && answer.status === 'appended') {
          rows += next.events.length;
          last = rowOf(answer.position);
        }
      }
      committing = true;
      onPoint('beforeCommit');
      commit.run();
      onPoint('afterCommit');
    } catch (thrown) {
      abandon();
      if (isBusy(thrown) && waitForLock()) return;
      if (committing && !provesNoCommit(thrown)) {
        const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
        failed(new ReckonerError('outcome_unknown', 'The last commit did not say whether it wrote.', { cause }));
        for (const { resolve } of take(answers.length)) resolve({ status: 'outcomeUnknown', cause });
      } else {
        // All that wait, not only this batch: a lock or a full disk is there for every one of them.
        const error = failureOf(thrown, file);
        failed(error);
        for (const { reject } of take(queue.length)) reject(error);
      }
      proceed();
      return;
    }
    const written: Written[] = [];
    take(answers.length).forEach((waiting, index) => {
      const answer = answers[index];
      if (answer === undefined || answer instanceof Error) waiting.reject(answer ?? lost());
      else waiting.resolve(answer);
      if (answer !== undefined && !(answer instanceof Error) && answer.status === 'appended') written.push(waiting);
    });
    if (rows > 0) {
      committed(written, last, others);
      others = false;
    }
    proceed();
  }

  function take(count: number): Waiting[] {
    const taken = queue;
    queue = taken.length <= count ? [] : taken.splice(count);
    return taken;
  }

  /** After a failure nothing that was read within the transaction may be believed. */
  function abandon(): void {
    placing.forget();
    try {
      if (database.inTransaction) database.exec('ROLLBACK');
    } catch {
      // The next flush tries again, and reports it where that fails too.
    }
  }

  /** Schedules another attempt; false where the patience is at its end. */
  function waitForLock(): boolean {
    const now = patience.now();
    lockedSince ??= now;
    if (now - lockedSince >= patience.limitMs) return false;
    attempts++;
    setTimeout(flush, delayBefore(attempts, patience.random));
    return true;
  }

  function proceed(): void {
    lockedSince = undefined;
    attempts = 0;
    scheduled = queue.length > 0;
    if (scheduled) setImmediate(flush);
    else idle?.();
  }

  function close(): Promise<void> {
    closed = true;
    return scheduled ? new Promise((resolve) => (idle = resolve)) : Promise.resolve();
  }

  return { append, close };
}

function lost(): ReckonerError {
  return new ReckonerError('internal', 'An append was left without an answer.');
}
