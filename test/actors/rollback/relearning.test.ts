/** What rewards are worth is changed: what a bucket then knows is what it would know had that always been so. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFolding } from '../../../actors/bucket/bucket-folding.ts';
import { type BucketState, emptyBucket, evolve, isBucketEvent } from '../../../actors/bucket/bucket-state.ts';
import { replay } from '../../../actors/bucket/replay.ts';
import { createClient } from '../../../actors/client.ts';
import { type DomainConfigInput, parseDomainConfig } from '../../../actors/config/domain-config.ts';
import type { MakePolicy } from '../../../actors/domain/compiled-domain.ts';
import { createTimeline, standingAt } from '../../../actors/domain/domain-state.ts';
import type { Health } from '../../../actors/messages/health.ts';
import type { RewardCommand } from '../../../actors/messages/reward.ts';
import { type RewardRules, rewardValue } from '../../../actors/rewards/reward-value.ts';
import { type Worth, worthUnder } from '../../../actors/rollback/revaluation.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { decode } from '../../../events/catalogue.ts';
import { ReckonerError } from '../../../events/errors.ts';
import type { EventLog } from '../../../events/event-log.ts';
import type { MessageBus } from '../../../events/message-bus.ts';
import { domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { everySpec } from '../../policies/every-policy.ts';
import { configured, DOMAIN, given, openStage, type Stage, TENANT } from '../given.ts';
import { ONLY_STREAM, openShelf, posteriorOf, stateFrom, textOf, unforgetting, watched } from '../posterior.ts';

const before: Pick<DomainConfigInput, 'reward' | 'feedback'> = {
  reward: { weights: { quality: 1, cost: 0.5, latency: 0, feedback: 1 } },
  feedback: { thumbs_up: 'neutral' },
};
const after: Pick<DomainConfigInput, 'reward' | 'feedback'> = {
  reward: { weights: { quality: 0.25, cost: 1, latency: 1, feedback: 0.5 }, shares: { explicit: 0.75, outcome: 0.25 } },
  feedback: { click: 'failure', successRating: 3 },
};

const commands: readonly RewardCommand[] = [
  { value: 0.5 },
  { feedback: 'click' },
  { feedback: 'thumbs_up' },
  { feedback: { rating: 3 } },
  { feedback: { rating: 5 }, kind: 'outcome' },
  { components: { quality: 0.5, cost: 0.25 } },
  { components: { quality: 0.5, latency: 0.75 }, feedback: 'click' },
  { components: { feedback: 0.5 }, feedback: 'thumbs_up' },
  // Given outright, though the definition comes to the same.
  { value: 1, feedback: 'click' },
  { value: 0.125, kind: 'implicit' },
];

/** By the front door under a definition: what a command is worth; one that is refused teaches nothing. */
function worthOf(rules: RewardRules, command: RewardCommand): Worth {
  try {
    const { value, share } = rewardValue(rules, command);
    return { value, share };
  } catch {
    return { value: 0, share: 0 };
  }
}

/** The bucket folded as if every reward had come under the newest definition. */
async function foldedUnder(
  log: EventLog,
  makePolicy: MakePolicy,
  given: ReadonlyMap<string, RewardCommand>,
): Promise<BucketState> {
  const timeline = createTimeline(makePolicy);
  for await (const event of log.readStream(domainStream(TENANT, DOMAIN))) timeline.apply(event.revision, decode(event));
  const standing = standingAt(timeline, timeline.length - 1);
  const state = emptyBucket(standing);
  const events = [];
  for await (const event of log.readStream(ONLY_STREAM)) events.push(decode(event));
  const retracted = new Set(
    events.flatMap((event) => (event?.type === 'RewardRetracted' ? [event.data.rewardId] : [])),
  );
  for (const event of events) {
    if (!isBucketEvent(event)) continue;
    const id = event.type === 'RewardRetracted' && 'rewardId' in event.data ? event.data.rewardId : event.id;
    const command = given.get(id);
    const worth: Partial<Worth> = command === undefined ? {} : worthOf(standing.rewards, command);
    const learned = worth.share !== undefined && event.type === 'RewardRetracted' ? { learned: worth.share > 0 } : {};
    const data = Object.assign({}, event.data, worth, learned);
    const head = { revision: state.head.revision + 1, hash: new Uint8Array(0) };
    evolve(state, { ...event, data }, head, () => standing, retracted);
  }
  return state;
}

