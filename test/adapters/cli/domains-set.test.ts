/** A domain is configured from the command line; what changes is shown first, and its buckets learn anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { newDirectory, removeDirectories, run, runJson, usedDirectory } from './run.ts';

afterAll(removeDirectories);

const greeting = { description: 'How to say hello', arms: ['hello', 'hi'], bucketBy: [] };

function fileOf(config: unknown): string {
  const directory = newDirectory();
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('what changes is shown, and another policy learns anew before it takes over', async () => {
  const { dataDir } = await usedDirectory(20);
  const at = ['--data-dir', dataDir];
  const file = fileOf({ ...greeting, policy: { name: 'beta_thompson' } });

  const look = await run(['domains', 'set', 'greeting', '--file', file, '--dry-run', ...at]);
  expect(look).toMatchObject({ code: 0, stderr: '' });
  expect(look.stdout).toMatch(/policy\.name {2}"rand_ucb" → "beta_thompson"/);
  expect(look.stdout).toContain('learn anew');
  expect(await runJson(['domains', 'greeting', ...at])).toMatchObject({
    revision: 1,
    config: { policy: { name: 'rand_ucb' } },
  });

  const done = await run(['domains', 'set', 'greeting', '--file', file, '--reason', 'colder', ...at]);
  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout).toMatch(/configured {2}greeting, at revision 3\./);
  const points = await run(['rollback-points', '--domain', 'greeting', ...at]);
  expect(points.stdout).toMatch(/policy .*cli .*colder/);
  const learned = (await runJson(['posterior', '--domain', 'greeting', ...at])) as {
    buckets: { arms: { pulls: number }[] }[];
  };
  expect(learned.buckets[0]?.arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(20);

  const again = await run(['domains', 'set', 'greeting', '--file', file, ...at]);
  expect(again.stdout).toContain('Nothing was recorded.');
});

test('a domain is created; a price that moves far is held until it is confirmed; what is not valid is told', async () => {
  const { dataDir } = await usedDirectory(1);
  const set = (config: unknown, ...more: string[]) =>
    run(['domains', 'set', 'support', '--file', fileOf(config), '--data-dir', dataDir, ...more]);
  const priced = (costUsd: number) => ({ arms: [{ name: 'small', costUsd }] });
  expect((await set(priced(0.01))).stdout).toContain('created  support');
  const held = await set(priced(1), '--json');
  expect({ code: held.code, stderr: JSON.parse(held.stderr) }).toMatchObject({
    code: 1,
    stderr: { code: 'price_held' },
  });
  const confirmed = await set(priced(1), '--confirm-prices', '--json');
  expect(JSON.parse(confirmed.stdout)).toMatchObject({
    domain: 'support',
    created: false,
    changes: [{ before: 0.01, after: 1 }],
  });
  const wrong = await set({ arms: [] });
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toContain('arms');
});
