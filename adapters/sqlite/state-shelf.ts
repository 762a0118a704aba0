/** Where an audit puts the states of buckets that have no place in memory: a file of SQLite's own, gone when it is closed. */
import Database from 'better-sqlite3';

export interface SqliteStateShelf {
  put(stream: string, revision: number, bytes: Uint8Array): void;
  take(stream: string): { readonly revision: number; readonly bytes: Uint8Array } | undefined;
  close(): void;
}

export function openStateShelf(): SqliteStateShelf {
  // No name: a temporary file, of which only some pages are in memory.
  const database = new Database('');
  database.pragma('journal_mode = OFF'); // lost with the process, and nobody asks for it then
  database.exec('CREATE TABLE states (stream TEXT PRIMARY KEY, revision INTEGER, bytes BLOB) WITHOUT ROWID');
  const insert = database.prepare<[string, number, Uint8Array]>('INSERT OR REPLACE INTO states VALUES (?, ?, ?)');
  const select = database.prepare<[string], { revision: number; bytes: Buffer }>(
    'SELECT revision, bytes FROM states WHERE stream = ?',
  );
  const remove = database.prepare<[string]>('DELETE FROM states WHERE stream = ?');
  return {
    put: (stream, revision, bytes) => void insert.run(stream, revision, bytes),
    take(stream) {
      const found = select.get(stream);
      if (found !== undefined) remove.run(stream);
      return found;
    },
    close: () => database.close(),
  };
}
