/** A bucket adopts new revisions of its domain between two of its own events: live as in the fold. */
import { expect, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { MakePolicy } from '../../../actors/domain/compiled-domain.ts';
import { seedOf } from '../../../events/ids.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import type { Fact } from '../facts.ts';
import { configured, DOMAIN, given, openStage, type Stage } from '../given.ts';
import { ONLY_STREAM, openShelf, posteriorOf, stateFrom, textOf, unforgetting, watched } from '../posterior.ts';

const thompson: DomainConfigInput = { arms: ['red', 'blue'], policy: { name: 'beta_thompson' } };
const greedy: DomainConfigInput = { arms: ['red', 'blue'], policy: { name: 'epsilon_greedy' } };

async function pull(stage: Stage, value = 1): Promise<string> {
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.reward(decisionId, { value });
  return decisionId;
}

async function everyDecisionIsVerified(stage: Stage, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await stage.reckoner.explain(id)).toMatchObject({ verified: true });
}

test('a policy that was replaced and brought back between two events knows all that the bucket was taught', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  const ids = [await pull(stage), await pull(stage)];
  await stage.reckoner.configure(DOMAIN, greedy);
  await stage.reckoner.configure(DOMAIN, thompson);
  ids.push(await pull(stage, 0));
  ids.push((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect((await stateFrom(stage.log)).posteriorSince).toBe(0);
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  expect((await stage.reckoner.explain(ids[3] ?? '')).arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(3);
  await everyDecisionIsVerified(stage, ids);
  await stage.stop();
});

test('a refused request in between makes no difference', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  await pull(stage);
  await stage.reckoner.configure(DOMAIN, greedy);
  await stage.when((reckoner) => reckoner.decide(DOMAIN, { candidates: ['green'] }));
  await stage.reckoner.configure(DOMAIN, { ...greedy, description: 'the same policy' });
  await pull(stage);
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  await stage.stop();
});

test('a reward that an older policy learned is not taken back from the newer one', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { rewardId } = await stage.reckoner.reward(decisionId, { value: 1 });
  await stage.reckoner.configure(DOMAIN, greedy);
  await stage.reckoner.reward(decisionId, { value: 1, kind: 'implicit' });
  await stage.reckoner.retract(decisionId, rewardId);
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(1);
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  await stage.stop();
});

test('arms that come begin at the prior; arms that go and come back keep what was learned', async () => {
  const stage = await given([configured({ arms: ['red'], policy: { name: 'beta_thompson' } })]);
  await pull(stage);
  await stage.reckoner.configure(DOMAIN, { arms: ['blue'], policy: { name: 'beta_thompson' } });
  const late = await stage.reckoner.decide(DOMAIN, {});
  expect(late.arm).toBe('blue');
  await stage.reckoner.configure(DOMAIN, { arms: ['blue', 'red'], policy: { name: 'beta_thompson' } });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { arms, verified } = await stage.reckoner.explain(decisionId);
  expect(arms).toMatchObject([
    { arm: 'blue', pulls: 0, mean: 0.5 },
    { arm: 'red', pulls: 1, mean: 2 / 3 },
  ]);
  expect(verified).toBe(true);
  await stage.stop();
});

test('a late reward for an arm that is gone is learned, and found when the arm returns', async () => {
  const stage = await given([configured({ arms: ['red'], policy: { name: 'beta_thompson' } })]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.configure(DOMAIN, { arms: ['blue'], policy: { name: 'beta_thompson' } });
  expect(await stage.reckoner.reward(decisionId, { value: 1 })).toMatchObject({ arm: 'red', learned: true });
  await stage.reckoner.configure(DOMAIN, { arms: ['red'], policy: { name: 'beta_thompson' } });
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms).toMatchObject([{ arm: 'red', pulls: 1 }]);
  await stage.stop();
});

test('a decision that waits while its domain is configured anew falls into the bucket of the new configuration', async () => {
  const context: DomainConfigInput['context'] = { size: { type: 'numeric', bins: [1] } };
  const stage = await given([configured({ arms: ['red'], context })]);
  const before = await stage.reckoner.decide(DOMAIN, { context: { size: 5 } });
  const [, after] = await Promise.all([
    stage.reckoner.configure(DOMAIN, { arms: ['red'], context, bucketBy: ['size'] }),
    stage.reckoner.decide(DOMAIN, { context: { size: 5 } }),
  ]);
  const later = await stage.reckoner.decide(DOMAIN, { context: { size: 5 } });
  expect(later.bucket).not.toBe(before.bucket);
  for (const { decisionId } of [before, after, later])
    expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true, context: { size: 5 } });
  await stage.stop();
});

