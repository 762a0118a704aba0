/** A decision that nobody rewards in time gets what silence means, once; a reward that still comes takes its place. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { MakePolicy } from '../../../actors/domain/compiled-domain.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { EventData } from '../../../events/catalogue.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { temporaryDirectory } from '../../adapters/sqlite/temporary.ts';
import { cast, fails } from '../cast.ts';
import { faulty } from '../faulty-log.ts';
import { brokenLinks, configured, DOMAIN, given, openStage, type Stage, type StageOptions } from '../given.ts';
import { openShelf, posteriorOf, stateFrom, textOf, unforgetting, watched } from '../posterior.ts';

const HOUR = 3_600_000;

function waiting(window: object = {}, more: Partial<DomainConfigInput> = {}): DomainConfigInput {
  const declared = { seconds: 3600, silence: 'failure', ...window } as const;
  return {
    arms: ['red', 'blue'],
    policy: { name: 'beta_thompson' },
    ...more,
    reward: { ...more.reward, window: declared },
  };
}

/** A clock that a test sets: naps are short, and time passes by the requests alone. */
const napping: StageOptions = { sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 3))) };

async function stageOf(config: DomainConfigInput, options: StageOptions = {}): Promise<Stage> {
  const stage = await given([configured(config)], { ...napping, ...options });
  onTestFinished(() => stage.stop());
  return stage;
}

async function rewardsOf(stage: Stage) {
  return (await stage.events('RewardObserved')).map(({ data }) => data as EventData<'RewardObserved'>);
}

/** Waits until so many windows have been closed, and lets another round pass that might close too many. */
async function closed(stage: Stage, count: number) {
  await expect.poll(async () => (await silences(stage)).length).toBe(count);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await silences(stage)).toHaveLength(count);
}

async function silences(stage: Stage) {
  return (await rewardsOf(stage)).filter(({ feedback }) => feedback === 'silence');
}

test('when the window closes with no reward, what silence means is recorded once, and learned', async () => {
  const stage = await stageOf(waiting());
  const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR - 60_000;
  await closed(stage, 0);
  stage.time += 60_000;
  await closed(stage, 1);
  expect(await rewardsOf(stage)).toEqual([
    expect.objectContaining({ arm, value: 0, share: 1, kind: 'outcome', feedback: 'silence', decisionRevision: 0 }),
  ]);
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({
    rewards: [{ value: 0, feedback: 'silence', retracted: false }],
  });
  const next = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(next.arms.find((known) => known.arm === arm)).toMatchObject({ pulls: 1, mean: 1 / 3 });
  expect(stage.failures).toEqual([]);
});

test('a node that another was faster to configure a domain with closes its windows all the same', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  const one = await openStage({ ...napping, log, node: 'one' });
  let raced = false;
  const append: EventLog['append'] = async (...what) => {
    if (!raced) {
      raced = true;
      await one.reckoner.configure(DOMAIN, waiting());
    }
    return log.append(...what);
  };
  const two = await openStage({ ...napping, log: { ...log, append }, node: 'two' });
  onTestFinished(async () => {
    await one.stop();
    await two.stop();
  });
  expect(await two.reckoner.configure(DOMAIN, waiting())).toMatchObject({ created: false });

  // The other one's clock stands: it closes nothing.
  await two.reckoner.decide(DOMAIN, {});
  two.time += HOUR;
  await closed(two, 1);
});

test('a reward before the window closes is all there is', async () => {
  const stage = await stageOf(waiting());
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.reward(decisionId, { value: 0.75 });
  stage.time += 2 * HOUR;
  await closed(stage, 0);
  expect(await rewardsOf(stage)).toMatchObject([{ value: 0.75 }]);
});

test('a reward that comes later takes the place of silence, in one append', async () => {
  const stage = await stageOf(waiting());
  const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR;
  await closed(stage, 1);
  const { answer, events } = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 1 }));
  expect(answer).toMatchObject({ value: 1, learned: true, repeated: false });
  expect(events).toMatchObject([
    { type: 'RewardRetracted', data: { reason: 'superseded', rewardRevision: 1, value: 0, learned: true } },
    { type: 'RewardObserved', data: { value: 1, feedback: '' } },
  ]);
  expect(events.map(({ metadata }) => metadata.time)).toEqual([events[0]?.metadata.time, events[0]?.metadata.time]);
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({
    rewards: [
      { feedback: 'silence', retracted: true },
      { value: 1, retracted: false },
    ],
  });
  const next = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(next.arms.find((known) => known.arm === arm)).toMatchObject({ pulls: 1, mean: 2 / 3 });

  // Twice is once, and another reward has nothing to take back.
  expect(await stage.reckoner.reward(decisionId, { value: 1 })).toMatchObject({ repeated: true });
  const more = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 1, kind: 'implicit' }));
  expect(more.events.map(({ type }) => type)).toEqual(['RewardObserved']);
  expect(await brokenLinks(stage.log)).toEqual([]);
});

