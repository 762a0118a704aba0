/** Rewards that are voided count no more: what is left is what a log without them gives. */
import { describe, expect, test } from 'vitest';
import { type BucketState, emptyBucket, evolve, isBucketEvent } from '../../../actors/bucket/bucket-state.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { createTimeline, standingAt } from '../../../actors/domain/domain-state.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { decode } from '../../../events/catalogue.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { everySpec } from '../../policies/every-policy.ts';
import { configured, DOMAIN, given, NOON, openStage, problemOf, type Stage, TENANT } from '../given.ts';
import { ONLY_STREAM, openShelf, posteriorOf, stateFrom, textOf, watched } from '../posterior.ts';

const thompson: DomainConfigInput = { arms: ['red', 'blue'], policy: { name: 'beta_thompson' } };

async function pull({ reckoner }: Stage, value: number, subject: string, context = {}) {
  const { decisionId } = await reckoner.decide(DOMAIN, { context });
  return reckoner.reward(decisionId, { value, subject: subject === '' ? undefined : subject });
}

/** The bucket folded without the events that are named, as if the log did not hold them. */
async function foldedWithout(log: EventLog, ids: ReadonlySet<string>): Promise<BucketState> {
  const timeline = createTimeline(createPolicy);
  for await (const event of log.readStream(domainStream(TENANT, DOMAIN))) timeline.apply(event.revision, decode(event));
  const state = emptyBucket(standingAt(timeline, 0));
  const retracted = new Set<string>();
  for await (const event of log.readStream(ONLY_STREAM)) {
    const decoded = decode(event);
    if (decoded?.type === 'RewardRetracted') retracted.add(decoded.data.rewardId);
  }
  for await (const event of log.readStream(ONLY_STREAM)) {
    const decoded = decode(event);
    if (!isBucketEvent(decoded) || ids.has(decoded.id)) continue;
    if (decoded.type === 'RewardRetracted' && 'rewardId' in decoded.data && ids.has(decoded.data.rewardId)) continue;
    const head = { revision: event.revision, hash: new Uint8Array(0) };
    evolve(state, decoded, head, (revision) => standingAt(timeline, revision), retracted);
  }
  return state;
}

describe.each(everySpec)('given a domain of the policy %s', (_, policy) => {
  test('the posterior is that of a log without them, live, from snapshots, and with what follows', async () => {
    const watch = watched();
    const snapshots = openShelf();
    const context: DomainConfigInput['context'] = { size: { type: 'numeric' }, urgent: { type: 'boolean' } };
    const config: DomainConfigInput = { arms: ['a', 'b', 'c'], context, policy };
    const stage = await given([configured(config)], { makePolicy: watch.makePolicy, snapshots });
    const seen = { size: 0.5, urgent: true };
    const spam = new Set<string>();
    const play = async (rounds: number) => {
      for (let at = 0; at < rounds; at++) {
        const subject = at % 3 === 1 ? 'troll' : 'friend';
        const { decisionId, rewardId } = await pull(stage, (at % 4) / 4, subject, {
          size: at / 9,
          urgent: at % 2 === 0,
        });
        if (subject === 'troll') spam.add(rewardId);
        if (at % 7 === 4) await stage.reckoner.retract(decisionId, rewardId);
      }
    };
    await play(12);
    await stage.reckoner.decide(DOMAIN, { context: seen });
    const before = watch.last;
    const { answer, events } = await stage.when((reckoner) => reckoner.voidRewards(DOMAIN, { subject: 'troll' }));
    expect(answer).toMatchObject({ recorded: true, rewards: 4, buckets: 1, revision: 1 });
    expect(events.map(({ type }) => type)).toEqual(['RewardVoided', 'RollbackPointMarked']);
    const voided = new Set(spam);
    await stage.reckoner.decide(DOMAIN, { context: seen });
    expect(watch.last).toBe(posteriorOf(await foldedWithout(stage.log, voided)));
    expect(watch.last).not.toBe(before);

    // Who rewards after it counts again: spam that is recorded by then is meant.
    await play(4);
    await stage.reckoner.decide(DOMAIN, { context: seen });
    expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
    expect(watch.last).toBe(posteriorOf(await foldedWithout(stage.log, voided)));
    expect(textOf(await stateFrom(stage.log, { snapshots }))).toBe(textOf(await stateFrom(stage.log)));

    await stage.reckoner.rollBack(DOMAIN, { to: answer.revision - 1 });
    await stage.reckoner.decide(DOMAIN, { context: seen });
    expect(watch.last).toBe(before);
    expect(stage.failures).toEqual([]);
    await stage.stop();
  });
});

test('taking back a reward that was voided takes nothing back', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  await pull(stage, 1, 'friend');
  const { decisionId, rewardId } = await pull(stage, 0, 'troll');
  await stage.reckoner.voidRewards(DOMAIN, { subject: 'troll', reason: 'spam' });
  await stage.reckoner.decide(DOMAIN, {});
  const before = watch.last;
  const { events } = await stage.when((reckoner) => reckoner.retract(decisionId, rewardId));
  expect(events).toMatchObject([{ data: { learned: false } }]);
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(before);
  await stage.stop();
});

