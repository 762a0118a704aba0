import { randomUUID } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { checkNode, checkPort, checkVariables } from '../../../adapters/cli/doctor-checks.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { encodeMetadata } from '../../../events/catalogue.ts';
import { chainHash } from '../../../events/seal.ts';
import { compiled } from '../../compiled.ts';
import { newDirectory, removeDirectories, run, runJson, usedDirectory } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

interface Told {
  readonly status: string;
  readonly message: string;
  readonly remedy?: string;
}

/** What doctor says, by check. */
async function doctor(dataDir: string): Promise<{ readonly ok: unknown; readonly [check: string]: unknown }> {
  const { ok, events, checks } = await runJson(['doctor', '--data-dir', dataDir]);
  if (!Array.isArray(checks)) throw new Error('no checks');
  return { ok, events, ...Object.fromEntries(checks.map((told: Told & { check: string }) => [told.check, told])) };
}

const failing = (message: RegExp) => ({
  status: 'fail',
  message: expect.stringMatching(message),
  remedy: expect.any(String),
});

function changeLog(dataDir: string, sql: string): void {
  const database = new Database(join(dataDir, dataFiles.log));
  database.exec(sql);
  database.close();
}

/** A script that makes a process refuse native modules, as Node does where they were built for another version of it. */
function otherNode(): string {
  const script = join(newDirectory(), 'other-node.cjs');
  const error = "Object.assign(new Error('built for another Node'), { code: 'ERR_DLOPEN_FAILED' })";
  writeFileSync(script, `process.dlopen = () => { throw ${error}; };`);
  return script;
}

