/** A domain is returned to one of its revisions: its posteriors and its configuration, and back again. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BucketState, emptyBucket, evolve, isBucketEvent } from '../../../actors/bucket/bucket-state.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { createTimeline, standingAt } from '../../../actors/domain/domain-state.ts';
import { lineageOf, type Turns } from '../../../actors/rollback/lineage.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { decode } from '../../../events/catalogue.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { bucketPrefix, domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { everySpec } from '../../policies/every-policy.ts';
import { brokenLinks, configured, DOMAIN, given, openStage, problemOf, type Stage, TENANT } from '../given.ts';
import { ONLY_STREAM, openShelf, posteriorOf, stateFrom, textOf, watched } from '../posterior.ts';

const thompson: DomainConfigInput = { arms: ['red', 'blue'], policy: { name: 'beta_thompson' } };
const greedy: DomainConfigInput = { arms: ['red', 'blue'], policy: { name: 'epsilon_greedy' } };

async function pull({ reckoner }: Stage, value: number, context = {}): Promise<string> {
  const { decisionId } = await reckoner.decide(DOMAIN, { context });
  await reckoner.reward(decisionId, { value });
  return decisionId;
}

/** The posterior that the next decision is made from. */
async function believed(stage: Stage, watch: { readonly last: string }): Promise<string> {
  await stage.reckoner.decide(DOMAIN, {});
  return watch.last;
}

async function newest({ reckoner }: Stage): Promise<number> {
  return (await reckoner.domain(DOMAIN)).revision;
}

function lineageIn(target: number, rollbacks: Turns['rollbacks'], voidings: Turns['voidings'] = []) {
  return lineageOf(target, { rollbacks, voidings });
}

describe('lineageOf', () => {
  test('without a rollback, all up to the target count', () => {
    const lineage = lineageIn(3, []);
    expect([0, 3, 4].map(lineage.has)).toEqual([true, true, false]);
    expect(lineage.turnedAt).toBe(-1);
  });

  test('what lies between a rollback and what it returned to does not count, until that is rolled back itself', () => {
    const rollbacks = [
      { at: 10, to: 5 },
      { at: 14, to: 9 },
      { at: 20, to: 12 },
    ];
    const counted = (target: number) =>
      Array.from({ length: target + 2 }, (_, revision) => revision).filter(lineageIn(target, rollbacks).has);
    expect(counted(9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(counted(12)).toEqual([0, 1, 2, 3, 4, 5, 10, 11, 12]);
    expect(counted(15)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15]);
    expect(counted(21)).toEqual([0, 1, 2, 3, 4, 5, 10, 11, 12, 20, 21]);
    expect(lineageIn(21, rollbacks).turnedAt).toBe(20);
  });

  test('what was folded before rewards were voided holds no more', () => {
    const all = { subject: '', from: -Infinity, to: Infinity };
    const voidings = [4, 7].map((at) => ({ ...all, at }));
    const lineage = lineageIn(9, [{ at: 8, to: 6 }], voidings);
    expect([3, 4, 6, 7, 8].map(lineage.keeps)).toEqual([false, true, true, false, true]);
    expect(lineageIn(9, [], voidings.slice(0, 1)).turnedAt).toBe(4);
  });
});

test('a rollback returns the posterior and the configuration, and what came between teaches nothing', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  const ids = [await pull(stage, 1), await pull(stage, 0)];
  const before = await believed(stage, watch);
  await stage.reckoner.configure(DOMAIN, { ...greedy, arms: ['red', 'blue', 'green'] });
  for (let round = 0; round < 5; round++) ids.push(await pull(stage, 0.3));

  const { answer, events } = await stage.when((reckoner) => reckoner.rollBack(DOMAIN, { to: 0, reason: 'a bad week' }));
  expect(answer).toMatchObject({ domain: DOMAIN, revision: 3, recorded: true, to: { revision: 0 } });
  expect(events.map(({ type }) => type)).toEqual(['RolledBack', 'RollbackPointMarked']);
  expect(events[0]?.data).toMatchObject({ toDomainRevision: 0, by: 'anonymous', reason: 'a bad week' });

  expect(await believed(stage, watch)).toBe(before);
  const view = await stage.reckoner.domain(DOMAIN);
  expect(view.config.policy.name).toBe('beta_thompson');
  expect(view.config.arms.map(({ name }) => name)).toEqual(['red', 'blue']);
  ids.push(await pull(stage, 1));
  expect(await believed(stage, watch)).toBe(posteriorOf(await stateFrom(stage.log)));
  for (const id of ids) expect(await stage.reckoner.explain(id)).toMatchObject({ verified: true });
  await stage.stop();
});

