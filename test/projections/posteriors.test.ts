/** Projected posteriors are those of the live buckets, to the bit. */
import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { describe, expect, test } from 'vitest';
import { createFolding } from '../../actors/bucket/bucket-folding.ts';
import { serialiseBucket } from '../../actors/bucket/bucket-snapshot.ts';
import { replay } from '../../actors/bucket/replay.ts';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { MakePolicy } from '../../actors/domain/compiled-domain.ts';
import type { Decision } from '../../actors/messages/decide.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { posteriors } from '../../projections/posteriors.ts';
import type { Tables } from '../../projections/projection.ts';
import { readBucketSnapshot, writeBucketSnapshot } from '../../proto/generated/events.ts';
import { configured, DOMAIN, given, NOON, openStage, type Stage } from '../actors/given.ts';
import { openShelf, stateFrom, watched } from '../actors/posterior.ts';
import { ARMS, everySpec } from '../policies/every-policy.ts';
import { type Projected, type ProjectOptions, project } from './project.ts';

const base: DomainConfigInput = {
  arms: ['a', 'b', 'c'],
  context: {
    user: { type: 'numeric', round: 1 },
    topic: { type: 'categorical', values: ['x', 'y', 'z'] },
    size: { type: 'numeric' },
  },
  bucketBy: ['user'],
  exploration: 0.3,
  sharing: { every: 4 },
};

const TABLES = ['posteriors', 'buckets', 'posterior_states', 'posterior_domains'];

async function projectedFrom(
  log: Stage['log'],
  options: ProjectOptions = {},
  makePolicy: MakePolicy = createPolicy,
): Promise<Projected> {
  return project([posteriors(createFolding({ log, makePolicy }))], log, options);
}

const contents = (projected: Projected) => TABLES.map((table) => projected.rows(table));

type Step =
  | { readonly do: 'decide'; readonly user: number; readonly topic: string; readonly size: number }
  | { readonly do: 'reward'; readonly which: number; readonly value: number; readonly kind: 'outcome' | 'implicit' }
  | { readonly do: 'retract'; readonly which: number }
  | { readonly do: 'configure'; readonly variant: number }
  | { readonly do: 'void'; readonly from: number; readonly to: number }
  | { readonly do: 'rollBack'; readonly to: number; readonly keepConfig: boolean }
  | { readonly do: 'freeze' | 'thaw' | 'restart' | 'project' };

const which = fc.nat();
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      ...{ do: fc.constant('decide' as const), user: fc.nat({ max: 2 }), topic: fc.constantFrom('x', 'y', 'z') },
      size: fc.integer({ min: -5, max: 5 }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      ...{ do: fc.constant('reward' as const), which, value: fc.double({ min: 0, max: 1, noNaN: true }) },
      kind: fc.constantFrom('outcome' as const, 'implicit' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retract' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), variant: fc.nat({ max: 6 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('void' as const),
      from: fc.nat({ max: 40 }),
      to: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('rollBack' as const), to: fc.nat({ max: 12 }), keepConfig: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('freeze', 'thaw', 'restart', 'project', 'project' as const) }),
  },
);

/** Configurations that follow one another in a domain whose policy is this one. */
function variantsOf(policy: NonNullable<DomainConfigInput['policy']>): readonly DomainConfigInput[] {
  const own = { ...base, policy };
  return [
    own,
    { ...own, arms: ['a', 'c', { name: 'd', prior: { alpha: 3, beta: 1 } }] },
    { ...own, changes: { detector: 'page_hinkley', threshold: 0.2, tolerance: 0.01, minPulls: 2 } },
    { ...own, conservative: { baseline: 'a' }, risk: 0.4 },
    { ...own, arms: ARMS.map((name, at) => ({ name, costUsd: at / 10 })), budget: { perRequestUsd: 0.2 } },
    { ...base, policy: { name: 'nig_thompson' } },
    { ...own, feedback: { click: 'failure' } },
  ];
}

