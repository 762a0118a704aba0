/** What a bucket does with decisions, rewards, retractions and items. */
import { expect, test } from 'vitest';
import { knownOf } from '../../../actors/house.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { configured, DOMAIN, given, problemOf } from '../given.ts';
import { posteriorOf, stateFrom, watched } from '../posterior.ts';

test('a decision is one event that holds everything the choice depended on', async () => {
  const stage = await given([
    configured({ arms: [{ name: 'red', shift: -0.1, costUsd: 2 }, 'blue'], policy: { name: 'beta_thompson' } }),
  ]);
  const body = { requestId: 'r1', taskType: 'chat', complexity: 0.5, tokens: 12, subject: 'alice@example.com' };
  const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, body));
  expect(events).toMatchObject([
    {
      type: 'DecisionMade',
      revision: 0,
      data: {
        ...{ domainRevision: 0, requestId: 'r1', candidates: ['red', 'blue'], shifts: [-0.1, 0], prior: [1, 1, 1, 1] },
        ...{ floor: 0.01, posteriorRevision: -1, policy: 'beta_thompson', arm: answer.arm, taskType: 'chat' },
        ...{ complexity: 0.5, tokens: 12, fallback: false },
      },
      metadata: { correlationId: 'r1', causationId: '', writer: 'stage', schemaVersion: 1 },
    },
  ]);
  expect(answer).toMatchObject({ domain: DOMAIN, requestId: 'r1', bucketLabel: 'all', mode: null, fallback: false });
  expect(JSON.stringify(events)).not.toContain('alice');
  await stage.stop();
});

test('a reward follows its decision, and only then is something believed', async () => {
  const stage = await given([
    configured({ arms: ['red', 'blue'], policy: { name: 'beta_thompson' } }),
    { type: 'DecisionMade', arm: 'blue' },
  ]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { events, answer } = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 0.75 }));
  expect(events).toMatchObject([
    { type: 'RewardObserved', revision: 2, data: { decisionRevision: 1, value: 0.75, share: 1, kind: 'outcome' } },
  ]);
  expect(events[0]?.metadata.causationId).toBe((await stage.events('DecisionMade'))[1]?.id);
  expect(answer).toMatchObject({ learned: true, repeated: false, value: 0.75 });
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms.find(({ arm }) => arm === answer.arm)).toMatchObject({ pulls: 1, mean: 1.75 / 3 });
  await stage.stop();
});

test('neutral feedback is recorded and moves nothing', async () => {
  const watch = watched();
  const stage = await given([configured()], { makePolicy: watch.makePolicy });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const before = watch.last;
  expect(await stage.reckoner.reward(decisionId, { feedback: { rating: 3 } })).toMatchObject({
    share: 0,
    learned: false,
  });
  const decision = await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(before);
  expect(await stage.reckoner.explain(decision.decisionId)).toMatchObject({ posteriorRevision: -1, verified: true });
  await stage.stop();
});

test('rewards of several kinds count as their shares of one pull', async () => {
  const stage = await given([
    configured({
      arms: ['red'],
      policy: { name: 'beta_thompson' },
      reward: { shares: { explicit: 0.25, outcome: 0.75 } },
    }),
  ]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  await stage.reckoner.reward(decisionId, { feedback: 'thumbs_up' });
  await stage.reckoner.reward(decisionId, { value: 0 });
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms[0]).toMatchObject({ pulls: 1, mean: 1.25 / 3 });
  expect(
    (await stage.when((reckoner) => reckoner.reward(decisionId, { value: 1, kind: 'implicit' }))).problem,
  ).toMatchObject({ code: 'reward_invalid', status: 422 });
  await stage.stop();
});

