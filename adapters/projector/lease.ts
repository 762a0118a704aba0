/** One process projects at a time: a row with a token that grows, which every transaction looks at before it commits anything. */
import type Database from 'better-sqlite3';

export interface LeaseOptions {
  /** Who asks: unique to this projector. */
  readonly owner: string;
  /** How long it lasts without being renewed, in milliseconds. */
  readonly ttlMs: number;
  /** Milliseconds since 1970, a clock that all processes share. */
  readonly now: () => number;
}

export interface Lease {
  /** Takes the lease where it is free or has run out. Call it within a transaction. */
  take(): boolean;
  /** Makes sure that it is still ours, and renews it when a third of it has passed. Call it within every transaction. @throws LeaseLost */
  require(): void;
  /** Gives it back where it is ours: the next one need not wait. Call it within a transaction. */
  release(): void;
  /** Whether so much time has passed that it should be renewed. */
  readonly due: boolean;
}

export interface LeaseRow {
  readonly owner: string;
  readonly token: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Another process has taken over: whatever this one remembers of the tables may be wrong by now. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export function createLease(database: Database.Database, { owner, ttlMs, now }: LeaseOptions): Lease {
  const found = database.prepare<[], LeaseRow>('SELECT owner, token, expires FROM projector_lease');
  const write = database.prepare<[string, number, number]>(
    `INSERT INTO projector_lease (id, owner, token, expires) VALUES (1, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, token = excluded.token, expires = excluded.expires`,
  );
  let token: number | undefined;
  let renewed = 0;

  return {
    take() {
      const row = found.get();
      if (row !== undefined && row.owner !== owner && row.expires > now()) return false;
      token = (row?.token ?? 0) + 1;
      renewed = now();
      write.run(owner, token, renewed + ttlMs);
      return true;
    },
    require() {
      if (token === undefined || found.get()?.token !== token)
        throw new LeaseLost('Another process projects these read models now.');
      if (now() - renewed < ttlMs / 3) return;
      renewed = now();
      write.run(owner, token, renewed + ttlMs);
    },
    release() {
      // The row stays, run out: its token must never be given twice.
      if (token !== undefined && found.get()?.token === token) write.run(owner, token, 0);
      token = undefined;
    },
    get due() {
      return now() - renewed >= ttlMs / 3;
    },
  };
}

/** Who holds the lease, undefined where nobody does. */
export function holderOf(database: Database.Database, now: number): LeaseRow | undefined {
  const row = database.prepare<[], LeaseRow>('SELECT owner, token, expires FROM projector_lease').get();
  return row === undefined || row.expires <= now ? undefined : row;
}