async function play({ reckoner }: Stage, one: Step, seen: Seen, variants: readonly DomainConfigInput[]): Promise<void> {
  switch (one.do) {
    case 'decide': {
      const { do: _, ...context } = one;
      seen.decisions.push(await reckoner.decide(DOMAIN, { context }));
      return;
    }
    case 'reward': {
      const decision = seen.decisions[one.which % seen.decisions.length];
      if (decision === undefined) return;
      const { value, kind } = one;
      const worth = one.which % 2 === 0 ? { value } : { feedback: 'click' as const };
      seen.rewards.push(await reckoner.reward(decision.decisionId, { ...worth, kind, costUsd: value }));
      return;
    }
    case 'retract': {
      const reward = seen.rewards[one.which % seen.rewards.length];
      if (reward !== undefined) await reckoner.retract(reward.decisionId, reward.rewardId);
      return;
    }
    case 'configure':
      await reckoner.configure(DOMAIN, variants[one.variant] ?? base);
      return;
    case 'void': {
      const [from, to] = [one.from, one.from + one.to].map((ms) => new Date(NOON + ms).toISOString());
      await reckoner.voidRewards(DOMAIN, { from, to });
      return;
    }
    case 'rollBack': {
      const { revision } = await reckoner.domain(DOMAIN);
      await reckoner.rollBack(DOMAIN, {
        to: one.to % (revision + 1),
        keepConfig: one.keepConfig,
        reason: 'a bad week',
      });
      return;
    }
    case 'freeze':
    case 'thaw':
      await reckoner[one.do](DOMAIN);
  }
}

function textIn(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString('base64');
}

/** The bytes of a state, read. */
function stateIn(bytes: unknown) {
  const state = bytes as Uint8Array;
  return readBucketSnapshot(protobuf.Reader.create(state), state.length);
}

/**
 * The state, but for the revision that it was last found to hold under, which says when somebody looked, and for the ids of its last
 * events: only who is asked again needs them.
 */
function settledText(bytes: unknown): string {
  const settled = { ...stateIn(bytes), underRevision: 0, recentIds: [] };
  return textIn(writeBucketSnapshot(settled, protobuf.Writer.create()).finish());
}

interface Seen {
  readonly decisions: Decision[];
  readonly rewards: { readonly decisionId: string; readonly rewardId: string }[];
}

describe.each(everySpec)('the posteriors of %s', (_, policy) => {
  test('are those of the live buckets to the bit, kept live or made anew, whatever the batches', async () => {
    const variants = variantsOf(policy);
    const history = fc.array(step, { minLength: 25, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 40 }), async (steps, batch) => {
        const snapshots = openShelf();
        const watch = watched();
        const { makePolicy } = watch;
        let stage = await given([configured(variants[0])], { snapshots, makePolicy });
        const kept = await projectedFrom(stage.log, { batch, forgetful: batch % 2 === 0 });
        const seen: Seen = { decisions: [], rewards: [] };
        for (const one of steps) {
          if (one.do === 'project') await kept.goOn();
          else if (one.do === 'restart') {
            await stage.stop();
            stage = await openStage({ log: stage.log, snapshots, makePolicy });
          } else {
            const { problem } = await stage.when(() => play(stage, one, seen, variants));
            if (problem !== undefined) expect(problem.code).toBe('reward_already_recorded');
          }
        }
        // Each live bucket adopts what its domain has come to; what it chooses from next is what it holds now.
        const context = { topic: 'x', size: 1 };
        const ids = new Map<string, number>();
        for (const user of [0, 1, 2])
          ids.set((await stage.reckoner.decide(DOMAIN, { context: { ...context, user } })).bucket, user);
        await stage.settled();
        await kept.goOn();
        const { buckets } = await replay(stage.log, createFolding({ log: stage.log, makePolicy: createPolicy }));
        const rebuilt = await projectedFrom(stage.log);
        expect(contents(kept)).toEqual(contents(rebuilt));
        expect(kept.rows('posterior_states')).toHaveLength(ids.size);
        for (const { stream, revision, bytes } of kept.rows('posterior_states')) {
          const text = settledText(bytes);
          expect(stateIn(bytes).recentIds).toEqual([]);
          const replayed = buckets.get(String(stream));
          const last = stage.log.readStream(String(stream), { from: Number(revision), limit: 1 });
          for await (const event of last)
            expect(replayed && textIn(replayed.domain.serialise(replayed.bucket, event))).toBe(textIn(bytes));
          expect(settledText(serialiseBucket(await stateFrom(stage.log, { stream: String(stream) })))).toBe(text);
          const live = snapshots.kept.get(String(stream))?.find((one) => one.revision === revision);
          if (live !== undefined) expect(settledText(live.bytes)).toBe(text);
          await stage.reckoner.decide(DOMAIN, {
            context: { ...context, user: ids.get(String(stream).slice(-16)) ?? 0 },
          });
          expect(watch.last).toBe(textIn(stateIn(bytes).posterior));
        }
        expect(stage.failures).toEqual([]);
        await stage.stop();
        kept.close();
        rebuilt.close();
      }),
      { numRuns: 3, endOnFailure: true },
    );
  }, 60_000);
});

