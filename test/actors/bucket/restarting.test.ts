/** A bucket whose arm has changed begins anew, and says why. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { Decision } from '../../../actors/messages/decide.ts';
import type { RewardReceipt } from '../../../actors/messages/reward.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { Fact } from '../facts.ts';
import { brokenLinks, configured, DOMAIN, given, openStage, type Stage } from '../given.ts';
import { ONLY_STREAM, openShelf, posteriorOf, stateFrom, textOf, unforgetting, watched } from '../posterior.ts';

const watching: DomainConfigInput = {
  arms: ['red', 'blue'],
  changes: { detector: 'glr', falseAlarm: 0.5, minPulls: 10 },
};

/** A decision for the arm, and its reward. Decisions are made without the policy's leave: one candidate each. */
async function pull({ reckoner }: Stage, arm: string, value: number, context = {}) {
  const { decisionId } = await reckoner.decide(DOMAIN, { candidates: [arm], context });
  return reckoner.reward(decisionId, { value });
}

/** So many good rewards of red; then bad ones, until the bucket restarts. */
async function restarted(stage: Stage, good = 20, context = {}) {
  for (let i = 0; i < good; i++) await pull(stage, 'red', 1, context);
  for (let i = 0; i < 100; i++) {
    await pull(stage, 'red', 0, context);
    await stage.reckoner.decide(DOMAIN, { candidates: ['blue'], context });
    const [event] = await stage.events('BucketRestarted');
    if (event?.type === 'BucketRestarted') return { ...event, bad: i + 1 };
  }
  throw new Error('the bucket did not restart');
}

/** The same in the log: decisions 0, 1, 2, … and then their rewards, of which the last one calls for a restart. */
function changed(good: number, bad: number): Fact[] {
  const decisions = Array.from({ length: good + bad }, (): Fact => ({ type: 'DecisionMade', arm: 'red' }));
  const rewards = decisions.map(
    (_, i): Fact => ({ type: 'RewardObserved', arm: 'red', value: i < good ? 1 : 0, decisionRevision: i }),
  );
  return [configured(watching), ...decisions, ...rewards];
}

/** Bad rewards after 20 good ones that make the detector sure. */
const SURE = 2;

const decide = ({ reckoner }: Stage) => reckoner.decide(DOMAIN, {});

test('Given good rewards, when they turn bad, then the bucket restarts, says why, and has learned nothing', async () => {
  const stage = await given([configured(watching)]);
  const { data, metadata, revision, bad } = await restarted(stage);
  expect(bad).toBe(SURE);
  expect(data).toMatchObject({ arm: 'red', detector: 'glr', meanBefore: 1, meanAfter: 0, pulls: 20 + bad, lent: [] });
  expect(data.statistic).toBeGreaterThan(data.threshold);
  const [last] = (await stage.events('RewardObserved')).slice(-1);
  expect(metadata).toMatchObject({ causationId: last?.id });
  expect(last?.revision).toBe(revision - 1);

  const { decisionId } = await decide(stage);
  const told = await stage.reckoner.explain(decisionId);
  expect(told).toMatchObject({ verified: true, posteriorRevision: revision });
  expect(told.restart).toMatchObject({ revision, arm: 'red', detector: 'glr', meanBefore: 1, meanAfter: 0 });
  expect(told.arms.map(({ pulls }) => pulls)).toEqual([0, 0]);
  expect(await brokenLinks(stage.log)).toEqual([]);
  expect(stage.failures).toEqual([]);
  await stage.stop();
});

test('Given two buckets, when an arm changes in one, then the other keeps what it learned', async () => {
  const context = { user: { type: 'numeric', round: 1 } } as const;
  const stage = await given([configured({ ...watching, context, bucketBy: ['user'] })]);
  for (let i = 0; i < 5; i++) await pull(stage, 'blue', 1, { user: 2 });
  await restarted(stage, 20, { user: 1 });
  const pulls = async (user: number) => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user } });
    return (await stage.reckoner.explain(decisionId)).arms.map((arm) => arm.pulls);
  };
  expect(await pulls(1)).toEqual([0, 0]);
  expect(await pulls(2)).toEqual([0, 5]);
  await stage.stop();
});

test('Given a reward that calls for a restart and a crash before it, when the next request comes, then it finds the bucket restarted', async () => {
  const stage = await given(changed(20, SURE));
  const { events, answer } = await stage.when(() => decide(stage));
  expect(events.map(({ type }) => type)).toEqual(['BucketRestarted', 'DecisionMade']);
  expect(events[1]?.data).toMatchObject({ posteriorRevision: events[0]?.revision });
  expect(await stage.reckoner.explain(answer.decisionId)).toMatchObject({ verified: true });
  await stage.stop();
});

