/** Laws that hold for every history. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { Decision } from '../../actors/messages/decide.ts';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { bucketPrefix } from '../../events/streams.ts';
import { readCounts } from '../../policies/beta-counts-bytes.ts';
import { brokenLinks, configured, DOMAIN, given, openStage, type Stage, TENANT } from './given.ts';
import { openShelf, posteriorOf, stateFrom, textOf, watched } from './posterior.ts';

const base: DomainConfigInput = {
  arms: ['red', 'green', 'blue'],
  context: { user: { type: 'numeric', round: 1 } },
  bucketBy: ['user'],
  sharing: { every: 3 },
};
const configs: readonly DomainConfigInput[] = [
  base,
  { ...base, arms: ['red', 'blue', { name: 'violet', shift: -0.05 }] },
  { ...base, policy: { name: 'epsilon_greedy', epsilon: 0.3 } },
  { ...base, policy: { name: 'fixed', arm: 'red' }, exploration: 0.2 },
  { ...base, policy: { name: 'beta_thompson', discount: 'profile' } },
  // The stage's clock moves on by a millisecond or two a request: about five of them to a half-life.
  { ...base, policy: { name: 'beta_thompson', halfLifeHours: 2e-6 } },
  { ...base, policy: { name: 'nig_thompson', window: 4 } },
  { ...base, changes: { detector: 'page_hinkley', threshold: 0.2, tolerance: 0.01, minPulls: 2 } },
  {
    ...base,
    policy: { name: 'beta_thompson', discount: 0.9 },
    changes: { detector: 'glr', falseAlarm: 0.99, minPulls: 1 },
  },
  { ...base, conservative: { baseline: 'red' }, risk: 0.4 },
  {
    ...base,
    arms: [{ name: 'red', costUsd: 0.1 }, { name: 'green', costUsd: 0.6 }, 'blue'],
    budget: { perRequestUsd: 0.3 },
  },
];

type Step =
  | { readonly do: 'decide'; readonly user: number; readonly k?: number; readonly requestId?: string }
  | { readonly do: 'reward'; readonly which: number; readonly value: number; readonly kind: 'outcome' | 'implicit' }
  | { readonly do: 'retract'; readonly which: number }
  | { readonly do: 'configure'; readonly config: number }
  | { readonly do: 'freeze' | 'thaw' }
  | { readonly do: 'rollback'; readonly back: number; readonly keepConfig: boolean }
  | { readonly do: 'restart' };

const user = fc.nat({ max: 1 });
const which = fc.nat();
const value = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('decide' as const), user }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('decide' as const), user, k: fc.constantFrom(1, 2, 3) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('decide' as const), user, requestId: fc.constantFrom('a', 'b', 'c') }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      ...{ do: fc.constant('reward' as const), which, value },
      kind: fc.constantFrom('outcome' as const, 'implicit' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retract' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('configure' as const), config: fc.nat({ max: configs.length - 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('freeze' as const, 'thaw' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('rollback' as const), back: fc.nat({ max: 12 }), keepConfig: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

/** Refusals that a random history may meet. */
const expected = ['request_id_reused', 'reward_already_recorded'];

test('live state, fold of the log, and snapshot with tail are the same to the bit, and every choice is verified', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const watch = watched();
      const snapshots = openShelf();
      let stage = await given([configured(base)], { snapshots, makePolicy: watch.makePolicy, maxLiveBuckets: 1 });
      const decisions: Decision[] = [];
      const rewards: { readonly decisionId: string; readonly rewardId: string }[] = [];
      for (const one of steps) {
        if (one.do === 'restart') {
          await stage.stop();
          stage = await openStage({ log: stage.log, snapshots, makePolicy: watch.makePolicy, maxLiveBuckets: 1 });
        } else {
          const { problem } = await stage.when(() => play(stage, one, decisions, rewards));
          if (problem !== undefined) expect(expected).toContain(problem.code);
        }
      }
      for (const live of [0, 1]) {
        // The first adopts what the domain has come to; the second is made from what the log holds before it.
        await stage.reckoner.decide(DOMAIN, { context: { user: live } });
        const { decisionId, bucket } = await stage.reckoner.decide(DOMAIN, { context: { user: live } });
        const posterior = watch.last;
        const stream = bucketPrefix(TENANT, DOMAIN) + bucket;
        const upTo = Number.parseInt(decisionId.split('.')[2] ?? '', 36);
        expect(posterior).toBe(posteriorOf(await stateFrom(stage.log, { stream, upTo })));
        for (const at of [upTo, Math.floor(upTo / 2), undefined]) {
          const folded = await stateFrom(stage.log, { stream, upTo: at });
          expect(textOf(await stateFrom(stage.log, { stream, upTo: at, snapshots }))).toBe(textOf(folded));
        }
      }
      for (const decision of decisions) {
        const told = await stage.reckoner.explain(decision.decisionId);
        expect(told).toMatchObject({ verified: true, arm: decision.arm, propensity: decision.propensity });
        expect(told.arms.reduce((sum, { propensity }) => sum + propensity, 0)).toBeCloseTo(1, 8);
      }
      expect(await brokenLinks(stage.log)).toEqual([]);
      expect(stage.failures).toEqual([]);
      await stage.stop();
    }),
    { numRuns: 20 },
  );
}, 60_000);

