import { describe, expect, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { combined } from '../../../adapters/export/reward-sheet.ts';
import { readRounds } from '../../../adapters/export/rounds.ts';
import { openSnapshotStore } from '../../../adapters/sqlite/snapshot-store.ts';
import { configured, DOMAIN, given, NOON, TENANT } from '../../actors/given.ts';
import { configWith, play, roundsOf, stageWith } from './stage.ts';

/** Everything so far: the clock of the stage goes on by a millisecond a request. */
const longAgo = { from: new Date(NOON - 1).toISOString(), to: new Date(NOON + 3_600_000).toISOString() };

describe('propensities that were left to be computed', () => {
  const policies: readonly NonNullable<DomainConfigInput['policy']>[] = [
    { name: 'beta_thompson' },
    { name: 'rand_ucb' },
    { name: 'lin_ts' },
    { name: 'softmax' },
    // Cannot forget: a reward that is taken back makes it be folded anew.
    { name: 'beta_thompson', discount: 0.9 },
  ];
  test.each(policies)('are those of that moment, to the bit: %j', async (policy) => {
    const stage = await stageWith({ policy, propensity: 'lazy' });
    const ids = await play(stage, 24);
    const { rewards } = await stage.reckoner.explain(ids[3] ?? '');
    await stage.reckoner.retract(ids[3] ?? '', rewards[0]?.rewardId ?? '');
    ids.push(...(await play(stage, 6)));

    const rounds = await roundsOf(stage, { allPropensities: true });

    expect(rounds.map(({ decisionId }) => decisionId)).toEqual(ids);
    for (const { decisionId, places, propensities } of rounds) {
      const { arm, arms } = await stage.reckoner.explain(decisionId);
      expect(propensities).toEqual(arms.map(({ propensity }) => propensity));
      expect(places.map(({ pscore }) => pscore)).toEqual([arms.find((known) => known.arm === arm)?.propensity]);
    }
    await stage.stop();
  });

  test.each(policies)('are those of that moment past rollbacks and voidings: %j', async (policy) => {
    const stage = await stageWith({ policy, propensity: 'lazy' });
    const ids = await play(stage, 8);
    await stage.reckoner.checkpoint(DOMAIN, { name: 'before', reason: '' });
    ids.push(...(await play(stage, 8)));
    await stage.reckoner.rollBack(DOMAIN, { to: 'before', reason: 'a bad week' });
    ids.push(...(await play(stage, 8)));
    await stage.reckoner.voidRewards(DOMAIN, { ...longAgo, reason: 'spam' });
    ids.push(...(await play(stage, 6)));

    const rounds = await roundsOf(stage, { allPropensities: true });

    expect(rounds.map(({ decisionId }) => decisionId)).toEqual(ids);
    for (const { decisionId, propensities } of rounds) {
      const { arms } = await stage.reckoner.explain(decisionId);
      expect(propensities).toEqual(arms.map(({ propensity }) => propensity));
    }
    await stage.stop();
  });

  test('need no more memory than the log has buckets, and no snapshots', async () => {
    const stage = await stageWith({ propensity: 'lazy' });
    await play(stage, 20);
    const withSnapshots = await roundsOf(stage, { allPropensities: true });
    const none = openSnapshotStore({ file: ':memory:' });
    expect(await roundsOf(stage, { allPropensities: true, snapshots: none })).toEqual(withSnapshots);
    await none.close();
    await stage.stop();
  });

  test('of a slate are those of each place', async () => {
    const stage = await stageWith({ propensity: 'lazy' });
    const eager = await stageWith({ propensity: 'eager' });
    // Before anything was learned both domains see the same.
    await play(stage, 1, { k: 2 });
    await play(eager, 1, { k: 2 });
    const [computed] = await roundsOf(stage);
    const [recorded] = await roundsOf(eager);
    expect(computed?.places.map(({ position }) => position)).toEqual([0, 1]);
    for (const { pscore } of [...(computed?.places ?? []), ...(recorded?.places ?? [])])
      expect(pscore).toBeCloseTo(1 / 3, 8);
    await stage.stop();
    await eager.stop();
  });
});

describe('rewards', () => {
  test('of one decision are one, each by its share of a pull', async () => {
    const shares = { outcome: 0.75, explicit: 0.25 };
    const stage = await stageWith({ reward: { shares } });
    const [id = ''] = await play(stage, 1);
    await stage.reckoner.reward(id, { value: 0.2, kind: 'outcome' });
    await stage.reckoner.reward(id, { value: 1, kind: 'explicit' });
    const [round] = await roundsOf(stage);
    expect(round?.places[0]?.reward).toBeCloseTo(0.4, 12);
    expect(round?.rewards.map(({ kind, share }) => [kind, share])).toEqual([
      ['outcome', 0.75],
      ['explicit', 0.25],
    ]);
    await stage.stop();
  });

  test('that were taken back do not count, and what comes after them does', async () => {
    const stage = await stageWith();
    const [id = ''] = await play(stage, 1);
    const { rewardId } = await stage.reckoner.reward(id, { value: 0.2 });
    await stage.reckoner.retract(id, rewardId);
    expect((await roundsOf(stage))[0]?.places[0]?.reward).toBeUndefined();
    await stage.reckoner.reward(id, { value: 0.9, requestId: 'again' });
    expect((await roundsOf(stage))[0]?.places[0]?.reward).toBe(0.9);
    await stage.stop();
  });

  test('that were taken out together do not count, until that is rolled back', async () => {
    const stage = await stageWith();
    await play(stage, 6);
    const rewarded = async () => (await roundsOf(stage)).filter(({ places }) => places[0]?.reward !== undefined).length;
    expect(await rewarded()).toBe(4);
    const { revision } = await stage.reckoner.voidRewards(DOMAIN, { ...longAgo, reason: 'spam' });
    expect(await rewarded()).toBe(0);
    await play(stage, 3);
    expect(await rewarded()).toBe(1);
    await stage.reckoner.rollBack(DOMAIN, { to: revision - 1, reason: 'it was none' });
    expect(await rewarded()).toBe(5);
    await stage.stop();
  });

  test('that say nothing leave a decision without a reward', async () => {
    const stage = await stageWith({ feedback: { click: 'neutral' } });
    const [id = ''] = await play(stage, 1);
    await stage.reckoner.reward(id, { feedback: 'click' });
    const [round] = await roundsOf(stage);
    expect(round?.rewards.length).toBe(1);
    expect(round?.places[0]?.reward).toBeUndefined();
    await stage.stop();
  });

  test('of an item go to the place of its arm', async () => {
    const stage = await stageWith();
    const [id = ''] = await play(stage, 1, { k: 3 });
    const slate = (await roundsOf(stage))[0]?.places.map(({ arm }) => arm) ?? [];
    await stage.reckoner.showItems(id, { items: slate.map((arm, position) => ({ item: `of-${arm}`, arm, position })) });
    await stage.reckoner.reward(id, { value: 1, item: `of-${slate[1]}` });
    const [round] = await roundsOf(stage);
    expect(round?.places.map(({ reward }) => reward)).toEqual([undefined, 1, undefined]);
    await stage.stop();
  });

  test('combine to their mean by shares, whatever the order, and stay in [0, 1]', () => {
    expect(combined([])).toBeUndefined();
    expect(combined([{ value: 0.3, share: 0 }])).toBeUndefined();
    expect(combined([{ value: 1, share: 0.1 }])).toBe(1);
    expect(combined(Array.from({ length: 10 }, () => ({ value: 1, share: 0.1 })))).toBe(1);
  });
});

test('arms keep their index when configurations change, and features their columns', async () => {
  const stage = await stageWith();
  await play(stage, 2);
  const arms = ['new', 'large', 'small'];
  const context = { urgent: { type: 'boolean' }, tokens: { type: 'numeric', default: 3 } } as const;
  await stage.reckoner.configure(DOMAIN, { arms, context, bucketBy: [] });
  await stage.reckoner.decide(DOMAIN, { context: { urgent: true } });
  const { log, snapshots } = stage;
  const { outline } = await readRounds({ log, snapshots, tenant: TENANT, domain: DOMAIN });
  expect(outline.actions.map(({ arm }) => arm)).toEqual(['small', 'medium', 'large', 'new']);
  expect(outline.features).toEqual(['topic', 'urgent', 'tokens']);
  const rounds = await roundsOf(stage);
  for (const { places } of rounds) expect(outline.actions[places[0]?.action ?? -1]?.arm).toBe(places[0]?.arm);
  expect(rounds.at(-1)?.features).toEqual(
    new Map<string, unknown>([
      ['urgent', true],
      ['tokens', 3],
    ]),
  );
  await stage.stop();
});

test('decisions of the fallback arm, and of policies that draw nothing, are marked', async () => {
  const stage = await stageWith({ fallback: 'small', constraints: { maxCostUsd: 0.005 } });
  await play(stage, 1);
  await play(stage, 1, { constraints: { maxCostUsd: 0.0001 } });
  await stage.reckoner.configure(DOMAIN, configWith({ policy: { name: 'lin_ucb' }, exploration: 0 }));
  await play(stage, 1);
  await stage.reckoner.configure(DOMAIN, configWith({ policy: { name: 'lin_ucb' }, exploration: 0.1 }));
  await play(stage, 1);
  const rounds = await roundsOf(stage, { allPropensities: true });
  expect(rounds.map(({ fallback, deterministic }) => [fallback, deterministic])).toEqual([
    [false, false],
    [true, true],
    [false, true],
    [false, false],
  ]);
  expect(rounds[1]).toMatchObject({ candidates: ['small'], propensities: [1], places: [{ arm: 'small', pscore: 1 }] });
  await stage.stop();
});

test('from and to are about when it was decided: rewards count whenever they came', async () => {
  const stage = await stageWith();
  const ids = await play(stage, 6);
  const all = await roundsOf(stage);
  const [from, to] = [all[2]?.time, all[4]?.time];
  const some = await roundsOf(stage, { from, to });
  expect(some).toEqual(all.slice(2, 4));
  expect(some.map(({ decisionId }) => decisionId)).toEqual(ids.slice(2, 4));
  expect(some.every(({ places }) => places[0]?.reward !== undefined)).toBe(true);
  await stage.stop();
});

test('what comes while it is written is for the next export', async () => {
  const stage = await stageWith();
  await play(stage, 5);
  const { log, snapshots } = stage;
  const rounds = await readRounds({ log, snapshots, tenant: TENANT, domain: DOMAIN });
  let seen = 0;
  for await (const { places } of rounds) {
    seen += 1;
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { topic: 'bug', urgent: true } });
    await stage.reckoner.reward(decisionId, { value: 1 });
    expect(places[0]?.reward).not.toBe(1);
  }
  expect(seen).toBe(5);
  await stage.stop();
});