test('a policy that cannot forget is folded anew without the reward that was taken back, to the bit', async () => {
  // Sums that depend on their order would show a subtraction.
  const values = [0.1, 0.7, 0.2, 1 / 3, 0.9, 0.6];
  const snapshots = openShelf();
  const watch = watched(unforgetting);
  const stage = await given([configured({ arms: ['red'], policy: { name: 'beta_thompson' } })], {
    makePolicy: watch.makePolicy,
    snapshots,
  });
  const rewards = [];
  for (let count = 0; count < 30; count++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
    rewards.push(await stage.reckoner.reward(decisionId, { value: values[count % 6] }));
  }
  for (const { decisionId, rewardId } of [rewards[3]!, rewards[11]!])
    await stage.reckoner.retract(decisionId, rewardId);
  await stage.reckoner.decide(DOMAIN, {});
  const untouched = rewards
    .filter((_, index) => index !== 3 && index !== 11)
    .reduce((sum, { value }) => sum + value, 0);
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms[0]).toMatchObject({ pulls: 28, mean: (untouched + 1) / 30 });
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log, { makePolicy: unforgetting })));
  await everyDecisionIsVerified(
    stage,
    rewards.map(({ decisionId }) => decisionId),
  );
  await stage.stop();
  const again = await openStage({ log: stage.log, snapshots, makePolicy: watch.makePolicy });
  await again.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log, { makePolicy: unforgetting })));
  await again.stop();
});

test('where one policy of a domain can forget and another cannot, each takes back in its own way', async () => {
  const mixed: MakePolicy = (spec, kinds) =>
    spec.name === 'epsilon_greedy' ? unforgetting(spec, kinds) : createPolicy(spec, kinds);
  const watch = watched(mixed);
  const stage = await given([configured(greedy)], { makePolicy: watch.makePolicy });
  await pull(stage);
  await stage.reckoner.configure(DOMAIN, thompson);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.reward(decisionId, { value: 1 });
  const { rewardId } = await stage.reckoner.reward(decisionId, { value: 1, kind: 'implicit' });
  await stage.reckoner.retract(decisionId, rewardId);
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log, { makePolicy: mixed })));
  await stage.stop();
});

test('a bucket that is put away and called back is the one that it was', async () => {
  const config: DomainConfigInput = {
    arms: ['red', 'blue'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    sharing: { every: 0 },
  };
  const snapshots = openShelf();
  const stage = await given([configured(config)], { maxLiveBuckets: 2, snapshots });
  const ids: string[] = [];
  for (let round = 0; round < 25; round++) {
    for (const user of [0, 1, 2, 3, 4, 5]) {
      const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user } });
      await stage.reckoner.reward(decisionId, { value: user / 5 });
      ids.push(decisionId);
    }
  }
  expect((await stage.reckoner.health()).liveBuckets).toBe(2);
  expect(snapshots.kept.size).toBe(6);
  for (const stream of snapshots.kept.keys())
    expect(textOf(await stateFrom(stage.log, { stream, snapshots }))).toBe(
      textOf(await stateFrom(stage.log, { stream })),
    );
  await everyDecisionIsVerified(
    stage,
    ids.filter((_, index) => index % 7 === 0),
  );
  await stage.stop();
});

test('a bucket that lives in many short lives is still put away with a snapshot now and then', async () => {
  const snapshots = openShelf();
  let stage = await given([configured()], { snapshots });
  for (let life = 0; life < 12; life++) {
    for (let count = 0; count < 3; count++) await pull(stage);
    await stage.stop();
    stage = await openStage({ log: stage.log, snapshots });
  }
  await stage.stop();
  const newest = Math.max(...(snapshots.kept.get(ONLY_STREAM) ?? []).map(({ revision }) => revision), -1);
  expect(newest).toBeGreaterThan(40);
});

test('snapshots of another version are not used, and damaged ones do no harm', async () => {
  const snapshots = openShelf();
  const stage = await given([configured()], { snapshots });
  for (let count = 0; count < 12; count++) await pull(stage);
  await stage.stop();
  const truth = textOf(await stateFrom(stage.log));
  expect(textOf(await stateFrom(stage.log, { snapshots }))).toBe(truth);

  const [good] = snapshots.kept.get(ONLY_STREAM) ?? [];
  if (good === undefined) throw new Error('there is no snapshot');
  for (const wrong of [
    { ...good, versions: 'bucket/1 reckoner/0.0', bytes: Buffer.from('nonsense') },
    { ...good, bytes: Buffer.from('nonsense') },
    { ...good, bytes: good.bytes.subarray(0, good.bytes.length / 2) },
    { ...good, bytes: new Uint8Array(0) },
    { ...good, revision: good.revision - 1 },
  ]) {
    snapshots.kept.set(ONLY_STREAM, [wrong]);
    expect(posteriorOf(await stateFrom(stage.log, { snapshots }))).toBe(posteriorOf(await stateFrom(stage.log)));
  }
});

