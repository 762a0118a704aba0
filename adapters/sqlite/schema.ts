/** The log's table, and how a log position is written. */
import { ReckonerError } from '../../events/errors.ts';
import { type Position, START } from '../../events/event-log.ts';
import { applicationId, type FileKind } from './database.ts';

const migrations = [
  // AUTOINCREMENT: a position is never given twice, not even after the last event's transaction was rolled back.
  `CREATE TABLE events (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     id       TEXT    NOT NULL UNIQUE,
     stream   TEXT    NOT NULL,
     revision INTEGER NOT NULL,
     type     TEXT    NOT NULL,
     data     BLOB    NOT NULL,
     metadata BLOB    NOT NULL,
     UNIQUE (stream, revision)
   ) STRICT`,
  // Where archived events are; archive.ts says how they are read and segment-writer.ts how they got there.
  `CREATE TABLE segments (
     id        INTEGER PRIMARY KEY,
     name      TEXT    NOT NULL UNIQUE,
     directory TEXT    NOT NULL,
     first     INTEGER NOT NULL,
     last      INTEGER NOT NULL,
     events    INTEGER NOT NULL,
     streams   INTEGER NOT NULL,
     types     TEXT    NOT NULL,
     root      TEXT    NOT NULL,
     bytes     INTEGER NOT NULL,
     sha256    TEXT    NOT NULL,
     made      INTEGER NOT NULL,
     drained   INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE TABLE archived (
     stream  TEXT    NOT NULL,
     first   INTEGER NOT NULL,
     through INTEGER NOT NULL,
     segment INTEGER NOT NULL,
     PRIMARY KEY (stream, first)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE archived_ids (id BLOB PRIMARY KEY, segment INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE bases (
     stream   TEXT    PRIMARY KEY,
     revision INTEGER NOT NULL,
     versions TEXT    NOT NULL,
     bytes    BLOB    NOT NULL
   ) STRICT, WITHOUT ROWID`,
];

/**
 * The log's file. `walPages` is how many pages of 4 KB the write-ahead log gathers before a commit copies them into the file:
 * with SQLite's own 1,000 hot index pages are copied so often that appending is a fifth slower; with much more a single
 * commit takes long.
 */
export function logFile(walPages = 4_000, cacheMb = 32, maxPages?: number): FileKind {
  return {
    name: 'a Reckoner event log',
    applicationId: applicationId('RKNe'),
    migrations,
    settings: [
      'journal_mode = WAL',
      'synchronous = FULL', // NORMAL would lose acknowledged events at a power cut
      'busy_timeout = 0', // waiting is done asynchronously, see patience.ts
      `wal_autocheckpoint = ${walPages}`,
      'journal_size_limit = 67108864', // a log that grew in a burst shrinks again at the next checkpoint
      `cache_size = ${-cacheMb * 1024}`,
      'mmap_size = 0', // no gain was measured, and a disk error under a mapping kills the process instead of being reported
      ...(maxPages === undefined ? [] : [`max_page_count = ${maxPages}`]),
    ],
  };
}

const WIDTH = 16; // digits of the largest integer that JavaScript counts exactly

/** Positions are zero-padded, so that they are ordered as strings. */
export function positionOf(row: number): Position {
  return (row === 0 ? START : String(row).padStart(WIDTH, '0')) as Position; // the brand's one maker in this adapter
}

/**
 * The row a position stands for, 0 for START.
 * @throws ReckonerError request_invalid where another kind of log made it
 */
export function rowOf(position: Position): number {
  if (position === START) return 0;
  if (!/^\d{16}$/.test(position)) {
    throw new ReckonerError('request_invalid', 'The position was not made by this kind of log.');
  }
  return Number(position);
}
