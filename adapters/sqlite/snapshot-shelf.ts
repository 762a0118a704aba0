/** The statements on the table of snapshots. */
import type Database from 'better-sqlite3';
import type { Snapshot } from '../../events/snapshot-store.ts';
import { isBusy } from './failures.ts';
import { surplus } from './thinning.ts';

export interface Shelf {
  /** Stores all in one transaction and thins out their streams. */
  write(entries: readonly { readonly stream: string; readonly snapshot: Snapshot }[]): void;
  /** The newest at or before the revision with these versions. Drops the stream's snapshots with other versions. */
  latest(stream: string, versions: string, revision: number): Snapshot | undefined;
}

export function createShelf(database: Database.Database): Shelf {
  const insert = database.prepare<[string, number, string, Uint8Array]>(
    'INSERT OR REPLACE INTO snapshots (stream, revision, versions, bytes) VALUES (?, ?, ?, ?)',
  );
  const revisions = database
    .prepare<[string], number>('SELECT revision FROM snapshots WHERE stream = ? ORDER BY revision DESC')
    .pluck();
  const remove = database.prepare<[string, number]>('DELETE FROM snapshots WHERE stream = ? AND revision = ?');
  const newest = database.prepare<[string, string, number], Snapshot>(
    `SELECT revision, versions, bytes FROM snapshots
     WHERE stream = ? AND versions = ? AND revision <= ? ORDER BY revision DESC LIMIT 1`,
  );
  const others = database
    .prepare<[string, string], number>('SELECT 1 FROM snapshots WHERE stream = ? AND versions <> ? LIMIT 1')
    .pluck();
  const removeOthers = database.prepare<[string, string]>('DELETE FROM snapshots WHERE stream = ? AND versions <> ?');

  const write = database.transaction((entries: Parameters<Shelf['write']>[0]) => {
    for (const { stream, snapshot } of entries) {
      insert.run(stream, snapshot.revision, snapshot.versions, snapshot.bytes);
      for (const revision of surplus(revisions.all(stream))) remove.run(stream, revision);
    }
  });

  return {
    write: write.immediate,
    latest(stream, versions, revision) {
      const found = newest.get(stream, versions, revision);
      // Rare, after an upgrade: reading costs a write only then.
      if (others.get(stream, versions) !== undefined) tryTo(() => removeOthers.run(stream, versions));
      return found;
    },
  };
}

/** Where another process writes just now, the next reading does it. */
function tryTo(write: () => void): void {
  try {
    write();
  } catch (thrown) {
    if (!isBusy(thrown)) throw thrown;
  }
}