async function play(
  { reckoner }: Stage,
  one: Exclude<Step, { do: 'restart' }>,
  decisions: Decision[],
  rewards: { readonly decisionId: string; readonly rewardId: string }[],
): Promise<void> {
  switch (one.do) {
    case 'decide': {
      const { user, k, requestId } = one;
      decisions.push(await reckoner.decide(DOMAIN, { context: { user }, k, requestId }));
      return;
    }
    case 'reward': {
      const decision = decisions[one.which % decisions.length];
      if (decision === undefined) return;
      const { value, kind } = one;
      rewards.push(await reckoner.reward(decision.decisionId, { value, kind, costUsd: value }));
      return;
    }
    case 'retract': {
      const reward = rewards[one.which % rewards.length];
      if (reward !== undefined) await reckoner.retract(reward.decisionId, reward.rewardId);
      return;
    }
    case 'configure':
      await reckoner.configure(DOMAIN, configs[one.config] ?? base);
      return;
    case 'rollback': {
      const { revision } = await reckoner.domain(DOMAIN);
      await reckoner.rollBack(DOMAIN, { to: Math.max(0, revision - one.back), keepConfig: one.keepConfig });
      return;
    }
    default:
      await reckoner[one.do](DOMAIN);
  }
}

interface Pull {
  readonly arm: string;
  readonly value: number;
}

const pulls = fc.array(fc.record({ arm: fc.constantFrom('red', 'green', 'blue'), value }), {
  ...{ minLength: 5, maxLength: 40 },
});

/** Decides all, then rewards in the order that is given; the posterior at the end. */
async function learned(all: readonly Pull[], order: readonly number[]): Promise<string> {
  const watch = watched();
  const stage = await given([configured({ arms: ['red', 'green', 'blue'], policy: { name: 'beta_thompson' } })], {
    makePolicy: watch.makePolicy,
  });
  const ids: string[] = [];
  for (const { arm } of all) ids.push((await stage.reckoner.decide(DOMAIN, { candidates: [arm] })).decisionId);
  for (const at of order) await stage.reckoner.reward(ids[at] ?? '', { value: all[at]?.value });
  await stage.reckoner.decide(DOMAIN, {});
  await stage.stop();
  return watch.last;
}

test('duplicated and late rewards leave the same posterior, reordered ones the same to 1e-12', async () => {
  await fc.assert(
    fc.asyncProperty(pulls, fc.infiniteStream(fc.nat()), async (all, random) => {
      const inOrder = all.map((_, index) => index);
      const straight = await learned(all, inOrder);
      // Each again at some later moment, when it had been recorded already.
      const twice = inOrder.flatMap((at) => [at, (random.next().value ?? 0) % (at + 1)]);
      expect(await learned(all, twice)).toBe(straight);

      const shuffled = inOrder.map((at) => ({ at, key: random.next().value ?? 0 })).sort((a, b) => a.key - b.key);
      const other = countsOf(
        await learned(
          all,
          shuffled.map(({ at }) => at),
        ),
      );
      for (const [arm, counts] of countsOf(straight)) {
        for (const [column, count] of counts.entries())
          expect(Math.abs((other.get(arm)?.[column] ?? Number.NaN) - count)).toBeLessThan(1e-12);
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);

function countsOf(posterior: string): Map<string, number[]> {
  const { arms, successes, failures, pulls } = readCounts(Buffer.from(posterior, 'base64'));
  return new Map(arms.map((arm, at) => [arm, [successes[at] ?? 0, failures[at] ?? 0, pulls[at] ?? 0]]));
}

/** Plays a history with restarts before the steps that are named; what was shared at the end. */
async function shared(all: readonly Pull[], restarts: ReadonlySet<number>): Promise<unknown[]> {
  const log = openSqliteEventLog({ file: ':memory:' });
  let stage = await given([configured(base)], { log });
  const rewards: { readonly decisionId: string; readonly rewardId: string }[] = [];
  for (const [at, { arm, value }] of all.entries()) {
    if (restarts.has(at)) {
      await stage.stop();
      stage = await openStage({ log });
    }
    if (at % 11 === 5) await stage.reckoner.freeze(DOMAIN);
    if (at % 11 === 8) await stage.reckoner.thaw(DOMAIN);
    const context = { user: at % 3 };
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context, candidates: [arm] });
    rewards.push(await stage.reckoner.reward(decisionId, { value }));
    const back = rewards[at - 2];
    if (at % 5 === 4 && back !== undefined) await stage.reckoner.retract(back.decisionId, back.rewardId);
  }
  await stage.settled();
  const priors = await stage.events('PriorShared');
  await stage.stop();
  return priors.map(({ id, data }) => ({ id, data }));
}

test('what a domain shares is the same with restarts in the middle', async () => {
  await fc.assert(
    fc.asyncProperty(pulls, fc.uniqueArray(fc.nat({ max: 39 }), { maxLength: 4 }), async (all, restarts) => {
      const uninterrupted = await shared(all, new Set());
      expect(uninterrupted.length).toBeGreaterThanOrEqual(Math.floor(all.length / 3));
      expect(await shared(all, new Set(restarts))).toEqual(uninterrupted);
    }),
    { numRuns: 15 },
  );
}, 60_000);
