/** A ceiling of dollars a request: kept by every bucket, on what rewards report, and told. */
import { expect, test } from 'vitest';
import type { AgentDefinition } from '../../../actors/agents/agent.ts';
import { viewUnder } from '../../../actors/bucket/bucket-state.ts';
import { charged, paceCandidates } from '../../../actors/choice/budget.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { createTimeline, type DomainState } from '../../../actors/domain/domain-state.ts';
import type { RewardBody } from '../../../actors/messages/reward.ts';
import { type DecodedEvent, decode } from '../../../events/catalogue.ts';
import { domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { settle } from '../../../policies/pacer.ts';
import { drawUniform, randomness } from '../../../policies/sampling.ts';
import { configured, DOMAIN, given, openStage, problemOf, type Stage, TENANT } from '../given.ts';
import { openShelf, stateFrom, textOf } from '../posterior.ts';

const CEILING = 2e-4;
const small = { name: 'small', costUsd: 2e-5 };
const middle = { name: 'middle', costUsd: 5e-4 };
const large = { name: 'large', costUsd: 1.5e-2 };
const budget = { perRequestUsd: CEILING };

function domain(more: Partial<DomainConfigInput> = {}): DomainConfigInput {
  return { arms: [small, middle, large], budget, exploration: 0.01, ...more };
}

/** What calls really cost and earn. */
const world: Readonly<Record<string, { readonly usd: number; readonly value: number }>> = {
  small: { usd: 2e-5, value: 0.7 },
  middle: { usd: 5e-4, value: 0.9 },
  large: { usd: 1.5e-2, value: 0.95 },
};

/** Requests one after another, each rewarded with what its call has cost. */
async function serve(stage: Stage, requests: number, random = randomness(1)) {
  let spent = 0;
  const calls: Record<string, number> = {};
  for (let request = 0; request < requests; request++) {
    const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, {});
    const { usd, value } = world[arm] ?? { usd: 0, value: 0 };
    const costUsd = usd * (0.5 + drawUniform(random));
    spent += costUsd;
    calls[arm] = (calls[arm] ?? 0) + 1;
    await stage.reckoner.reward(decisionId, { value, costUsd });
  }
  return { spent, calls };
}

function decision(event: DecodedEvent | undefined) {
  if (event?.type !== 'DecisionMade') throw new Error('this is no decision');
  return event.data;
}

test('what cannot be paid is set aside, what is dear is shifted, and both are told', async () => {
  const stage = await given([configured(domain())]);
  const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
  const made = decision(events[0]);
  expect(made.candidates).toEqual(['small', 'middle']);
  expect(made.excluded).toEqual([{ arm: 'large', constraint: 'budget', limit: '0.0002' }]);
  expect(made.terms).toMatchObject([{ name: 'budget', values: [0, expect.any(Number)] }]);
  expect(made.shifts[1]).toBeLessThan(0);
  expect(made.pace).toMatchObject({ perRequestUsd: CEILING, chargedUsd: world[made.arm]?.usd });
  const told = await stage.reckoner.explain(answer.decisionId);
  expect(told.verified).toBe(true);
  expect(told.budget).toMatchObject({ perRequestUsd: CEILING, balanceUsd: null, price: made.pace?.price });
  expect(told.budget?.arms.map(({ arm, expectedUsd }) => [arm, expectedUsd])).toEqual([
    ['small', 2e-5],
    ['middle', 5e-4],
    ['large', 1.5e-2],
  ]);
  expect(told.arms[1]?.terms).toEqual({ budget: made.shifts[1] });
  await stage.stop();
});

test('a domain without a budget records nothing of it', async () => {
  const stage = await given([configured({ arms: [small, large] })]);
  const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
  expect(decision(events[0])).toMatchObject({ candidates: ['small', 'large'], shifts: [], pace: undefined });
  const rewarded = await stage.when((reckoner) => reckoner.reward(answer.decisionId, { value: 1, costUsd: 0.25 }));
  expect(rewarded.events).toMatchObject([{ data: { costUsd: 0.25, declaredUsd: undefined } }]);
  const { budget, rewards } = await stage.reckoner.explain(answer.decisionId);
  expect(budget).toBe(null);
  expect(rewards).toMatchObject([{ costUsd: 0.25 }]);
  await stage.stop();
});

test('a stream keeps the ceiling, and uses it', async () => {
  const stage = await given([configured(domain())]);
  const { spent, calls } = await serve(stage, 600);
  expect(spent / 600 / CEILING).toBeLessThanOrEqual(1.02);
  expect(spent / 600 / CEILING).toBeGreaterThan(0.75);
  expect(calls.middle).toBeGreaterThan(100);
  await stage.stop();
});

