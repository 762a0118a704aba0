/**
 * Reading of events that were moved out of the live log.
 *
 * A segment is a SQLite file with the same table of events, never written to again: a range of each stream that was shortened.
 * What stays in the live file: domain streams whole, since they are what buckets are folded along; of every shortened stream its
 * newest events, at least one, so that heads, expected revisions and the link to what was archived need no segment; for each
 * bucket its state at the first event that stayed (its base), so that it decides and learns without segments; and the ids of all
 * archived events (16 bytes each), so that an id stays unique, and an unknown one is known to be unknown.
 * That costs an append one more look-up: with a million archived ids 6 µs of 16 (and 25 MB in the file); nothing where no event was
 * ever archived.
 *
 * Positions and revisions are kept. Events are registered before they are deleted, and both files may hold them for a while:
 * readers look at the live file first and leave out what the segment gives a second time. So nothing is seen twice, and nothing
 * is missed, at whatever point the archiving process stands or died. Where a segment is not there, what needs it fails with
 * `segment_missing`, and nothing else does.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { Filter, RecordedEvent } from '../../events/event-log.ts';
import type { Snapshot } from '../../events/snapshot-store.ts';
import { AGENT_STREAMS, BUCKET_STREAMS } from '../../events/streams.ts';
import { failureOf } from './failures.ts';
import { createReads, type ReadSizes, type Reads } from './reads.ts';

/** What the live log knows of a segment. */
export interface Segment {
  readonly id: number;
  /** Of its file. */
  readonly name: string;
  /** Where it was put: absolute, or relative to the directory of the log. */
  readonly directory: string;
  /** Rows of its first and last event. */
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly streams: number;
  /** Event types in it, as JSON. */
  readonly types: string;
  /** SHA-256 over its events in order: for each its position, and its chain hash. */
  readonly root: string;
  readonly bytes: number;
  readonly sha256: string;
  /** When it was made, in milliseconds since 1970. */
  readonly made: number;
  /** 1 where all that is in it has left the live log. */
  readonly drained: number;
}

/** Revisions of one stream in one segment. */
export interface Span {
  readonly first: number;
  readonly through: number;
  readonly segment: number;
}

export interface Archive {
  segments(): readonly Segment[];
  /** Whether any event was ever archived, as far as this process has looked. */
  readonly used: boolean;
  /** Looks again, after another process has written. */
  refresh(): void;
  /** Whether an archived event has this id. */
  holdsId(id: string): boolean;
  /** @throws ReckonerError segment_missing */
  find(id: string): RecordedEvent | undefined;
  /** Where this revision is archived, or where archived revisions before it end; undefined where there are none. */
  spanAt(stream: string, revision: number): Span | undefined;
  /** @throws ReckonerError segment_missing */
  read(span: Span, stream: string, from: number, limit: number, backwards: boolean): readonly RecordedEvent[];
  /** What passes the filter after one row up to another, at most so many. @throws ReckonerError segment_missing */
  page(after: number, upTo: number, filter: Filter, limit: number): RecordedEvent[];
  /** @throws ReckonerError segment_missing where such streams, whose bases are at this row or later, have archived events that are not there */
  requireWhole(streamPrefix: string, since: number): void;
  /** A bucket's state where its live events begin. */
  base(stream: string): Snapshot | undefined;
  close(): void;
}

/** Beginnings of the streams that may be archived. */
export const ARCHIVED_KINDS = [BUCKET_STREAMS, AGENT_STREAMS];

/** Where segments are put, and looked for first, beside the log. */
export const SEGMENTS_DIRECTORY = 'segments';