test('rewards that come at once after the window take silence back once', async () => {
  const stage = await stageOf(waiting());
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR;
  await closed(stage, 1);
  const kinds = ['explicit', 'implicit', 'behavioural', 'outcome'] as const;
  const receipts = await Promise.all(
    [...kinds, ...kinds].map((kind) => stage.reckoner.reward(decisionId, { value: 1, kind })),
  );
  expect(receipts.filter(({ repeated }) => repeated)).toHaveLength(4);
  expect(await stage.events('RewardRetracted')).toHaveLength(1);
  expect(await rewardsOf(stage)).toHaveLength(5);
});

test('rewards and closing windows that meet in one batch leave one of each kind, and never both', async () => {
  const stage = await stageOf(waiting());
  const decisions = await Promise.all(Array.from({ length: 120 }, () => stage.reckoner.decide(DOMAIN, {})));
  // When the windows close while the rewards come,
  stage.time += HOUR;
  for (const [index, { decisionId }] of decisions.entries()) {
    void stage.reckoner.reward(decisionId, { value: 1 });
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // then each decision has its reward, and silence that was recorded first was taken back.
  await expect.poll(async () => (await rewardsOf(stage)).filter(({ value }) => value === 1).length).toBe(120);
  await expect.poll(async () => (await stage.events('RewardRetracted')).length).toBe((await silences(stage)).length);
  expect((await silences(stage)).length).toBeGreaterThan(0);
  expect((await silences(stage)).length).toBeLessThan(120);
  expect((await learned(stage)).counts).toBe(120);
});

/** Pulls that the bucket learned, live and from the log. */
async function learned(stage: Stage, makePolicy: MakePolicy = createPolicy) {
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { arms, verified } = await stage.reckoner.explain(decisionId);
  expect(verified).toBe(true);
  const state = await stateFrom(stage.log, { makePolicy });
  return {
    counts: arms.reduce((sum, { pulls }) => sum + pulls, 0),
    text: textOf(state),
    posterior: posteriorOf(state),
  };
}

test('live and replayed are the same, with snapshots and with policies that cannot forget', async () => {
  for (const makePolicy of [createPolicy, unforgetting]) {
    const watch = watched(makePolicy);
    const snapshots = openShelf();
    const stage = await stageOf(waiting({ silence: 0.25 }), { makePolicy: watch.makePolicy, snapshots });
    const ids: string[] = [];
    for (let index = 0; index < 60; index++) {
      ids.push((await stage.reckoner.decide(DOMAIN, {})).decisionId);
      if (index % 3 === 0) await stage.reckoner.reward(ids.at(-1) ?? '', { value: 1 });
    }
    stage.time += HOUR;
    await closed(stage, 40);
    for (const [index, id] of ids.entries()) if (index % 3 === 1) await stage.reckoner.reward(id, { value: 0.5 });
    const { counts, posterior } = await learned(stage, makePolicy);
    expect(counts).toBeCloseTo(60, 9);
    expect(watch.last).toBe(posterior);
    await stage.reckoner.decide(DOMAIN, {});
    await stage.stop();
    const fresh = await stateFrom(stage.log, { makePolicy });
    expect(fresh.open.size).toBe(2);
    expect(textOf(await stateFrom(stage.log, { makePolicy, snapshots }))).toBe(textOf(fresh));
  }
});

test('silence is worth what the domain says, and neutral silence moves nothing', async () => {
  for (const [silence, value, share] of [
    ['success', 1, 1],
    ['neutral', 0, 0],
    [0.3, 0.3, 1],
  ] as const) {
    const stage = await stageOf(waiting({ silence }));
    await stage.reckoner.decide(DOMAIN, {});
    stage.time += HOUR;
    await closed(stage, 1);
    expect(await rewardsOf(stage)).toMatchObject([{ value, share, feedback: 'silence' }]);
  }
});

test('a window for one kind waits for that kind, and silence is its share of a pull', async () => {
  const stage = await stageOf(waiting({ kind: 'outcome' }, { reward: { shares: { explicit: 0.25, outcome: 0.75 } } }));
  const clicked = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.reward(clicked.decisionId, { feedback: 'click' });
  const bought = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.reward(bought.decisionId, { value: 1 });
  stage.time += HOUR;
  await closed(stage, 1);
  expect(await silences(stage)).toMatchObject([{ decisionRevision: 0, kind: 'outcome', share: 0.75, value: 0 }]);
  // Another click changes nothing of it, an outcome does.
  await stage.reckoner.reward(clicked.decisionId, { feedback: 'click', subject: 'bob' });
  expect(await stage.events('RewardRetracted')).toEqual([]);
  await stage.reckoner.reward(clicked.decisionId, { value: 1 });
  expect(await stage.events('RewardRetracted')).toMatchObject([{ data: { reason: 'superseded', share: 0.75 } }]);
});

test('neutral feedback is no silence, and neither is a reward that was taken back', async () => {
  const stage = await stageOf(waiting());
  const neutral = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.reward(neutral.decisionId, { feedback: { rating: 3 } });
  const taken = await stage.reckoner.decide(DOMAIN, {});
  const { rewardId } = await stage.reckoner.reward(taken.decisionId, { value: 1 });
  await stage.reckoner.retract(taken.decisionId, rewardId);
  stage.time += HOUR;
  await closed(stage, 0);
  // Where it came in the place of silence, silence is not put back.
  const late = await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR;
  await closed(stage, 1);
  const receipt = await stage.reckoner.reward(late.decisionId, { value: 1 });
  await stage.reckoner.retract(late.decisionId, receipt.rewardId);
  expect((await learned(stage)).counts).toBe(0);
});

test('silence that was taken back by hand is not taken back again', async () => {
  const stage = await stageOf(waiting());
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR;
  await closed(stage, 1);
  const { rewards } = await stage.reckoner.explain(decisionId);
  await stage.reckoner.retract(decisionId, rewards[0]?.rewardId ?? '');
  const { events } = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 1 }));
  expect(events.map(({ type }) => type)).toEqual(['RewardObserved']);
});

