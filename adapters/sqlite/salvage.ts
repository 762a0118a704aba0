/**
 * Reads a log file that may be damaged: what cannot be read is passed over and told, with the positions between which it lies, and
 * reading goes on behind it. Changes nothing, and blocks while it reads: for an audit, not for a server.
 */
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog, Position, ReadStreamOptions, RecordedEvent } from '../../events/event-log.ts';
import { BUCKET_STREAMS } from '../../events/streams.ts';
import { requirePath, segmentsIn } from './archive.ts';
import { eventsBeforeFirst } from './before-first.ts';
import { failureOf, sqliteCode } from './failures.ts';
import { createReads } from './reads.ts';
import { logFile, positionOf } from './schema.ts';

/** A part of the log, in its order. */
export type Salvaged =
  /** What a damaged file gives as an event may be anything: whoever reads it checks it. */
  | { readonly events: readonly RecordedEvent[] }
  /** Events from this position to that one could not be read. */
  | { readonly from: Position; readonly to: Position; readonly what: string };

/** A part of the buckets, and all other streams: what one of several readers takes. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

export interface Salvage {
  /** The last position that was given, as far as the file can tell. */
  readonly last: number;
  /** @param part default all @param upTo the last position that is wanted, default all that there were when it was opened */
  read(part?: Part, upTo?: number): Iterable<Salvaged>;
  /** Where the event with this number lies, from 1; undefined where there are not so many, or that cannot be told. */
  positionOfNumber(number: number): Position | undefined;
  /** As the log does: throws where it meets the damage. @throws ReckonerError log_corrupt */
  readStream: EventLog['readStream'];
  /** What SQLite finds in its own structures, indexes and the uniqueness of ids too; at most a hundred lines. Takes about as long as reading. */
  examine(): readonly string[];
  /** Ids that more than one event has; at most a hundred. Sorts all ids, on disk where they are many. */
  repeatedIds(): readonly string[];
  close(): void;
}

type Row = [position: number, id: string, stream: string, revision: number, type: string, data: Buffer, meta: Buffer];
/** A row with the lengths of its bytes; null where they are no bytes. */
type Outline = [
  position: number,
  id: string,
  stream: string,
  revision: number,
  type: string,
  data: number | null,
  meta: number | null,
];

const OUTLINE = 'position, id, stream, revision, type';
const COLUMNS = `${OUTLINE}, data, metadata`;
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
    showSegments(database, file);
    const page = (part: Part) => preparePage(database, part);
    const one = database.prepare<[number], Row>(`SELECT ${COLUMNS} FROM events NOT INDEXED WHERE position = ?`).raw();
    const last = lastOf(database);
    const { stream } = createReads(database, { pageSize: PAGE, window: PAGE });
    async function* readStream(name: string, { from = 0, limit = Infinity }: ReadStreamOptions = {}) {
      for (let next = from, left = limit; left > 0; ) {
        const { events } = guarded(file, () => stream(name, next, left, false));
        yield* events;
        if (events.length < PAGE) return;
        next = (events.at(-1)?.revision ?? next) + 1;
        left -= events.length;
      }
    }
    return {
      last,
      read: (part = WHOLE, upTo = last) => readAround(page(part), one, upTo, part),
      positionOfNumber: (number) => placed(database, number),
      readStream,
      examine: () => examined(database),
      repeatedIds: () => repeated(database),
      close: () => database.close(),
    };
  } catch (thrown) {
    database.close();
    throw failureOf(thrown, file);
  }
}

/** SQLite's own limit. */
const ATTACHED_AT_MOST = 10;

/**
 * Lays a view over the table, in which archived events stand where they stood.
 * @throws ReckonerError segment_missing, log_unusable where there are more segments than SQLite can read at once
 */
function showSegments(database: Database.Database, file: string): void {
  const segments = guarded(file, () => segmentsIn(database));
  if (segments.length === 0) return;
  if (segments.length > ATTACHED_AT_MOST) {
    throw new ReckonerError(
      'log_unusable',
      `The log has ${segments.length} segments, and ${ATTACHED_AT_MOST} can be audited at once.`,
      {
        remedy: 'Archive longer spans at a time: this log can be read, but not audited as a whole.',
      },
    );
  }
  const parts = segments.map((segment, index) => {
    database.prepare(`ATTACH ? AS segment${index}`).run(requirePath(file, segment));
    // Of one whose moving was cut off, some events are still in the log too.
    const moved = segment.drained === 1 ? '' : 'WHERE position NOT IN (SELECT position FROM main.events)';
    return `SELECT ${COLUMNS} FROM segment${index}.events ${moved}`;
  });
  const all = [`SELECT ${COLUMNS} FROM main.events`, ...parts].join(' UNION ALL ');
  database.exec(`CREATE TEMP VIEW events AS ${all}`);
}

const WHOLE: Part = { index: 0, of: 1 };

/** Which part a stream belongs to; -1 for those that belong to all. */
function partInSql(of: number): string {
  return `CASE WHEN typeof(stream) = 'text' AND stream GLOB '${BUCKET_STREAMS}*' THEN unicode(substr(stream, -1)) % ${of} ELSE -1 END`;
}