test('a retraction takes the reward back once, and leaves both in the log', async () => {
  const watch = watched();
  const stage = await given([configured()], { makePolicy: watch.makePolicy });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { rewardId } = await stage.reckoner.reward(decisionId, { value: 1 });
  const first = await stage.when((reckoner) => reckoner.retract(decisionId, rewardId, { reason: 'a mistake' }));
  expect(first.answer).toEqual({ rewardId, decisionId, retracted: true, repeated: false });
  expect(first.events).toMatchObject([
    { type: 'RewardRetracted', data: { rewardId, learned: true, reason: 'a mistake' } },
  ]);
  const second = await stage.when((reckoner) => reckoner.retract(decisionId, rewardId));
  expect(second.answer.repeated).toBe(true);
  expect(second.events).toEqual([]);
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({ rewards: [{ rewardId, retracted: true }] });
  await stage.stop();
});

test('a reward of another decision cannot be retracted through this one', async () => {
  const stage = await given([configured()]);
  const [one, two] = [await stage.reckoner.decide(DOMAIN, {}), await stage.reckoner.decide(DOMAIN, {})];
  const { rewardId } = await stage.reckoner.reward(one.decisionId, { value: 1 });
  const decision = (await stage.events('DecisionMade'))[0]?.id ?? '';
  for (const id of [rewardId, decision, 'no-id', '']) {
    const { problem, events } = await stage.when((reckoner) => reckoner.retract(two.decisionId, id));
    expect(problem).toMatchObject({ code: 'reward_unknown', status: 404 });
    expect(events).toEqual([]);
  }
  await stage.stop();
});

test('a slate has distinct arms with weights that sum to 1, and shown items reward their own arm', async () => {
  const stage = await given([configured({ arms: ['a', 'b', 'c', 'd'] })]);
  const decision = await stage.reckoner.decide(DOMAIN, { k: 3 });
  const slate = decision.slate ?? [];
  expect(new Set(slate.map(({ arm }) => arm)).size).toBe(3);
  expect(slate[0]?.arm).toBe(decision.arm);
  expect(slate.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(slate[0]?.rankPropensity).toBeCloseTo(decision.propensity ?? 0, 8);

  const last = slate[2]?.arm ?? '';
  const items = [{ item: 'film', arm: last, position: 0 }];
  const shown = await stage.when((reckoner) => reckoner.showItems(decision.decisionId, { items }));
  expect(shown.events).toMatchObject([{ type: 'ItemsShown', data: { items } }]);
  expect((await stage.when((reckoner) => reckoner.showItems(decision.decisionId, { items }))).events).toEqual([]);
  const reward = await stage.reckoner.reward(decision.decisionId, { value: 1, item: 'film' });
  expect(reward.arm).toBe(last);
  const observed = (await stage.events('RewardObserved'))[0];
  expect(observed?.data).toMatchObject({ propensity: slate[2]?.rankPropensity, item: 'film' });

  expect(await problemOf(stage.reckoner.reward(decision.decisionId, { value: 1, item: 'book' }))).toMatchObject({
    code: 'item_unknown',
  });
  const foreign = ['a', 'b', 'c', 'd'].find((arm) => !slate.some((entry) => entry.arm === arm)) ?? '';
  const stray = { items: [{ item: 'book', arm: foreign, position: 1 }] };
  expect(await problemOf(stage.reckoner.showItems(decision.decisionId, stray))).toMatchObject({ code: 'arm_unknown' });
  expect(await stage.reckoner.explain(decision.decisionId)).toMatchObject({ verified: true, items });
  await stage.stop();
});

test('two lists of items shown at once for one decision are both recorded', async () => {
  const stage = await given([configured({ arms: ['a', 'b'] })]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { k: 2 });
  const lists = Array.from({ length: 5 }, (_, at) => ({ items: [{ item: `film ${at}`, arm: 'a', position: at }] }));
  const receipts = await Promise.all([...lists, ...lists].map((list) => stage.reckoner.showItems(decisionId, list)));
  expect(receipts.filter(({ repeated }) => !repeated)).toHaveLength(5);
  expect(await stage.events('ItemsShown')).toHaveLength(5);
  for (const at of lists.keys())
    expect(await stage.reckoner.reward(decisionId, { value: 1, item: `film ${at}` })).toMatchObject({ arm: 'a' });
  await stage.stop();
});

test('arms that break a constraint are set aside; without any left the fallback is taken, or none', async () => {
  const arms = [
    { name: 'cheap', costUsd: 1, latencyMs: 900, quality: 0.4 },
    { name: 'dear', costUsd: 9, latencyMs: 100, quality: 0.9 },
    'unknown',
  ];
  const stage = await given([configured({ arms, fallback: 'hybrid' })]);
  const kept = async (constraints: object) => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { constraints });
    return (await stage.reckoner.explain(decisionId)).arms.map(({ arm }) => arm);
  };
  expect(await kept({ maxCostUsd: 1 })).toEqual(['cheap', 'unknown']);
  expect(await kept({ maxLatencyMs: 899 })).toEqual(['dear', 'unknown']);
  expect(await kept({ minQuality: 0.5 })).toEqual(['dear', 'unknown']);
  expect(await kept({ maxCostUsd: 0, maxLatencyMs: 0 })).toEqual(['unknown']);

  const none = { candidates: ['cheap', 'dear'], constraints: { maxCostUsd: 0 } };
  const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, none));
  expect(answer).toMatchObject({ arm: 'hybrid', propensity: 1, fallback: true });
  expect(events).toMatchObject([{ data: { excluded: [{ arm: 'cheap' }, { arm: 'dear', constraint: 'maxCostUsd' }] } }]);
  expect(await stage.reckoner.reward(answer.decisionId, { value: 1 })).toMatchObject({ arm: 'hybrid' });
  expect(await stage.reckoner.explain(answer.decisionId)).toMatchObject({ verified: true, fallback: true });

  await stage.reckoner.configure(DOMAIN, { arms });
  const refused = await stage.when((reckoner) => reckoner.decide(DOMAIN, none));
  expect(refused.problem).toMatchObject({ code: 'candidates_none', status: 422 });
  expect(refused.events).toEqual([]);
  await stage.stop();
});

