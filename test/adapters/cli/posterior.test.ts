/** What was learned at any moment, from the command line. */
import { afterAll, expect, test } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { removeDirectories, run, runJson, usedDirectory } from './run.ts';

afterAll(removeDirectories);

test('what was learned now and then, and what changed in between', async () => {
  const { dataDir } = await usedDirectory();
  const at = ['--domain', 'greeting', '--data-dir', dataDir];
  await run(['checkpoint', 'before the launch', ...at]);
  const node = await openNode({ dataDir });
  const { decisionId, arm } = await node.reckoner.decide('greeting', { context: {} });
  await node.reckoner.reward(decisionId, { value: 0 });
  await node.close();

  const now = await run(['posterior', ...at]);
  expect(now).toMatchObject({ code: 0, stderr: '' });
  expect(now.stdout).toMatch(/^greeting {2}now: revision \d+, \w+ v1$/m);
  expect(now.stdout).toMatch(/^all {2}[a-z2-7]{16} {2}\d+ events$/m);
  expect(now.stdout).toMatch(new RegExp(`^${arm} +\\d+ +0\\.\\d{3} +0\\.\\d{3} to [01]\\.\\d{3}$`, 'm'));
  const then = await runJson(['posterior', ...at, '--at', 'before the launch']);
  expect(then).toMatchObject({ domain: 'greeting', at: { asked: 'before the launch' }, total: 1 });

  const diff = await run(['posterior', ...at, '--diff', 'before the launch']);
  expect(diff).toMatchObject({ code: 0, stderr: '' });
  expect(diff.stdout).toMatch(new RegExp(`^${arm} +[\\d.]+ → [\\d.]+ +0\\.\\d{3} → 0\\.\\d{3} `, 'm'));
  const same = await run(['posterior', ...at, '--at', 'before the launch', '--diff', 'before the launch']);
  expect(same.stdout).toContain('the same, to the last bit');
});

test('a moment that there is not is told with those that there are', async () => {
  const { dataDir } = await usedDirectory(1);
  const at = ['--domain', 'greeting', '--data-dir', dataDir];
  const unknown = await run(['posterior', ...at, '--at', 'yesterday']);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/No rollback point of this domain is called so\. The last ones are /);
  const early = await run(['posterior', ...at, '--at', '1999-12-31']);
  expect(early.stderr).toMatch(/The domain was not there yet: it was first configured at /);
});