test('nobody is in it, and no text', async () => {
  const context = { prompt: { type: 'text', dimensions: 4 }, topic: { type: 'categorical', hash: 8 } } as const;
  const stage = await given([configured({ arms: ['a', 'b'], context, bucketBy: [] })]);
  const said = { prompt: 'the secret of Anna', topic: 'Anna' };
  await stage.reckoner.decide(DOMAIN, { context: said, subject: 'anna@example.org' });
  const [round] = await roundsOf(stage, { allPropensities: true });
  const text = JSON.stringify([round, [...(round?.features ?? [])]]);
  expect(text).not.toMatch(/anna|secret/i);
  expect(text).not.toContain('subject');
  expect(round?.features.size).toBe(5);
  await stage.stop();
});

test('a domain that nobody configured is unknown', async () => {
  const stage = await stageWith();
  await expect(roundsOf(stage, { domain: 'nowhere' })).rejects.toMatchObject({ code: 'domain_unknown' });
  await stage.stop();
});

describe('rewards', () => {
  test('are as they were recorded, or, where that is asked for, what posteriors have learned anew of them', async () => {
    const policy = { name: 'beta_thompson' } as const;
    const stage = await stageWith({ policy, sharing: { every: 0 }, feedback: { thumbs_up: 'success' } });
    const [first = '', second = ''] = await play(stage, 2);
    await stage.reckoner.reward(first, { feedback: 'thumbs_up' });
    await stage.reckoner.reward(second, { value: 0.25 });
    const rewards = (rounds: Awaited<ReturnType<typeof roundsOf>>) =>
      rounds.map(({ places, rewards: [given] }) => [places[0]?.reward, given?.value]);
    const recorded = [
      [1, 1],
      [0.25, 0.25],
    ];
    expect(rewards(await roundsOf(stage, { asRelearned: true }))).toEqual(recorded);

    await stage.reckoner.configure(
      DOMAIN,
      configWith({ policy, sharing: { every: 0 }, feedback: { thumbs_up: 'failure' } }),
    );

    expect(rewards(await roundsOf(stage))).toEqual(recorded);
    const relearned = await roundsOf(stage, { asRelearned: true });
    expect(rewards(relearned)).toEqual([
      [0, 0],
      [0.25, 0.25],
    ]);
    const { buckets } = await stage.reckoner.posterior(DOMAIN, {});
    const learned = buckets.flatMap(({ arms }) => arms.map(({ parameters }) => Number(parameters?.successes ?? 0)));
    expect(learned.reduce((sum, successes) => sum + successes, 0)).toBe(0.25);
    await stage.stop();
  });
});