export function createArchive(database: Database.Database, file: string, sizes: ReadSizes): Archive {
  const all = database.prepare<[], Segment>('SELECT * FROM segments ORDER BY id');
  const byNumber = database.prepare<[number], Segment>('SELECT * FROM segments WHERE id = ?');
  const overlapping = database.prepare<[number, number], Segment>(
    'SELECT * FROM segments WHERE last > ? AND first <= ? ORDER BY id',
  );
  const any = database.prepare<[], number>('SELECT 1 FROM segments LIMIT 1').pluck();
  const segmentOfId = database.prepare<[Uint8Array], number>('SELECT segment FROM archived_ids WHERE id = ?').pluck();
  const span = database.prepare<[string, number], Span>(
    'SELECT first, through, segment FROM archived WHERE stream = ? AND first <= ? ORDER BY first DESC LIMIT 1',
  );
  const baseOf = database.prepare<[string], Snapshot>('SELECT revision, versions, bytes FROM bases WHERE stream = ?');
  const needed = database.prepare<[string, string, number], Segment>(
    `SELECT * FROM segments WHERE id IN (
       SELECT segment FROM archived JOIN bases USING (stream) JOIN events USING (stream, revision)
       WHERE stream >= ? AND stream < ? AND position >= ?)`,
  );
  const open = new Map<number, { readonly database: Database.Database; readonly reads: Reads }>();
  let used = false; // asked when it matters, and first within a transaction: a file that is damaged opens all the same

  /** Runs something on a segment's file, which is opened when it is first needed. */
  function within<T>(segment: Segment, run: (reads: Reads) => T): T {
    const known = open.get(segment.id);
    const path = known?.database.name ?? requirePath(file, segment);
    try {
      const { reads } = known ?? openSegment(path, segment);
      return run(reads);
    } catch (thrown) {
      throw failureOf(thrown, path);
    }
  }

  function openSegment(path: string, segment: Segment) {
    const opened = new Database(path, { readonly: true, fileMustExist: true });
    try {
      requireRight(opened, path, segment);
      const entry = { database: opened, reads: createReads(opened, sizes) };
      open.set(segment.id, entry);
      return entry;
    } catch (thrown) {
      opened.close();
      throw thrown;
    }
  }

  function numbered(id: number): Segment {
    const found = byNumber.get(id);
    if (found === undefined) throw new ReckonerError('log_corrupt', `${file}: the segment ${id} is not registered.`);
    return found;
  }

  function page(after: number, upTo: number, filter: Filter, limit: number): RecordedEvent[] {
    const { streamPrefix: prefix = '', types } = filter;
    if (!ARCHIVED_KINDS.some((kind) => kind.startsWith(prefix) || prefix.startsWith(kind))) return [];
    return overlapping.all(after, upTo).flatMap((segment) => {
      if (types !== undefined && !some(JSON.parse(segment.types), types)) return [];
      return within(segment, (reads) => reads.page(after, filter, limit, upTo).events);
    });
  }

  return {
    segments: () => all.all(),
    get used() {
      return used;
    },
    refresh() {
      used ||= any.get() !== undefined;
    },
    holdsId: (id) => segmentOfId.get(idBytes(id)) !== undefined,
    find(id) {
      const number = segmentOfId.get(idBytes(id));
      return number === undefined ? undefined : within(numbered(number), (reads) => reads.find(id));
    },
    spanAt: (stream, revision) => span.get(stream, revision),
    read: ({ segment }, stream, from, limit, backwards) =>
      within(numbered(segment), (reads) => reads.stream(stream, from, limit, backwards).events),
    page,
    requireWhole(streamPrefix, since) {
      for (const segment of needed.all(streamPrefix, `${streamPrefix}\u{10ffff}`, since)) requirePath(file, segment);
    },
    base: (stream) => baseOf.get(stream),
    close() {
      for (const { database } of open.values()) database.close();
      open.clear();
    },
  };
}

/**
 * The segments of a log, without opening it for anything else; none where it was made before there were any.
 * @throws ReckonerError log_corrupt, log_unusable
 */
export function segmentsOf(file: string): readonly Segment[] {
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    try {
      return segmentsIn(database);
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
}

/** The same by a connection that somebody has. */
export function segmentsIn(database: Database.Database): readonly Segment[] {
  const known = database.prepare("SELECT 1 FROM main.sqlite_schema WHERE name = 'segments'").get();
  return known === undefined ? [] : database.prepare<[], Segment>('SELECT * FROM main.segments ORDER BY id').all();
}

/** Whether two lists of words have one in common. */
function some(known: unknown, wanted: readonly string[]): boolean {
  return !Array.isArray(known) || wanted.some((word) => known.includes(word));
}

/** An id as it is kept of archived events: a UUID in its 16 bytes. */
export function idBytes(id: string): Uint8Array {
  if (id.length !== 36) return Buffer.from(id);
  const hex = id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
  const bytes = Buffer.from(hex, 'hex'); // stops at what is no digit
  return bytes.length === 16 ? bytes : Buffer.from(id);
}

/** Where a segment is; undefined where it is not. A data directory that was moved or restored has it beside the log. */
export function pathOf(log: string, { directory, name }: Pick<Segment, 'directory' | 'name'>): string | undefined {
  const home = dirname(log);
  const places = [join(home, SEGMENTS_DIRECTORY, name), join(resolve(home, directory), name), join(home, name)];
  return places.find((place) => existsSync(place));
}

/** @throws ReckonerError segment_missing */
export function requirePath(log: string, segment: Segment): string {
  const path = pathOf(log, segment);
  if (path !== undefined) return path;
  const place = resolve(dirname(log), segment.directory);
  throw new ReckonerError('segment_missing', `Archived events are in ${segment.name}, which is not in ${place}.`);
}

function requireRight(database: Database.Database, path: string, { name, root }: Segment): void {
  const found = database.prepare<[], string>('SELECT root FROM segment').pluck().get();
  if (found === root) return;
  throw new ReckonerError('log_corrupt', `${path} is another segment than the ${name} that was registered.`, {
    remedy: 'Bring the right file back: `reckoner archive --list` gives its SHA-256.',
  });
}