test('Given the same, when a snapshot was taken in between, then nothing is lost either', async () => {
  const snapshots = openShelf();
  const stage = await given(changed(20, SURE), { snapshots });
  await stage.reckoner.freeze(DOMAIN); // so that the bucket wakes, and puts off its restart
  await decide(stage);
  await stage.stop();
  expect(snapshots.kept.get(ONLY_STREAM)?.at(-1)).toMatchObject({
    revision: (await stateFrom(stage.log)).head.revision,
  });
  const again = await openStage({ log: stage.log, snapshots });
  await again.reckoner.thaw(DOMAIN);
  const { events } = await again.when(() => decide(again));
  expect(events.map(({ type }) => type)).toEqual(['BucketRestarted', 'DecisionMade']);
  expect(textOf(await stateFrom(again.log, { snapshots }))).toBe(textOf(await stateFrom(again.log)));
  await again.stop();
});

test('Given two nodes that notice at once, then one restart is recorded', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  const one = await given(changed(20, SURE), { log, node: 'one' });
  const other = await openStage({ log, node: 'other' });
  const made = await Promise.all([one, other, one, other].map(decide));
  expect(await one.events('BucketRestarted')).toHaveLength(1);
  for (const { decisionId } of made) expect(await one.reckoner.explain(decisionId)).toMatchObject({ verified: true });
  await one.stop();
  await other.stop();
});

test('Given rewards of two arms that change in one batch, then there is one restart', async () => {
  const stage = await given([configured(watching)]);
  for (let i = 0; i < 20; i++) for (const arm of ['red', 'blue']) await pull(stage, arm, 1);
  const arms = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 'red' : 'blue'));
  const made = await Promise.all(arms.map((arm) => stage.reckoner.decide(DOMAIN, { candidates: [arm] })));
  await Promise.all(made.map(({ decisionId }) => stage.reckoner.reward(decisionId, { value: 0 })));
  await decide(stage);
  expect(await stage.events('BucketRestarted')).toHaveLength(1);
  await stage.stop();
});

test.each([
  ['that forgets', undefined],
  ['that refolds', unforgetting],
])(
  'Given a restart, when a reward from before it is taken back, then a policy %s stays where it is',
  async (_, makePolicy) => {
    const stage = await given([configured(watching)], { makePolicy });
    const first = await pull(stage, 'red', 1);
    await restarted(stage);
    const later = await pull(stage, 'blue', 1);
    const posterior = async () => posteriorOf(await stateFrom(stage.log, { makePolicy }));
    const before = await posterior();
    await stage.reckoner.retract(first.decisionId, first.rewardId);
    expect(await posterior()).toBe(before);
    await stage.reckoner.retract(later.decisionId, later.rewardId);
    expect(await posterior()).not.toBe(before);
    expect(await stage.events('BucketRestarted')).toHaveLength(1);
    const { decisionId } = await decide(stage);
    expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true });
    await stage.stop();
  },
);

test('Given a restart, when rewards of older decisions come late, then those from before the change move nothing', async () => {
  const stage = await given([configured(watching)]);
  const old = await stage.reckoner.decide(DOMAIN, { candidates: ['blue'] });
  for (let i = 0; i < 20; i++) await pull(stage, 'red', 1);
  await pull(stage, 'red', 0);
  const recent = await stage.reckoner.decide(DOMAIN, { candidates: ['blue'] });
  await restarted(stage, 0);

  const late = await stage.reckoner.reward(old.decisionId, { value: 1 });
  expect(late).toMatchObject({ learned: false, value: 1 });
  expect(await stage.reckoner.reward(old.decisionId, { value: 1 })).toMatchObject({ learned: false, repeated: true });
  expect(await stage.reckoner.reward(recent.decisionId, { value: 1 })).toMatchObject({ learned: true });
  expect(await stage.reckoner.explain(old.decisionId)).toMatchObject({ restart: null, rewards: [{ outdated: true }] });

  const pulls = async () => {
    const { decisionId } = await decide(stage);
    return (await stage.reckoner.explain(decisionId)).arms.map((arm) => arm.pulls);
  };
  expect(await pulls()).toEqual([0, 1]);
  await stage.reckoner.retract(old.decisionId, late.rewardId);
  expect(await pulls()).toEqual([0, 1]);
  await stage.stop();
});

