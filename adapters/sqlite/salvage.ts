/**
 * Reads a log file that may be damaged: what cannot be read is passed over and told, with the positions between which it lies, and
 * reading goes on behind it. Changes nothing, and blocks while it reads: for an audit, not for a server.
 */
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog, Position, ReadStreamOptions, RecordedEvent } from '../../events/event-log.ts';
import { failureOf, sqliteCode } from './failures.ts';
import { createReads } from './reads.ts';
import { logFile, positionOf } from './schema.ts';

/** A part of the log, in its order. */
export type Salvaged =
  /** What a damaged file gives as an event may be anything: whoever reads it checks it. */
  | { readonly events: readonly RecordedEvent[] }
  /** Events from this position to that one could not be read. */
  | { readonly from: Position; readonly to: Position; readonly what: string };

export interface Salvage {
  /** The last position that was given, as far as the file can tell. */
  readonly last: number;
  read(): Iterable<Salvaged>;
  /** As the log does: throws where it meets the damage. @throws ReckonerError log_corrupt */
  readStream: EventLog['readStream'];
  /** What SQLite finds in its own structures, indexes and the uniqueness of ids too; at most a hundred lines. Takes about as long as reading. */
  examine(): readonly string[];
  close(): void;
}

type Row = [position: number, id: string, stream: string, revision: number, type: string, data: Buffer, meta: Buffer];

const COLUMNS = 'position, id, stream, revision, type, data, metadata';
const PAGE = 500;

/** @throws ReckonerError log_corrupt where nothing of it can be read, log_newer, log_unusable, log_locked */
export function openSalvage(file: string): Salvage {
  let database: Database.Database;
  try {
    database = new Database(file, { readonly: true, fileMustExist: true });
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
  try {
    const { applicationId, migrations } = logFile();
    const [ours, version] = ['application_id', 'user_version'].map((name) => database.pragma(name, { simple: true }));
    if (ours !== applicationId)
      throw new ReckonerError('log_unusable', `${file} is not a Reckoner event log, or its header is damaged.`);
    if (Number(version) > migrations.length)
      throw new ReckonerError(
        'log_newer',
        `${file} has schema version ${version}; this release knows up to ${migrations.length}.`,
      );
    const page = database
      .prepare<[number], Row>(
        `SELECT ${COLUMNS} FROM events NOT INDEXED WHERE position > ? ORDER BY position LIMIT ${PAGE}`,
      )
      .raw();
    const one = database.prepare<[number], Row>(`SELECT ${COLUMNS} FROM events NOT INDEXED WHERE position = ?`).raw();
    const last = lastOf(database);
    const { stream } = createReads(database, { pageSize: PAGE, window: PAGE });
    async function* readStream(name: string, { from = 0, limit = Infinity }: ReadStreamOptions = {}) {
      for (let next = from, left = limit; left > 0; ) {
        const events = guarded(file, () => stream(name, next, left, false));
        yield* events;
        if (events.length < PAGE) return;
        next = (events.at(-1)?.revision ?? next) + 1;
        left -= events.length;
      }
    }
    return {
      last,
      read: () => readAround(page, one, last),
      readStream,
      examine: () => examined(database),
      close: () => database.close(),
    };
  } catch (thrown) {
    database.close();
    throw failureOf(thrown, file);
  }
}

function examined(database: Database.Database): readonly string[] {
  try {
    const lines = database.prepare<[], string>('PRAGMA integrity_check(100)').pluck().all();
    return lines.filter((line) => line !== 'ok');
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown;
    return [`its structure is damaged (${sqliteCode(thrown)})`];
  }
}

function guarded<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
}

function lastOf(database: Database.Database): number {
  const candidates = ['SELECT seq FROM sqlite_sequence', 'SELECT max(position) FROM events'].map((text) => {
    try {
      return Number(database.prepare(text).pluck().get() ?? 0);
    } catch {
      return 0; // damaged: the other one may know
    }
  });
  return Math.max(...candidates);
}

type Statement = Database.Statement<[number], Row>;

function* readAround(page: Statement, one: Statement, last: number): Iterable<Salvaged> {
  for (let after = 0; ; ) {
    let rows: Row[];
    try {
      rows = page.all(after);
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
      if (after >= last) return;
      const until = Math.min(last, after + PAGE);
      yield* singly(one, after, until);
      after = until;
      continue;
    }
    if (rows.length === 0) return;
    const ordered = rows.every(([position], index) => position > (rows[index - 1]?.[0] ?? after) && position <= last);
    if (ordered) {
      yield { events: rows.map(recorded) };
      after = rows.at(-1)?.[0] ?? last;
    } else if (after < last) {
      // A damaged place in the order would lead past all that lies behind it: each is asked for by its own.
      const until = Math.min(last, after + PAGE);
      yield* singly(one, after, until);
      after = until;
    } else {
      // What was appended since it was opened.
      yield { events: rows.map(recorded) };
      after = Math.max(after + 1, rows.at(-1)?.[0] ?? 0);
    }
  }
}

/** Each event by its own, those that cannot be read left out. Positions that were never given to one look like nothing. */
function* singly(one: Statement, after: number, until: number): Iterable<Salvaged> {
  let first: number | undefined;
  let why = '';
  for (let position = after + 1; position <= until; position++) {
    try {
      const row = one.get(position);
      if (row === undefined) continue;
      if (first !== undefined) yield unreadable(first, position - 1, why);
      first = undefined;
      yield { events: [recorded(row)] };
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
      first ??= position;
      why = sqliteCode(thrown) ?? 'no event';
    }
  }
  if (first !== undefined) yield unreadable(first, until, why);
}

function unreadable(first: number, last: number, why: string): Salvaged {
  const which = first === last ? `The event at ${first}` : `What lies from ${first} to ${last}`;
  return {
    from: positionOf(first),
    to: positionOf(last),
    what: `${which} cannot be read: the file is damaged there (${why}).`,
  };
}

/** Whether it is the file's fault; what better-sqlite3 throws by itself is of values that no event has. */
function isDamage(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code === undefined
    ? thrown instanceof RangeError || thrown instanceof TypeError
    : /^SQLITE_(CORRUPT|NOTADB|IOERR|TOOBIG|NOMEM)/.test(code);
}

function recorded([position, id, stream, revision, type, data, metadata]: Row): RecordedEvent {
  return { id, type, data, metadata, stream, revision, position: positionOf(position) };
}