const cases = everySpec.flatMap(([name, policy]) =>
  [createPolicy, unforgetting].map((makePolicy) => [name, policy, makePolicy] as const),
);

describe.each(cases)('given a domain of the policy %s', (_, policy, makePolicy) => {
  const forgets = makePolicy === createPolicy;
  test(`the posterior is that of a log under the new definition from the start${forgets ? '' : ', without forgetting'}`, async () => {
    const watch = watched(makePolicy);
    const snapshots = openShelf();
    const context: DomainConfigInput['context'] = { size: { type: 'numeric' }, urgent: { type: 'boolean' } };
    const base: DomainConfigInput = { arms: ['a', 'b', 'c'], context, policy };
    const stage = await given([configured({ ...base, ...before })], { makePolicy: watch.makePolicy, snapshots });
    const commandOf = new Map<string, RewardCommand>();
    const seen = { size: 0.5, urgent: true };
    const ids: string[] = [];
    const rewards: { decisionId: string; rewardId: string }[] = [];
    const play = async () => {
      for (const [at, command] of commands.entries()) {
        const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { size: at / 9, urgent: at % 2 === 0 } });
        ids.push(decisionId);
        const outcome = await stage.when((reckoner) => reckoner.reward(decisionId, command));
        if (outcome.problem !== undefined) continue;
        commandOf.set(outcome.answer.rewardId, command);
        rewards.push(outcome.answer);
      }
    };
    await play();
    for (const at of [1, 2, 5]) await stage.reckoner.retract(rewards[at]!.decisionId, rewards[at]!.rewardId);
    await stage.reckoner.decide(DOMAIN, { context: seen });
    const old = watch.last;

    const { events } = await stage.when((reckoner) => reckoner.configure(DOMAIN, { ...base, ...after }));
    expect(events.map(({ type }) => type)).toEqual(['DomainConfigured', 'RollbackPointMarked']);
    await stage.reckoner.decide(DOMAIN, { context: seen });
    expect(watch.last).toBe(posteriorOf(await foldedUnder(stage.log, makePolicy, commandOf)));
    expect(watch.last).not.toBe(old);

    // What was recorded before is taken back as what it is worth now; what comes is worth that anyway.
    for (const at of [3, 6]) await stage.reckoner.retract(rewards[at]!.decisionId, rewards[at]!.rewardId);
    await play();
    ids.push((await stage.reckoner.decide(DOMAIN, { context: seen })).decisionId);
    const state = await stateFrom(stage.log, { makePolicy });
    expect(watch.last).toBe(posteriorOf(await foldedUnder(stage.log, makePolicy, commandOf)));
    expect(watch.last).toBe(posteriorOf(state));
    expect(textOf(await stateFrom(stage.log, { makePolicy, snapshots }))).toBe(textOf(state));
    const { buckets } = await replay(stage.log, createFolding({ log: stage.log, makePolicy }));
    expect(posteriorOf(buckets.get(ONLY_STREAM)!.bucket.state)).toBe(watch.last);
    for (const id of ids) expect(await stage.reckoner.explain(id)).toMatchObject({ verified: true });

    await stage.reckoner.rollBack(DOMAIN, { to: 0 });
    await stage.reckoner.decide(DOMAIN, { context: seen });
    expect(watch.last).toBe(old);
    await stage.reckoner.configure(DOMAIN, { ...base, ...after });
    await stage.reckoner.rollBack(DOMAIN, { to: 0, keepConfig: true });
    await stage.reckoner.decide(DOMAIN, { context: seen });
    expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log, { makePolicy })));
    expect(watch.last).not.toBe(old);
    expect(stage.failures).toEqual([]);
    await stage.stop();
  });
});

