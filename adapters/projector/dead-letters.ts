/** Events that a projection could not fold, kept with the reason until a retry succeeds. */
import type Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { Position, RecordedEvent } from '../../events/event-log.ts';
import type { Edition } from './declared.ts';

export interface DeadLetter {
  readonly projection: string;
  readonly version: number;
  /** With the version: the edition that lacks it. */
  readonly generation: number;
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly eventId: string;
  readonly type: string;
  /** What the projection threw: its code or name, and its words. */
  readonly reason: string;
  /** Of the last attempt, milliseconds since 1970. */
  readonly time: number;
  readonly attempts: number;
}

/** The statements on dead letters. Each runs in the transaction of its caller. */
export interface DeadLetters {
  /** Keeps it; one that is there already has been attempted once more. */
  add(edition: Edition, event: RecordedEvent, thrown: unknown): void;
  remove(letter: DeadLetter): void;
  /** Those of every other edition of its projection: they go with it. */
  keepOnly(edition: Edition): void;
  /** Those of an edition that goes. */
  removeAll(edition: Edition): void;
  /** In the order of the log. @param projection undefined: of all */
  all(projection?: string): DeadLetter[];
}

export function createDeadLetters(database: Database.Database, now: () => number): DeadLetters {
  const insert = database.prepare<[string, number, number, string, string, number, string, string, string, number]>(
    `INSERT INTO projector_dead_letters
       (projection, version, generation, position, stream, revision, event_id, type, reason, time, attempts)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
     ON CONFLICT DO UPDATE SET reason = excluded.reason, time = excluded.time, attempts = attempts + 1`,
  );
  const remove = database.prepare<[string, number, number, string]>(
    `DELETE FROM projector_dead_letters
     WHERE projection = ? AND version = ? AND generation = ? AND position = ?`,
  );
  const keepOnly = database.prepare<[string, number, number]>(
    'DELETE FROM projector_dead_letters WHERE projection = ? AND NOT (version = ? AND generation = ?)',
  );
  const removeAll = database.prepare<[string, number, number]>(
    'DELETE FROM projector_dead_letters WHERE projection = ? AND version = ? AND generation = ?',
  );
  return {
    add({ name, version, generation }, { position, stream, revision, id, type }, thrown) {
      insert.run(name, version, generation, position, stream, revision, id, type, reasonOf(thrown), now());
    },
    remove({ projection, version, generation, position }) {
      remove.run(projection, version, generation, position);
    },
    keepOnly({ name, version, generation }) {
      keepOnly.run(name, version, generation);
    },
    removeAll({ name, version, generation }) {
      removeAll.run(name, version, generation);
    },
    all: (projection) => deadLettersIn(database, projection),
  };
}

/** For those who only look. */
export function deadLettersIn(database: Database.Database, projection?: string): DeadLetter[] {
  return database
    .prepare<[string | null], DeadLetter>(
      `SELECT projection, version, generation, position, stream, revision, event_id AS eventId, type, reason, time, attempts
       FROM projector_dead_letters WHERE projection = ifnull(?, projection) ORDER BY position, projection`,
    )
    .all(projection ?? null);
}

/** What was thrown, in words of bounded length. */
export function reasonOf(thrown: unknown): string {
  const name = thrown instanceof ReckonerError ? thrown.code : thrown instanceof Error ? thrown.name : 'thrown';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return `${name}: ${message}`.slice(0, 1_000);
}