test('A row tells of an arm what its rewards in the bucket say, and a bucket what it is', async () => {
  const own: DomainConfigInput = { ...base, arms: ['a', { name: 'b', prior: { alpha: 3, beta: 1 } }] };
  const stage = await given([configured({ ...own, policy: { name: 'beta_thompson' } })]);
  const context = { user: 1, topic: 'x', size: 0 };
  const pull = async (arm: string, value: number) => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context, candidates: [arm] });
    return stage.reckoner.reward(decisionId, { value, kind: 'outcome' });
  };
  await pull('a', 1);
  const { decisionId, rewardId } = await pull('b', 0);
  await pull('b', 0.5);
  const projected = await projectedFrom(stage.log);
  const [a, b] = projected.rows('posteriors');
  expect(a).toMatchObject({ arm: 'a', policy: 'beta_thompson/1', configured: 1, mean: 2 / 3, pulls: 1, revision: 1 });
  expect(JSON.parse(String(a?.parameters))).toEqual({ successes: 1, failures: 0, pulls: 1 });
  expect(b).toMatchObject({ arm: 'b', mean: 3.5 / 6, pulls: 2, revision: 5 });
  expect(Number(b?.lower)).toBeLessThan(3.5 / 6);
  const counts = { events: 6, decisions: 3, rewards: 3, posterior_revision: 5 };
  expect(projected.rows('buckets')).toMatchObject([
    { tenant: 'default', domain: DOMAIN, label: 'user ≈ 1', ...counts },
  ]);

  await stage.reckoner.retract(decisionId, rewardId);
  await projected.goOn();
  expect(projected.rows('posteriors')[1]).toMatchObject({ arm: 'b', mean: 3.5 / 5, pulls: 1, revision: 6 });

  // A bucket that nobody asks shows all the same what another configuration makes of it.
  await stage.reckoner.configure(DOMAIN, { ...own, arms: ['b'], policy: { name: 'nig_thompson' } });
  await projected.goOn();
  expect(projected.rows('posteriors')).toMatchObject([
    { arm: 'a', policy: 'nig_thompson/1', configured: 0, pulls: 1 },
    { arm: 'b', policy: 'nig_thompson/1', configured: 1, pulls: 1 },
  ]);
  projected.close();
  await stage.stop();
});

const linear = [
  'lin_ucb',
  'lin_ts',
  'square_cb',
  'rand_ucb',
  'doubly_robust',
  'bootstrap_bag',
  'context_tree',
] as const;

test.each(linear)('Means of %s are those of the bucket’s own context, as a decision in it finds them', async (name) => {
  const config: DomainConfigInput = { ...base, bucketBy: ['topic'], sharing: { every: 0 } };
  const stage = await given([configured({ ...config, policy: { name } })]);
  const context = { user: 1, topic: 'y', size: 0 };
  for (const size of [-2, 0, 2, 4]) {
    const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, { context: { ...context, size } });
    await stage.reckoner.reward(decisionId, { value: arm === 'a' ? 0.9 : 0.8 });
  }
  const { decisionId, bucket } = await stage.reckoner.decide(DOMAIN, { context: { ...context, size: 1 } });
  const { arms } = await stage.reckoner.explain(decisionId);
  const believed = (all: readonly { arm?: unknown; mean?: unknown; lower?: unknown; upper?: unknown }[]) =>
    all.map(({ arm, mean, lower, upper }) => ({ arm, mean, lower, upper }));
  const projected = await projectedFrom(stage.log);
  const rows = believed(projected.rows('posteriors'));
  expect(rows.length).toBeGreaterThan(0);
  expect(rows).toEqual(believed(arms.filter(({ pulls }) => pulls > 0)));
  expect(projected.rows('buckets')).toMatchObject([{ bucket, label: 'topic=y', context: '{"topic":"y"}' }]);
  const { buckets } = await stage.reckoner.posterior(DOMAIN, {});
  expect(believed(buckets[0]?.arms ?? [])).toEqual(believed(arms));
  expect(buckets).toMatchObject([{ label: 'topic=y', context: { topic: 'y' } }]);

  // Made anew from what was stored, not from what is remembered.
  await stage.reckoner.configure(DOMAIN, { ...config, policy: { name }, prior: { alpha: 2, beta: 1 } });
  await projected.goOn();
  const anew = await projectedFrom(stage.log);
  expect(contents(projected)).toEqual(contents(anew));
  projected.close();
  anew.close();
  await stage.stop();
});