test('a recorded reward is worth under another definition what its command is worth there', () => {
  const unit = fc.integer({ min: 0, max: 8 }).map((eighths) => eighths / 8);
  const outcome = fc.constantFrom('success' as const, 'failure' as const, 'neutral' as const);
  const rules = fc
    .record({
      weights: fc
        .record({ quality: unit, cost: unit, latency: unit, feedback: unit })
        .filter(({ quality, cost, latency, feedback }) => quality + cost + latency + feedback > 0),
      outcomes: fc.record({ click: outcome, thumbs_up: outcome, thumbs_down: outcome }),
      shares: fc.option(fc.constantFrom({ explicit: 1 }, { explicit: 0.5, outcome: 0.5 }, { outcome: 1 }), {
        nil: undefined,
      }),
      successRating: fc.integer({ min: 3, max: 5 }),
    })
    .map(({ weights, outcomes, shares, successRating }) =>
      parseDomainConfig({ arms: ['a'], reward: { weights, shares }, feedback: { ...outcomes, successRating } }),
    );
  const feedback = fc.constantFrom('click' as const, 'thumbs_up' as const, { rating: 3 }, { rating: 4.5 });
  const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
  const command = fc
    .record({
      value: maybe(unit),
      feedback: maybe(feedback),
      components: maybe(fc.record({ quality: maybe(unit), cost: unit })),
      kind: maybe(fc.constantFrom('explicit' as const, 'outcome' as const)),
    })
    .filter((one) => (one.value ?? one.feedback ?? one.components) !== undefined);
  fc.assert(
    fc.property(rules, rules, command, (then, now, one) => {
      const recorded = attempt(() => rewardValue(then, one));
      fc.pre(recorded !== undefined);
      const given = one.value !== undefined && (one.feedback !== undefined || one.components !== undefined);
      const { value, share } = worthUnder(now, then, { ...recorded!, given });
      const worth = worthOf(now, one);
      expect(share).toBe(worth.share);
      if (share > 0) expect(value).toBe(worth.value);
    }),
  );
});

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