test('a span of time is voided, and a dry run only counts', async () => {
  const stage = await given([configured(thompson)]);
  for (const [at, value] of [0, 1, 0.5, 0.25].entries()) {
    stage.time = NOON + 60_000 * at;
    await pull(stage, value, '');
  }
  const span = { from: new Date(NOON + 60_000).toISOString(), to: new Date(NOON + 180_000).toISOString() };
  const dry = await stage.when((reckoner) => reckoner.voidRewards(DOMAIN, { ...span, dryRun: true }));
  expect(dry.events).toEqual([]);
  expect(dry.answer).toMatchObject({ recorded: false, rewards: 2 });
  expect(await stage.reckoner.voidRewards(DOMAIN, span)).toMatchObject({ recorded: true, rewards: 2 });
  expect(await stage.reckoner.voidRewards(DOMAIN, span)).toMatchObject({ recorded: false, rewards: 0 });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { arms, verified } = await stage.reckoner.explain(decisionId);
  expect(verified).toBe(true);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(2);
  expect(await problemOf(stage.reckoner.voidRewards(DOMAIN, {}))).toMatchObject({ code: 'request_invalid' });
  await stage.stop();
});

test('what is shared goes on without them, also after a restart', async () => {
  const base: DomainConfigInput = {
    arms: ['red', 'green'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    sharing: { every: 3 },
  };
  const log = openSqliteEventLog({ file: ':memory:' });
  const stage = await given([configured(base)], { log });
  for (let at = 0; at < 12; at++)
    await pull(stage, at % 2 === 0 ? 1 : 0, at % 2 === 0 ? 'friend' : 'troll', { user: at % 4 });
  await stage.settled();
  await stage.reckoner.voidRewards(DOMAIN, { subject: 'troll' });
  const shared = async ({ reckoner }: Stage) => {
    const view = await reckoner.domain(DOMAIN);
    return {
      counted: view.counted,
      pulls: view.shared.reduce((sum, { pulls }) => sum + pulls, 0),
      earned: view.shared.reduce((sum, { pulls, mean }) => sum + pulls * mean, 0),
    };
  };
  expect(await shared(stage)).toMatchObject({ counted: 12, pulls: 6, earned: 6 });
  for (let at = 0; at < 3; at++) await pull(stage, 0.5, 'friend', { user: at });
  await stage.settled();
  expect(await shared(stage)).toMatchObject({ counted: 15, pulls: 9, earned: 7.5 });
  await stage.stop();
  const again = await openStage({ log });
  await again.reckoner.decide(DOMAIN, { context: { user: 0 } });
  await again.settled();
  expect(await shared(again)).toMatchObject({ counted: 15, pulls: 9, earned: 7.5 });
  await again.stop();
});

test('where the domain wants it, a late reward of a decision that was set aside is learned', async () => {
  const stage = await given([configured({ ...thompson, rollback: { lateRewards: 'learn' } })]);
  await stage.reckoner.checkpoint(DOMAIN, { name: 'before' });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.rollBack(DOMAIN, { to: 'before' });
  const { answer, events } = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 1 }));
  expect(answer.learned).toBe(true);
  expect(events).toMatchObject([{ data: { setAside: false } }]);
  const next = await stage.reckoner.decide(DOMAIN, {});
  const { arms } = await stage.reckoner.explain(next.decisionId);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(1);
  await stage.stop();
});

test.each([
  ['lends what it shared, and counts no more', { sharing: { every: 0 } }],
  ['has one bucket only', { bucketBy: [] }],
])('a domain that %s lends nothing of rewards that were voided meanwhile', async (_, meanwhile) => {
  const base: DomainConfigInput = {
    arms: ['red', 'green'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    sharing: { every: 3 },
  };
  const stage = await given([configured(base)]);
  const shared = async () => {
    await stage.settled();
    const view = await stage.reckoner.domain(DOMAIN);
    return { counted: view.counted, pulls: view.shared.reduce((sum, { pulls }) => sum + pulls, 0) };
  };
  for (let at = 0; at < 6; at++) await pull(stage, 1, at % 2 === 0 ? 'friend' : 'troll', { user: at });
  expect(await shared()).toEqual({ counted: 6, pulls: 6 });
  await stage.reckoner.configure(DOMAIN, { ...base, ...meanwhile });
  for (const subject of ['troll', 'friend']) await pull(stage, 1, subject, { user: 0 });
  expect(await stage.reckoner.voidRewards(DOMAIN, { subject: 'troll' })).toMatchObject({ rewards: 4 });
  expect(await shared()).toEqual({ counted: 6, pulls: 3 });

  await stage.reckoner.configure(DOMAIN, base);
  await pull(stage, 1, 'friend', { user: 1 });
  expect(await shared()).toEqual({ counted: 9, pulls: 5 });
  await stage.stop();
});