test('a frozen domain records silence, and learns nothing from it', async () => {
  const stage = await stageOf(waiting());
  await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.freeze(DOMAIN);
  stage.time += HOUR;
  await closed(stage, 1);
  expect((await learned(stage)).counts).toBe(0);
});

test('silence goes to the arm that answered; a run that nobody answered is not silent, but closed', async () => {
  const { agents, does } = cast(['red', 'blue']);
  does.red = fails;
  const stage = await stageOf(waiting({}, { policy: { name: 'fixed', arm: 'red' }, exploration: 0 }), { agents });
  await stage.reckoner.run(DOMAIN, { question: 'one' });
  does.blue = fails;
  await expect(stage.reckoner.run(DOMAIN, { question: 'two' })).rejects.toThrow();
  stage.time += HOUR;
  await closed(stage, 2);
  const [answered, unanswered] = await silences(stage);
  expect(answered).toMatchObject({ arm: 'blue', share: 1 });
  expect(unanswered).toMatchObject({ arm: 'red', share: 0 });
});

test('a domain that gives its window up closes nothing more, and what was open then stays as it is', async () => {
  const stage = await stageOf(waiting());
  await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.configure(DOMAIN, { arms: ['red', 'blue'] });
  await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR;
  await closed(stage, 0);
  await stage.reckoner.configure(DOMAIN, waiting());
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR;
  await closed(stage, 1);
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({ rewards: [{ feedback: 'silence' }] });
});

test('a shorter window closes before the longer ones that were opened first', async () => {
  const stage = await stageOf(waiting({ seconds: 7200 }));
  await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.configure(DOMAIN, waiting({ seconds: 60 }));
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += 60_000;
  await closed(stage, 1);
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({ rewards: [{ feedback: 'silence' }] });
  stage.time += 2 * HOUR;
  await closed(stage, 2);
});