test('only what was learned goes back where the configuration is to stay; a policy that is new since learns it anew', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  await pull(stage, 1);
  const before = await believed(stage, watch);
  await stage.reckoner.configure(DOMAIN, { ...thompson, arms: ['red', 'blue', 'green'] });
  await pull(stage, 0);
  await stage.reckoner.rollBack(DOMAIN, { to: 0, keepConfig: true });
  expect((await stage.reckoner.domain(DOMAIN)).config.arms).toHaveLength(3);
  expect(await believed(stage, watch)).toBe(before);

  await stage.reckoner.configure(DOMAIN, greedy);
  await pull(stage, 0);
  await stage.reckoner.rollBack(DOMAIN, { to: 0, keepConfig: true });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { policy, arms } = await stage.reckoner.explain(decisionId);
  expect(policy).toBe('epsilon_greedy');
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(1);
  await stage.stop();
});

test('a rollback to where the domain stands records nothing, and one to what is not there is refused', async () => {
  const stage = await given([configured(thompson)]);
  expect((await stage.when((reckoner) => reckoner.rollBack(DOMAIN, { to: 0 }))).events).toEqual([]);
  const { code, message } = await problemOf(stage.reckoner.rollBack(DOMAIN, { to: 7 }));
  expect({ code, message }).toMatchObject({ code: 'rollback_point_unknown', message: /newest is 0/ });
  await stage.stop();
});

test('a frozen domain stays frozen, and one that was thawed stays thawed', async () => {
  const stage = await given([configured(thompson)]);
  await stage.reckoner.freeze(DOMAIN);
  await stage.reckoner.rollBack(DOMAIN, { to: 0 });
  expect(await stage.reckoner.domain(DOMAIN)).toMatchObject({ frozen: true });
  await stage.reckoner.thaw(DOMAIN);
  await stage.reckoner.rollBack(DOMAIN, { to: 1 });
  expect(await stage.reckoner.domain(DOMAIN)).toMatchObject({ frozen: false });
  await stage.stop();
});

test('a reward for a decision that was set aside is recorded and moves nothing; so does its retraction', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  await pull(stage, 1);
  await stage.reckoner.freeze(DOMAIN);
  await stage.reckoner.thaw(DOMAIN);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const early = await stage.reckoner.reward(decisionId, { value: 1, kind: 'implicit' });
  await stage.reckoner.rollBack(DOMAIN, { to: 0 });
  const before = await believed(stage, watch);
  const late = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 0 }));
  expect(late.answer.learned).toBe(false);
  expect(late.events).toMatchObject([{ type: 'RewardObserved', data: { setAside: true } }]);
  for (const rewardId of [early.rewardId, late.answer.rewardId]) {
    const { events } = await stage.when((reckoner) => reckoner.retract(decisionId, rewardId));
    expect(events).toMatchObject([{ type: 'RewardRetracted', data: { learned: false } }]);
  }
  expect(await believed(stage, watch)).toBe(before);
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  await stage.stop();
});

test('a reward whose retraction was set aside counts again, and can be taken back again, once', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  const before = await believed(stage, watch);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { rewardId } = await stage.reckoner.reward(decisionId, { value: 1 });
  const learned = await believed(stage, watch);
  await stage.reckoner.checkpoint(DOMAIN, { name: 'here' });
  await stage.reckoner.retract(decisionId, rewardId);
  await stage.reckoner.rollBack(DOMAIN, { to: 'here' });
  expect(await believed(stage, watch)).toBe(learned);
  expect(await stage.reckoner.reward(decisionId, { value: 1 })).toMatchObject({ repeated: true, rewardId });
  expect(await stage.reckoner.retract(decisionId, rewardId)).toMatchObject({ repeated: false });
  expect(await stage.reckoner.retract(decisionId, rewardId)).toMatchObject({ repeated: true });
  expect((await stage.events('RewardRetracted')).map(({ data }) => 'learned' in data && data.learned)).toEqual([
    true,
    true,
  ]);
  expect(await believed(stage, watch)).toBe(posteriorOf(await stateFrom(stage.log)));
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(0);
  expect(before).not.toBe(learned);
  await stage.stop();
});

