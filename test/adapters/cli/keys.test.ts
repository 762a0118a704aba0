import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compiled } from '../../compiled.ts';
import { newDirectory, removeDirectories, run, runJson, usedDirectory } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

test('keys that were backed up and restored check the ids that were handed out before', async () => {
  const { dataDir, decisionIds } = await usedDirectory(1);
  const backup = join(newDirectory(), 'backup.json');
  expect(await run(['keys', 'backup', '--to', backup, '--data-dir', dataDir])).toMatchObject({ code: 0, stderr: '' });
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  rmSync(join(dataDir, 'keys.json'));

  const lost = await run(['explain', decisionIds[0] ?? '', '--data-dir', dataDir]);
  expect(lost).toMatchObject({ code: 1, stderr: expect.stringMatching(/keys.*are gone[\s\S]*keys restore/) });

  expect((await run(['keys', 'restore', '--from', backup, '--data-dir', dataDir])).code).toBe(0);
  expect(await runJson(['explain', decisionIds[0] ?? '', '--data-dir', dataDir])).toMatchObject({ verified: true });
});

test('a backup overwrites nothing', async () => {
  const { dataDir } = await usedDirectory(1);
  const file = join(newDirectory(), 'taken');
  writeFileSync(file, 'mine');
  const { code, stderr } = await run(['keys', 'backup', '--to', file, '--data-dir', dataDir]);
  expect(code).toBe(2);
  expect(stderr).toContain('is there already');
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('restoring replaces no other keys, and the same ones are no error', async () => {
  const { dataDir } = await usedDirectory(1);
  const other = await usedDirectory(1);
  const backup = join(newDirectory(), 'backup.json');
  await run(['keys', 'backup', '--to', backup, '--data-dir', dataDir]);
  const before = readFileSync(join(other.dataDir, 'keys.json'), 'utf8');
  expect(await run(['keys', 'restore', '--from', backup, '--data-dir', other.dataDir])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('holds other keys'),
  });
  expect(readFileSync(join(other.dataDir, 'keys.json'), 'utf8')).toBe(before);
  expect((await run(['keys', 'restore', '--from', backup, '--data-dir', dataDir])).code).toBe(0);
});

test('a file that is no backup is refused', async () => {
  const file = join(newDirectory(), 'letter');
  writeFileSync(file, 'dear keys', { mode: 0o600 });
  const args = ['--data-dir', newDirectory()];
  expect(await run(['keys', 'restore', '--from', file, ...args])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('damaged'),
  });
  expect((await run(['keys', 'restore', '--from', `${file}s`, ...args])).stderr).toContain('There is no file');
});

test('keys are shown by their fingerprints, never themselves, in words and as JSON', async () => {
  const { dataDir } = await usedDirectory(1);
  const stored = JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8'));
  const { stdout } = await run(['keys', 'show', '--data-dir', dataDir]);
  expect(stdout).toMatch(/^decision {3}[0-9a-f]{16}\npseudonym {2}[0-9a-f]{16}\n/);
  const shown = await runJson(['keys', 'show', '--data-dir', dataDir]);
  expect(shown).toMatchObject({ source: 'file', decision: expect.stringMatching(/^[0-9a-f]{16}$/) });
  for (const key of [stored.decision, stored.pseudonym]) expect(stdout + JSON.stringify(shown)).not.toContain(key);
});

test('keys in the environment are the ones that are shown and backed up', async () => {
  const env = { RECKONER_DECISION_KEY: '11'.repeat(32), RECKONER_PSEUDONYM_KEY: '22'.repeat(32) };
  const directory = newDirectory();
  const first = join(directory, 'first.json');
  expect((await run(['keys', 'backup', '--to', first, '--data-dir', directory], env)).code).toBe(0);
  renameSync(first, join(directory, 'keys.json'));
  const fromEnvironment = await run(['keys', 'show', '--data-dir', directory], env);
  const fromFile = await run(['keys', 'show', '--data-dir', directory]);
  expect(fromEnvironment.stdout.split('\n').slice(0, 2)).toEqual(fromFile.stdout.split('\n').slice(0, 2));
});
