/** What was known at any moment of the past, and what changed since. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adopt } from '../../../actors/bucket/bucket-state.ts';
import { foldBucket } from '../../../actors/bucket/fold-bucket.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { createTimeline, standingAt } from '../../../actors/domain/domain-state.ts';
import type { PosteriorView } from '../../../actors/messages/posterior.ts';
import { stateAt } from '../../../actors/rollback/time-travel.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { decode, timeOf } from '../../../events/catalogue.ts';
import type { EventLog, RecordedEvent } from '../../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { configured, DOMAIN, given, problemOf, type Stage, TENANT } from '../given.ts';
import { openShelf, posteriorOf } from '../posterior.ts';

const base: DomainConfigInput = {
  arms: ['red', 'blue'],
  context: { user: { type: 'categorical', values: ['ann', 'bob'] } },
  bucketBy: ['user'],
  policy: { name: 'beta_thompson' },
  sharing: { every: 3 },
};

async function pull({ reckoner }: Stage, arm: string, value: number, user = 'ann') {
  const { decisionId } = await reckoner.decide(DOMAIN, { candidates: [arm], context: { user } });
  return reckoner.reward(decisionId, { value });
}

/** Pulls of red and blue in the first bucket of an answer. */
const pullsIn = ({ buckets: [first] }: PosteriorView) => first?.arms.map(({ pulls }) => pulls);

test('Given a history, then each way to name a moment finds what was known at it', async () => {
  const stage = await given([configured(base)]);
  const { reckoner, log } = stage;
  await pull(stage, 'red', 1);
  const position = await log.head();
  await reckoner.checkpoint(DOMAIN, { name: 'before the launch' });
  stage.time += 60_000;
  const time = new Date(stage.time).toISOString();
  stage.time += 60_000;
  await pull(stage, 'blue', 0);
  await reckoner.configure(DOMAIN, { ...base, arms: ['red', 'blue', 'green'] });
  await pull(stage, 'green', 1);
  await stage.settled();

  const at = (asked?: string) => reckoner.posterior(DOMAIN, { at: asked, bucket: 'user=ann' });
  expect(pullsIn(await at())).toEqual([1, 1, 1]);
  for (const asked of ['before the launch', position, `position:${Number(position)}`, time])
    expect([asked, pullsIn(await at(asked))]).toEqual([asked, [1, 0]]);
  const then = await at('before the launch');
  expect(then).toMatchObject({ at: { policy: 'beta_thompson/1' }, total: 1 });
  expect(then.buckets).toMatchObject([{ label: 'user=ann', events: 2, posteriorRevision: 1 }]);
  expect(then.buckets[0]?.arms[0]).toMatchObject({ arm: 'red', mean: 2 / 3, parameters: { successes: 1 } });

  const diff = await reckoner.posteriorDiff(DOMAIN, { from: 'before the launch', bucket: 'user=ann' });
  expect(diff.buckets[0]).toMatchObject({ changed: true, events: { from: 2, to: 6 } });
  expect(diff.buckets[0]?.arms).toMatchObject([
    { arm: 'red', from: { pulls: 1 }, to: { pulls: 1 } },
    { arm: 'blue', from: { pulls: 0 }, to: { pulls: 1 } },
    { arm: 'green', from: null, to: { pulls: 1 } },
  ]);
  await stage.stop();
});

test('Given a rollback, then what was set aside is seen before it and not after it', async () => {
  const stage = await given([configured(base)]);
  const { reckoner, log } = stage;
  await pull(stage, 'red', 1);
  await reckoner.checkpoint(DOMAIN, { name: 'good' });
  await pull(stage, 'blue', 0);
  const before = await log.head();
  await reckoner.rollBack(DOMAIN, { to: 'good' });
  const at = async (asked: string) => pullsIn(await reckoner.posterior(DOMAIN, { at: asked }));
  expect(await at(before)).toEqual([1, 1]);
  expect(await at('now')).toEqual([1, 0]);
  const { buckets } = await reckoner.posteriorDiff(DOMAIN, { from: 'good', to: 'now' });
  expect(buckets).toMatchObject([{ changed: false }]);
  await stage.stop();
});

test('All buckets come the largest first, page by page', async () => {
  const stage = await given([configured(base)]);
  await pull(stage, 'red', 1, 'bob');
  const position = await stage.log.head();
  for (let round = 0; round < 3; round++) await pull(stage, 'red', 1, 'ann');
  const labels = async (query: object) => {
    const { buckets, total } = await stage.reckoner.posterior(DOMAIN, query);
    return [total, ...buckets.map(({ label }) => label)];
  };
  expect(await labels({})).toEqual([2, 'user=ann', 'user=bob']);
  expect(await labels({ limit: 1 })).toEqual([2, 'user=ann']);
  expect(await labels({ limit: 1, offset: 1 })).toEqual([2, 'user=bob']);
  expect(await labels({ at: position })).toEqual([1, 'user=bob']);
  await stage.stop();
});

