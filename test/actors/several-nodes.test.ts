/** Two nodes over one log file: the expected revision decides who was first, and both give right answers. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog, SubscriptionMessage } from '../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../events/snapshot-store.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';
import {
  brokenLinks,
  configured,
  DOMAIN,
  given,
  openStage,
  problemOf,
  type Stage,
  type StageOptions,
} from './given.ts';
import { ONLY_STREAM, openShelf, posteriorOf, stateFrom, textOf, unforgetting, watched } from './posterior.ts';

/** A subscription that never says anything. */
async function* silence(signal?: AbortSignal): AsyncGenerator<SubscriptionMessage> {
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
}

/** Two nodes; each has its own connection to the file. */
async function twoNodes(options: StageOptions = {}, deaf = false): Promise<[Stage, Stage, EventLog]> {
  const file = join(temporaryDirectory(), 'events.db');
  const logs = [openSqliteEventLog({ file, pollMs: 5 }), openSqliteEventLog({ file, pollMs: 5 })] as const;
  const one = await given([configured()], { ...options, log: logs[0], node: 'one' });
  // A node that hears of nothing by itself: what others wrote to the domain it learns by asking only.
  const ears: EventLog = deaf ? { ...logs[1], subscribe: ({ signal } = {}) => silence(signal) } : logs[1];
  const two = await openStage({ ...options, log: ears, node: 'two', seed: 2 });
  onTestFinished(async () => {
    await one.stop();
    await two.stop();
    for (const log of logs) await log.close();
  });
  return [one, two, logs[0]];
}

test('two nodes that decide and reward in one bucket at once lose nothing, and both end with the same posterior', async () => {
  const watch = watched();
  const [one, two, log] = await twoNodes({ makePolicy: watch.makePolicy });
  const nodes = [one, two];
  const answered: string[] = [];
  for (let round = 0; round < 20; round++) {
    const attempts = await Promise.allSettled(
      nodes.flatMap(({ reckoner }) =>
        Array.from({ length: 3 }, async () => {
          const { decisionId } = await reckoner.decide(DOMAIN, {});
          await reckoner.reward(decisionId, { value: round % 3 ? 1 : 0.25 });
          return decisionId;
        }),
      ),
    );
    for (const attempt of attempts) {
      if (attempt.status === 'fulfilled') answered.push(attempt.value);
      else expect(attempt.reason.problem).toMatchObject({ code: 'conflict', retryAfter: 1 });
    }
  }
  expect(answered.length).toBeGreaterThan(60);
  expect(new Set(answered).size).toBe(answered.length);
  expect(await brokenLinks(log)).toEqual([]);
  for (const id of answered) {
    expect(await one.reckoner.explain(id)).toMatchObject({ verified: true, rewards: [{ retracted: false }] });
  }
  for (const node of nodes) {
    // The first brings a stale node up to date by its conflict.
    await node.reckoner.decide(DOMAIN, {});
    await node.reckoner.decide(DOMAIN, {});
    expect(watch.last).toBe(posteriorOf(await stateFrom(log)));
  }
});

test('one requestId sent to two nodes at once is one decision', async () => {
  const [one, two] = await twoNodes();
  for (let round = 0; round < 20; round++) {
    const body = { requestId: `round-${round}` };
    const answers = await Promise.all([one, two, one, two].map(({ reckoner }) => reckoner.decide(DOMAIN, body)));
    expect(new Set(answers.map(({ decisionId }) => decisionId)).size).toBe(1);
  }
  expect(await one.events('DecisionMade')).toHaveLength(20);
});

test('one reward sent to two nodes at once is one reward', async () => {
  const [one, two] = await twoNodes();
  for (let round = 0; round < 20; round++) {
    const { decisionId } = await one.reckoner.decide(DOMAIN, {});
    const receipts = await Promise.all([one, two].map(({ reckoner }) => reckoner.reward(decisionId, { value: 1 })));
    expect(receipts.map(({ repeated }) => repeated).sort()).toEqual([false, true]);
  }
  expect(await one.events('RewardObserved')).toHaveLength(20);
});