test('Given a frozen domain, then no detector looks; one that was sure before waits until it thaws', async () => {
  const stage = await given(changed(20, SURE - 1));
  await stage.reckoner.freeze(DOMAIN);
  for (let i = 0; i < 10; i++) await pull(stage, 'red', 0);
  await stage.reckoner.thaw(DOMAIN);
  await decide(stage);
  expect(await stage.events('BucketRestarted')).toEqual([]);
  await stage.stop();

  const sure = await given(changed(20, SURE));
  await sure.reckoner.freeze(DOMAIN);
  expect((await sure.when(() => decide(sure))).events.map(({ type }) => type)).toEqual(['DecisionMade']);
  await sure.reckoner.thaw(DOMAIN);
  expect((await sure.when(() => decide(sure))).events.map(({ type }) => type)).toEqual([
    'BucketRestarted',
    'DecisionMade',
  ]);
  await sure.stop();
});

test.each([
  ['the detector is turned off', { arms: ['red', 'blue'] }],
  ['another detector takes over', { ...watching, changes: { detector: 'page_hinkley' } }],
] as const)('Given a restart that is due, when %s, then it is not needed any more', async (_, config) => {
  const stage = await given(changed(20, SURE));
  await stage.reckoner.configure(DOMAIN, config as DomainConfigInput);
  const { events } = await stage.when(() => decide(stage));
  expect(events.map(({ type }) => type)).toEqual(['DecisionMade']);
  await stage.stop();
});

test('Given a restart that is due, when another policy takes over, then that one begins anew too: it was taught the same', async () => {
  const stage = await given(changed(20, SURE));
  await stage.reckoner.configure(DOMAIN, { ...watching, policy: { name: 'nig_thompson' } });
  const { events } = await stage.when(() => decide(stage));
  expect(events.map(({ type }) => type)).toEqual(['BucketRestarted', 'DecisionMade']);
  await stage.stop();
});

test('Given a restart, then the domain lends the bucket only what it learned since', async () => {
  const context = { user: { type: 'numeric', round: 1 } } as const;
  const stage = await given([configured({ ...watching, context, bucketBy: ['user'], sharing: { every: 5 } })]);
  for (let i = 0; i < 5; i++) await pull(stage, 'blue', 0.9, { user: 2 });
  await stage.settled();
  const { data } = await restarted(stage, 20, { user: 1 });
  expect(data.lent.length).toBeGreaterThan(0);
  const priorOf = async (user: number) => {
    await stage.settled();
    const { events } = await stage.when(({ decide: ask }) => ask(DOMAIN, { context: { user } }));
    const [made] = events.filter(({ type }) => type === 'DecisionMade');
    return made?.type === 'DecisionMade' ? made.data.prior : [];
  };
  for (let i = 0; i < 20; i++) await pull(stage, 'red', 0.2, { user: 2 });
  const prior = await priorOf(1);
  const last = (await stage.events('PriorShared')).at(-1);
  const shared = last?.type === 'PriorShared' ? last.data.arms : [];
  const since = (arm: string, of: 'pulls' | 'sum') =>
    (shared.find((one) => one.arm === arm)?.[of] ?? 0) - (data.lent.find((one) => one.arm === arm)?.[of] ?? 0);
  // What was learned of red before lies near 0.8; since, near 0.2. Nothing new came in of blue.
  const mean = (1 + since('red', 'sum')) / (2 + since('red', 'pulls'));
  expect(since('red', 'pulls')).toBeGreaterThan(10);
  expect(mean).toBeLessThan(0.3);
  expect((prior[0] ?? 0) / ((prior[0] ?? 0) + (prior[1] ?? 0))).toBeCloseTo(mean, 9);
  expect(prior.slice(2)).toEqual([1, 1]);
  expect((await priorOf(2))[2]).toBeGreaterThan(3);
  await stage.stop();
});

test('A domain that watches nothing has no room for it', async () => {
  const stage = await given([configured()]);
  for (let i = 0; i < 3; i++) await pull(stage, 'red', 1);
  expect((await stateFrom(stage.log)).changes).toBeUndefined();
  await stage.stop();
});

