/** The read models for those who only look: analytics, `query`, status. Nothing can be written through these connections. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { Table } from '../../projections/projection.ts';
import { failureOf } from '../sqlite/failures.ts';
import { watchPlace } from '../sqlite/in-place.ts';
import { readModelsFile, suspectReadModels } from './file.ts';

/** A projection as its readers find it. */
export interface ShownProjection {
  readonly name: string;
  readonly version: number;
  /** Log position up to which its tables hold everything. */
  readonly position: string;
  /** When the last event that it folded was recorded, milliseconds since 1970; undefined where it has folded none. */
  readonly time?: number;
  /** Its tables; the internal ones cannot be read. */
  readonly tables: readonly Table[];
}

export interface ReadModels {
  /**
   * Runs a reading on one state of the read models, however many statements it makes. It must be over when it returns.
   * @param needs names of tables that it reads
   * @throws ReckonerError projections_building where one of them was not yet built, or is damaged; log_newer, log_locked, log_unusable
   */
  read<T>(needs: readonly string[], run: (database: Database.Database) => T): T;
  /** What can be read. @throws as `read` does */
  shown(): ShownProjection[];
  close(): void;
}

/** Opens the file when it is first read, and anew where it was made anew. Any number of these may be open. */
export function openReadModels(file: string): ReadModels {
  let open: { readonly database: Database.Database; readonly requireInPlace: () => void } | undefined;

  function connection(): Database.Database {
    if (open !== undefined) {
      try {
        open.requireInPlace();
        return open.database;
      } catch {
        close(); // it was deleted and made anew, as it may be at any time
      }
    }
    const database = connectReadOnly(file);
    open = { database, requireInPlace: watchPlace(file) };
    return database;
  }

  function close(): void {
    open?.database.close();
    open = undefined;
  }

  function read<T>(needs: readonly string[], run: (database: Database.Database) => T): T {
    const database = connection();
    try {
      return database.transaction(() => {
        const missing = needs.filter((name) => !isShown(database, name));
        if (missing.length > 0) throw building(`The read models ${missing.join(', ')} are still being built.`);
        return run(database);
      })();
    } catch (thrown) {
      const error = readingFailure(thrown, file);
      if (error instanceof ReckonerError && isDamage(error.cause)) close();
      throw error;
    }
  }

  return {
    read,
    shown: () => read([], shownIn),
    close,
  };
}

/**
 * A read-only connection of the caller's own, for what takes longer than a moment. SQLite refuses every write on it.
 * @throws ReckonerError projections_building where there is no file yet, or it is damaged; log_newer, log_locked, log_unusable
 */
export function connectReadOnly(file: string): Database.Database {
  if (!existsSync(file)) throw building('There are no read models yet.');
  let database: Database.Database;
  try {
    // Readers of a write-ahead log wait for nobody but the moment in which its index is recovered.
    database = new Database(file, { readonly: true, fileMustExist: true, timeout: 250 });
  } catch (thrown) {
    throw readingFailure(thrown, file);
  }
  try {
    for (const setting of ['query_only = ON', 'trusted_schema = OFF', 'cache_size = -16384', 'temp_store = MEMORY'])
      database.pragma(setting);
    requireReadable(database, file);
    return database;
  } catch (thrown) {
    database.close();
    throw readingFailure(thrown, file);
  }
}

function requireReadable(database: Database.Database, file: string): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version === 0) {
    suspectReadModels(file); // or they were cut off while they are in use
    throw building('The read models are just being made.');
  }
  if (Number(database.pragma('application_id', { simple: true })) !== readModelsFile.applicationId)
    throw new ReckonerError('log_unusable', `${file} is not ${readModelsFile.name}.`);
  const known = readModelsFile.migrations.length;
  if (version > known)
    throw new ReckonerError('log_newer', `${file} has schema version ${version}; this release knows up to ${known}.`);
}

function isShown(database: Database.Database, name: string): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?";
  return database.prepare<[string], number>(sql).pluck().get(name) !== undefined;
}

function shownIn(database: Database.Database): ShownProjection[] {
  return database
    .prepare<[], { name: string; version: number; position: string; time: number | null; declaration: string }>(
      "SELECT name, version, position, time, declaration FROM projector_editions WHERE state = 'live' ORDER BY name",
    )
    .all()
    .map(({ time, declaration, ...shown }) => {
      const tables: readonly Table[] = JSON.parse(declaration); // written by the projector
      return { ...shown, ...(time === null ? {} : { time }), tables: tables.filter(({ internal }) => !internal) };
    });
}

/**
 * What SQLite threw as one of ours; what the reading itself threw, a wrong statement for instance, as it is. Where it says that the
 * file is damaged, whoever projects is asked to look: only they may throw it away.
 */
export function readingFailure(thrown: unknown, file: string): unknown {
  const isStatement = thrown instanceof Database.SqliteError && thrown.code === 'SQLITE_ERROR';
  const error = thrown instanceof Database.SqliteError && !isStatement ? failureOf(thrown, file) : thrown;
  if (!isDamage(error)) return error;
  suspectReadModels(file);
  return new ReckonerError('projections_building', 'The read models are damaged; the log is another file.', {
    cause: error,
    remedy:
      'A running node makes them anew from the log: ask again later. Where none runs: reckoner projections rebuild --all.',
  });
}

function isDamage(thrown: unknown): thrown is ReckonerError {
  return thrown instanceof ReckonerError && thrown.code === 'log_corrupt';
}

/** Readers' tables that are not there yet, because what fills them is on its way through the log for the first time. */
export function tablesOnTheWay(database: Database.Database): string[] {
  return database
    .prepare<[], string>("SELECT declaration FROM projector_editions WHERE state = 'building'")
    .pluck()
    .all()
    .flatMap((declaration): readonly Table[] => JSON.parse(declaration)) // written by the projector
    .filter(({ name, internal }) => !internal && !isShown(database, name))
    .map(({ name }) => name);
}

export function building(message: string): ReckonerError {
  return new ReckonerError('projections_building', message);
}