test('the budget is a fold of the bucket’s log: live, from a snapshot and from the beginning it is the same to the bit', async () => {
  const shelf = openShelf();
  const stage = await given([configured(domain())], { snapshots: shelf });
  await serve(stage, 150);
  // The cost of this one is not known yet when the next is decided.
  await stage.reckoner.decide(DOMAIN, {});
  const { events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
  const last = events[0];
  const live = decision(last);
  const folded = await stateFrom(stage.log, { upTo: last?.revision ?? 0 });
  const restored = await stateFrom(stage.log, { upTo: last?.revision ?? 0, snapshots: shelf });
  expect(shelf.kept.size).toBe(1);
  expect(textOf(restored)).toBe(textOf(folded));
  expect(folded.pacer?.open.size).toBe(1);
  for (const state of [folded, restored]) {
    const paced = paceCandidates(viewUnder(state, await latestOf(stage)), ['small', 'middle', 'large'], live.features);
    expect(paced?.candidates).toEqual(live.candidates);
    // What moves no score is not recorded.
    expect(paced?.shifts.some((shift) => shift !== 0) ? paced.shifts : []).toEqual(live.shifts);
    expect(paced?.paceOf(live.candidates.indexOf(live.arm))).toEqual(live.pace);
  }
  await stage.stop();
});

test('what calls cost is learned by the categories of the context, and told of the one that was asked in', async () => {
  const context = {
    task: { type: 'categorical', values: ['chat', 'code'] },
    tokens: { type: 'numeric', default: 1 },
  } satisfies DomainConfigInput['context'];
  const arms = [small, middle];
  const shelf = openShelf();
  const stage = await given([configured(domain({ arms, context, budget: { perRequestUsd: 1e-3 } }))], {
    snapshots: shelf,
  });
  const ask = (task: string) => stage.reckoner.decide(DOMAIN, { context: { task }, candidates: ['middle'] });
  for (let request = 0; request < 150; request++) {
    const task = request % 2 === 0 ? 'chat' : 'code';
    const { decisionId } = await ask(task);
    await stage.reckoner.reward(decisionId, { value: 1, costUsd: task === 'code' ? 9e-4 : 1e-4 });
  }
  const expected = async (task: string) => {
    const { events } = await stage.when(() => ask(task));
    const made = decision(events[0]);
    return {
      context: made.pace?.context,
      usd: made.pace?.chargedUsd ?? Number.NaN,
      revision: events[0]?.revision ?? 0,
    };
  };
  const code = await expected('code');
  const chat = await expected('chat');
  expect(code.usd).toBeGreaterThan(8e-4);
  expect(chat.usd).toBeLessThan(2e-4);
  expect(code.context).not.toBe(chat.context);
  const { budget: told } = await stage.reckoner.explain((await ask('code')).decisionId);
  expect(told?.arms[0]?.expectedUsd).toBeCloseTo(code.usd, 12);
  const folded = await stateFrom(stage.log, { upTo: chat.revision });
  const restored = await stateFrom(stage.log, { upTo: chat.revision, snapshots: shelf });
  expect(shelf.kept.size).toBe(1);
  expect(textOf(restored)).toBe(textOf(folded));
  expect([...(restored.pacer?.contexts ?? [])]).toEqual([...(folded.pacer?.contexts ?? [])]);
  expect(folded.pacer?.contexts.size).toBe(2);
  // A decision of a log from before there were contexts is charged in none: what it reports is of its arm alone.
  const { pace } = decision((await stage.when(() => ask('code'))).events[0]);
  if (pace === undefined) throw new Error('there is a budget');
  const old = charged(undefined, 0, { pace: { ...pace, context: '' } });
  settle(old!, 0, 'middle', 5e-4, 9e-4);
  expect(old?.contexts.size).toBe(0);
  await stage.stop();
});

test('what makes the buckets tells no contexts apart within one', async () => {
  const context = { task: { type: 'categorical', values: ['chat', 'code'] } } satisfies DomainConfigInput['context'];
  const stage = await given([configured(domain({ context, bucketBy: ['task'] }))]);
  const { events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, { context: { task: 'chat' } }));
  expect(decision(events[0]).pace?.context).toBe('');
  await stage.stop();
});

test('a price that is declared to fall is gone by at once, one that is only paid after some reports', async () => {
  const stage = await given([configured(domain())]);
  await serve(stage, 100);
  const expected = async () => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
    const { budget: told } = await stage.reckoner.explain(decisionId);
    return told?.arms.find(({ arm }) => arm === 'middle')?.expectedUsd ?? Number.NaN;
  };
  const before = await expected();
  await stage.reckoner.configure(DOMAIN, domain({ arms: [small, { ...middle, costUsd: 1e-4 }, large] }));
  expect(await expected()).toBeCloseTo(before / 5, 12);
  await stage.stop();
});