test('candidates narrow the choice, a twin counts once, and a stranger is refused', async () => {
  const stage = await given([configured({ arms: ['a', 'b', 'c'] })]);
  const { answer, events } = await stage.when((reckoner) =>
    reckoner.decide(DOMAIN, { candidates: ['c', 'b', 'c'], k: 9 }),
  );
  expect(events).toMatchObject([{ data: { candidates: ['c', 'b'] } }]);
  expect(answer.slate).toHaveLength(2);
  for (const candidate of ['z', 'constructor', 'toString'])
    expect(await problemOf(stage.reckoner.decide(DOMAIN, { candidates: ['a', candidate] }))).toMatchObject({
      ...{ code: 'arm_unknown', details: [{ path: 'candidates.1' }] },
    });
  await stage.stop();
});

test('a gated decision is autonomous, supervised or escalated by its confidence', async () => {
  const stage = await given([configured({ arms: ['red'], confidence: { gate: true } })]);
  const modes = new Set<string>();
  for (let count = 0; count < 80; count++) {
    const { decisionId, confidence, mode } = await stage.reckoner.decide(DOMAIN, {});
    modes.add(mode ?? '');
    expect(mode).toBe(confidence >= 0.75 ? 'autonomous' : confidence >= 0.65 ? 'supervised' : 'escalated');
    await stage.reckoner.reward(decisionId, { value: count % 2 });
  }
  expect([...modes]).toEqual(['escalated', 'supervised', 'autonomous']);
  await stage.stop();
});