describe('doctor', () => {
  test('finds a healthy installation well, line by line', async () => {
    const { dataDir } = await usedDirectory(3);
    const { code, stdout } = await run(['doctor', '--data-dir', dataDir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok +node +v\d+/);
    expect(stdout).toMatch(/^ok +sqlite +3\.\d+/m);
    expect(stdout).toMatch(/^ok +keys .*keys\.json \(mode 600\): decision [0-9a-f]{16}, pseudonym [0-9a-f]{16}$/m);
    expect(stdout).toMatch(/^ok +log file .*schema \d+$/m);
    expect(stdout).toMatch(/^ok +hash chains +8 events in 2 streams, unbroken$/m);
    expect(stdout).toMatch(/All is well\.|mind the warnings/);
  });

  test('blames SQLite, not the data, where SQLite was built for another Node', async () => {
    const { dataDir } = await usedDirectory(1);
    const env = { NODE_OPTIONS: `--require ${otherNode()}` };
    const { code, stdout } = await run(['doctor', '--data-dir', dataDir], env);
    expect(code).toBe(1);
    expect(stdout.match(/^fail .*$/gm)).toEqual([expect.stringMatching(/^fail +sqlite +SQLite cannot be loaded/)]);
    expect(stdout).toContain('npm rebuild better-sqlite3');
    expect(stdout).not.toMatch(/backup/i);
    const served = await run(['serve', '--port', '0', '--data-dir', dataDir], env);
    expect(served.code).toBe(1);
    expect(served.stderr).toContain('npm rebuild better-sqlite3');
  });

  test('tells the data directory from the folder of recorded data sets, whose variables are easily mixed up', () => {
    const [kept, recorded] = [newDirectory(), newDirectory()];
    writeFileSync(join(kept, dataFiles.log), '');
    writeFileSync(join(recorded, 'mine.csv'), '');
    expect(checkVariables({})).toBeUndefined();
    expect(checkVariables({ RECKONER_DATA: recorded, RECKONER_DATA_DIR: kept })).toBeUndefined();
    expect(checkVariables({ RECKONER_DATA: kept })).toMatchObject({
      status: 'warn',
      message: expect.stringMatching(/^RECKONER_DATA names .*, which holds a log/),
      remedy: expect.stringContaining('RECKONER_DATA_DIR'),
    });
    expect(checkVariables({ RECKONER_DATA_DIR: recorded })).toMatchObject({
      status: 'warn',
      message: expect.stringMatching(/^RECKONER_DATA_DIR names .*, which holds data sets and no log/),
    });
  });

  test('names the first event that was changed after it was written', async () => {
    const { dataDir } = await usedDirectory(3);
    // Bytes of another decision: they can be decoded.
    changeLog(
      dataDir,
      `UPDATE events SET data = (SELECT data FROM events WHERE stream LIKE 'bucket-%' AND revision = 0)
       WHERE stream LIKE 'bucket-%' AND revision = 1`,
    );
    const told = await doctor(dataDir);
    expect(told.ok).toBe(false);
    expect(told['hash chains']).toMatchObject(
      failing(/^bucket-default-greeting-\w+, revision 1: Its bytes, .* are not those that were written/),
    );
    expect(told['log file']).toMatchObject({ status: 'ok' });
    expect((await run(['doctor', '--data-dir', dataDir])).code).toBe(1);
  });

  test('names an event that is gone, once', async () => {
    const { dataDir } = await usedDirectory(3);
    changeLog(dataDir, "DELETE FROM events WHERE stream LIKE 'bucket-%' AND revision = 2");
    const told = await doctor(dataDir);
    expect(told['log file']).toMatchObject({ status: 'ok' });
    expect(told['hash chains']).toMatchObject(failing(/revision 2: The event is missing/));
  });

  test('says that a newer version wrote, where it meets what it does not know', async () => {
    const { dataDir } = await usedDirectory(1);
    const log = openSqliteEventLog({ file: join(dataDir, dataFiles.log) });
    for await (const last of log.readAll({ types: ['RewardObserved'] })) {
      const metadata = encodeMetadata({
        ...{ correlationId: '', causationId: '', time: 0, writer: 'newer', engine: 'reckoner/9', schemaVersion: 1 },
        previousHash: chainHash(last),
      });
      const promoted = { id: randomUUID(), type: 'ArmPromoted', data: new Uint8Array(), metadata };
      await log.append(last.stream, last.revision, [promoted]);
    }
    await log.close();
    expect((await doctor(dataDir))['hash chains']).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('1 of types that this version does not know'),
    });
  });

  test.each([
    ['another program’s database', 'PRAGMA application_id = 7', /another kind/],
    ['a log of a newer schema', 'PRAGMA user_version = 99', /schema version 99/],
  ])('refuses %s', async (_what, sql, message) => {
    const { dataDir } = await usedDirectory(1);
    changeLog(dataDir, sql);
    expect((await doctor(dataDir))['log file']).toMatchObject(failing(message));
  });

  test('tells a file that is no database from one', async () => {
    const { dataDir } = await usedDirectory(1);
    truncateSync(join(dataDir, dataFiles.log));
    writeFileSync(
      join(dataDir, dataFiles.log),
      'this is a letter, not a log; it is long enough to have a header of its own',
    );
    const told = await doctor(dataDir);
    expect(told['log file']).toMatchObject(failing(/./));
    expect(told['hash chains']).toBeUndefined();
  });

  test('states the damage of a file once', async () => {
    const { dataDir } = await usedDirectory(300);
    const file = join(dataDir, dataFiles.log);
    changeLog(dataDir, 'PRAGMA wal_checkpoint(TRUNCATE)');
    const bytes = readFileSync(file);
    bytes.fill(0xff, 16_384);
    writeFileSync(file, bytes);
    const { stdout } = await run(['doctor', '--data-dir', dataDir]);
    expect(stdout.match(/^fail .*$/gm)).toEqual([expect.stringMatching(/^fail {2}log file .*damaged/)]);
    expect(stdout.split(file).length).toBe(2);
    expect(stdout).toContain('One thing must be mended');
  });

  test('misses keys that belong to a log, and keys that others may read', async () => {
    const { dataDir } = await usedDirectory(1);
    chmodSync(join(dataDir, 'keys.json'), 0o640);
    expect((await doctor(dataDir)).keys).toMatchObject({
      ...failing(/mode 640/),
      remedy: expect.stringContaining('chmod 600'),
    });
    rmSync(join(dataDir, 'keys.json'));
    expect((await doctor(dataDir)).keys).toMatchObject({
      ...failing(/gone/),
      remedy: expect.stringContaining('keys restore'),
    });
  });

  test('warns of a directory that every user of the machine may look into', async () => {
    const { dataDir } = await usedDirectory(1);
    chmodSync(dataDir, 0o755);
    expect((await doctor(dataDir))['data directory']).toMatchObject({ status: 'warn', remedy: `chmod 700 ${dataDir}` });
  });

  test('fails where the named directory does not exist, and only warns of the default one', async () => {
    const dataDir = join(newDirectory(), 'absent');
    expect((await doctor(dataDir))['data directory']).toMatchObject(failing(/does not exist/));
    const { code, stdout } = await run(['doctor', '--port', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warn +data directory .*does not exist$/m);
  });

  test('says that a damaged snapshot file is only a cache', async () => {
    const { dataDir } = await usedDirectory(1);
    writeFileSync(join(dataDir, dataFiles.readModels), 'rubbish'.repeat(100));
    expect((await doctor(dataDir)).projections).toMatchObject({
      status: 'warn',
      remedy: expect.stringContaining('made anew'),
    });
    writeFileSync(join(dataDir, dataFiles.snapshots), 'rubbish'.repeat(100));
    expect((await doctor(dataDir)).snapshots).toMatchObject({
      status: 'warn',
      remedy: expect.stringContaining('cache'),
    });
  });
});

test('Node is measured by its version', () => {
  expect(checkNode('v20.19.0').status).toBe('ok');
  expect(checkNode('v24.1.0').status).toBe('ok');
  expect(checkNode('v20.18.3')).toMatchObject({ status: 'fail', remedy: expect.stringContaining('20.19') });
  expect(checkNode('v18.20.0').status).toBe('fail');
});

test('a port is free, a Reckoner’s, or a stranger’s', async () => {
  let answer = '{"status":"alive","version":"1.2.3"}';
  const server = createServer((_request, response) => response.end(answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  expect(await checkPort(port)).toMatchObject({ status: 'ok', message: 'a Reckoner 1.2.3 answers there' });
  answer = '<html>';
  expect(await checkPort(port)).toMatchObject({ status: 'warn', message: 'another program listens there' });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await checkPort(port)).toMatchObject({ status: 'ok', message: 'free' });
});