test('what is shared is counted anew, also after a restart and a rollback', async () => {
  const base: DomainConfigInput = {
    arms: ['red'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    sharing: { every: 2 },
  };
  const log = openSqliteEventLog({ file: ':memory:' });
  const stage = await given([configured(base)], { log });
  const click = async ({ reckoner }: Stage, user: number) => {
    const { decisionId } = await reckoner.decide(DOMAIN, { context: { user } });
    return reckoner.reward(decisionId, { feedback: 'click' });
  };
  const shared = async ({ reckoner }: Stage) => {
    const { counted, shared: arms } = await reckoner.domain(DOMAIN);
    return { counted, arms };
  };
  const first = await click(stage, 0);
  for (let user = 1; user < 4; user++) await click(stage, user);
  await stage.settled();
  const was = { counted: 4, arms: [{ arm: 'red', pulls: 4, mean: 1 }] };
  expect(await shared(stage)).toEqual(was);
  const { revision } = await stage.reckoner.domain(DOMAIN);
  await stage.reckoner.configure(DOMAIN, { ...base, feedback: { click: 'failure' } });
  expect(await shared(stage)).toEqual({ counted: 4, arms: [{ arm: 'red', pulls: 4, mean: 0 }] });
  await stage.reckoner.retract(first.decisionId, first.rewardId);
  await click(stage, 4);
  await stage.settled();
  expect(await shared(stage)).toEqual({ counted: 6, arms: [{ arm: 'red', pulls: 4, mean: 0 }] });
  await stage.reckoner.rollBack(DOMAIN, { to: revision });
  expect(await shared(stage)).toEqual(was);
  await stage.reckoner.configure(DOMAIN, { ...base, feedback: { click: 'failure' } });
  await stage.reckoner.rollBack(DOMAIN, { to: revision, keepConfig: true });
  expect(await shared(stage)).toEqual({ counted: 4, arms: [{ arm: 'red', pulls: 4, mean: 0 }] });
  await stage.stop();
  const again = await openStage({ log });
  expect(await shared(again)).toEqual({ counted: 4, arms: [{ arm: 'red', pulls: 4, mean: 0 }] });
  await again.stop();
});

test('when all buckets of a domain have to learn anew, a few do at a time', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  let reading = 0;
  let most = 0;
  const counted: EventLog = {
    ...log,
    async *readStream(stream, options) {
      if (stream.startsWith('bucket-')) most = Math.max(most, ++reading);
      try {
        yield* log.readStream(stream, options);
      } finally {
        if (stream.startsWith('bucket-')) reading -= 1;
      }
    },
  };
  const base: DomainConfigInput = {
    arms: ['red', 'blue'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
  };
  const stage = await given([configured(base)], { log: counted });
  const users = Array.from({ length: 40 }, (_, user) => user);
  const askAll = () => Promise.all(users.map((user) => stage.reckoner.decide(DOMAIN, { context: { user } })));
  for (const { decisionId } of await askAll()) await stage.reckoner.reward(decisionId, { feedback: 'click' });
  await stage.reckoner.configure(DOMAIN, { ...base, feedback: { click: 'failure' } });
  most = 0;
  await askAll();
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(4);
  await stage.stop();
});

const CHANGES: readonly (readonly [string, Partial<DomainConfigInput>])[] = [
  ['a policy', { policy: { name: 'nig_thompson' } }],
  ['a policy about features', { policy: { name: 'lin_ts' } }],
  [
    'features that mean something else',
    { policy: { name: 'lin_ts' }, context: { user: { type: 'numeric', round: 1 }, size: { type: 'boolean' } } },
  ],
  ['what rewards are worth', { feedback: { click: 'failure' } }],
];

describe.each(CHANGES)('before %s takes over', (_, change) => {
  const base: DomainConfigInput = {
    arms: ['red', 'blue'],
    context: { user: { type: 'numeric', round: 1 }, size: { type: 'numeric' } },
    bucketBy: ['user'],
    policy: { name: 'beta_thompson' },
    sharing: { every: 7 },
  };

  test('buckets learn from the log while decisions go on, and then only from what came meanwhile', async () => {
    const log = openSqliteEventLog({ file: ':memory:' });
    let read = 0;
    let meanwhile: (() => Promise<void>) | undefined;
    const watching: EventLog = {
      ...log,
      async *readStream(stream, options) {
        if (stream.startsWith('bucket-')) await meanwhile?.();
        for await (const event of log.readStream(stream, options)) {
          if (stream.startsWith('bucket-')) read += 1;
          yield event;
        }
      },
    };
    const watch = watched();
    const stage = await given([configured(base)], {
      log: watching,
      snapshots: openShelf(),
      makePolicy: watch.makePolicy,
    });
    const context = (user: number) => ({ user, ...('context' in change ? { size: true } : { size: 0.5 }) });
    const rewards: { decisionId: string; rewardId: string }[] = [];
    const pull = async (user: number) => {
      const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user, size: 0.5 } });
      rewards.push(await stage.reckoner.reward(decisionId, { feedback: 'click' }));
    };
    for (let round = 0; round < 30; round++) for (const user of [0, 1]) await pull(user);
    await stage.reckoner.retract(rewards[8]!.decisionId, rewards[8]!.rewardId);
    await stage.settled();
    const seen: unknown[] = [];
    meanwhile = async () => {
      meanwhile = undefined;
      const { relearning, revision } = await stage.reckoner.domain(DOMAIN);
      const refused = await stage.when((reckoner) => reckoner.configure(DOMAIN, { ...base, description: 'another' }));
      for (const user of [0, 1]) for (let round = 0; round < 4; round++) await pull(user);
      // A policy that cannot forget has to begin anew.
      if (change.policy?.name !== 'lin_ts') await stage.reckoner.retract(rewards[9]!.decisionId, rewards[9]!.rewardId);
      seen.push(relearning, refused.problem?.code, (await stage.reckoner.domain(DOMAIN)).revision >= revision);
    };
    await stage.reckoner.configure(DOMAIN, { ...base, ...change });
    expect(seen).toEqual([{ buckets: 2, done: 0, events: 0, ofEvents: 121 }, 'conflict', true]);
    expect(await stage.reckoner.domain(DOMAIN)).not.toHaveProperty('relearning');
    read = 0;
    for (const user of [0, 1]) {
      const { bucket } = await stage.reckoner.decide(DOMAIN, { context: context(user) });
      const stream = ONLY_STREAM.slice(0, -16) + bucket;
      expect(read).toBeLessThan(30);
      expect(watch.last).toBe(posteriorOf(await stateFrom(log, { stream })));
      read = 0;
    }
    expect(stage.failures).toEqual([]);
    await stage.stop();
  });
});

test('a node that stops meanwhile leaves the domain as it was', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  let meanwhile: (() => void) | undefined;
  const watching: EventLog = {
    ...log,
    readStream(stream, options) {
      if (stream.startsWith('bucket-')) meanwhile?.();
      return log.readStream(stream, options);
    },
  };
  const base: DomainConfigInput = {
    arms: ['red'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    sharing: { every: 0 },
  };
  const stage = await given([configured(base)], { log: watching });
  for (let at = 0; at < 40; at++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user: at % 2 } });
    await stage.reckoner.reward(decisionId, { feedback: 'click' });
  }
  let stopped: Promise<void> | undefined;
  meanwhile = () => {
    stopped ??= stage.stop();
  };
  const { problem, events } = await stage.when((reckoner) =>
    reckoner.configure(DOMAIN, { ...base, feedback: { click: 'failure' } }),
  );
  expect(problem?.code).toBe('shutting_down');
  expect(events).toEqual([]);
  await stopped;
});

