/** What a server sees of a damaged log before it serves it. */
import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { requireSoundTail } from '../../../adapters/cli/log-tail.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { compiled } from '../../compiled.ts';
import { removeDirectories, run, usedDirectory } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

/** A log of so many decisions, changed behind Reckoner's back. */
async function changedLog(decisions: number, ...changes: readonly string[]): Promise<string> {
  const { dataDir } = await usedDirectory(decisions);
  const database = new Database(join(dataDir, dataFiles.log));
  database.unsafeMode(true);
  for (const change of changes) database.exec(change);
  database.close();
  return dataDir;
}

async function look(dataDir: string): Promise<string> {
  const log = openSqliteEventLog({ file: join(dataDir, dataFiles.log) });
  try {
    await requireSoundTail(log);
    return 'sound';
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
    return `${thrown.code}: ${thrown.message}`;
  } finally {
    await log.close();
  }
}

const NEWEST = '(SELECT max(position) FROM events)';

test('a log is served as it was written, empty, short or long', async () => {
  for (const decisions of [0, 1, 200]) expect(await look((await usedDirectory(decisions)).dataDir)).toBe('sound');
});

test('events of a newer version are no damage', async () => {
  expect(await look(await changedLog(3, `UPDATE events SET type = 'ArmPromoted' WHERE position = ${NEWEST}`))).toBe(
    'sound',
  );
});

test.each([
  ['an event whose bytes are not those the next was chained to', `UPDATE events SET type = 'Other' WHERE revision = 4`],
  ['an event that is missing', 'DELETE FROM events WHERE revision = 4'],
  ['a newest event that cannot be decoded', `UPDATE events SET data = x'32ffffff' WHERE position = ${NEWEST}`],
  ['metadata that cannot be decoded', `UPDATE events SET metadata = x'32ffffff' WHERE position = ${NEWEST}`],
])('%s is told as damage', async (_, change) => {
  expect(await look(await changedLog(3, change))).toMatch(/^log_corrupt: The log is damaged: bucket-default-greeting-/);
});

test('an index that lacks the newest event is told as damage', async () => {
  const dataDir = await changedLog(3);
  const file = new Database(join(dataDir, dataFiles.log));
  file.unsafeMode(true);
  file.pragma('writable_schema = ON');
  // The rows of the index go, those of the table stay.
  const root = file
    .prepare(`SELECT rootpage FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_events_1'`)
    .pluck()
    .get();
  expect(root).toBeTypeOf('number');
  file.exec(`CREATE TABLE empty_one (id TEXT NOT NULL UNIQUE)`);
  file.exec(
    `UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_empty_one_1') WHERE rootpage = ${root}`,
  );
  file.close();
  expect(await look(dataDir)).toMatch(/^log_corrupt: .*index/);
});

test('serve refuses a file of which the end is missing, and says what to do', async () => {
  const { dataDir } = await usedDirectory(300);
  const file = join(dataDir, dataFiles.log);
  truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096);
  const { code, stdout, stderr } = await run(['serve', '--port', '0', '--no-demo', '--data-dir', dataDir]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: .*damaged.*\n→ .*restore the last backup/);
});
