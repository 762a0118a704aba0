import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { compiled } from '../../compiled.ts';
import { newDirectory, removeDirectories, run, type UsedDirectory, usedDirectory } from './run.ts';

let used: UsedDirectory;
let folder: string;
beforeAll(async () => {
  await compiled();
  used = await usedDirectory(3);
  folder = newDirectory();
});
afterAll(removeDirectories);

const exporting = (...args: string[]) => run(['export', '--domain', 'greeting', '--data-dir', used.dataDir, ...args]);

test('decisions go to the standard output, and what is said about them does not', async () => {
  const { code, stdout, stderr } = await exporting();
  expect(code).toBe(0);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.map(({ decisionId }) => decisionId).sort()).toEqual([...used.decisionIds].sort());
  expect(rows.map(({ round, reward, pscore }) => [round, reward, pscore])).toEqual([
    [0, 0.75, 0.5],
    [1, 0.75, 0.5],
    [2, 0.75, 0.5],
  ]);
  expect(stderr).toBe('3 lines of 3 decisions\n');
});

test('a file appears whole, with nothing beside it, and takes the place of an older one', async () => {
  const out = join(folder, 'greeting.csv');
  const arms = join(folder, 'item_context.csv');
  writeFileSync(out, 'old');
  const { code, stdout } = await exporting('--format', 'obp', '--out', out, '--arms', arms, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ file: out, format: 'obp', decisions: 3, rows: 3, unrewarded: 0 });
  expect(readFileSync(out, 'utf8').split('\n')[0]).toMatch(/^,timestamp,item_id,position,click,propensity_score,arm,/);
  expect(readFileSync(arms, 'utf8')).toContain('0,0,0,hello\n1,1,0,hi');
  expect(readdirSync(folder).sort()).toEqual(['greeting.csv', 'item_context.csv']);
  // Decisions of an installation are nobody else's to read.
  expect(statSync(out).mode & 0o077).toBe(0);
});

test('where it cannot be written an older file stays, and the error says what to do', async () => {
  const nowhere = await exporting('--out', join(folder, 'missing', 'x.csv'));
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('cannot be written (ENOENT)')]);
  const directory = join(folder, 'taken');
  mkdirSync(directory);
  writeFileSync(join(directory, 'kept'), '');
  const taken = await exporting('--out', directory);
  expect([taken.code, existsSync(join(directory, 'kept'))]).toEqual([2, true]);
  expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
});

test('no file of the data directory is written over, by whatever path', async () => {
  const log = join(used.dataDir, 'events.db');
  const before = readFileSync(log);
  const link = join(newDirectory(), 'link');
  symlinkSync(used.dataDir, link);
  const keys = join(link, 'keys.json');
  for (const args of [
    ['--out', log],
    ['--out', keys],
    ['--out', join(folder, 'fine.csv'), '--arms', `${used.dataDir}/../${basename(used.dataDir)}/subjects.db`],
  ]) {
    const { code, stderr } = await exporting(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining('lies in the data directory')]);
  }
  expect(readFileSync(log).equals(before)).toBe(true);
  expect(existsSync(join(folder, 'fine.csv'))).toBe(false);
});

test('a domain that is not there, a format, and times that make no sense are told', async () => {
  const unknown = await run(['export', '--domain', 'nowhere', '--data-dir', used.dataDir, '--json']);
  expect([unknown.code, JSON.parse(unknown.stderr).code]).toEqual([1, 'domain_unknown']);
  expect((await exporting('--format', 'xml')).stderr).toContain('Allowed choices are ndjson, csv, obp, dsjson');
  for (const time of ['yesterday', '12', '2026-13-01']) expect((await exporting('--from', time)).code, time).toBe(2);
  const none = await exporting('--to', '2001-01-01T00:00');
  expect([none.code, none.stdout, none.stderr]).toEqual([0, '', '0 lines of 0 decisions\n']);
});

test('without the keys it is exported without decision ids, and that is said', async () => {
  const { dataDir } = await usedDirectory(1);
  rmSync(join(dataDir, 'keys.json'));
  const { code, stdout, stderr } = await run(['export', '--domain', 'greeting', '--data-dir', dataDir]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ decisionId: '', reward: 0.75 });
  expect(stderr).toContain('Without decision ids: there are no keys');
  expect(readdirSync(dataDir)).not.toContain('keys.json');
});

test('it works beside a running node', async () => {
  const { dataDir } = await usedDirectory(1);
  const node = await openNode({ dataDir });
  await node.reckoner.decide('greeting', { context: {} });
  const { stdout, stderr } = await run(['export', '--domain', 'greeting', '--data-dir', dataDir, '--rewarded']);
  await node.close();
  expect([stdout.trim().split('\n').length, stderr]).toEqual([1, '1 line of 2 decisions\n']);
});
