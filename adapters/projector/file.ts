/** The file of the read models. Whatever is wrong with it, it can be made anew: all of it comes from the log. */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import { applicationId, type FileKind, openDatabase } from '../sqlite/database.ts';
import { failureOf } from '../sqlite/failures.ts';
import { patience } from '../sqlite/patience.ts';

/** Its name in a data directory. */
export const READ_MODELS_FILE = 'projections.db';

export const readModelsFile: FileKind = {
  name: "a file of Reckoner's read models",
  applicationId: applicationId('RKNp'),
  migrations: [
    `CREATE TABLE projector_editions (
       name        TEXT    NOT NULL,
       version     INTEGER NOT NULL,
       generation  INTEGER NOT NULL,
       state       TEXT    NOT NULL CHECK (state IN ('live', 'building', 'failed')),
       declaration TEXT    NOT NULL,          -- its tables, as they were declared, in JSON
       position    TEXT    NOT NULL,          -- the checkpoint: everything up to here is in its tables
       event_id    TEXT,                      -- of the last event that it looked at, by which the log is known again
       events      INTEGER NOT NULL DEFAULT 0, -- that it has folded
       time        REAL,                      -- of the last of them, as its writer recorded it, milliseconds since 1970
       reason      TEXT,                      -- why it failed
       PRIMARY KEY (name, version, generation)
     ) STRICT;
     CREATE TABLE projector_dead_letters (
       projection TEXT    NOT NULL,
       version    INTEGER NOT NULL,
       position   TEXT    NOT NULL,
       stream     TEXT    NOT NULL,
       revision   INTEGER NOT NULL,
       event_id   TEXT    NOT NULL,
       type       TEXT    NOT NULL,
       reason     TEXT    NOT NULL,
       time       INTEGER NOT NULL,           -- of the last attempt
       attempts   INTEGER NOT NULL,
       generation INTEGER NOT NULL DEFAULT 0, -- of the edition that lacks it
       PRIMARY KEY (projection, version, generation, position)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE projector_lease (
       id      INTEGER PRIMARY KEY CHECK (id = 1),
       owner   TEXT    NOT NULL,
       token   INTEGER NOT NULL,              -- grows with every owner
       expires INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE projector_requests (
       id         INTEGER PRIMARY KEY AUTOINCREMENT,
       action     TEXT    NOT NULL CHECK (action IN ('rebuild', 'retry')),
       projection TEXT,                       -- null: all of them
       state      TEXT    NOT NULL CHECK (state IN ('asked', 'working', 'done', 'failed')),
       result     TEXT,                       -- JSON: what came of it, or the problem
       time       INTEGER NOT NULL
     ) STRICT`,
  ],
  settings: [
    'journal_mode = WAL',
    'synchronous = NORMAL', // a power cut may take the last batches: checkpoint and rows together, so they are folded again
    'busy_timeout = 0',
    'wal_autocheckpoint = 4000',
    'journal_size_limit = 67108864',
    'cache_size = -32768',
    'temp_store = MEMORY',
  ],
};

/**
 * Opens the file for the projector, making it anew where it is damaged or a newer version's.
 * @param file path, or `:memory:`
 * @param onError told why it was made anew
 * @throws ReckonerError log_unusable, log_full, log_locked
 */
export function openReadModelsFile(file: string, onError: (error: ReckonerError) => void): Database.Database {
  // Short: the projector tries again by itself, and sleeps no thread for it.
  const open = () => openDatabase(file, readModelsFile, patience({ limitMs: 1_000 }));
  try {
    return open();
  } catch (thrown) {
    const error = failureOf(thrown, file);
    if (error.code !== 'log_corrupt' && error.code !== 'log_newer') throw error;
    onError(
      new ReckonerError(error.code, error.message, { remedy: 'Nothing is lost: the read models are made anew.' }),
    );
    discardReadModels(file);
    return open();
  }
}

/** The name of a file, beside the read models, by which a reader leaves word that they look damaged. */
const SUSPECT = '-suspect';

/** Leaves word for whoever projects: a reader cannot mend what it finds, and must not. */
export function suspectReadModels(file: string): void {
  try {
    closeSync(openSync(file + SUSPECT, 'w', 0o600));
  } catch {
    // Who may not write here can say so to nobody but its own caller.
  }
}

/**
 * Looks at all of the file where a reader has left word, on a connection that remembers no page of it: what projects may hold the
 * damaged ones in its memory as they were. Takes as long as reading the file.
 * @returns whether there was word
 * @throws SqliteError SQLITE_CORRUPT where it is damaged
 */
export function lookWhereSuspected(file: string): boolean {
  if (file === ':memory:' || !existsSync(file + SUSPECT)) return false;
  rmSync(file + SUSPECT, { force: true });
  const database = new Database(file, { readonly: true, timeout: 250 });
  try {
    const version = database.pragma('user_version', { simple: true });
    const found = database.pragma('quick_check(1)', { simple: true });
    if (version === readModelsFile.migrations.length && found === 'ok') return true;
    throw new Database.SqliteError(`${found}`, 'SQLITE_CORRUPT');
  } finally {
    database.close();
  }
}

export function discardReadModels(file: string): void {
  if (file === ':memory:') return;
  for (const suffix of ['', '-wal', '-shm', SUSPECT]) rmSync(file + suffix, { force: true });
}
