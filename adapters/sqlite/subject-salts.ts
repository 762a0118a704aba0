/** Salts of people, in a file of their own that is not part of any copy of the log. */
import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { SubjectSalts } from '../../events/subjects.ts';
import { applicationId, type FileKind, openDatabase } from './database.ts';
import type { DiskGuard } from './disk-guard.ts';
import { failureOf, isBusy } from './failures.ts';
import { patience, patiently } from './patience.ts';

export interface SubjectSaltsOptions {
  /** Path of the file, or `:memory:`. Its directory must exist. */
  readonly file: string;
  /** Makes no new salts while the disk is nearly full; erasing goes on. */
  readonly guard?: DiskGuard;
  /** How long to wait for another process's lock, in milliseconds; default 5,000. */
  readonly lockWaitMs?: number;
  readonly now?: () => number;
  readonly random?: () => number;
  /** A new salt, default 32 bytes of the system's generator. */
  readonly newSalt?: () => Uint8Array;
}

const saltFile: FileKind = {
  name: "a file of Reckoner's subject salts",
  applicationId: applicationId('RKNs'),
  migrations: ['CREATE TABLE salts (lookup BLOB PRIMARY KEY, salt BLOB NOT NULL) STRICT, WITHOUT ROWID'],
  settings: [
    // Not WAL: an erased salt would live on in the write-ahead log until that is overwritten, whenever that may be.
    'journal_mode = DELETE',
    'synchronous = EXTRA', // also syncs the directory after the journal is removed: an answered erase stays erased
    'secure_delete = ON', // overwrites what is erased with zeros
    'busy_timeout = 0',
  ],
};

/** A change that waits for the transaction of its turn. */
interface Change {
  readonly run: () => void;
  /** The transaction has ended; with a failure nothing of it is there. */
  readonly done: (failure?: ReckonerError) => void;
}

/**
 * Opens or creates the store of salts.
 * @throws ReckonerError log_corrupt, log_newer, log_unusable, log_locked
 */
export function openSubjectSalts(options: SubjectSaltsOptions): SubjectSalts {
  const { file } = options;
  const newSalt = options.newSalt ?? (() => randomBytes(32));
  const waits = patience({ limitMs: options.lockWaitMs, now: options.now, random: options.random });
  const database = openDatabase(file, saltFile, waits);
  const lookUp = database.prepare<[Uint8Array], Buffer>('SELECT salt FROM salts WHERE lookup = ?').pluck();
  const insert = database.prepare<[Uint8Array, Uint8Array]>('INSERT OR IGNORE INTO salts (lookup, salt) VALUES (?, ?)');
  const remove = database.prepare<[Uint8Array]>('DELETE FROM salts WHERE lookup = ?');

  const runAll = database.transaction((batch: readonly Change[]) => {
    for (const { run } of batch) run();
  });

  let changes: Change[] = [];
  let committing: Promise<void> | undefined;
  let closed = false;

  /** Runs a change in the transaction of this turn of the event loop; settles with its result once that is durable. */
  function change<T>(run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: T;
      changes.push({
        run: () => {
          result = run();
        },
        done: (failure) => (failure === undefined ? resolve(result) : reject(failure)),
      });
      committing ??= new Promise<void>((turn) => setImmediate(turn)).then(commit);
    });
  }

  async function commit(): Promise<void> {
    while (changes.length > 0) {
      const batch = changes;
      changes = [];
      try {
        // A busy COMMIT leaves nothing behind: the whole batch is run again.
        await patiently(() => runAll.immediate(batch), waits);
        for (const { done } of batch) done();
      } catch (thrown) {
        const failure = failureOf(thrown, file);
        for (const { done } of batch) done(failure);
      }
    }
    committing = undefined;
  }

  /** The salt where it can be read at once; a locked file counts as not knowing it, the transaction will. */
  function known(lookup: Uint8Array): Uint8Array | undefined {
    try {
      return lookUp.get(lookup);
    } catch (thrown) {
      if (isBusy(thrown)) return undefined;
      throw failureOf(thrown, file);
    }
  }

  function refuseAfterClose(): void {
    if (closed) throw new ReckonerError('shutting_down', 'The store of salts is closed.');
  }

  return {
    async saltOf(lookup) {
      refuseAfterClose();
      const there = known(lookup);
      const refusal = there === undefined ? options.guard?.refusal() : undefined;
      if (refusal !== undefined) throw refusal;
      return (
        there ??
        change(() => {
          insert.run(lookup, newSalt()); // ignored where another process was first
          return lookUp.get(lookup) ?? missing();
        })
      );
    },
    async knownSaltOf(lookup) {
      refuseAfterClose();
      return patiently(() => lookUp.get(lookup), waits).catch((thrown: unknown) => {
        throw failureOf(thrown, file);
      });
    },
    async erase(lookup) {
      refuseAfterClose();
      return change(() => remove.run(lookup).changes > 0);
    },
    async close() {
      closed = true;
      await committing;
      database.close();
    },
  };
}

function missing(): never {
  throw new ReckonerError('internal', 'A salt that was just stored cannot be found.');
}

/**
 * How many people a store has salts of.
 * @throws ReckonerError log_corrupt, log_unusable, log_locked
 */
export function countSalts(file: string): number {
  return looking(file, (database) => Number(database.prepare('SELECT count(*) FROM salts').pluck().get()));
}

/** A salt as it lies in a store. */
export interface StoredSalt {
  readonly lookup: Uint8Array;
  readonly salt: Uint8Array;
}

/**
 * All salts of a store, for another one.
 * @throws ReckonerError log_corrupt, log_unusable, log_locked
 */
export function readSalts(file: string): readonly StoredSalt[] {
  return looking(file, (database) => database.prepare<[], StoredSalt>('SELECT lookup, salt FROM salts').all());
}

function looking<T>(file: string, look: (database: Database.Database) => T): T {
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    try {
      return look(database);
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
}