test('Given silence that came too late to be learned, when a reward takes its place, then nothing is taken back that was not there', async () => {
  const stage = await given(
    [configured({ ...watching, reward: { window: { seconds: 3600, silence: 'failure', kind: 'explicit' } } })],
    { sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 3))) },
  );
  const old = await stage.reckoner.decide(DOMAIN, { candidates: ['blue'] });
  await restarted(stage);
  await pull(stage, 'blue', 1);
  stage.time += 2 * 3_600_000;
  await expect
    .poll(async () => (await stage.reckoner.explain(old.decisionId)).rewards)
    .toMatchObject([{ feedback: 'silence', outdated: true }]);
  await expect.poll(async () => (await stateFrom(stage.log)).open.size).toBe(0);
  const before = posteriorOf(await stateFrom(stage.log));
  await stage.reckoner.reward(old.decisionId, { feedback: 'thumbs_up' });
  expect(await stage.events('RewardRetracted')).toMatchObject([{ data: { reason: 'superseded', learned: false } }]);
  expect(posteriorOf(await stateFrom(stage.log))).toBe(before);
  await stage.stop();
});

const move = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({ do: fc.constant('pull' as const), arm: fc.constantFrom('red', 'blue'), late: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retract' as const), which: fc.nat({ max: 200 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('freeze' as const, 'thaw' as const, 'thaw' as const, 'reopen' as const),
    }),
  },
);

test.each([
  ['that forgets', { name: 'beta_thompson' }, { detector: 'glr', falseAlarm: 0.99, minPulls: 2 }],
  ['that discounts', { name: 'nig_thompson', discount: 0.95 }, { detector: 'page_hinkley', threshold: 1, minPulls: 2 }],
] as const)(
  'Live, replayed and restored it is the same to the bit, with a policy %s',
  async (_, policy, changes) => {
    let restarts = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 60, maxLength: 120 }), async (moves) => {
        const watch = watched();
        const snapshots = openShelf();
        const options = { snapshots, makePolicy: watch.makePolicy };
        let stage = await given([configured({ ...watching, policy, changes })], options);
        const [decisions, late, rewards]: [Decision[], (() => Promise<unknown>)[], RewardReceipt[]] = [[], [], []];
        let value = 1;
        for (const one of moves) {
          if (one.do === 'turn') value = 1 - value;
          else if (one.do === 'retract') {
            const reward = rewards[one.which % rewards.length];
            if (reward !== undefined) await stage.reckoner.retract(reward.decisionId, reward.rewardId);
          } else if (one.do === 'pull') {
            const made = await stage.reckoner.decide(DOMAIN, { candidates: [one.arm] });
            decisions.push(made);
            const worth = value;
            const reward = async () => rewards.push(await stage.reckoner.reward(made.decisionId, { value: worth }));
            if (one.late) late.push(reward);
            else await reward();
            if (late.length > 6) await late.shift()?.();
          } else if (one.do === 'reopen') {
            await stage.stop();
            stage = await openStage({ log: stage.log, ...options });
          } else await stage.reckoner[one.do](DOMAIN);
        }
        await stage.reckoner.thaw(DOMAIN);
        await decide(stage);
        const { decisionId } = await decide(stage);
        const upTo = Number.parseInt(decisionId.split('.')[2] ?? '', 36);
        expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log, { upTo })));
        for (const at of [upTo, Math.floor(upTo / 2), undefined])
          expect(textOf(await stateFrom(stage.log, { upTo: at, snapshots }))).toBe(
            textOf(await stateFrom(stage.log, { upTo: at })),
          );
        for (const made of decisions.slice(-20))
          expect(await stage.reckoner.explain(made.decisionId)).toMatchObject({ verified: true });
        expect(stage.failures).toEqual([]);
        restarts += (await stage.events('BucketRestarted')).length;
        await stage.stop();
      }),
      { numRuns: 5, seed: 7 },
    );
    expect(restarts).toBeGreaterThan(5);
  },
  30_000,
);

test('Given a restart under a later revision than its reward, when a rollback sets it aside alone, then the bucket restarts again', async () => {
  const snapshots = openShelf();
  const stage = await given(changed(20, SURE), { snapshots });
  await stage.reckoner.checkpoint(DOMAIN, { name: 'later' });
  await decide(stage);
  for (let round = 1; round <= 3; round++) {
    expect(await stage.events('BucketRestarted')).toHaveLength(round);
    await stage.reckoner.rollBack(DOMAIN, { to: 0 });
    const { decisionId } = await decide(stage);
    expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true });
  }
  const restarts = await stage.events('BucketRestarted');
  expect(new Set(restarts.map(({ data }) => 'rewardId' in data && data.rewardId)).size).toBe(1);
  expect(new Set(restarts.map(({ id }) => id)).size).toBe(4);
  expect(textOf(await stateFrom(stage.log, { snapshots }))).toBe(textOf(await stateFrom(stage.log)));
  expect(stage.failures).toEqual([]);
  await stage.stop();
});
