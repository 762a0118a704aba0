/**
 * Records a golden history: `node dist/test/golden/record.js test/golden/<name>`. A history that was released is never
 * recorded anew: a build that cannot replay it has changed what logs mean. What is here made the newest one.
 */
import { writeFileSync } from 'node:fs';
import type { AgentDefinition } from '../../actors/agents/agent.ts';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { openNode } from '../../adapters/cli/compose.ts';
import { decode } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { ENGINE } from '../../events/seal.ts';
import { type Expectation, lineOf, replay } from './history.ts';

const name = process.argv[2];
if (name === undefined) throw new Error('usage: node dist/test/golden/record.js test/golden/<name>');

// What a node waits for keeps no process alive.
const awake = setInterval(() => {}, 1000);

/** One that fails now and then three times on end: its breaker opens, and the first probe fails too. */
const agent = (id: string): AgentDefinition => {
  let calls = 0;
  return {
    id,
    source: 'simulated',
    limits: { openAfter: 2, cooldownMs: 100 }, // every look at the clock moves it on
    async perform() {
      calls += 1;
      if (calls % 8 > 4) return { ok: false, category: 'failed' };
      return {
        ok: true,
        answer: 'done',
        costUsd: 0.001,
        latencyMs: 20,
        quality: 0.75,
        inputTokens: 90,
        outputTokens: 7,
      };
    },
  };
};

const node = await openNode({ seed: 20_261_122, nodeName: 'golden', agents: [agent('small'), agent('large')] });
const { reckoner } = node;
const olive = { tenant: 'default', by: 'olive' };

/** Arms of a price each, whose rewards differ. */
const arms = [
  { name: 'small', costUsd: 0.001, latencyMs: 300, quality: 0.5, agent: 'small' },
  { name: 'large', costUsd: 0.02, latencyMs: 900, quality: 0.8, agent: 'large' },
  { name: 'tool', costUsd: 0.004, latencyMs: 100, quality: 0.6 },
] satisfies DomainConfigInput['arms'];
const worth: Readonly<Record<string, number>> = { small: 0.45, large: 0.7, tool: 0.55 };

/** Decides and rewards so many times. */
async function play(domain: string, rounds: number, context: (round: number) => Record<string, string | number>) {
  let last: readonly [decisionId: string, rewardId: string] | undefined;
  for (let round = 0; round < rounds; round++) {
    requests += 1;
    const { decisionId, arm } = await reckoner.decide(domain, {
      context: context(round),
      requestId: `${domain}-${requests}`,
      ...(round % 6 === 5 ? { k: 2 } : {}),
      ...(round % 9 === 8 ? { propensity: 'lazy' as const } : {}),
      ...(round % 10 === 9 ? { subject: 'ada' } : {}),
      ...(round % 8 === 7 ? { taskType: 'debugging', complexity: 0.4, tokens: 900 } : {}),
    });
    const value = Math.min(1, (worth[arm] ?? 0.5) + ((round * 7) % 11) / 40);
    const { rewardId } = await reckoner.reward(decisionId, {
      ...{ value, kind: 'outcome', costUsd: round % 3 === 0 ? 0.002 : undefined },
      ...(round % 10 === 9 ? { subject: 'ada' } : {}),
    });
    if (round % 7 === 6) await reckoner.retract(decisionId, rewardId, { reason: 'golden' });
    last = [decisionId, rewardId];
    await node.settled(domain);
  }
  return last;
}
let requests = 0;

const task = (round: number) => ({ task: round % 3 ? 'chat' : 'code', length: (round * 37) % 200 });
const common: DomainConfigInput = {
  arms,
  context: {
    task: { type: 'categorical', values: ['chat', 'code'] },
    length: { type: 'numeric', min: 0, default: 50 },
  },
  bucketBy: ['task'],
  sharing: { every: 15 },
  exploration: 0.1,
};