test('windows that closed while no node ran are closed by the next, also in buckets that were put away', async () => {
  const config = waiting({}, { context: { user: { type: 'numeric', round: 1 } }, bucketBy: ['user'] });
  const before = await stageOf(config, { maxLiveBuckets: 2 });
  for (let user = 0; user < 10; user++) {
    const { decisionId } = await before.reckoner.decide(DOMAIN, { context: { user } });
    if (user % 2) await before.reckoner.reward(decisionId, { value: 1 });
  }
  await before.stop();
  const { log, snapshots } = before;
  const after = await openStage({ ...napping, log, snapshots, maxLiveBuckets: 2, node: 'after' });
  onTestFinished(() => after.stop());
  after.time += 2 * HOUR;
  await after.reckoner.domain(DOMAIN);
  await closed(after, 5);
  expect(await brokenLinks(log)).toEqual([]);
});

test('a start does not read what was settled long ago, and believes no checkpoint of another log', async () => {
  const snapshots = openShelf();
  const before = await stageOf(waiting(), { snapshots });
  for (let round = 0; round < 2; round++) {
    const decisions = await Promise.all(Array.from({ length: 700 }, () => before.reckoner.decide(DOMAIN, {})));
    await Promise.all(decisions.map(({ decisionId }) => before.reckoner.reward(decisionId, { value: 1 })));
  }
  const [prefix = ''] = [...snapshots.kept.keys()].filter((stream) => stream.endsWith('-'));
  await expect.poll(() => snapshots.kept.get(prefix)?.length ?? 0).toBeGreaterThan(1);
  const { decisionId } = await before.reckoner.decide(DOMAIN, {});
  await before.stop();

  let read = 0;
  const { log } = before;
  async function* counted(...asked: Parameters<typeof log.subscribe>) {
    for await (const message of log.subscribe(...asked)) {
      if (asked[0]?.streamPrefix === prefix && message.type === 'event') read += 1;
      yield message;
    }
  }
  const after = await openStage({ ...napping, log: { ...log, subscribe: counted }, snapshots });
  onTestFinished(() => after.stop());
  after.time += 2 * HOUR;
  await after.reckoner.domain(DOMAIN);
  await closed(after, 1);
  expect(await after.reckoner.explain(decisionId)).toMatchObject({ rewards: [{ feedback: 'silence' }] });
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(1500);

  // Another log with the same snapshots, as where a backup was restored: all of it is read.
  const other = await stageOf(waiting(), { snapshots });
  await other.reckoner.decide(DOMAIN, {});
  other.time += HOUR;
  await closed(other, 1);
});

test('a log that fails, loses answers or says nothing still holds silence once', async () => {
  const log = faulty(openSqliteEventLog({ file: ':memory:' }));
  const stage = await stageOf(waiting(), { log });
  for (const fault of ['log_full', 'lost', 'unsaid', 'conflict', 'log_locked'] as const) {
    const count = (await silences(stage)).length;
    await stage.reckoner.decide(DOMAIN, {});
    log.script = [fault];
    stage.time += 2 * HOUR;
    // What could not be written is tried again a little later.
    await expect
      .poll(async () => {
        stage.time += 6_000;
        return (await silences(stage)).length;
      })
      .toBe(count + 1);
  }
  expect(await silences(stage)).toHaveLength(5);
  expect(await brokenLinks(log)).toEqual([]);
});

test('two nodes on one log record one silence for each decision', async () => {
  const file = join(temporaryDirectory(), 'events.db');
  const logs = [openSqliteEventLog({ file, pollMs: 2 }), openSqliteEventLog({ file, pollMs: 2 })] as const;
  const one = await given([configured(waiting())], { ...napping, log: logs[0], node: 'one' });
  const two = await openStage({ ...napping, log: logs[1], node: 'two', seed: 2 });
  onTestFinished(async () => {
    await one.stop();
    await two.stop();
    for (const log of logs) await log.close();
  });
  const stages = [one, two];
  const ids: string[] = [];
  for (let round = 0; round < 20; round++) {
    for (const { reckoner } of stages) ids.push((await reckoner.decide(DOMAIN, {})).decisionId);
  }
  // Both find all windows closed at once, whoever opened them.
  for (const stage of stages) stage.time += 2 * HOUR;
  await closed(one, 40);
  await closed(two, 40);
  expect(await brokenLinks(logs[0])).toEqual([]);
  // And rewards that come late by both doors take them back once.
  await Promise.all(ids.flatMap((id) => stages.map(({ reckoner }) => late(reckoner, id))));
  expect(await one.events('RewardRetracted')).toHaveLength(40);
  expect((await learned(two)).counts).toBe(40);
});