describe.each(everySpec)('given a domain of the policy %s', (_, policy) => {
  test('a rollback and its rollback restore it to the bit, and what follows is learned as if nothing had been', async () => {
    const watch = watched();
    const snapshots = openShelf();
    const context: DomainConfigInput['context'] = { size: { type: 'numeric' }, urgent: { type: 'boolean' } };
    const config: DomainConfigInput = { arms: ['a', 'b', 'c'], context, policy };
    const stage = await given([configured(config)], { makePolicy: watch.makePolicy, snapshots });
    const play = async (rounds: number) => {
      for (let at = 0; at < rounds; at++) await pull(stage, (at % 4) / 4, { size: (at % 5) / 5, urgent: at % 2 === 0 });
    };
    const seen = async () => {
      await stage.reckoner.decide(DOMAIN, { context: { size: 1, urgent: true } });
      return watch.last;
    };
    await play(8);
    const first = await seen();
    await stage.reckoner.configure(DOMAIN, { ...config, description: 'later' });
    const at = await newest(stage);
    await play(8);
    const second = await seen();
    expect(second).not.toBe(first);

    const { revision } = await stage.reckoner.rollBack(DOMAIN, { to: 0 });
    expect(await seen()).toBe(first);
    await play(3);
    await stage.reckoner.rollBack(DOMAIN, { to: revision - 1 });
    expect(await seen()).toBe(second);
    await play(2);
    expect(at).toBeLessThan(revision);
    expect(await seen()).toBe(posteriorOf(await stateFrom(stage.log)));
    expect(textOf(await stateFrom(stage.log, { snapshots }))).toBe(textOf(await stateFrom(stage.log)));
    expect(posteriorOf(await stateFrom(stage.log))).toBe(posteriorOf(await withoutTheRest(stage.log)));
    expect(stage.failures).toEqual([]);
    await stage.stop();
  });
});

/** The bucket folded from the events that count alone, as if the log held no others. */
async function withoutTheRest(log: EventLog): Promise<BucketState> {
  const timeline = createTimeline(createPolicy);
  for await (const event of log.readStream(domainStream(TENANT, DOMAIN))) timeline.apply(event.revision, decode(event));
  const domainAt = (revision: number) => standingAt(timeline, revision);
  const state = emptyBucket(domainAt(0));
  const { has } = timeline.lineage;
  for await (const event of log.readStream(ONLY_STREAM)) {
    const decoded = decode(event);
    if (!isBucketEvent(decoded) || !has(decoded.data.domainRevision)) continue;
    evolve(state, decoded, { revision: event.revision, hash: new Uint8Array(0) }, domainAt);
  }
  return state;
}

