import { createColors } from 'picocolors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Explanation } from '../../../actors/messages/explanation.ts';
import { explanationLines, plotOf } from '../../../adapters/cli/explain-view.ts';
import { compiled } from '../../compiled.ts';
import { removeDirectories, run, runJson, type UsedDirectory, usedDirectory } from './run.ts';

let used: UsedDirectory;
beforeAll(async () => {
  await compiled();
  used = await usedDirectory(3);
});
afterAll(removeDirectories);

const arm = {
  mean: 0.5,
  lower: 0.2,
  upper: 0.8,
  pulls: 3,
  shift: 0,
  terms: {},
  sample: 0.4,
  propensity: 0.3,
  chosen: false,
};
const told: Explanation = {
  decisionId: 'demo.aaaaaaaaaaaaaaaa.0.bbbbbbbbbbbbb',
  domain: 'demo',
  requestId: 'r',
  arm: 'hi',
  propensity: 0.7,
  bucket: 'aaaaaaaaaaaaaaaa',
  bucketLabel: 'task=code',
  policy: 'beta_thompson',
  policyVersion: 1,
  confidence: 0.4,
  mode: null,
  expectedReward: 0.6,
  expectedCostUsd: null,
  expectedLatencyMs: null,
  fallback: false,
  time: '2026-01-01T12:00:00.000Z',
  stream: 'bucket-default-demo-aaaaaaaaaaaaaaaa',
  revision: 0,
  domainRevision: 1,
  posteriorRevision: -1,
  seed: 7,
  floor: 0.05,
  explored: false,
  context: { task: 'code' },
  path: [],
  restart: null,
  taskType: null,
  complexity: null,
  tokens: null,
  verified: true,
  arms: [
    { ...arm, arm: 'hello' },
    { ...arm, arm: 'hi', mean: 0.6, sample: 0.8, propensity: 0.7, chosen: true },
  ],
  excluded: [],
  budget: null,
  conservative: null,
  items: [],
  rewards: [],
};

const text = (changes: Partial<Explanation> = {}) =>
  explanationLines({ ...told, ...changes }, createColors(false), 80).join('\n');