/** As a caller does: what lost four races is sent again. */
async function late(reckoner: Stage['reckoner'], decisionId: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      await reckoner.reward(decisionId, { value: 1 });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error('never recorded');
}

type Step =
  | { readonly do: 'decide' | 'pass' | 'retract' | 'freeze' | 'thaw' | 'restart' }
  | { readonly do: 'reward'; readonly which: number; readonly kind: 'outcome' | 'implicit' }
  | { readonly do: 'configure'; readonly window: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('decide' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant('reward' as const), which: fc.nat() },
      kind: fc.constantFrom('outcome' as const, 'implicit' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('pass' as const, 'retract' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('freeze' as const, 'thaw' as const, 'restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), window: fc.boolean() }) },
);

test('law: whatever happens, no decision has both silence and a reward, and with its window it gets one of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const watch = watched();
      const snapshots = openShelf();
      const made = { ...napping, makePolicy: watch.makePolicy, snapshots };
      let stage = await given([configured(waiting())], made);
      const ids: string[] = [];
      const rewards: { readonly decisionId: string; readonly rewardId: string }[] = [];
      for (const one of [...steps, { do: 'configure', window: true } as const]) {
        const { reckoner } = stage;
        if (one.do === 'decide') ids.push((await reckoner.decide(DOMAIN, {})).decisionId);
        if (one.do === 'reward' && ids.length > 0) {
          const decisionId = ids[one.which % ids.length] ?? '';
          const { rewardId } = await reckoner.reward(decisionId, { value: 1, kind: one.kind });
          rewards.push({ decisionId, rewardId });
        }
        if (one.do === 'retract') {
          const taken = rewards.pop();
          if (taken !== undefined) await reckoner.retract(taken.decisionId, taken.rewardId);
        }
        if (one.do === 'freeze' || one.do === 'thaw') await reckoner[one.do](DOMAIN);
        if (one.do === 'configure')
          await reckoner.configure(DOMAIN, one.window ? waiting() : { arms: ['red', 'blue'] });
        if (one.do === 'pass') await pass(stage);
        if (one.do === 'restart') {
          const { time, log } = stage;
          await stage.stop();
          stage = await openStage({ ...made, log });
          stage.time = time;
          await stage.reckoner.domain(DOMAIN);
        }
      }
      const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
      await pass(stage);
      await expect.poll(async () => (await stateFrom(stage.log)).open.size).toBe(0);
      expect((await stage.reckoner.explain(decisionId)).rewards).toMatchObject([{ feedback: 'silence' }]);
      for (const id of ids) {
        const told = (await stage.reckoner.explain(id)).rewards;
        const silent = told.filter(({ feedback }) => feedback === 'silence');
        expect(silent.length).toBeLessThanOrEqual(1);
        if (told.length > silent.length) expect(silent.filter(({ retracted }) => !retracted)).toEqual([]);
      }
      const { posterior } = await learned(stage);
      expect(watch.last).toBe(posterior);
      const fresh = await stateFrom(stage.log);
      expect(fresh.open.size).toBe(1);
      expect(textOf(await stateFrom(stage.log, { snapshots }))).toBe(textOf(fresh));
      expect(stage.failures).toEqual([]);
      await stage.stop();
    }),
    { seed: 11, numRuns: 6 },
  );
});

/** Lets all windows close. */
async function pass(stage: Stage): Promise<void> {
  stage.time += 2 * HOUR;
  for (let quiet = 0, head = await stage.log.head(); quiet < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 6));
    const now = await stage.log.head();
    quiet = now === head ? quiet + 1 : 0;
    head = now;
  }
}

test('silence that counts again after a rollback gives way to the next reward, time after time', async () => {
  const stage = await stageOf(waiting({}, { policy: { name: 'rand_ucb' } }));
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += HOUR;
  await closed(stage, 1);
  await stage.reckoner.checkpoint(DOMAIN, { name: 'silent' });
  for (const requestId of ['one', 'two', 'three']) {
    const { events } = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 1, requestId }));
    expect(events.map(({ type }) => type)).toEqual(['RewardRetracted', 'RewardObserved']);
    await stage.reckoner.rollBack(DOMAIN, { to: 0 });
  }
  await stage.reckoner.reward(decisionId, { value: 1, requestId: 'four' });
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(1);
  expect(await brokenLinks(stage.log)).toEqual([]);
});
