/** Conservative mode: a bucket explores only as far as it can afford to, measured against its baseline. */
import { expect, onTestFinished, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { EventData } from '../../../events/catalogue.ts';
import { drawUniform, randomness } from '../../../policies/sampling.ts';
import { cast, fails } from '../cast.ts';
import { configured, DOMAIN, given, openStage, problemOf, type Stage, type StageOptions } from '../given.ts';
import { openShelf, stateFrom, textOf, unforgetting } from '../posterior.ts';

const arms = ['plain', 'bad', 'worse', 'good'];
const config: DomainConfigInput = { arms, conservative: { baseline: 'plain' }, risk: 0.1, exploration: 0.4 };
const means: Readonly<Record<string, number>> = { plain: 0.6, bad: 0.2, worse: 0.1, good: 0.8 };

async function stageOf(more: Partial<DomainConfigInput> = {}, options: StageOptions = {}): Promise<Stage> {
  const stage = await given([configured({ ...config, ...more })], { seed: 1, ...options });
  onTestFinished(() => stage.stop());
  return stage;
}

async function decisionsOf(stage: Stage) {
  return (await stage.events('DecisionMade')).map(({ data }) => data as EventData<'DecisionMade'>);
}

/** Decides and rewards so many times, by a table of means. */
async function play(
  stage: Stage,
  rounds: number,
  seed = 1,
  each?: (round: number, ids: readonly string[]) => Promise<void>,
) {
  const random = randomness(seed);
  const chosen: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, {});
    const { rewardId } = await stage.reckoner.reward(decisionId, {
      value: drawUniform(random) < (means[arm] ?? 0) ? 1 : 0,
    });
    chosen.push(arm);
    await each?.(round, [decisionId, rewardId]);
  }
  return chosen;
}

/** The least that the arms earned on average, beyond nine tenths of the baseline's, after any number of decisions. */
function leastOf(chosen: readonly string[]): number {
  let [total, least] = [0, Infinity];
  for (const [index, arm] of chosen.entries()) {
    total += means[arm] ?? 0;
    least = Math.min(least, total - 0.9 * 0.6 * (index + 1));
  }
  return least;
}

test('until it can afford another arm a bucket is held to its baseline, which is recorded and explained', async () => {
  const stage = await stageOf();
  for (let count = 0; count < 9; count++) {
    const { decisionId, arm, propensity } = await stage.reckoner.decide(DOMAIN, {});
    expect({ arm, propensity }).toEqual({ arm: 'plain', propensity: 1 });
    const told = await stage.reckoner.explain(decisionId);
    expect(told).toMatchObject({
      verified: true,
      arms: [{ arm: 'plain', propensity: 1 }],
      conservative: { baseline: 'plain', risk: 0.1, earned: count, held: true },
    });
    expect(told.conservative?.owed).toBeCloseTo(0.9 * (count + 1), 12);
    expect(told.excluded.map((one) => one.arm)).toEqual(['bad', 'worse', 'good']);
    expect(new Set(told.excluded.map(({ constraint }) => constraint))).toEqual(new Set(['conservative']));
  }
  // Nine of the baseline in ten are all that it owes: the tenth is free, whatever the arms earn.
  const free = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(free).toMatchObject({ verified: true, excluded: [], conservative: { held: false } });
  expect(free.arms.map(({ arm }) => arm)).toEqual(arms);
});

test('decisions that are made together risk no more than one after the other', async () => {
  const stage = await stageOf();
  const answers = await Promise.all(Array.from({ length: 300 }, () => stage.reckoner.decide(DOMAIN, {})));
  const chosen = (await decisionsOf(stage)).map(({ arm }) => arm);
  let others = 0;
  for (const [index, arm] of chosen.entries()) {
    others += arm === 'plain' ? 0 : 1;
    expect(others).toBeLessThanOrEqual(0.1 * (index + 1) + 1e-9);
  }
  expect(others).toBeGreaterThan(5);
  for (const { decisionId } of answers.filter((_, index) => index % 75 === 0))
    expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true });
});

test('with arms that earn little the promise is kept at every decision, and broken without it; the better arm is found', async () => {
  const held = await play(await stageOf({ exploration: 0.8 }), 600);
  expect(leastOf(held)).toBeGreaterThanOrEqual(-1e-9);
  expect(held.slice(-200).filter((arm) => arm === 'good').length).toBeGreaterThan(40);
  expect(held.slice(0, 50).filter((arm) => arm !== 'plain').length).toBeLessThanOrEqual(5);
  const free = await play(await stageOf({ exploration: 0.8, conservative: undefined }), 100);
  expect(leastOf(free)).toBeLessThan(-1);
});