test('a posterior about features is learned anew with their schema, and believes no features from before', async () => {
  const linear = (values: string[]): DomainConfigInput => ({
    arms: ['red', 'blue'],
    context: { topic: { type: 'categorical', values } },
    policy: { name: 'lin_ucb' },
  });
  const watch = watched();
  const stage = await given([configured(linear(['code', 'prose']))], { makePolicy: watch.makePolicy });
  const ids = [(await stage.reckoner.decide(DOMAIN, { context: { topic: 'code' } })).decisionId];
  await stage.reckoner.configure(DOMAIN, { ...linear(['code', 'prose']), description: 'the same schema' });
  ids.push((await stage.reckoner.decide(DOMAIN, { context: { topic: 'code' } })).decisionId);
  expect((await stateFrom(stage.log)).posteriorSince).toBe(0);
  // As many values in another order: a double that was prose is code now.
  await stage.reckoner.configure(DOMAIN, linear(['prose', 'code']));
  ids.push((await stage.reckoner.decide(DOMAIN, { context: { topic: 'code' } })).decisionId);
  expect((await stateFrom(stage.log)).featuresSince).toBe(2);
  await stage.reckoner.reward(ids[0] ?? '', { value: 1 });
  const { expectedReward, decisionId } = await stage.reckoner.decide(DOMAIN, { context: { topic: 'code' } });
  // The bias alone has learned of it: theta = 1 / (1 + lambda).
  expect(expectedReward).toBeCloseTo(0.5, 12);
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  await everyDecisionIsVerified(stage, [...ids, decisionId]);
  await stage.stop();
});

test('a policy that takes over learns what others were taught, as if it had always been there', async () => {
  const watch = watched();
  const snapshots = openShelf();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy, snapshots });
  const ids: string[] = [];
  for (let at = 0; at < 12; at++) ids.push(await pull(stage, (at % 4) / 4));
  const late = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.configure(DOMAIN, { ...thompson, policy: { name: 'nig_thompson' } });
  ids.push(await pull(stage, 1));
  // What the old one learned is taken back from the new one.
  const { rewardId } = await stage.reckoner.reward(late.decisionId, { value: 0.5 });
  await stage.reckoner.retract(late.decisionId, rewardId);
  ids.push((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  const state = await stateFrom(stage.log);
  expect(watch.last).toBe(posteriorOf(state));
  expect(textOf(await stateFrom(stage.log, { snapshots }))).toBe(textOf(state));
  const { policy } = (await stage.reckoner.domain(DOMAIN)).config;
  let always = createPolicy(policy).init();
  for (const event of await stage.events('RewardObserved', 'RewardRetracted')) {
    if (event.type !== 'RewardObserved' && event.type !== 'RewardRetracted') continue;
    const { arm, value, share, features, propensity } = event.data;
    const seed = seedOf(event.type === 'RewardObserved' ? event.id : event.data.rewardId);
    const lesson = { arm, value, share, features, propensity, seed, time: event.metadata.time };
    const one = createPolicy(policy);
    always = event.type === 'RewardObserved' ? one.learn(always, lesson) : one.forget?.(always, lesson);
  }
  expect(watch.last).toBe(Buffer.from(createPolicy(policy).serialise(always)).toString('base64'));
  await everyDecisionIsVerified(stage, ids);

  // Back again, and back before all of it: each time what that policy would know.
  await stage.reckoner.configure(DOMAIN, thompson);
  ids.push(await pull(stage, 0));
  await stage.reckoner.rollBack(DOMAIN, { to: 2 });
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(state));
  await stage.reckoner.rollBack(DOMAIN, { to: 0, keepConfig: true });
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  await everyDecisionIsVerified(stage, ids);
  await stage.stop();
});

test('a log of before policies learned anew folds as it did: there each begins anew', async () => {
  const facts: Fact[] = [
    configured(thompson),
    { type: 'DecisionMade' },
    { type: 'RewardObserved', arm: 'red', value: 1 },
  ];
  const stage = await given([...facts, configured(greedy)]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { arms } = await stage.reckoner.explain(decisionId);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(0);
  await stage.stop();
});

test('a posterior that knows no features is carried over to another schema', async () => {
  const stage = await given([configured(thompson)]);
  await pull(stage);
  await stage.reckoner.configure(DOMAIN, { ...thompson, context: { urgent: { type: 'boolean', default: false } } });
  await pull(stage);
  expect((await stateFrom(stage.log)).posteriorSince).toBe(0);
  await stage.stop();
});