test('rewards recorded while frozen move nothing, also after the thaw, also after a restart', async () => {
  const watch = watched();
  const stage = await given([configured()], { makePolicy: watch.makePolicy });
  const decisions = [];
  for (let count = 0; count < 4; count++) decisions.push((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  const [first = '', second = '', third = ''] = decisions;
  await stage.reckoner.reward(first, { value: 1 });
  await stage.reckoner.decide(DOMAIN, {});
  const before = watch.last;

  await stage.reckoner.freeze(DOMAIN, { reason: 'audit' });
  const receipt = await stage.reckoner.reward(second, { value: 0 });
  expect(receipt).toMatchObject({ learned: false, repeated: false });
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(before);

  await stage.reckoner.thaw(DOMAIN);
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(before);
  expect(await stage.reckoner.reward(second, { value: 0 })).toEqual({ ...receipt, repeated: true });
  await stage.reckoner.retract(second, receipt.rewardId);
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(before);
  expect(posteriorOf(await stateFrom(stage.log))).toBe(before);

  expect(await stage.reckoner.reward(third, { value: 0 })).toMatchObject({ learned: true });
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).not.toBe(before);
  await stage.stop();
});

test('unknown domains and decisions are told apart', async () => {
  const stage = await given([configured()]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  expect(await problemOf(stage.reckoner.decide('nowhere', {}))).toMatchObject({ code: 'domain_unknown', status: 404 });
  expect(await problemOf(stage.reckoner.decide('No Where', {}))).toMatchObject({ code: 'domain_unknown' });
  const elsewhere = await given([configured()]);
  expect(await problemOf(elsewhere.reckoner.explain(decisionId))).toMatchObject({
    code: 'decision_unknown',
    status: 404,
  });
  expect(await problemOf(elsewhere.reckoner.reward(decisionId, { value: 1 }))).toMatchObject({
    code: 'decision_unknown',
  });
  const forged = `${decisionId.slice(0, -1)}${decisionId.endsWith('a') ? 'b' : 'a'}`;
  expect(await problemOf(stage.reckoner.reward(forged, { value: 1 }))).toMatchObject({ code: 'decision_id_invalid' });
  const tenant = { tenant: 'other', by: 'test' };
  expect(await problemOf(stage.reckoner.explain(decisionId, tenant))).toMatchObject({ code: 'decision_id_invalid' });
  await stage.stop();
  await elsewhere.stop();
});

test('a reward that is no number in [0, 1] is refused, and nothing is written', async () => {
  const stage = await given([configured()]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const bodies = [{}, { value: -0.1 }, { value: 1.1 }, { value: Number.NaN }, { value: Infinity }, { components: {} }];
  for (const body of [...bodies, { value: '1' as never }, { feedback: { rating: Number.NaN } }]) {
    const { problem, events } = await stage.when((reckoner) => reckoner.reward(decisionId, body));
    expect(problem).toMatchObject({ code: 'request_invalid', status: 400 });
    expect(events).toEqual([]);
  }
  await stage.stop();
});

test('configuring anew with the same configuration records nothing', async () => {
  const stage = await given([configured()]);
  const same = await stage.when((reckoner) => reckoner.configure(DOMAIN, { arms: ['red', 'blue'] }));
  expect(same.answer).toMatchObject({ created: false, revision: 0 });
  expect(same.events).toEqual([]);
  const other = await stage.when((reckoner) => reckoner.configure(DOMAIN, { arms: ['red'] }));
  expect(other.events.map(({ type }) => type)).toEqual(['DomainConfigured', 'RollbackPointMarked']);
  const frozen = await stage.when((reckoner) => reckoner.freeze(DOMAIN));
  expect(frozen.events.map(({ type }) => type)).toEqual(['DomainFrozen']);
  expect((await stage.when((reckoner) => reckoner.freeze(DOMAIN))).events).toEqual([]);
  const thawed = await stage.when((reckoner) => reckoner.thaw(DOMAIN));
  expect(thawed.events.map(({ type }) => type)).toEqual(['DomainThawed', 'RollbackPointMarked']);
  await stage.stop();
});

test('a node that stops answers what is under way and refuses what comes', async () => {
  const stage = await given([configured()]);
  const under = Array.from({ length: 20 }, () => stage.reckoner.decide(DOMAIN, {}));
  const stopped = stage.stop();
  const late = await problemOf(stage.reckoner.decide(DOMAIN, {}));
  expect(['shutting_down', 'overloaded']).toContain(late.code);
  expect(await Promise.all(under)).toHaveLength(20);
  await stopped;
  expect(await stage.events('DecisionMade')).toHaveLength(20);
});

test('a propensity is the same number at once and later, and is left for later above eight candidates', async () => {
  const arms = Array.from({ length: 9 }, (_, at) => `arm-${at}`);
  const stage = await given([configured({ arms })]);
  for (const { decisionId } of [await stage.reckoner.decide(DOMAIN, {}), await stage.reckoner.decide(DOMAIN, {})])
    await stage.reckoner.reward(decisionId, { value: 1 });
  const propensityOf = async (body: object) => {
    const decision = await stage.reckoner.decide(DOMAIN, body);
    const told = await stage.reckoner.explain(decision.decisionId);
    expect(told.verified).toBe(true);
    return [decision.propensity, told.arms.find(({ chosen }) => chosen)?.propensity];
  };
  expect(await propensityOf({})).toEqual([null, expect.any(Number)]);
  expect(await propensityOf({ propensity: 'lazy', candidates: arms.slice(0, 3) })).toEqual([null, expect.any(Number)]);
  for (const body of [{ candidates: arms.slice(0, 8) }, { propensity: 'eager' }]) {
    const [now, later] = await propensityOf(body);
    expect(now).toBeGreaterThan(0);
    expect(later).toBe(now);
  }
  await stage.stop();
});

test('a propensity that is asked for at once is left for later where it would hold up everybody', async () => {
  const stage = await given([configured({ arms: Array.from({ length: 33 }, (_, at) => `arm-${at}`) })]);
  const { decisionId, propensity } = await stage.reckoner.decide(DOMAIN, { propensity: 'eager' });
  expect(propensity).toBeNull();
  const { arms, verified } = await stage.reckoner.explain(decisionId);
  expect(verified).toBe(true);
  expect(arms.reduce((sum, arm) => sum + arm.propensity, 0)).toBeCloseTo(1, 8);
  await stage.stop();
});

test('what is remembered of a decision does not grow with its candidates', async () => {
  const arms = Array.from({ length: 1000 }, (_, at) => `arm-${at}`);
  const stage = await given([configured({ arms })]);
  await stage.reckoner.decide(DOMAIN, {});
  const [made] = await stage.events('DecisionMade');
  if (made?.type !== 'DecisionMade') throw new Error('no decision');
  expect(made.data.candidates).toHaveLength(1000);
  expect(JSON.stringify(knownOf(made.id, made.data)).length).toBeLessThan(500);
  await stage.stop();
});

test('a reward that waits while its domain is configured anew is worth what it is worth under the revision it names', async () => {
  // Given a decision on its way to the log, and a reward that waits behind it,
  const arms = ['red', 'blue'];
  const memory = openSqliteEventLog({ file: ':memory:' });
  let hold: Promise<unknown> = Promise.resolve();
  const log: EventLog = {
    ...memory,
    append: async (stream, expected, events) => {
      if (stream.startsWith('bucket-')) await hold;
      return memory.append(stream, expected, events);
    },
  };
  const stage = await given([configured({ arms })], { log });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  let release = () => {};
  hold = new Promise<void>((resolve) => {
    release = resolve;
  });
  const waiting = Promise.all([
    stage.reckoner.decide(DOMAIN, {}),
    stage.reckoner.reward(decisionId, { feedback: 'click' }),
  ]);
  // when the domain is configured anew before the decision is written,
  await stage.reckoner.configure(DOMAIN, { arms, feedback: { click: 'failure' } });
  release();
  const [, receipt] = await waiting;
  // then the reward names the new revision and is worth what that says.
  const [recorded] = await stage.events('RewardObserved');
  expect(recorded?.data).toMatchObject({ domainRevision: 2, value: 0 });
  expect(receipt).toMatchObject({ value: 0, repeated: false });
  expect(await stage.reckoner.reward(decisionId, { feedback: 'click' })).toMatchObject({ value: 0, repeated: true });
  await stage.stop();
});