test('what one node configures or freezes takes effect on the other without a restart', async () => {
  const [one, two] = await twoNodes();
  await two.reckoner.decide(DOMAIN, {});
  await one.reckoner.configure(DOMAIN, { arms: ['green'] });
  await expect.poll(async () => (await two.reckoner.decide(DOMAIN, {})).arm).toBe('green');
  await one.reckoner.freeze(DOMAIN);
  await expect.poll(async () => (await two.reckoner.domain(DOMAIN)).frozen).toBe(true);
});

test('a node that did not hear of a new configuration takes it from the bucket’s events', async () => {
  const [one, two, log] = await twoNodes({}, true);
  await two.reckoner.decide(DOMAIN, {});
  await one.reckoner.configure(DOMAIN, { arms: ['green', 'blue'] });
  const { decisionId } = await one.reckoner.decide(DOMAIN, {});
  expect(['green', 'blue']).toContain((await two.reckoner.decide(DOMAIN, {})).arm);
  expect(await two.reckoner.explain(decisionId)).toMatchObject({ verified: true, domainRevision: 2 });
  const revisions = (await one.events('DecisionMade')).map(({ data }) =>
    'domainRevision' in data ? data.domainRevision : -1,
  );
  expect(revisions).toEqual([...revisions].sort((left, right) => left - right));
  expect(await brokenLinks(log)).toEqual([]);
});

test('a node that did not hear of a new configuration still knows a reward that was recorded under it', async () => {
  const [one, two] = await twoNodes({}, true);
  const { decisionId } = await two.reckoner.decide(DOMAIN, {});
  await one.reckoner.freeze(DOMAIN);
  const given = await one.reckoner.reward(decisionId, { value: 1, requestId: 'one' });
  expect(given).toMatchObject({ learned: false, repeated: false });
  expect(await two.reckoner.reward(decisionId, { value: 1, requestId: 'one' })).toEqual({ ...given, repeated: true });
});

test('a bucket that was put away while it had seen a configuration that its events do not name yet stays true to the log', async () => {
  // Given a node that adopts a new policy, records nothing under it, and puts the bucket away with its snapshot,
  const snapshots = openShelf();
  const [one, two, log] = await twoNodes({ snapshots, maxLiveBuckets: 1 }, true);
  await two.reckoner.domain(DOMAIN);
  let last = '';
  for (let count = 0; count < 20; count++) {
    last = (await one.reckoner.decide(DOMAIN, { requestId: `decision-${count}` })).decisionId;
    await one.reckoner.reward(last, { value: 1 });
  }
  await one.reckoner.configure(DOMAIN, { arms: ['red', 'blue'], policy: { name: 'epsilon_greedy' } });
  expect(await problemOf(one.reckoner.decide(DOMAIN, { candidates: ['green'] }))).toMatchObject({
    code: 'arm_unknown',
  });
  await one.stop();
  // when another node that has not heard of it goes on,
  await two.reckoner.reward(last, { value: 0, kind: 'implicit' });
  // then the snapshot and its tail give what the log gives.
  expect(textOf(await stateFrom(log, { snapshots }))).toBe(textOf(await stateFrom(log)));
});

test('a snapshot that is ahead of its log, as after a backup was restored, is not believed', async () => {
  const snapshots = openShelf();
  const before = await given([configured()], { snapshots });
  for (let count = 0; count < 40; count++) {
    const { decisionId } = await before.reckoner.decide(DOMAIN, {});
    await before.reckoner.reward(decisionId, { value: 1 });
  }
  await before.stop();
  expect(snapshots.kept.get(ONLY_STREAM)?.length).toBeGreaterThan(0);

  const watch = watched();
  const after = await given([configured()], { snapshots, makePolicy: watch.makePolicy });
  for (let count = 0; count < 60; count++) {
    const { decisionId } = await after.reckoner.decide(DOMAIN, {});
    await after.reckoner.reward(decisionId, { value: 0 });
  }
  await after.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(after.log)));
  await after.stop();
  const again = await openStage({ log: after.log, snapshots, makePolicy: watch.makePolicy });
  const { decisionId } = await again.reckoner.decide(DOMAIN, {});
  expect(await again.reckoner.explain(decisionId)).toMatchObject({ verified: true });
  expect(watch.last).toBe(posteriorOf(await stateFrom(after.log)));
  expect(await brokenLinks(after.log)).toEqual([]);
  await again.stop();
});