test('a rollback that keeps the configuration is shown as it comes out', async () => {
  const base: DomainConfigInput = { arms: ['red'], policy: { name: 'beta_thompson' } };
  const stage = await given([configured(base)]);
  for (let at = 0; at < 6; at++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
    await stage.reckoner.reward(decisionId, { feedback: 'click' });
  }
  const { revision } = await stage.reckoner.domain(DOMAIN);
  await stage.reckoner.configure(DOMAIN, { ...base, policy: { name: 'nig_thompson' }, feedback: { click: 'failure' } });
  await stage.reckoner.decide(DOMAIN, {});
  const preview = await stage.reckoner.previewRollback(DOMAIN, { to: revision, keepConfig: true });
  await stage.reckoner.rollBack(DOMAIN, { to: revision, keepConfig: true });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { arms } = await stage.reckoner.explain(decisionId);
  expect(preview.arms[0]?.mean.after).toBe(arms[0]?.mean);
  expect(arms[0]?.pulls).toBe(6);
  await stage.stop();
});

test('rewards that were counted, and not yet shared, are shared for what they are worth now', async () => {
  const base: DomainConfigInput = {
    arms: ['red', 'green'],
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    sharing: { every: 3 },
  };
  const stage = await given([configured(base)]);
  const give = async (kind: 'explicit' | 'outcome', user: number) => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user } });
    await stage.reckoner.reward(decisionId, { value: 1, kind });
    await stage.settled();
  };
  for (const user of [0, 1]) await give('explicit', user);
  await stage.reckoner.configure(DOMAIN, { ...base, bucketBy: [], reward: { shares: { outcome: 1 } } });
  await give('outcome', 0);
  const view = await stage.reckoner.domain(DOMAIN);
  expect({ counted: view.counted, pulls: view.shared.reduce((sum, { pulls }) => sum + pulls, 0) }).toEqual({
    counted: 3,
    pulls: 1,
  });
  await stage.stop();
});

test('where nobody waits, the domain tells why a configuration did not take over, until the next one', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  let broken = false;
  const breaking: EventLog = {
    ...log,
    readStream(stream, options) {
      if (broken && stream.startsWith('bucket-')) throw new ReckonerError('log_locked', 'Somebody else has it.');
      return log.readStream(stream, options);
    },
  };
  const config: DomainConfigInput = { arms: ['a', 'b'], policy: { name: 'beta_thompson' } };
  const stage = await given([configured(config)], { log: breaking });
  for (let round = 0; round < 10; round++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
    await stage.reckoner.reward(decisionId, { value: 1 });
  }
  broken = true;
  const other: DomainConfigInput = { ...config, policy: { name: 'epsilon_greedy' } };
  const { accepted } = await stage.reckoner.configure(DOMAIN, other, undefined, { ahead: 'later' });
  expect(accepted).toBe(true);
  const view = async () => stage.reckoner.domain(DOMAIN);
  for (let tries = 0; tries < 100 && (await view()).refused === undefined; tries++)
    await new Promise((resolve) => setImmediate(resolve));
  expect(await view()).toMatchObject({
    refused: { code: 'log_locked' },
    config: { policy: { name: 'beta_thompson' } },
  });
  broken = false;
  await stage.reckoner.configure(DOMAIN, other);
  expect((await view()).config.policy.name).toBe('epsilon_greedy');
  expect(await view()).not.toHaveProperty('refused');
  await stage.stop();
});

test('who configures is not told after ten seconds that nobody answered, while buckets learn for a minute', async () => {
  const limits: (number | undefined)[] = [];
  const bus = {
    request: async (_subject: string, _body: unknown, options?: { readonly timeoutMs?: number }) => {
      limits.push(options?.timeoutMs);
      return { ok: true as const, body: {} };
    },
    respond: () => ({ close: async () => {} }),
    close: async () => {},
  };
  const client = createClient(bus as unknown as MessageBus, () => ({}) as Health); // no more of them is asked
  await client.configure(DOMAIN, { arms: ['a'] });
  await client.configure(DOMAIN, { arms: ['a'] }, undefined, { ahead: 'all' });
  await client.rollBack(DOMAIN, { to: 0 });
  expect(limits.map((limit = 0) => limit > 60_000)).toEqual([true, true, true]);
});