test('Where a bucket does not say a category, its mean is that over all of them', async () => {
  const context = { topic: { type: 'categorical', values: ['x', 'y', 'z'] } } as DomainConfigInput['context'];
  const config: DomainConfigInput = { arms: ['a'], context, bucketBy: [], policy: { name: 'lin_ts' } };
  const stage = await given([configured(config)]);
  for (let round = 0; round < 90; round++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { topic: 'xyz'[round % 3] ?? '' } });
    await stage.reckoner.reward(decisionId, { value: 0.8 });
  }
  const means: number[] = [];
  for (const topic of 'xyz') {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { topic } });
    means.push((await stage.reckoner.explain(decisionId)).arms[0]?.mean ?? Number.NaN);
  }
  const projected = await projectedFrom(stage.log);
  const [row] = projected.rows('posteriors');
  expect(row?.mean).toBeCloseTo(
    means.reduce((sum, mean) => sum + mean / 3, 0),
    12,
  );
  expect(row?.mean).toBeGreaterThan(0.78);
  projected.close();
  await stage.stop();
});

test('A tree that parts contexts by what the bucket does not say has no mean for it', async () => {
  const policy = { name: 'context_tree', minSplit: 10 } as const;
  const config: DomainConfigInput = { ...base, arms: ['a', 'b'], bucketBy: ['topic'], sharing: { every: 0 }, policy };
  const stage = await given([configured(config)]);
  for (let round = 0; round < 80; round++) {
    const context = { user: 1, topic: 'x', size: round % 2 };
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context });
    await stage.reckoner.reward(decisionId, { value: round % 2 });
  }
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user: 1, topic: 'x', size: 1 } });
  expect((await stage.reckoner.explain(decisionId)).path).toEqual(['size above 0']);
  const projected = await projectedFrom(stage.log);
  expect(projected.rows('posteriors').map(({ mean }) => mean)).toEqual([null, null]);
  projected.close();
  await stage.stop();
});

test('However many arms a domain has, of those that are learned apart only the rewarded ones are written', async () => {
  const arms = Array.from({ length: 2_000 }, (_, at) => `arm-${at}`);
  const stage = await given([configured({ arms, policy: { name: 'beta_thompson' }, propensity: 'lazy' })]);
  const pull = async (arm: string) => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { candidates: [arm] });
    await stage.reckoner.reward(decisionId, { value: 1 });
  };
  const written: string[] = [];
  const folded = posteriors(createFolding({ log: stage.log, makePolicy: createPolicy }));
  const watching = {
    ...folded,
    open: (tables: Tables) =>
      folded.open({
        ...tables,
        put(table, row) {
          if (table === 'posteriors') written.push(String(row.arm));
          tables.put(table, row);
        },
        update(table, key, changes) {
          written.push(String(key.arm));
          return tables.update(table, key, changes);
        },
      }),
  };
  for (const arm of ['arm-7', 'arm-8', 'arm-7']) await pull(arm);
  const projected = await project([watching], stage.log);
  expect(written.splice(0).sort()).toEqual(['arm-7', 'arm-8']);
  await pull('arm-1999');
  await projected.goOn();
  expect(written).toEqual(['arm-1999']);
  projected.close();
  await stage.stop();
});
