import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { compiled } from '../../compiled.ts';
import { newDirectory, removeDirectories, run, start, type UsedDirectory, usedDirectory } from './run.ts';

let used: UsedDirectory;
beforeAll(async () => {
  await compiled();
  used = await usedDirectory(3);
});
afterAll(removeDirectories);

async function jsonLines(...args: string[]): Promise<Record<string, never>[]> {
  const { stdout } = await run(['events', '--json', '--data-dir', used.dataDir, ...args]);
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('events are printed in the order of the log, one line each, in words', async () => {
  const { code, stdout } = await run(['events', '--data-dir', used.dataDir]);
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^ +1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}configured {2}domain greeting@0 /);
  expect(stdout).toMatch(
    /decided +greeting\.[a-z2-7]{16}\.0\.[a-z2-7]{13} {2}@0 {2}(hello|hi) of 2 {2}p 0\.500 {2}expects 0\.00/,
  );
  expect(stdout).toMatch(/rewarded +greeting\.\S+ {2}@\d {2}(hello|hi) 0\.750 for @\d {2}outcome/);
});

test('what happened to a decision names the id that its answer gave, in words and as JSON', async () => {
  const { stdout } = await run(['events', '--type', 'DecisionMade,RewardObserved', '--data-dir', used.dataDir]);
  for (const id of used.decisionIds) expect(stdout.split(`${id}  @`).length, id).toBe(3);
  const idsOf = async (type: string) => (await jsonLines('--type', type)).map(({ decisionId }) => decisionId);
  expect((await idsOf('DecisionMade')).sort()).toEqual([...used.decisionIds].sort());
  expect((await idsOf('RewardObserved')).sort()).toEqual([...used.decisionIds].sort());
  expect(await idsOf('DomainConfigured')).toEqual([undefined]);
});

test('without the keys the log is shown without decision ids, and that is said', async () => {
  const { dataDir } = await usedDirectory(1);
  rmSync(join(dataDir, 'keys.json'));
  const { code, stdout, stderr } = await run(['events', '--data-dir', dataDir]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/decided +bucket greeting-[a-z2-7]{16}@0 {2}/);
  expect(stderr).toMatch(/^Without decision ids: there are no keys in .*\n→ .*reckoner keys restore/);
});

test('as JSON each line holds the envelope and the decoded data', async () => {
  const [first] = await jsonLines('--type', 'RewardObserved');
  expect(first).toMatchObject({
    position: expect.stringMatching(/^\d{16}$/),
    stream: expect.stringMatching(/^bucket-default-greeting-/),
    revision: expect.any(Number),
    type: 'RewardObserved',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    time: expect.stringMatching(/Z$/),
    data: { value: 0.75, share: 1, kind: 'outcome' },
    metadata: { previousHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  const [configured] = await jsonLines('--type', 'DomainConfigured');
  expect(configured).toMatchObject({ data: { config: { arms: [{ name: 'hello' }, { name: 'hi' }] } } });
});

test('a filter by type, by stream, a start and a limit each leave the rest away', async () => {
  const all = await jsonLines();
  expect((await jsonLines('--type', 'DecisionMade,RewardObserved')).length).toBe(6);
  const domainOnly = await jsonLines('--stream', 'domain-');
  expect(domainOnly.length).toBeGreaterThan(0);
  expect(domainOnly.every(({ stream }) => String(stream).startsWith('domain-'))).toBe(true);
  expect(await jsonLines('--limit', '2')).toEqual(all.slice(0, 2));
  expect(await jsonLines('--from', String(all[1]?.position))).toEqual(all.slice(2));
  expect(await jsonLines('--from', String(Number(all[1]?.position)))).toEqual(all.slice(2));
  expect(await jsonLines('--from', 'end')).toEqual([]);
});

test('the last ones are found however seldom they are, and are no more than there are', async () => {
  const all = await jsonLines();
  expect(await jsonLines('--last', '2')).toEqual(all.slice(-2));
  expect(await jsonLines('--last', '999')).toEqual(all);
  expect(await jsonLines('--last', '1', '--type', 'DomainConfigured')).toEqual([all[0]]);
  expect(await jsonLines('--last', '3', '--limit', '1')).toEqual(all.slice(-3, -2));
  const both = await run(['events', '--last', '3', '--from', 'end', '--data-dir', used.dataDir]);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("'--last <n>' cannot be used with") });
  const none = await run(['events', '--last', '0', '--data-dir', used.dataDir]);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('a whole number from 1') });
});

test('where nothing matches, that is said beside the output', async () => {
  const found = await run(['events', '--type', 'Nothing', '--data-dir', used.dataDir]);
  expect(found).toEqual({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(
      /^No such events in this log\.\n→ Not a type of this version: Nothing\. .*DecisionMade/,
    ),
  });
  const none = await run(['events', '--type', 'AgentCallFailed', '--data-dir', used.dataDir]);
  expect(none).toEqual({ code: 0, stdout: '', stderr: 'No such events in this log.\n' });
});

test('a reader that leaves early, as head does, is no error', async () => {
  const { dataDir } = await usedDirectory(300);
  const main = fileURLToPath(new URL('../../../dist/adapters/cli/main.js', import.meta.url));
  const command = `"${process.execPath}" "${main}" events --json --data-dir "${dataDir}"; echo "code $?" >&2`;
  const piped = spawn('sh', ['-c', `(${command}) | head -1`]);
  let told = '';
  piped.stderr.on('data', (chunk) => {
    told += chunk;
  });
  await new Promise((resolve) => piped.on('close', resolve));
  expect(told).toBe('code 0\n');
});

test('--follow prints what is there, then what comes from another process, until Ctrl-C', async () => {
  const { dataDir } = await usedDirectory(1);
  const following = start(['events', '--follow', '--type', 'DecisionMade', '--json', '--data-dir', dataDir]);
  await following.says(/DecisionMade/);
  const node = await openNode({ dataDir });
  const { arm } = await node.reckoner.decide('greeting', { requestId: 'later' });
  await following.says(/"requestId":"later"/);
  await node.close();
  following.process.kill('SIGINT');
  const { code, stdout, stderr } = await following.finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n').length).toBe(2);
  expect(stdout).toContain(`"arm":"${arm}"`);
});

test('--follow with a limit ends by itself', async () => {
  const { code, stdout } = await run(['events', '--follow', '--limit', '2', '--json', '--data-dir', used.dataDir]);
  expect(code).toBe(0);
  expect(stdout.trim().split('\n').length).toBe(2);
});

test('an event of a newer version is shown as unknown, with its bytes', async () => {
  const { dataDir } = await usedDirectory(1);
  const database = new Database(join(dataDir, dataFiles.log));
  database.exec("UPDATE events SET type = 'ArmPromoted' WHERE type = 'RewardObserved'");
  database.close();
  expect((await run(['events', '--data-dir', dataDir])).stdout).toMatch(/unknown .*ArmPromoted, \d+ bytes/);
  const { stdout } = await run(['events', '--json', '--type', 'ArmPromoted', '--data-dir', dataDir]);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'ArmPromoted', unknown: true, bytes: expect.any(String) });
});

test('a directory without a log is left as it is', async () => {
  const dataDir = newDirectory();
  const { code, stderr } = await run(['events', '--data-dir', dataDir]);
  expect(code).toBe(1);
  expect(stderr).toContain(`There is no log in ${dataDir}`);
  expect(readdirSync(dataDir)).toEqual([]);
});