test('live, replayed and restored from a snapshot, a bucket has earned the same, also where rewards were taken back', async () => {
  for (const makePolicy of [undefined, unforgetting]) {
    const snapshots = openShelf();
    const stage = await stageOf({}, { snapshots, makePolicy });
    const all: (readonly string[])[] = [];
    await play(stage, 120, 3, async (round, ids) => {
      all.push(ids);
      const [decisionId = '', rewardId = ''] = all[round - 5] ?? [];
      if (round % 10 === 9) await stage.reckoner.retract(decisionId, rewardId);
    });
    const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
    expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true });
    await stage.stop();
    const fresh = await stateFrom(stage.log, { makePolicy });
    const pulls = [...fresh.earnings.values()].reduce((sum, entry) => sum + entry.pulls, 0);
    expect(pulls).toBeCloseTo(120 - 12, 9);
    expect([...fresh.earnings.values()].reduce((sum, { decided }) => sum + decided, 0)).toBe(121);
    expect(textOf(await stateFrom(stage.log, { makePolicy, snapshots }))).toBe(textOf(fresh));
    // A node that comes later goes on from there.
    const next = await openStage({ log: stage.log, snapshots, makePolicy });
    const after = await next.reckoner.decide(DOMAIN, {});
    expect(await next.reckoner.explain(after.decisionId)).toMatchObject({ verified: true });
    await next.stop();
  }
});

test('where the baseline is no candidate nothing is held back, and nothing counts', async () => {
  const stage = await stageOf();
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { candidates: ['bad', 'good'] });
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true, excluded: [], conservative: null });
  expect([...(await stateFrom(stage.log)).earnings.values()].filter(({ decided }) => decided > 0)).toEqual([]);
});

test('what breaks a constraint is set aside for that, the rest for what it might cost', async () => {
  const stage = await stageOf({ arms: ['plain', { name: 'bad', costUsd: 2 }, 'worse', 'good'] });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { constraints: { maxCostUsd: 1 } });
  const { excluded } = await stage.reckoner.explain(decisionId);
  expect(excluded.map(({ arm, constraint }) => [arm, constraint])).toEqual([
    ['bad', 'maxCostUsd'],
    ['worse', 'conservative'],
    ['good', 'conservative'],
  ]);
});

test('a baseline that the budget cannot pay is a measure all the same', async () => {
  const priced = [{ name: 'plain', costUsd: 1 }, ...['bad', 'worse', 'good'].map((name) => ({ name, costUsd: 0.001 }))];
  const stage = await stageOf({ arms: priced, budget: { perRequestUsd: 0.01 } });
  const answers = [];
  for (let count = 0; count < 40; count++) answers.push(await stage.reckoner.decide(DOMAIN, {}));
  const unpaid = (await decisionsOf(stage)).filter(({ excluded }) =>
    excluded.some(({ arm, constraint }) => arm === 'plain' && constraint === 'budget'),
  );
  expect(unpaid.length).toBeGreaterThan(0);
  const { earnings } = await stateFrom(stage.log);
  expect([...earnings.values()].reduce((sum, { decided }) => sum + decided, 0)).toBe(40);
  for (const { decisionId } of answers)
    expect(await stage.reckoner.explain(decisionId)).toMatchObject({
      verified: true,
      conservative: { baseline: 'plain' },
    });
});

test('where the baseline fails a run falls back on the arms that were held back', async () => {
  const { agents, does, asked } = cast(arms);
  does.plain = fails;
  const stage = await stageOf({}, { agents });
  const { decision, arm } = await stage.reckoner.run(DOMAIN, { question: 'hello' });
  expect(decision.arm).toBe('plain');
  expect(arm).toBe('bad');
  expect(asked.map(({ agent }) => agent)).toEqual(['plain', 'bad']);
});

test('another baseline, or none for a while, begins anew; another risk does not', async () => {
  const stage = await stageOf();
  await play(stage, 30);
  const held = async () =>
    (await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId)).conservative;
  await stage.reckoner.configure(DOMAIN, { ...config, risk: 0.5 });
  expect(await held()).toMatchObject({ risk: 0.5, held: false });
  await stage.reckoner.configure(DOMAIN, { ...config, conservative: { baseline: 'good' } });
  expect(await held()).toMatchObject({ baseline: 'good', earned: 0, held: true });
  await stage.reckoner.configure(DOMAIN, { arms });
  expect(await held()).toBeNull();
  await stage.reckoner.configure(DOMAIN, config);
  expect(await held()).toMatchObject({ baseline: 'plain', earned: 0, held: true });
});

test('the baseline must be an arm', async () => {
  const stage = await stageOf();
  const problem = await problemOf(
    stage.reckoner.configure(DOMAIN, { ...config, conservative: { baseline: 'nobody' } }),
  );
  expect(problem).toMatchObject({ code: 'config_invalid', details: [{ path: 'conservative.baseline' }] });
});