test('a domain that could not be read when it changed is read a little later', async () => {
  const file = join(temporaryDirectory(), 'events.db');
  const logs = [openSqliteEventLog({ file, pollMs: 5 }), openSqliteEventLog({ file, pollMs: 5 })] as const;
  const one = await given([configured()], { log: logs[0], node: 'one' });
  let locked = 0;
  const readStream: EventLog['readStream'] = (stream, options) => {
    if (locked === 0 || !stream.startsWith('domain-')) return logs[1].readStream(stream, options);
    locked -= 1;
    throw new ReckonerError('log_locked', 'As scripted.');
  };
  const two = await openStage({ log: { ...logs[1], readStream }, node: 'two' });
  await two.reckoner.decide(DOMAIN, {});
  for (const failures of [1, 2]) {
    locked = failures;
    await one.reckoner.freeze(DOMAIN);
    await expect.poll(async () => (await two.reckoner.domain(DOMAIN)).frozen).toBe(true);
    await one.reckoner.thaw(DOMAIN);
    await expect.poll(async () => (await two.reckoner.domain(DOMAIN)).frozen).toBe(false);
  }
  expect(two.failures).toHaveLength(3);
  // What is given up is made good by the next event of the domain.
  locked = 3;
  await one.reckoner.freeze(DOMAIN);
  await expect.poll(() => locked).toBe(0);
  expect((await two.reckoner.domain(DOMAIN)).frozen).toBe(false);
  await one.reckoner.configure(DOMAIN, { arms: ['green'] });
  await expect.poll(async () => (await two.reckoner.domain(DOMAIN)).frozen).toBe(true);
  await one.stop();
  await two.stop();
  for (const log of logs) await log.close();
});

test('a bucket that lost a race reads what it missed, not all it knew, and is the one of the log', async () => {
  for (const makePolicy of [createPolicy, unforgetting]) {
    const watch = watched(makePolicy);
    const read: number[] = [];
    const [one, two, log] = await twoNodes({ makePolicy: watch.makePolicy, snapshots: NO_SNAPSHOTS });
    const readStream = log.readStream;
    log.readStream = async function* counted(stream, wanted) {
      for await (const event of readStream(stream, wanted)) {
        if (stream === ONLY_STREAM) read.push(event.revision);
        yield event;
      }
    };
    const ids: string[] = [];
    for (let count = 0; count < 50; count++) ids.push((await one.reckoner.decide(DOMAIN, {})).decisionId);
    const { rewardId } = await one.reckoner.reward(ids[0] ?? '', { value: 1 });
    await two.reckoner.decide(DOMAIN, {});
    read.length = 0;
    ids.push((await one.reckoner.decide(DOMAIN, {})).decisionId);
    expect(Math.min(...read), 'the last it knew, and what came after').toBe(50);
    // What a policy cannot forget is folded anew, also where another node took it back.
    await two.reckoner.retract(ids[0] ?? '', rewardId);
    await one.reckoner.reward(ids[1] ?? '', { value: 0 });
    await one.reckoner.decide(DOMAIN, {});
    expect(watch.last).toBe(posteriorOf(await stateFrom(log, { makePolicy })));
    expect(await one.reckoner.explain(ids.at(-1) ?? '')).toMatchObject({ verified: true });
  }
});

test('a reward that another node takes back while a bucket is read is not left in what a policy that cannot forget has learned', async () => {
  const [one, two, log] = await twoNodes({ makePolicy: unforgetting });
  const { decisionId } = await one.reckoner.decide(DOMAIN, {});
  await one.reckoner.reward(decisionId, { value: 1, kind: 'implicit' });
  const { rewardId } = await one.reckoner.reward(decisionId, { value: 1 });
  let read = 0;
  const busy: EventLog = {
    ...log,
    async *readStream(stream, options) {
      yield* log.readStream(stream, options);
      if (stream === ONLY_STREAM && read++ === 0) await two.reckoner.retract(decisionId, rewardId);
    },
  };
  const state = await stateFrom(busy, { makePolicy: unforgetting });
  expect(read).toBeGreaterThan(1);
  const upTo = state.head.revision + 1;
  expect(textOf(state)).toBe(textOf(await stateFrom(log, { upTo, makePolicy: unforgetting })));
  expect(textOf(await stateFrom(log, { makePolicy: unforgetting }))).not.toBe(textOf(state));
});
