/** The rule of an append, within a transaction that someone else opens and commits. */
import type Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import { type AppendResult, type EventRecord, NO_STREAM } from '../../events/event-log.ts';
import type { Archive } from './archive.ts';
import { isRowFault, sqliteCode } from './failures.ts';
import type { Reads } from './reads.ts';
import { remember } from './remembered.ts';
import { positionOf, rowOf } from './schema.ts';

export interface Placing {
  /**
   * To be called first in every transaction: decides whether remembered heads may be believed.
   * @returns whether others may have written since the last time
   */
  begin(): boolean;
  /**
   * Inserts the events where the stream's head is the expected one; otherwise inserts nothing and says why. An error that
   * is returned is the events' own fault; one that is thrown is the transaction's.
   */
  place(stream: string, expected: number, events: readonly EventRecord[]): AppendResult | ReckonerError;
  /** Drops the remembered heads: the transaction did not commit. */
  forget(): void;
}

export interface PlacingOptions {
  /** How many streams' heads to keep in memory. */
  readonly heads: number;
  readonly archive: Archive;
  readonly reads: Reads;
}

export function createPlacing(database: Database.Database, options: PlacingOptions): Placing {
  const { archive, reads } = options;
  const insert = database.prepare<[string, string, number, string, Uint8Array, Uint8Array]>(
    'INSERT INTO events (id, stream, revision, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const takeBack = database.prepare<[string, number]>('DELETE FROM events WHERE stream = ? AND revision > ?');
  const lastRevision = database
    .prepare<[string], number | null>('SELECT max(revision) FROM events WHERE stream = ?')
    .pluck();
  const following = database
    .prepare<[string, number, number], [string, number]>(
      'SELECT id, position FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?',
    )
    .raw();
  const placeOf = database.prepare<[string], { stream: string; revision: number }>(
    'SELECT stream, revision FROM events WHERE id = ?',
  );
  const dataVersion = database.prepare<[], number>('PRAGMA data_version').pluck();
  const heads = remember<{ revision: number }>(options.heads);
  let trusted: number | undefined;

  function begin(): boolean {
    // It changes when another connection commits. Inside a write transaction nobody else can, until this one ends.
    const version = dataVersion.get();
    const others = version !== trusted;
    if (others) {
      heads.clear();
      archive.refresh();
    }
    trusted = version;
    return others;
  }

  function headOf(stream: string): { revision: number } {
    const known = heads.get(stream);
    if (known !== undefined) return known;
    const head = { revision: lastRevision.get(stream) ?? NO_STREAM };
    heads.set(stream, head);
    return head;
  }

  function place(stream: string, expected: number, events: readonly EventRecord[]): AppendResult | ReckonerError {
    const head = headOf(stream);
    if (expected !== head.revision) {
      try {
        const repeated = repetition(stream, expected, events);
        return repeated ?? { status: 'conflict', reason: 'revision', actual: head.revision };
      } catch (thrown) {
        return missingOnly(thrown);
      }
    }
    let revision = expected;
    let row = 0;
    try {
      for (const event of events) {
        const { id, type, data, metadata } = event;
        const taken = archive.used ? archivedAt(id) : undefined;
        if (taken !== undefined) {
          if (revision > expected) takeBack.run(stream, expected);
          return taken;
        }
        row = Number(insert.run(id, stream, revision + 1, type, data, metadata).lastInsertRowid);
        revision++;
      }
    } catch (thrown) {
      if (!isRowFault(thrown)) throw thrown;
      if (revision > expected) takeBack.run(stream, expected);
      return refusal(thrown, stream, expected, events, revision - expected);
    }
    head.revision = revision;
    return { status: 'appended', revision, position: positionOf(row) };
  }

  /** Ids and positions of what follows a revision, archived or not. */
  function placesAfter(stream: string, revision: number, limit: number): (readonly [string, number])[] {
    const live = following.all(stream, revision, limit);
    if (!archive.used || (archive.spanAt(stream, revision + 1)?.through ?? -1) <= revision) return live;
    const found: (readonly [string, number])[] = [];
    for (let from = revision + 1; found.length < limit; ) {
      const { events } = reads.stream(stream, from, limit - found.length, false);
      if (events.length === 0) break;
      for (const { id, position } of events) found.push([id, rowOf(position)]);
      from += events.length;
    }
    return found;
  }

  /** The refusal where an archived event has this id. */
  function archivedAt(id: string): AppendResult | ReckonerError | undefined {
    if (!archive.holdsId(id)) return undefined;
    try {
      const found = archive.find(id);
      return found && { status: 'conflict', reason: 'eventId', id, stream: found.stream, revision: found.revision };
    } catch (thrown) {
      return missingOnly(thrown);
    }
  }

  /** The answer where these very ids are already at this very place. */
  function repetition(stream: string, expected: number, events: readonly EventRecord[]): AppendResult | undefined {
    const found = placesAfter(stream, expected, events.length);
    const last = found.at(-1);
    if (last === undefined || found.length < events.length) return undefined;
    if (!events.every((event, index) => found[index]?.[0] === event.id)) return undefined;
    return { status: 'alreadyAppended', revision: expected + events.length, position: positionOf(last[1]) };
  }

  /** Why the event at `index` could not be inserted; those before it have been taken back. */
  function refusal(
    thrown: unknown,
    stream: string,
    expected: number,
    events: readonly EventRecord[],
    index: number,
  ): AppendResult | ReckonerError {
    const id = events[index]?.id ?? '';
    if (sqliteCode(thrown) !== 'SQLITE_CONSTRAINT_UNIQUE') {
      return new ReckonerError('internal', `The event ${id} has a value that the log cannot store.`, { cause: thrown });
    }
    const elsewhere = placeOf.get(id);
    if (elsewhere !== undefined) return { status: 'conflict', reason: 'eventId', id, ...elsewhere };
    const twin = events.findIndex((event) => event.id === id);
    if (twin < index) return { status: 'conflict', reason: 'eventId', id, stream, revision: expected + 1 + twin };
    // The place was taken, not the id: the remembered head was wrong. The table is right.
    heads.clear();
    return { status: 'conflict', reason: 'revision', actual: headOf(stream).revision };
  }

  function forget(): void {
    heads.clear();
  }

  return { begin, place, forget };
}

/** A missing segment is the trouble of one append alone: the others of its transaction ask for nothing that is archived. */
function missingOnly(thrown: unknown): ReckonerError {
  if (thrown instanceof ReckonerError && thrown.code === 'segment_missing') return thrown;
  throw thrown;
}
