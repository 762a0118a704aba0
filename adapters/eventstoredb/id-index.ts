/**
 * Where events lie, by their ids: what EventStoreDB has no index for. A SQLite file that is fed from $all; it holds nothing that the
 * store does not, and can be thrown away.
 */
import type { Position as StoredPosition } from '@eventstore/db-client';
import { type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import { applicationId, openDatabase } from '../sqlite/database.ts';
import { patience } from '../sqlite/patience.ts';
import { positionOf, storedPosition } from './position.ts';

export interface Place {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
}

/** How far the index has looked, and the last event of ours that it has seen there. */
export interface Checkpoint {
  readonly upTo: Position;
  readonly last: { readonly id: string; readonly place: Place } | undefined;
}

export interface IdIndex {
  place(id: string): Place | undefined;
  /** Notes events; those that are known stay where they are. It has then seen everything up to `upTo`. */
  note(events: readonly IndexedEvent[], upTo: Position): void;
  checkpoint(): Checkpoint;
  /** Begins anew: it was made from another store. */
  clear(): void;
  close(): void;
}

export type IndexedEvent = Pick<RecordedEvent, 'id' | 'stream' | 'revision' | 'position'>;

const kind = {
  name: "Reckoner's index of an EventStoreDB",
  applicationId: applicationId('RkEx'),
  migrations: [
    `CREATE TABLE streams (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
     CREATE TABLE places (
       id BLOB PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL, prepare INTEGER
     ) WITHOUT ROWID;
     CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), up_to TEXT NOT NULL, last BLOB);
     INSERT INTO checkpoint VALUES (1, '', NULL);`,
  ],
  // It can be made again: a power cut may cost its last moments, never its being whole.
  settings: ['journal_mode = WAL', 'synchronous = NORMAL'],
};

type Row = { stream: string; revision: bigint; position: bigint; prepare: bigint | null };

/**
 * @param file path, or `:memory:`
 * @throws ReckonerError log_corrupt, log_newer, log_unusable, log_locked
 */
export function openIdIndex(file: string): IdIndex {
  const database = openDatabase(file, kind, patience({}));
  const numberOf = database.prepare<[string], number>('SELECT number FROM streams WHERE name = ?').pluck();
  const addStream = database.prepare<[string]>('INSERT INTO streams (name) VALUES (?)');
  const add = database.prepare<[Buffer, number | bigint, number, bigint, bigint | null]>(
    'INSERT INTO places (id, stream, revision, position, prepare) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const find = database
    .prepare<[Buffer], Row>(
      'SELECT name AS stream, revision, position, prepare FROM places JOIN streams ON number = stream WHERE id = ?',
    )
    .safeIntegers();
  const move = database.prepare<[string, Buffer | null]>(
    'UPDATE checkpoint SET up_to = ?, last = coalesce(?, last) WHERE one = 1',
  );
  const read = database.prepare<[], { up_to: string; last: Buffer | null }>('SELECT up_to, last FROM checkpoint');

  function streamNumber(name: string): number | bigint {
    return numberOf.get(name) ?? addStream.run(name).lastInsertRowid;
  }

  const note = database.transaction((events: readonly IndexedEvent[], upTo: Position) => {
    let [name, number]: [string | undefined, number | bigint] = [undefined, 0];
    for (const { id, stream, revision, position } of events) {
      if (stream !== name) [name, number] = [stream, streamNumber(stream)];
      const { commit, prepare } = numbers(position);
      add.run(bytesOf(id), number, revision, commit, prepare === commit ? null : prepare);
    }
    const last = events.at(-1);
    move.run(upTo, last === undefined ? null : bytesOf(last.id));
  });

  function place(id: string): Place | undefined {
    const row = find.get(bytesOf(id));
    if (row === undefined) return undefined;
    const { stream, revision, position, prepare } = row;
    return {
      stream,
      revision: Number(revision),
      position: positionOf({ commit: position, prepare: prepare ?? position }),
    };
  }

  return {
    place,
    note: (events, upTo) => note.immediate(events, upTo),
    checkpoint() {
      const row = read.get();
      const id = row?.last ? textOf(row.last) : undefined;
      const found = id === undefined ? undefined : place(id);
      return {
        upTo: (row?.up_to ?? START) as Position, // what `note` wrote
        last: id === undefined || found === undefined ? undefined : { id, place: found },
      };
    },
    clear: () =>
      database.exec("DELETE FROM places; DELETE FROM streams; UPDATE checkpoint SET up_to = '', last = NULL"),
    close: () => database.close(),
  };
}

function numbers(position: Position): StoredPosition {
  const stored = storedPosition(position);
  return stored === 'start' ? { commit: 0n, prepare: 0n } : stored;
}

function bytesOf(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function textOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
