/** People who were erased after a copy of their salts was made: the copy would know them again. */
import Database from 'better-sqlite3';
import { failureOf } from './failures.ts';

/** Salts of the copy that the present store has no more, or has made anew. */
const ERASED = `FROM copy.salts AS old WHERE NOT EXISTS
  (SELECT 1 FROM main.salts AS now WHERE now.lookup = old.lookup AND now.salt = old.salt)`;

/**
 * How many people are in a copy of the salts and not in the present store any more.
 * @throws ReckonerError log_corrupt, log_unusable, log_locked
 */
export function countErased(copy: string, present: string): number {
  return onBoth(copy, present, true, (database) => Number(database.prepare(`SELECT count(*) ${ERASED}`).pluck().get()));
}

/**
 * Erases them from the copy too, overwriting what was there.
 * @returns how many
 * @throws ReckonerError log_corrupt, log_unusable, log_locked
 */
export function forgetErased(copy: string, present: string): number {
  return onBoth(copy, present, false, (database) => {
    database.pragma('copy.secure_delete = ON');
    return database.prepare(`DELETE FROM copy.salts WHERE lookup IN (SELECT lookup ${ERASED})`).run().changes;
  });
}

function onBoth<T>(copy: string, present: string, readonly: boolean, run: (database: Database.Database) => T): T {
  try {
    const database = new Database(present, { readonly, fileMustExist: true });
    try {
      database.prepare('ATTACH ? AS copy').run(copy);
      return run(database);
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw failureOf(thrown, copy);
  }
}