describe('an explanation', () => {
  test('names what the shifts are made of, where that is more than the configured shift', () => {
    const plain = told.arms.map((one) => ({ ...one, shift: -0.05, terms: { shift: -0.05 } }));
    expect(text({ arms: plain })).not.toContain('shifts');
    const apart = told.arms.map((one) => ({ ...one, shift: 0.07, terms: { shift: -0.05, objective: 0.12 } }));
    expect(text({ arms: apart })).toMatch(/^shifts +hello {2}shift −0\.050 {2}objective \+0\.120\n +hi {5}shift/m);
  });

  test('tells of a text how many numbers it became, and none of them', () => {
    expect(text({ context: { prompt: [0.1, -0.25, 0.5], tokens: 7 } })).toMatch(
      /^context +prompt=\(3 numbers\) tokens=7$/m,
    );
  });

  test('shows every arm as it looked, and marks the chosen one', () => {
    expect(text()).toMatch(/^▸ hi +·+├─+●─+┤·+ +0\.600 +0\.20 … 0\.80 +3 +0\.800 +0\.7000$/m);
    expect(text()).toMatch(/^ {2}hello .*0\.400 +0\.3000$/m);
  });

  test('fits into eighty columns where the names are not long', () => {
    for (const line of text()
      .split('\n')
      .filter((line) => line.includes('●')))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  test('says which draw won, and by how much', () => {
    expect(text()).toContain('its score was the highest (0.800), hello came second with 0.400');
  });

  test('says so where there was nothing to choose', () => {
    const arms = told.arms.filter((one) => one.chosen);
    expect(text({ arms })).toMatch(/why +it was the only candidate$/m);
    const excluded = [{ arm: 'hello', constraint: 'capabilities', limit: 'tools' }];
    expect(text({ arms, excluded })).toMatch(/why +it was the only candidate left$/m);
  });

  test('says so where the floor drew', () => {
    const arms = told.arms.map((one) => ({ ...one, sample: null }));
    expect(text({ explored: true, arms })).toMatch(/why +explored: the floor of 5 % gives every candidate/);
  });

  test('names what else draws, where the policy has an epsilon', () => {
    const arms = told.arms.map((one) => ({ ...one, sample: null }));
    expect(text({ explored: true, arms, policy: 'offset_tree' })).toContain(
      'the policy’s own epsilon and the floor of 5 %',
    );
  });

  test('claims no highest score where a policy drew another, or where scores are equal', () => {
    const drawn = told.arms.map((one) => ({ ...one, sample: one.chosen ? 0.25 : 0.5 }));
    expect(text({ arms: drawn })).toMatch(
      /why +drawn, by a chance of 0\.7000: hello has a higher score \(0\.500\), but hi/,
    );
    expect(text({ arms: drawn, policy: 'offset_tree' })).toMatch(/why +it won the tournament of its policy/);
    const tied = told.arms.map((one) => ({ ...one, sample: 0.5 }));
    expect(text({ arms: tied })).toMatch(/why +drawn among those of the highest score \(0\.500\): hello has it too$/m);
  });

  test('says so where an arm of a lower mean won, for that is how a router learns', () => {
    const arms = told.arms.map((one) => ({ ...one, mean: one.chosen ? 0.3 : 0.9 }));
    expect(text({ arms })).toContain('hello has the higher mean, but hi may still be better');
  });

  test('calls no mean higher where none is: before the first reward all arms look alike', () => {
    const alike = told.arms.map((one) => ({ ...one, mean: 0.5 }));
    expect(text({ arms: alike })).toMatch(/why .* hello came second with 0\.400$/m);
    const shifted = alike.map((one) => ({ ...one, shift: one.chosen ? -0.05 : 0 }));
    expect(text({ arms: shifted })).toContain('hello has the higher mean after its shift, but hi may still be better');
  });

  test('says so where it was held to the baseline, and what that weighed', () => {
    const conservative = { baseline: 'hi', risk: 0.05, earned: 17.25, owed: 19, held: true };
    const excluded = [{ arm: 'hello', constraint: 'conservative', limit: '19' }];
    const shown = text({ arms: told.arms.filter((one) => one.chosen), conservative, excluded });
    expect(shown).toMatch(
      /why +held to the baseline: the bucket earned 17\.250 at least, and owes 19\.000, 95 % of what hi might have earned$/m,
    );
    expect(shown).toMatch(/set aside +hello: trying it might cost more than the domain risks$/m);
    expect(text({ conservative: { ...conservative, held: false } })).toContain('its score was the highest');
  });

  test('says so where the fallback was taken, and what was set aside', () => {
    const shown = text({ fallback: true, excluded: [{ arm: 'slow', constraint: 'maxLatencyMs', limit: '600' }] });
    expect(shown).toContain('no candidate met the constraints');
    expect(shown).toContain('slow: it breaks maxLatencyMs 600');
  });

  test.each([
    [{ constraint: 'maxCostUsd', limit: '' }, 'it breaks maxCostUsd'],
    [{ constraint: 'minReliability', limit: '0.8' }, 'it breaks minReliability 0.8'],
    [{ constraint: 'capabilities', limit: 'vision' }, 'it lacks the capability vision'],
    [{ constraint: 'contextWindow', limit: '5000' }, 'its contextWindow is below the 5000 tokens of the request'],
    [{ constraint: 'budget', limit: '0.002' }, 'the budget of \\$0.002 a request could not pay for it then'],
    [{ constraint: 'tenants', limit: 'acme' }, 'it is not for the tenant acme'],
  ])('says for %j that %s', (broken, words) => {
    expect(text({ excluded: [{ arm: 'other', ...broken }] })).toMatch(new RegExp(`^set aside +other: ${words}$`, 'm'));
  });

  test('says why the bucket had begun anew', () => {
    const restart = {
      ...{ revision: 90, time: '2026-01-01T11:00:00.000Z', arm: 'hi', detector: 'glr', pulls: 80 },
      ...{ statistic: 12.34, threshold: 11.1, meanBefore: 0.8, meanAfter: 0.25 },
    };
    expect(text({ restart })).toMatch(/restarted +2026-.*: hi went from 0\.80 to 0\.25 \(glr 12\.3 over 11\.1\)$/m);
    expect(text()).not.toContain('restarted');
  });

  test('lists rewards, and those that were taken back', () => {
    const reward = {
      rewardId: 'x',
      time: '2026-01-01T13:00:00.000Z',
      arm: 'hi',
      value: 0.5,
      share: 0.4,
      kind: 'explicit',
      feedback: 'click',
      item: null,
      components: { quality: 0.123456 },
      costUsd: null,
      retracted: true,
      outdated: false,
      setAside: false,
    };
    expect(text({ rewards: [reward] })).toMatch(
      /rewards +0\.500 {2}explicit, click, quality=0\.1235, as 0\.4 of a pull, .*, retracted$/m,
    );
    const silence = { ...reward, feedback: 'silence', kind: 'outcome', retracted: false };
    expect(text({ rewards: [silence] })).toMatch(/rewards +0\.500 {2}outcome, nothing came in time, /);
    expect(text({ rewards: [{ ...reward, retracted: false, outdated: true }] })).toContain(
      'before the change: moved nothing',
    );
    expect(text({ rewards: [{ ...reward, retracted: false, setAside: true }] })).toContain(
      'set the decision aside: moved nothing',
    );
    expect(text()).toMatch(/rewards +none yet/);
  });

  test('shouts where the log no longer gives the same choice', () => {
    expect(text({ verified: false })).toMatch(/verified +no: .*reckoner doctor/);
  });
});

test('an interval is drawn from reward 0 to reward 1', () => {
  expect(plotOf(0, 0.5, 1, 25)).toBe('├───────────●───────────┤');
  expect(plotOf(1, 1, 1, 25)).toBe(`${'·'.repeat(24)}●`);
  expect(plotOf(-1, 0, 2, 11)).toBe('●─────────┤');
});

test('reckoner explain tells a decision of the log, in words and as JSON', async () => {
  const [id = ''] = used.decisionIds;
  const { code, stdout } = await run(['explain', id, '--data-dir', used.dataDir]);
  expect(code).toBe(0);
  expect(stdout).toContain(`decision  ${id}`);
  expect(stdout).toMatch(/rewards +0\.750 {2}outcome/);
  expect(stdout).toMatch(/verified +yes/);
  expect(await runJson(['explain', id, '--data-dir', used.dataDir])).toMatchObject({ decisionId: id, verified: true });
});

test('an id that was edited is refused', async () => {
  const edited = `${used.decisionIds[0]?.slice(0, -1)}${used.decisionIds[0]?.endsWith('a') ? 'b' : 'a'}`;
  expect(await run(['explain', edited, '--data-dir', used.dataDir])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: This is not a decision id of this installation\.\n→ /),
  });
});

describe('reckoner domains', () => {
  test('lists what is decided here', async () => {
    const { code, stdout } = await run(['domains', '--data-dir', used.dataDir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^greeting +2 +one bucket +rand_ucb/m);
  });

  test('shows one of them in full', async () => {
    const { stdout } = await run(['domains', 'greeting', '--data-dir', used.dataDir]);
    expect(stdout).toContain('How to say hello');
    expect(stdout).toMatch(/^hi +–/m);
    expect(await runJson(['domains', 'greeting', '--data-dir', used.dataDir])).toMatchObject({ domain: 'greeting' });
  });

  test('knows when there is none of that name', async () => {
    expect(await run(['domains', 'nobody', '--data-dir', used.dataDir])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('→ `reckoner domains` lists the domains.'),
    });
  });
});