test('what is shared goes back too, and is counted on without what was set aside, whoever counts', async () => {
  const base: DomainConfigInput = {
    arms: ['red', 'green'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    sharing: { every: 3 },
  };
  const play = async (stage: Stage, rounds: number, value: number) => {
    for (let at = 0; at < rounds; at++) await pull(stage, value, { user: at % 2 });
    await stage.settled();
  };
  const log = openSqliteEventLog({ file: ':memory:' });
  const stage = await given([configured(base)], { log });
  await play(stage, 7, 1);
  const to = await newest(stage);
  const kept = (await stage.reckoner.domain(DOMAIN)).shared;
  // One reward counts by now that is not shared yet: counting goes on with it.
  await stage.reckoner.configure(DOMAIN, { ...base, description: 'a bad idea' });
  await play(stage, 10, 0);
  expect((await stage.reckoner.domain(DOMAIN)).shared).not.toEqual(kept);
  await stage.reckoner.rollBack(DOMAIN, { to });
  expect(await stage.reckoner.domain(DOMAIN)).toMatchObject({ shared: kept, counted: 6 });
  await play(stage, 5, 0.5);
  await stage.settled();
  const after = await stage.reckoner.domain(DOMAIN);
  expect(after.counted).toBe(12);
  expect(after.shared.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(12);
  expect(after.shared.reduce((sum, { pulls, mean }) => sum + pulls * mean, 0)).toBeCloseTo(7 + 2.5, 12);
  await stage.stop();
  const again = await openStage({ log });
  await again.reckoner.decide(DOMAIN, { context: { user: 0 } });
  await again.settled();
  expect((await again.events('PriorShared')).map(({ id }) => id)).toHaveLength(
    (await stage.events('PriorShared')).length,
  );
  expect(await again.reckoner.domain(DOMAIN)).toEqual(after);
  await again.stop();
});

test('an open window of a decision that was set aside is closed; that of an earlier one stays open', async () => {
  const window: DomainConfigInput = { ...thompson, reward: { window: { seconds: 60, silence: 'failure' } } };
  const hold = () => new Promise<void>(() => {});
  const stage = await given([configured(window)], { sleep: hold });
  await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.configure(DOMAIN, { ...window, description: 'later' });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { revision } = await stage.reckoner.rollBack(DOMAIN, { to: 0 });
  expect([...(await stateFrom(stage.log)).open]).toEqual([0]);
  const { learned } = await stage.reckoner.reward(decisionId, { value: 1 });
  expect(learned).toBe(false);
  await stage.reckoner.rollBack(DOMAIN, { to: revision - 1 });
  // Answered is answered.
  expect([...(await stateFrom(stage.log)).open]).toEqual([0]);
  await stage.stop();
});

test('two nodes on one log both see it, and each decision belongs to before or after', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 5 }), { minLength: 30, maxLength: 60 }), async (steps) => {
      const log = openSqliteEventLog({ file: ':memory:' });
      const base = { ...thompson, context: { user: { type: 'numeric' as const, round: 1 } }, bucketBy: ['user'] };
      const here = await given([configured(base)], { log, node: 'here' });
      const there = await openStage({ log, node: 'there' });
      const decisions: string[] = [];
      const work: Promise<unknown>[] = [];
      for (const [at, step] of steps.entries()) {
        const { reckoner } = at % 2 === 0 ? here : there;
        if (step === 5) {
          const { revision } = await reckoner.domain(DOMAIN);
          work.push(reckoner.rollBack(DOMAIN, { to: Math.max(0, revision - 2) }));
        } else {
          work.push(
            reckoner.decide(DOMAIN, { context: { user: step % 2 } }).then(async ({ decisionId }) => {
              decisions.push(decisionId);
              await reckoner.reward(decisionId, { value: step / 4 });
            }),
          );
        }
        // Now and then all of it comes to rest; else it goes on at once.
        if (step === 0) await Promise.allSettled(work);
      }
      await Promise.allSettled(work);
      for (const id of decisions) {
        expect(await here.reckoner.explain(id)).toMatchObject({ verified: true });
      }
      const streams = new Set(
        (await here.events('DecisionMade'))
          .map(({ stream }) => stream)
          .filter((s) => s.startsWith(bucketPrefix(TENANT, DOMAIN))),
      );
      for (const stream of streams) {
        const truth = posteriorOf(await stateFrom(log, { stream }));
        for (const { reckoner } of [here, there]) {
          const user = (await here.events('DecisionMade')).find((one) => one.stream === stream)?.data;
          const context = { user: user !== undefined && 'features' in user ? (user.features[0] ?? 0) : 0 };
          const { decisionId } = await reckoner.decide(DOMAIN, { context });
          expect(await reckoner.explain(decisionId)).toMatchObject({ verified: true });
        }
        expect(posteriorOf(await stateFrom(log, { stream }))).toBe(truth);
      }
      expect(await brokenLinks(log)).toEqual([]);
      expect([...here.failures, ...there.failures]).toEqual([]);
      await here.stop();
      await there.stop();
    }),
    { numRuns: 8 },
  );
}, 60_000);
