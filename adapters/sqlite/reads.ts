/** Every way of reading the log. Each call is one short synchronous statement or two: none stays open across an await. */
import type Database from 'better-sqlite3';
import type { Filter, RecordedEvent } from '../../events/event-log.ts';
import { positionOf } from './schema.ts';

export interface ReadSizes {
  /** At most so many events are in memory for one reader. */
  readonly pageSize: number;
  /** At most so many rows are looked at in one go, so that a filter that matches little does not hold up the process. */
  readonly window: number;
}

/** A part of the whole log. Places are row numbers, 0 before the first. */
export interface Page {
  readonly events: readonly RecordedEvent[];
  /** How far it looked, also past events that the filter left out. */
  readonly upTo: number;
  /** The log's last row when it looked. */
  readonly head: number;
}

/** A part of one stream. */
export interface StreamPage {
  readonly events: readonly RecordedEvent[];
  /** Nothing follows in the direction of reading, as it stood then. */
  readonly end: boolean;
}

export interface Reads {
  readonly pageSize: number;
  head(): number;
  find(id: string): RecordedEvent | undefined;
  /** The newest of all streams, newest first. */
  newest(limit: number): RecordedEvent[];
  /** At most a page of a stream, from this revision on in the given direction. */
  stream(stream: string, from: number, limit: number, backwards: boolean): StreamPage;
  /** What follows this row, up to `limit` events and not beyond row `until`. */
  page(after: number, filter: Filter, limit?: number, until?: number): Page;
}

type Row = [position: number, id: string, stream: string, revision: number, type: string, data: Buffer, meta: Buffer];
type Bounds = { after: number; until: number; limit: number; from?: string; below?: string; types?: string };

const COLUMNS = 'position, id, stream, revision, type, data, metadata';

export function createReads(database: Database.Database, { pageSize, window }: ReadSizes): Reads {
  const last = database.prepare<[], number | null>('SELECT max(position) FROM events').pluck();
  const byId = database.prepare<[string], Row>(`SELECT ${COLUMNS} FROM events WHERE id = ?`).raw();
  const upwards = database
    .prepare<[string, number, number], Row>(
      `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`,
    )
    .raw();
  const downwards = database
    .prepare<[string, number, number], Row>(
      `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?`,
    )
    .raw();
  const backwards = database
    .prepare<[number], Row>(`SELECT ${COLUMNS} FROM events ORDER BY position DESC LIMIT ?`)
    .raw();
  const scans = new Map<string, Database.Statement<[Bounds], Row>>();

  function scan(filter: Filter): Database.Statement<[Bounds], Row> {
    // NOT INDEXED: in order of position, whatever the planner thinks of the stream index and a sort.
    const text = [
      `SELECT ${COLUMNS} FROM events NOT INDEXED WHERE position > @after AND position <= @until`,
      filter.streamPrefix ? 'AND stream >= @from AND stream < @below' : '',
      filter.types ? 'AND type IN (SELECT value FROM json_each(@types))' : '',
      'ORDER BY position LIMIT @limit',
    ].join(' ');
    const known = scans.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare<[Bounds], Row>(text).raw();
    scans.set(text, statement);
    return statement;
  }

  function head(): number {
    return last.get() ?? 0;
  }

  function find(id: string): RecordedEvent | undefined {
    const row = byId.get(id);
    return row === undefined ? undefined : recorded(row);
  }

  function stream(name: string, from: number, limit: number, backwards: boolean): StreamPage {
    const wanted = Math.min(limit, pageSize);
    const events = (backwards ? downwards : upwards).all(name, from, wanted).map(recorded);
    return { events, end: events.length < wanted };
  }

  function page(after: number, filter: Filter, limit = pageSize, until = Number.MAX_SAFE_INTEGER): Page {
    // The head is read first: what is committed between the two statements lies beyond it and waits for the next page.
    const end = head();
    const upTo = Math.max(after, Math.min(after + window, end, until));
    const wanted = Math.min(limit, pageSize);
    const bounds: Bounds = { after, until: upTo, limit: wanted };
    if (filter.streamPrefix) {
      bounds.from = filter.streamPrefix;
      bounds.below = `${filter.streamPrefix}\u{10ffff}`; // above every name that begins so: no name contains this non-character
    }
    if (filter.types) bounds.types = JSON.stringify(filter.types);
    const rows = scan(filter).all(bounds);
    const full = rows.length === wanted ? rows.at(-1)?.[0] : undefined;
    return { events: rows.map(recorded), upTo: full ?? upTo, head: end };
  }

  return { pageSize, head, find, newest: (limit) => backwards.all(limit).map(recorded), stream, page };
}

function recorded([position, id, stream, revision, type, data, metadata]: Row): RecordedEvent {
  return { id, type, data, metadata, stream, revision, position: positionOf(position) };
}