// What rewards are worth, told in all ways, and changed: all is learned anew, by a policy that takes over too.
const components = { quality: 0.8, cost: 0.6, latency: 0.4, feedback: 0.2 };
const worths: DomainConfigInput = {
  ...{ ...common, reward: { weights: { quality: 1, cost: 0.5, latency: 0.25, feedback: 0.5 } } },
  policy: { name: 'beta_thompson' },
};
await reckoner.configure('relearning', worths, olive);
const tell = async (rounds: number) => {
  for (let round = 0; round < rounds; round++) {
    requests += 1;
    const { decisionId } = await reckoner.decide('relearning', { context: task(round), requestId: `tell-${requests}` });
    if (round % 3 === 0) await reckoner.reward(decisionId, { components });
    if (round % 3 === 1) await reckoner.reward(decisionId, { feedback: round % 2 ? 'click' : 'thumbs_down' });
    if (round % 3 === 2) await reckoner.reward(decisionId, { value: 0.3, components, feedback: { rating: 4 } });
    await node.settled('relearning');
  }
};
await tell(24);
await reckoner.configure('relearning', {
  ...{ ...worths, reward: { weights: { quality: 0.25, cost: 1 } }, feedback: { click: 'failure' } },
});
await node.settled('relearning');
await tell(12);
await reckoner.configure('relearning', { ...worths, policy: { name: 'rand_ucb' } });
await node.settled('relearning');
await tell(12);
await reckoner.rollBack('relearning', { to: 0, keepConfig: true, reason: 'only what was learned' }, olive);
await tell(9);
await reckoner.rollBack('relearning', { to: 0, reason: 'all of it' }, olive);
await tell(9);
const span = new Date(node.env.now()).toISOString();
await tell(9);
await reckoner.voidRewards('relearning', { from: span, to: new Date(node.env.now()).toISOString() }, olive);
await tell(6);

// What calls cost in contexts.
await reckoner.configure('paying', {
  ...{ ...common, bucketBy: [], policy: { name: 'lin_ucb' }, budget: { perRequestUsd: 0.006 } },
});
await play('paying', 50, task);

// Changes of what an arm earns, in buckets that were lent to; and rewards of before.
await reckoner.configure('shifting', {
  ...{ ...common, policy: { name: 'beta_thompson', discount: 0.99 } },
  ...{ changes: { detector: 'page_hinkley', threshold: 3, minPulls: 5 }, exploration: 0.5 },
});
const [old] = (await play('shifting', 40, task)) ?? [''];
for (let round = 0; round < 60; round++) {
  const { decisionId } = await reckoner.decide('shifting', { context: task(round), requestId: `shift-${round}` });
  await reckoner.reward(decisionId, { value: 0.02 });
  await node.settled('shifting');
}
await reckoner.reward(old, { value: 1, kind: 'explicit', requestId: 'late' });

// Every other policy.
const others = [
  { name: 'softmax' },
  { name: 'fixed', arm: 'tool' },
  { name: 'lin_ts' },
  { name: 'square_cb' },
  { name: 'context_tree' },
  { name: 'offset_tree' },
  { name: 'doubly_robust' },
  { name: 'bootstrap_bag' },
  { name: 'nig_thompson' },
  { name: 'epsilon_greedy' },
] satisfies DomainConfigInput['policy'][];
for (const policy of others) {
  await reckoner.configure(policy.name, { ...common, bucketBy: [], policy }, olive);
  await play(policy.name, 24, task);
}

// Agents that fail until they are left alone for a while.
await reckoner.configure('running', {
  ...{ ...common, arms: arms.slice(0, 2), bucketBy: [], policy: { name: 'beta_thompson' } },
});
for (let round = 0; round < 40; round++) {
  const run = await reckoner
    .run('running', { context: task(round), question: 'golden', requestId: `run-${round}` })
    .catch(() => undefined);
  if (run !== undefined) await reckoner.reward(run.decision.decisionId, { value: 0.8 });
}

const events: RecordedEvent[] = [];
for await (const event of node.log.readAll()) events.push(event);
await node.close();
clearInterval(awake);
const { streams, contents, mismatches, choices } = await replay(events);
if (mismatches.length > 0) throw new Error(JSON.stringify(mismatches.slice(0, 3)));
const expectation: Expectation = { engine: ENGINE, events: events.length, streams, contents };
writeFileSync(`${name}.ndjson`, `${events.map((event) => JSON.stringify(lineOf(event))).join('\n')}\n`);
writeFileSync(`${name}.json`, `${JSON.stringify(expectation, null, 2)}\n`);
console.log(`${events.length} events in ${Object.keys(streams).length} streams, ${choices} choices`);
const counts: Record<string, number> = {};
for (const event of events) {
  const decoded = decode(event);
  const silent = decoded?.type === 'RewardObserved' && decoded.data.feedback === 'silence';
  const kind = silent ? 'silence' : event.type;
  counts[kind] = (counts[kind] ?? 0) + 1;
}
console.log(counts);
