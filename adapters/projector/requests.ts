/** What others ask of the process that projects: rows that it looks for. Asking takes no lease, and changes no read model. */
import type Database from 'better-sqlite3';
import type { Problem } from '../../events/errors.ts';

export interface Request {
  readonly id: number;
  readonly action: 'rebuild' | 'retry';
  /** Null: all of them. */
  readonly projection: string | null;
  readonly state: 'asked' | 'working' | 'done' | 'failed';
  /** JSON: what came of it, or the problem. */
  readonly result: string | null;
}

/** What came of a retry. */
export interface Retried {
  /** Dead letters that were folded and are gone. */
  readonly folded: number;
  /** That failed once more. */
  readonly failed: number;
  /** Projections whose dead letters cannot be folded late: they must be rebuilt. */
  readonly needRebuild: readonly string[];
}

const COLUMNS = 'id, action, projection, state, result';
/** Those that are over are kept for whoever asked, and no longer than a day. */
const KEPT_MS = 86_400_000;

/** The statements on requests. */
export interface Requests {
  /** Those that are not over, oldest first. */
  open(): Request[];
  begin(id: number): void;
  done(id: number, result: object): void;
  failed(id: number, problem: Problem): void;
}

export function createRequests(database: Database.Database, now: () => number): Requests {
  const open = database.prepare<[], Request>(
    `SELECT ${COLUMNS} FROM projector_requests WHERE state IN ('asked', 'working') ORDER BY id`,
  );
  const set = database.prepare<[Request['state'], string | null, number, number]>(
    'UPDATE projector_requests SET state = ?, result = ?, time = ? WHERE id = ?',
  );
  const forget = database.prepare<[number]>(
    "DELETE FROM projector_requests WHERE state IN ('done', 'failed') AND time < ?",
  );
  const finish = (id: number, state: 'done' | 'failed', result: object) => {
    set.run(state, JSON.stringify(result), now(), id);
    forget.run(now() - KEPT_MS);
  };
  return {
    open: () => open.all(),
    begin: (id) => {
      set.run('working', null, now(), id);
    },
    done: (id, result) => finish(id, 'done', result),
    failed: (id, problem) => finish(id, 'failed', problem),
  };
}

/** Asks; the answer is the request's id. */
export function ask(
  database: Database.Database,
  action: Request['action'],
  projection: string | undefined,
  now: number,
): number {
  const sql = "INSERT INTO projector_requests (action, projection, state, time) VALUES (?, ?, 'asked', ?)";
  return Number(database.prepare(sql).run(action, projection ?? null, now).lastInsertRowid);
}

/** How a request stands; undefined where it is not there, or no longer. */
export function requestIn(database: Database.Database, id: number): Request | undefined {
  return database.prepare<[number], Request>(`SELECT ${COLUMNS} FROM projector_requests WHERE id = ?`).get(id);
}
