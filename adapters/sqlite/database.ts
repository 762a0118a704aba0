/** Opening one of our SQLite files: is it ours, is it of a version we know, can it be written to. */
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import { failureOf, isBusy } from './failures.ts';
import { type Patience, patientlyBlocking } from './patience.ts';

export interface FileKind {
  /** What the file is called in messages. */
  readonly name: string;
  /** Four ASCII letters in the file's header that say whose it is. */
  readonly applicationId: number;
  /** Migration n lifts a file of version n to version n + 1; their number is the version written now. */
  readonly migrations: readonly string[];
  /** PRAGMA settings of each connection. */
  readonly settings: readonly string[];
}

/**
 * Opens or creates a file of this kind and brings it up to date. Blocks while another process creates or migrates it.
 * @param file path, or `:memory:`
 * @throws ReckonerError log_corrupt (not a database), log_newer, log_unusable (cannot be opened or written to, or another
 * program's), log_locked
 */
export function openDatabase(file: string, kind: FileKind, patience: Patience): Database.Database {
  let database: Database.Database;
  try {
    database = new Database(file, { timeout: 0 });
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
  try {
    // The check comes first: a file that is not ours must not be changed, not even its journal mode.
    patientlyBlocking(() => version(database, file, kind), patience);
    patientlyBlocking(() => {
      for (const setting of kind.settings) database.pragma(setting);
    }, patience);
    patientlyBlocking(() => bringUpToDate(database, file, kind), patience);
    proveWritable(database);
    return database;
  } catch (thrown) {
    database.close();
    throw failureOf(thrown, file);
  }
}

/** The file's schema version, after making sure that it is ours to use. */
function version(database: Database.Database, file: string, kind: FileKind): number {
  // In one transaction: between two reads another process may make the file, and half of it looks like another program's.
  const [applicationId, found, tables] = database.transaction(() => [
    numberOf(database, 'application_id'),
    numberOf(database, 'user_version'),
    database.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get() ?? 0,
  ])() as [number, number, number]; // a tuple, which the wrapper forgets
  const fresh = applicationId === 0 && found === 0 && tables === 0;
  if (!fresh && applicationId !== kind.applicationId) {
    throw new ReckonerError('log_unusable', `${file} is a SQLite database of another kind, not ${kind.name}.`, {
      remedy: 'Choose another path: this file belongs to another program and was left as it is.',
    });
  }
  if (found > kind.migrations.length) {
    const known = kind.migrations.length;
    throw new ReckonerError('log_newer', `${file} has schema version ${found}; this release knows up to ${known}.`);
  }
  return found;
}

function bringUpToDate(database: Database.Database, file: string, kind: FileKind): void {
  if (version(database, file, kind) === kind.migrations.length) return;
  database
    .transaction(() => {
      // Read again under the lock: another process may have migrated it in between.
      for (const migration of kind.migrations.slice(version(database, file, kind))) database.exec(migration);
      database.pragma(`application_id = ${kind.applicationId}`);
      database.pragma(`user_version = ${kind.migrations.length}`);
    })
    .immediate();
}

/** SQLite opens a file that it may not write to without complaint; the first append would be too late to learn of it. */
function proveWritable(database: Database.Database): void {
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (thrown) {
    if (isBusy(thrown)) return; // who has to wait for the lock could have it
    throw thrown;
  }
  database.exec('ROLLBACK');
}

/** The value of a PRAGMA that is one number. */
function numberOf(database: Database.Database, pragma: string): number {
  return Number(database.pragma(pragma, { simple: true }));
}

/** The application id that four ASCII letters make. */
export function applicationId(letters: string): number {
  return Buffer.from(letters, 'latin1').readInt32BE(0);
}
