/** The peer of the log: a bare better-sqlite3 table of the same shape, filled with the same rows in transactions of 256. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { dataFiles } from '../adapters/cli/compose/data-files.ts';
import { logFile } from '../adapters/sqlite/schema.ts';

const BATCH = 256;

type Row = [id: string, stream: string, revision: number, type: string, data: Buffer, metadata: Buffer];

/** Follows the log of a data directory and writes what was appended to it into a file of its own. */
export interface RawPeer {
  /** Inserts what the log has got since the last call. Only the inserting is timed. */
  catchUp(): { readonly perSecond: number /** of processor time, a row */; readonly cpuMicroseconds: number };
  close(): void;
}

/** @param directory a data directory with a log in it; the peer's file is put beside the log */
export function openRawPeer(directory: string): RawPeer {
  const log = new Database(join(directory, dataFiles.log), { readonly: true });
  const peer = new Database(join(directory, 'raw.db'));
  // The log's own settings and declaration: nothing but the inserting differs.
  for (const setting of logFile().settings) peer.pragma(setting);
  const declaration =
    log.prepare<[], string>("SELECT sql FROM sqlite_schema WHERE name = 'events'").pluck().get() ?? '';
  peer.exec(declaration);
  const appended = log
    .prepare<[number], Row>(
      'SELECT id, stream, revision, type, data, metadata FROM events WHERE position > ? ORDER BY position',
    )
    .raw();
  const head = log.prepare<[], number | null>('SELECT max(position) FROM events').pluck();
  const insert = peer.prepare<Row>(
    'INSERT INTO events (id, stream, revision, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertBatch = peer.transaction((rows: readonly Row[]) => {
    for (const row of rows) insert.run(...row);
  });
  let done = 0;

  return {
    catchUp() {
      const rows = appended.all(done);
      done = head.get() ?? 0;
      const cpuBefore = process.cpuUsage();
      const began = performance.now();
      for (let at = 0; at < rows.length; at += BATCH) insertBatch(rows.slice(at, at + BATCH));
      const perSecond = (rows.length * 1000) / (performance.now() - began);
      const { user, system } = process.cpuUsage(cpuBefore);
      return { perSecond, cpuMicroseconds: (user + system) / rows.length };
    },
    close() {
      log.close();
      peer.close();
    },
  };
}