/** The same of a row that was read by itself. */
function isOwn([, , stream]: Row, { index, of }: Part): boolean {
  if (of === 1 || typeof stream !== 'string' || !stream.startsWith(BUCKET_STREAMS)) return true;
  return (Array.from(stream).at(-1)?.codePointAt(0) ?? 0) % of === index;
}

function placed(database: Database.Database, number: number): Position | undefined {
  try {
    const found = database
      .prepare<[number], number>('SELECT position FROM events NOT INDEXED ORDER BY position LIMIT 1 OFFSET ?')
      .pluck()
      .get(number - 1);
    return found === undefined ? undefined : positionOf(found);
  } catch (thrown) {
    if (isDamage(thrown)) return undefined;
    throw thrown;
  }
}

/** Not asked of the index: it would have been built without the rule too. */
function repeated(database: Database.Database): readonly string[] {
  try {
    return database
      .prepare<[], string>('SELECT id FROM events NOT INDEXED GROUP BY id HAVING count(*) > 1 LIMIT 100')
      .pluck()
      .all();
  } catch (thrown) {
    if (isDamage(thrown)) return []; // the damage is told where it is read
    throw thrown;
  }
}

function examined(database: Database.Database): readonly string[] {
  try {
    const lines = database.prepare<[], string>('PRAGMA integrity_check(100)').pluck().all();
    return [...lines.filter((line) => line !== 'ok'), ...eventsBeforeFirst(database)];
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

type ReadPage = (after: number, upTo: number) => Row[];
type Single = Database.Statement<[number], Row>;

/**
 * Reads a page of rows, all their bytes in one piece: a buffer of its own for each of them takes as long as all else of reading. Where
 * the bytes of any are no bytes, the file is damaged, and the rows are read as they are.
 */
function preparePage(database: Database.Database, { index, of }: Part): ReadPage {
  const own = of === 1 ? '' : `AND ${partInSql(of)} IN (-1, ${index})`;
  const source = `FROM events NOT INDEXED WHERE position > ? AND position <= ? ${own} ORDER BY position LIMIT ${PAGE}`;
  const rows = database.prepare<[number, number], Row>(`SELECT ${COLUMNS} ${source}`).raw();
  const lengths = ['data', 'metadata'].map((name) => `CASE typeof(${name}) WHEN 'blob' THEN length(${name}) END`);
  const outlines = database
    .prepare<[number, number], Outline>(`SELECT ${OUTLINE}, ${lengths.join(', ')} ${source}`)
    .raw();
  const bytes = database
    .prepare<[number, number], Buffer | null>(
      `SELECT CAST(group_concat(data || metadata, '') AS BLOB) FROM (SELECT data, metadata ${source})`,
    )
    .pluck();
  // In one transaction: an archive that is made meanwhile must not come between the two.
  return database.transaction((after: number, upTo: number) => {
    const found = outlines.all(after, upTo);
    const end = found.at(-1)?.[0];
    const whole = end === undefined ? [] : filled(found, bytes.get(after, end) ?? NO_BYTES);
    return whole ?? rows.all(after, upTo);
  });
}

const NO_BYTES = Buffer.alloc(0);

/** The rows with their bytes, which lie end to end; undefined where these are not what the rows say. */
function filled(outlines: readonly Outline[], bytes: Buffer): Row[] | undefined {
  const rows: Row[] = [];
  let at = 0;
  for (const [position, id, stream, revision, type, data, metadata] of outlines) {
    if (data === null || metadata === null) return undefined;
    const middle = at + data;
    const end = middle + metadata;
    rows.push([position, id, stream, revision, type, bytes.subarray(at, middle), bytes.subarray(middle, end)]);
    at = end;
  }
  return at === bytes.length ? rows : undefined;
}

function* readAround(page: ReadPage, one: Single, last: number, part: Part): Iterable<Salvaged> {
  for (let after = 0; after < last; ) {
    const rows = pageOf(page, after, last);
    if (rows === undefined) {
      const until = Math.min(last, after + PAGE);
      yield* singly(one, after, until, part);
      after = until;
    } else if (rows.length === 0) {
      return;
    } else {
      yield { events: rows.map(recorded) };
      after = rows.at(-1)?.[0] ?? last;
    }
  }
}

/** Undefined where it cannot be read, or not in its order: a damaged position would lead past all that lies behind it. */
function pageOf(page: ReadPage, after: number, last: number): Row[] | undefined {
  try {
    const rows = page(after, last);
    const ordered = rows.every(([position], index) => position > (rows[index - 1]?.[0] ?? after) && position <= last);
    return ordered ? rows : undefined;
  } catch (thrown) {
    if (isDamage(thrown)) return undefined;
    throw thrown;
  }
}

/** Each event by its own, those that cannot be read left out. Positions that were never given to one look like nothing. */
function* singly(one: Single, after: number, until: number, part: Part): Iterable<Salvaged> {
  let first: number | undefined;
  let why = '';
  for (let position = after + 1; position <= until; position++) {
    try {
      const row = one.get(position);
      if (row === undefined) continue;
      if (first !== undefined) yield unreadable(first, position - 1, why);
      first = undefined;
      if (isOwn(row, part)) yield { events: [recorded(row)] };
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