test('a new policy, a freeze and a reward that is taken back leave what was spent as it is', async () => {
  const stage = await given([configured(domain())]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { candidates: ['small'] });
  await stage.reckoner.freeze(DOMAIN);
  const { rewardId, learned } = await stage.reckoner.reward(decisionId, { value: 1, costUsd: 1e-4 });
  expect(learned).toBe(false);
  const { balance } = (await stateFrom(stage.log)).pacer ?? { balance: Number.NaN };
  expect(balance).toBeCloseTo(3 * CEILING - 1e-4, 15);
  await stage.reckoner.thaw(DOMAIN);
  await stage.reckoner.retract(decisionId, rewardId);
  await stage.reckoner.configure(DOMAIN, domain({ policy: { name: 'epsilon_greedy' } }));
  await stage.reckoner.reward(decisionId, { value: 1, kind: 'implicit', costUsd: 3 });
  expect((await stateFrom(stage.log)).pacer).toMatchObject({ balance });
  await stage.stop();
});

test('one report that is far off is held, and told', async () => {
  const stage = await given([configured(domain())]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { candidates: ['small'] });
  await stage.reckoner.reward(decisionId, { value: 1, costUsd: 5 });
  const next = await stage.reckoner.decide(DOMAIN, {});
  const { budget: told } = await stage.reckoner.explain(next.decisionId);
  expect(told?.arms[0]).toMatchObject({ arm: 'small', heldReports: 1 });
  expect(told?.arms[0]?.expectedUsd).toBeCloseTo(2e-5 + (2e-4 - 2e-5) / 6, 12);
  // It is paid as a hundred calls: what is wrong altogether is not paid back for ever.
  expect(told?.balanceUsd).toBeCloseTo(3 * CEILING - 2e-3, 12);
  await stage.stop();
});

test('the cost of a decision is a part of its reward: said again it is a repeat, said otherwise a contradiction', async () => {
  const stage = await given([configured(domain())]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const reward: RewardBody = { value: 1, costUsd: 1e-4 };
  await stage.reckoner.reward(decisionId, reward);
  expect((await stage.reckoner.reward(decisionId, reward)).repeated).toBe(true);
  expect((await stage.reckoner.reward(decisionId, { value: 1 })).repeated).toBe(true);
  const { code } = await problemOf(stage.reckoner.reward(decisionId, { value: 1, costUsd: 2e-4 }));
  expect(code).toBe('reward_already_recorded');
  for (const costUsd of [-1, 1e7, Number.NaN, Number.POSITIVE_INFINITY])
    expect((await problemOf(stage.reckoner.reward(decisionId, { value: 1, costUsd }))).code).toBe('request_invalid');
  await stage.stop();
});

test('the agent of a run tells what its call has cost', async () => {
  const agents = ['small', 'middle'].map(
    (id): AgentDefinition => ({
      id,
      source: 'simulated',
      perform: async () => ({ ok: true, answer: id, quality: 1, costUsd: 3e-5, latencyMs: 1 }),
    }),
  );
  const stage = await given([configured(domain({ arms: [small, middle] }))], { agents });
  const run = await stage.reckoner.run(DOMAIN, { question: 'why' });
  const { events } = await stage.when((reckoner) => reckoner.reward(run.decision.decisionId, { value: 1 }));
  expect(events).toMatchObject([{ data: { costUsd: 3e-5, declaredUsd: world[run.arm]?.usd } }]);
  // Another node reads it in the log; what the caller says counts first.
  const second = await stage.reckoner.run(DOMAIN, { question: 'why' });
  await stage.stop();
  const later = await openStage({ log: stage.log, agents });
  const found = await later.when((reckoner) =>
    reckoner.reward(second.decision.decisionId, { value: 1, kind: 'implicit' }),
  );
  expect(found.events).toMatchObject([{ data: { costUsd: 3e-5 } }]);
  const said = await later.when((reckoner) =>
    reckoner.reward(run.decision.decisionId, { feedback: 'click', costUsd: 1 }),
  );
  expect(said.events).toMatchObject([{ data: { costUsd: 1 } }]);
  await later.stop();
});

test('the fallback is charged too, and the cheapest candidate is never set aside', async () => {
  const stage = await given([configured(domain({ fallback: 'large' }))]);
  const fallback = await stage.when((reckoner) => reckoner.decide(DOMAIN, { constraints: { maxCostUsd: 0 } }));
  expect(fallback.events).toMatchObject([{ data: { fallback: true, arm: 'large', pace: { chargedUsd: 1.5e-2 } } }]);
  const next = await stage.when((reckoner) => reckoner.decide(DOMAIN, { candidates: ['large', 'middle'] }));
  expect(next.events).toMatchObject([{ data: { candidates: ['middle'], arm: 'middle' } }]);
  await stage.stop();
});

async function latestOf({ log }: Stage): Promise<DomainState> {
  const timeline = createTimeline(createPolicy);
  for await (const event of log.readStream(domainStream(TENANT, DOMAIN))) timeline.apply(event.revision, decode(event));
  if (timeline.latest === undefined) throw new Error('the domain was configured');
  return timeline.latest;
}
