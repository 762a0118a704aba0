/** Whether another connection has one of our WAL files open. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { isBusy } from './failures.ts';

/**
 * True where some connection, of this process or another, has the file open. Asks for it alone, which SQLite grants only where
 * nobody else has it; what is damaged or missing nobody can use.
 */
export function isInUse(file: string): boolean {
  if (!existsSync(file)) return false;
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: 0, fileMustExist: true });
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    database.exec('ROLLBACK');
    return false;
  } catch (thrown) {
    return isBusy(thrown);
  } finally {
    database?.close();
  }
}
