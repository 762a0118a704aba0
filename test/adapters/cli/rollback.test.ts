/** A domain is returned to how it stood from the command line, beside a node that serves it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { READ_MODELS_FILE } from '../../../adapters/projector/file.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { outcomes } from '../../../projections/outcomes.ts';
import { project } from '../../projections/project.ts';
import { removeDirectories, run, runJson, usedDirectory } from './run.ts';

afterAll(removeDirectories);

test('a checkpoint, a look, a rollback, and back again', async () => {
  const { dataDir, decisionIds } = await usedDirectory();
  const at = ['--domain', 'greeting', '--data-dir', dataDir];
  const marked = await run(['checkpoint', 'before the launch', ...at]);
  expect(marked).toMatchObject({ code: 0, stderr: '' });
  expect(marked.stdout).toContain('before the launch@1');
  expect(marked.stdout).toContain(`--to 'before the launch' --data-dir ${dataDir} returns here.`);

  const node = await openNode({ dataDir });
  const { decisionId } = await node.reckoner.decide('greeting', { context: {} });
  await node.reckoner.reward(decisionId, { value: 0 });
  const look = await run(['rollback', ...at, '--to', 'before the launch', '--dry-run']);
  expect(look).toMatchObject({ code: 0, stderr: '' });
  expect(look.stdout).toMatch(/set aside +1 decisions, 1 rewards, 0 retractions/);
  expect(look.stdout).toMatch(/hello .*%/);
  expect(await runJson(['rollback', ...at, '--to', 'before the launch', '--dry-run'])).toMatchObject({
    setAside: { decisions: 1, rewards: 1 },
    config: [],
  });

  const done = await run(['rollback', ...at, '--to', 'before the launch', '--reason', 'worse', '--yes']);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toContain('rolled back  greeting to revision 1, as it was at ');
  expect(done.stdout).toContain(`take that back: reckoner rollback --domain greeting --to 2 --data-dir ${dataDir}\n`);
  // The node hears of it from the log.
  let pulls = -1;
  for (let tries = 0; tries < 200 && pulls !== decisionIds.length; tries++) {
    const { decisionId: next } = await node.reckoner.decide('greeting', { context: {} });
    const { arms, verified } = await node.reckoner.explain(next);
    expect(verified).toBe(true);
    pulls = arms.reduce((sum, arm) => sum + arm.pulls, 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(pulls).toBe(decisionIds.length);
  await node.close();

  const list = await run(['rollback-points', ...at]);
  expect(list.stdout).toMatch(/rollback +3 .*worse/);
  expect(list.stdout).toMatch(/before the launch +1 .*manual +cli/);
});

test('the points show how the domain did around them, and say where that is not known or behind', async () => {
  const { dataDir } = await usedDirectory(3);
  const at = ['--domain', 'greeting', '--data-dir', dataDir];
  await run(['checkpoint', 'launch', ...at]);
  const unknown = await run(['rollback-points', ...at]);
  expect(unknown.stdout).toMatch(/^name +revision +moment +cause +by +reason\nlaunch /);
  expect(unknown.stderr).toContain('How the domain did around them is not known here: There are no read models');
  expect(await runJson(['rollback-points', ...at])).toMatchObject({
    points: [{ name: 'launch', around: null }, {}],
    ...{ asOf: null, missing: expect.stringContaining('There are no read models') },
  });

  const log = openSqliteEventLog({ file: join(dataDir, 'events.db') });
  (await project([outcomes], log, { file: join(dataDir, READ_MODELS_FILE) })).close();
  await log.close();
  const node = await openNode({ dataDir });
  const { decisionId } = await node.reckoner.decide('greeting', { context: {} });
  await node.reckoner.reward(decisionId, { value: 0, costUsd: 0.5 });
  await node.close();
  const behind = await run(['rollback-points', ...at]);
  expect(behind.stdout).toMatch(/launch .* manual +3 → 0 +0.750 → – +– → – +cli/);
  expect(behind.stderr).toMatch(/^Around them 2 events of the log do not count yet/);

  const all = openSqliteEventLog({ file: join(dataDir, 'events.db') });
  (await project([outcomes], all, { file: join(dataDir, READ_MODELS_FILE) })).close();
  await all.close();
  const { stdout, stderr } = await run(['rollback-points', ...at]);
  expect(stdout).toMatch(/launch .* manual +3 → 1 +0.750 → 0.000 +– → \$0.5 +cli/);
  expect(stderr).toBe('');
  expect(await runJson(['rollback-points', ...at])).toMatchObject({
    points: [
      {
        around: {
          before: { decisions: 3, rewards: 3, rewardMean: 0.75, costUsd: null },
          after: { decisions: 1, rewards: 1, rewardMean: 0, costUsd: 0.5 },
        },
      },
      { name: 'config', around: { before: { decisions: 0, rewardMean: null } } },
    ],
    asOf: { behind: 0 },
  });
});

test('commands to paste mean what they say, whatever is in names', async () => {
  const { dataDir } = await usedDirectory(1);
  const odd = join(dataDir, "$HOME & it's here");
  renameSync(dataDir, `${dataDir}-moved`);
  mkdirSync(dataDir);
  renameSync(`${dataDir}-moved`, odd);
  const at = ['--domain', 'greeting', '--data-dir', odd];
  for (const name of ['$(touch x) `id` "now"', "it's", '-x', '~']) {
    const { stdout } = await run(['checkpoint', ...at, '--', name]);
    const command = /reckoner (rollback .*) returns here/.exec(stdout)?.[1] ?? '';
    const words = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' });
    const look = await run([...words.trim().split('\n'), '--dry-run']);
    const marked = Number(/@(\d+): reckoner/.exec(stdout)?.[1]);
    expect([name, look.stderr, look.stdout.includes(`to revision ${marked}`)]).toEqual([name, '', true]);
  }
});

test('asks nobody who is not there, and says where it could go', async () => {
  const { dataDir } = await usedDirectory(1);
  const at = ['--domain', 'greeting', '--data-dir', dataDir];
  const unasked = await run(['rollback', ...at, '--to', 'config']);
  expect(unasked).toMatchObject({ code: 2, stdout: '' });
  expect(unasked.stderr).toContain('--dry-run');
  const lost = await run(['rollback', ...at, '--to', 'nowhere', '--yes']);
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain('config@0');
  expect(lost.stderr).toContain('reckoner rollback-points');
});

test('rewards are counted, voided, and brought back', async () => {
  const { dataDir } = await usedDirectory(2);
  const at = ['--domain', 'greeting', '--data-dir', dataDir];
  const all = ['--from', '2020-01-01', '--reason', 'spam'];
  expect(await runJson(['void', ...at, ...all, '--dry-run'])).toMatchObject({ recorded: false, rewards: 2 });
  const done = await run(['void', ...at, ...all]);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toContain('voided  2 rewards in 1 buckets:');
  expect(done.stdout).toContain(`take that back: reckoner rollback --domain greeting --to 1 --data-dir ${dataDir}\n`);
  expect((await run(['void', ...at, ...all])).stdout).toContain('no such rewards');
  expect(await run(['void', ...at])).toMatchObject({ code: 2, stdout: '' });
  expect(await run(['void', ...at, '--to', 'yesterday'])).toMatchObject({ code: 2, stdout: '' });
  const backwards = await run(['void', ...at, '--from', '2026-03-02', '--to', '2026-03-01']);
  expect(backwards).toMatchObject({ code: 2, stdout: '' });
  expect(backwards.stderr).toContain('from must be before to');
  expect(backwards.stderr).not.toContain('GET ');
});

test('who is asked about and known to nobody gets no salt', async () => {
  const { dataDir } = await usedDirectory(1);
  for (const how of [['--dry-run'], []]) {
    const { code, stdout } = await run([
      'void',
      '--domain',
      'greeting',
      '--subject',
      'ada',
      ...how,
      '--data-dir',
      dataDir,
    ]);
    expect([code, stdout]).toEqual([0, 'greeting has no such rewards that count.\n']);
  }
  const salts = new Database(join(dataDir, 'subjects.db'), { readonly: true });
  expect(salts.prepare('SELECT count(*) FROM salts').pluck().get()).toBe(0);
  salts.close();
});
