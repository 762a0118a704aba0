/** What buckets read of the log after a rollback: not what it set aside, little of what is marked, and before anybody asks. */
import { describe, expect, test } from 'vitest';
import { foldBucket } from '../../../actors/bucket/fold-bucket.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { createTimeline } from '../../../actors/domain/domain-state.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { decode } from '../../../events/catalogue.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { everySpec } from '../../policies/every-policy.ts';
import { configured, DOMAIN, given, NOON, type Stage, TENANT } from '../given.ts';
import { ONLY_STREAM, openShelf, stateFrom, textOf } from '../posterior.ts';

const context: DomainConfigInput['context'] = { size: { type: 'numeric' } };

async function pull({ reckoner }: Stage, round: number, seen: Record<string, number> = { size: round % 5 }) {
  const { decisionId } = await reckoner.decide(DOMAIN, { context: seen });
  return reckoner.reward(decisionId, { value: (round % 4) / 3, costUsd: 0.001 * (1 + (round % 3)) });
}

/** What a bucket comes to that knew something before, and how much of the log it reads for that. */
async function foldedOn(log: EventLog, known: Awaited<ReturnType<typeof stateFrom>>, snapshots = NO_SNAPSHOTS) {
  const timeline = createTimeline(createPolicy);
  const refresh = async () => {
    for await (const event of log.readStream(domainStream(TENANT, DOMAIN), { from: timeline.length }))
      timeline.apply(event.revision, decode(event));
  };
  await refresh();
  let read = 0;
  const counting: Pick<EventLog, 'readStream'> = {
    async *readStream(...asked) {
      for await (const event of log.readStream(...asked)) {
        read += 1;
        yield event;
      }
    },
  };
  const state = await foldBucket({ log: counting, snapshots, timeline, refresh }, ONLY_STREAM, undefined, known);
  return { state, read };
}

describe.each(everySpec)('given a domain of the policy %s', (_, policy) => {
  test('what goes on from what was known before a rollback is what the log gives', async () => {
    const snapshots = openShelf();
    const rules: DomainConfigInput = {
      arms: ['a', 'b', { name: 'c', costUsd: 0.002 }].map((arm) =>
        typeof arm === 'string' ? { name: arm, costUsd: 0.001 } : arm,
      ),
      ...{ context, policy, budget: { perRequestUsd: 0.0015 }, conservative: { baseline: 'a' } },
      changes: { detector: 'glr' },
    };
    const stage = await given([configured(rules)], { snapshots });
    const rewards = [];
    const compare = async () => {
      const known = await stateFrom(stage.log);
      return async () => {
        const whole = textOf(await stateFrom(stage.log));
        expect(textOf((await foldedOn(stage.log, structuredCloned(known))).state)).toBe(whole);
        expect(textOf((await foldedOn(stage.log, known, snapshots)).state)).toBe(whole);
      };
    };
    for (let round = 0; round < 12; round++) rewards.push(await pull(stage, round));
    await stage.reckoner.checkpoint(DOMAIN, { name: 'one' });
    for (let round = 0; round < 12; round++) rewards.push(await pull(stage, round));
    await stage.reckoner.checkpoint(DOMAIN, { name: 'two' });
    for (let round = 0; round < 6; round++) rewards.push(await pull(stage, round));
    for (const at of [2, 15, 26]) await stage.reckoner.retract(rewards[at]!.decisionId, rewards[at]!.rewardId);

    const afterFirst = await compare();
    await stage.reckoner.rollBack(DOMAIN, { to: 'one' });
    await afterFirst();
    for (let round = 0; round < 4; round++) await pull(stage, round);
    await stage.reckoner.retract(rewards[4]!.decisionId, rewards[4]!.rewardId);
    await afterFirst();
    // Another one, to where the first had set nothing aside yet; and one that sets that aside.
    const afterSecond = await compare();
    await stage.reckoner.rollBack(DOMAIN, { to: 'two' });
    await afterSecond();
    await stage.reckoner.voidRewards(DOMAIN, {
      from: new Date(NOON).toISOString(),
      to: new Date(NOON + 9).toISOString(),
    });
    await pull(stage, 1);
    const afterThird = await compare();
    await stage.reckoner.rollBack(DOMAIN, { to: 0 });
    await pull(stage, 2);
    await afterThird();
    expect(stage.failures).toEqual([]);
    await stage.stop();
  });
});

/** Folding takes what it is given for its own. */
function structuredCloned(state: Awaited<ReturnType<typeof stateFrom>>): typeof state {
  const { recent, pacer } = state;
  return { ...state, ...structuredClone({ recent, pacer }) };
}

const parted: DomainConfigInput = {
  arms: ['red', 'blue'],
  policy: { name: 'beta_thompson' },
  context: { user: { type: 'numeric', bins: [1] } },
  bucketBy: ['user'],
};

test('after a rollback to a mark a bucket reads a handful of events, before it is asked for anything', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  let read = 0;
  const watching: EventLog = {
    ...log,
    async *readStream(stream, options) {
      for await (const event of log.readStream(stream, options)) {
        if (stream.startsWith(bucketPrefix(TENANT, DOMAIN))) read += 1;
        yield event;
      }
    },
  };
  const stage = await given([configured(parted)], { log: watching, snapshots: openShelf() });
  const users = [0, 2];
  const play = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) for (const user of users) await pull(stage, round, { user });
  };
  await play(30);
  await stage.reckoner.checkpoint(DOMAIN, { name: 'mark' });
  await play(60);
  read = 0;
  await stage.reckoner.rollBack(DOMAIN, { to: 'mark' });
  // Each looks whether its snapshot and what it knew are in the log, and at the first event after the mark.
  for (let turn = 0; turn < 1_000 && read < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(read).toBeGreaterThanOrEqual(6);
  expect(read).toBeLessThan(12);
  read = 0;
  for (const user of users) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user } });
    expect(read).toBe(0);
    const { arms, verified } = await stage.reckoner.explain(decisionId);
    expect(verified).toBe(true);
    expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(30);
    read = 0;
  }
  expect(stage.failures).toEqual([]);
  await stage.stop();
});