test('A moment that there is not is refused with those that there are', async () => {
  const stage = await given([configured(base)]);
  await stage.reckoner.checkpoint(DOMAIN, { name: 'good' });
  const refused = (at: string, more = {}) => problemOf(stage.reckoner.posterior(DOMAIN, { at, ...more }));
  expect(await refused('bad')).toMatchObject({
    code: 'rollback_point_unknown',
    message: expect.stringContaining('good@'),
  });
  expect(await refused('1999-12-31')).toMatchObject({
    code: 'request_invalid',
    message: expect.stringContaining('first configured at 2026-01-01T12:00:00.000Z'),
  });
  expect(await refused('9999999999999999')).toMatchObject({ message: expect.stringContaining('the log ends at') });
  expect(await refused('99')).toMatchObject({ code: 'rollback_point_unknown' });
  expect(await refused('now', { bucket: 'user=cyd' })).toMatchObject({ code: 'request_invalid' });
  expect((await problemOf(stage.reckoner.posterior('nowhere', {}))).code).toBe('domain_unknown');
  await stage.stop();
});

type Step =
  | { readonly do: 'pull'; readonly arm: string; readonly value: number; readonly user: string; readonly ago: number }
  | { readonly do: 'configure'; readonly policy: string }
  | { readonly do: 'rollBack' | 'retract' | 'freeze' | 'thaw'; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('pull' as const), arm: fc.constantFrom('red', 'blue'), user: fc.constantFrom('ann', 'bob') },
      ...{ value: fc.constantFrom(0, 0.5, 1), ago: fc.constantFrom(0, 0, 50) },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant('configure' as const), policy: fc.constantFrom('beta_thompson', 'nig_thompson', 'lin_ucb') },
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('rollBack', 'retract', 'freeze', 'thaw'), which: fc.nat({ max: 30 }) }),
  },
);

/** The streams of a log that holds nothing but these events: what came after them is not there to be looked at. */
function onlyThese(log: EventLog, events: readonly RecordedEvent[]): EventLog {
  return {
    ...log,
    async *readStream(stream, { from = 0, limit = Number.POSITIVE_INFINITY } = {}) {
      yield* events.filter((event) => event.stream === stream && event.revision >= from).slice(0, limit);
    },
  };
}

async function foldedFrom(log: EventLog, stream: string) {
  const timeline = createTimeline(createPolicy);
  for await (const event of log.readStream(domainStream(TENANT, DOMAIN))) timeline.apply(event.revision, decode(event));
  const source = { log, snapshots: NO_SNAPSHOTS, timeline, refresh: async () => {} };
  const state = await foldBucket(source, stream);
  adopt(state, standingAt(timeline, timeline.length - 1));
  return state;
}

test('Going back to a position or a time is the fold of a log that ends there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), fc.nat(), async (steps, pick) => {
      const snapshots = openShelf();
      const log = openSqliteEventLog({ file: ':memory:' });
      const stage = await given([configured(base)], { log, snapshots });
      const rewards: { readonly decisionId: string; readonly rewardId: string }[] = [];
      for (const one of steps) {
        const { reckoner } = stage;
        if (one.do === 'pull') {
          // Clocks go back at times.
          stage.time -= one.ago;
          rewards.push(await pull(stage, one.arm, one.value, one.user));
        } else if (one.do === 'configure')
          await reckoner.configure(DOMAIN, { ...base, policy: { name: one.policy } as never });
        else if (one.do === 'retract') {
          const taken = rewards[one.which % rewards.length];
          if (taken !== undefined) await reckoner.retract(taken.decisionId, taken.rewardId);
        } else if (one.do === 'rollBack') {
          const { revision } = await reckoner.domain(DOMAIN);
          await reckoner.rollBack(DOMAIN, { to: one.which % (revision + 1) });
        } else await reckoner[one.do](DOMAIN);
      }
      await stage.settled();
      await stage.stop();
      const all: RecordedEvent[] = [];
      for await (const event of log.readAll()) all.push(event);
      const cut = all[pick % all.length];
      if (cut === undefined) throw new Error('the log is empty');
      const timeline = createTimeline(createPolicy);
      for (const event of all)
        if (event.stream === domainStream(TENANT, DOMAIN)) timeline.apply(event.revision, decode(event));
      const domain = { timeline, refresh: async () => {} };
      const streams = new Set(
        all.map(({ stream }) => stream).filter((name) => name.startsWith(bucketPrefix(TENANT, DOMAIN))),
      );

      const ofDomain = (events: readonly RecordedEvent[]) =>
        events.filter(({ stream }) => stream === domainStream(TENANT, DOMAIN)).length - 1;
      const before = all.filter(({ position }) => position <= cut.position);
      const time = timeOf(cut);
      const late = new Set<string>();
      const byTime = all.filter((event) => {
        if (timeOf(event) > time) late.add(event.stream);
        return !late.has(event.stream);
      });
      for (const stream of streams) {
        const byPosition = { domainRevision: ofDomain(before), position: cut.position };
        const { state } = await stateAt({ log, snapshots }, domain, stream, byPosition);
        expect(posteriorOf(state)).toBe(posteriorOf(await foldedFrom(onlyThese(log, before), stream)));
        // Before the domain was there, nothing of it was.
        if (ofDomain(byTime) < 0) continue;
        // By time the domain's part reaches as far as the bucket's events ask for.
        const { state: then, domainRevision } = await stateAt({ log, snapshots }, domain, stream, {
          ...{ domainRevision: ofDomain(byTime), time },
        });
        const known = all.filter((event) => event.stream === domainStream(TENANT, DOMAIN)).slice(0, domainRevision + 1);
        const part = [...known, ...byTime.filter((event) => event.stream === stream)];
        expect(posteriorOf(then)).toBe(posteriorOf(await foldedFrom(onlyThese(log, part), stream)));
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);
