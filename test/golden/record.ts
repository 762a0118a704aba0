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

let calls = 0;
const agent = (id: string): AgentDefinition => ({
  id,
  source: 'simulated',
  async perform() {
    calls += 1;
    if (calls % 3 === 0) return { ok: false, category: 'refused' };
    return { ok: true, answer: 'done', costUsd: 0.001, latencyMs: 20, quality: 0.75 };
  },
});

const node = await openNode({ seed: 20_261_121, nodeName: 'golden', agents: [agent('small'), agent('large')] });
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

// Learning that is taken back, and brought back: configurations, a freeze, marks, rollbacks, a voiding.
await reckoner.configure('turning', { ...common, policy: { name: 'beta_thompson' }, fallback: 'tool' }, olive);
await play('turning', 20, task);
await reckoner.checkpoint('turning', { name: 'before the launch', reason: 'golden' }, olive);
await play('turning', 12, task);
await reckoner.configure('turning', {
  ...common,
  policy: { name: 'epsilon_greedy', epsilon: 0.2 },
  confidence: { gate: true },
});
const [early, late] = (await play('turning', 14, task)) ?? ['', ''];
await reckoner.freeze('turning', { reason: 'golden' });
await play('turning', 3, task);
await reckoner.thaw('turning', { reason: 'golden' });
const { revision } = await reckoner.domain('turning');
await reckoner.rollBack('turning', { to: 'before the launch', reason: 'a bad week' }, olive);
await play('turning', 12, task);
await reckoner.reward(early, { feedback: 'thumbs_up' }); // its decision is set aside
await reckoner.rollBack('turning', { to: revision, reason: 'it was not that bad' }, olive);
await reckoner.retract(early, late, { reason: 'golden' });
await play('turning', 12, task);
await reckoner.voidRewards('turning', { subject: 'ada', reason: 'brigading' }, olive);
await play('turning', 12, task);

// What moves scores: a budget, an objective, conservative mode.
await reckoner.configure('paying', {
  ...{ ...common, policy: { name: 'rand_ucb' }, budget: { perRequestUsd: 0.006 } },
  objective: { weights: { cost: 0.2, quality: 0.8 } },
});
await play('paying', 60, task);
await reckoner.configure('careful', {
  ...{ ...common, policy: { name: 'nig_thompson' }, conservative: { baseline: 'small' }, risk: 0.2 },
});
await play('careful', 40, task);

// Changes of what an arm earns.
await reckoner.configure('shifting', {
  ...{ ...common, bucketBy: [], policy: { name: 'beta_thompson', discount: 0.99 } },
  ...{ changes: { detector: 'page_hinkley', threshold: 3, minPulls: 5 }, exploration: 0.5 },
});
await play('shifting', 40, task);
for (let round = 0; round < 60; round++) {
  const { decisionId } = await reckoner.decide('shifting', { context: task(round), requestId: `shift-${round}` });
  await reckoner.reward(decisionId, { value: 0.02 });
}

// A policy that cannot forget, slates with items, arms that are carried out.
await reckoner.configure('slates', { ...common, bucketBy: [], policy: { name: 'doubly_robust' } });
await play('slates', 30, task);
for (let round = 0; round < 4; round++) {
  const { decisionId, slate } = await reckoner.decide('slates', {
    context: task(round),
    k: 3,
    requestId: `slate-${round}`,
  });
  const lists = (slate ?? []).map(({ arm }) => ({ arm, items: [`${arm}-${round}`, `other-${round}`] }));
  const { items } = await reckoner.blend(decisionId, { lists, size: 3 });
  const [first] = items;
  if (first !== undefined) await reckoner.reward(decisionId, { feedback: 'click', item: first.item });
}
await reckoner.configure('running', {
  ...common,
  arms: arms.slice(0, 2),
  bucketBy: [],
  policy: { name: 'beta_thompson' },
});
for (let round = 0; round < 10; round++) {
  const run = await reckoner
    .run('running', { context: task(round), question: 'golden', requestId: `run-${round}` })
    .catch(() => undefined);
  if (run !== undefined) await reckoner.reward(run.decision.decisionId, { value: 0.8 });
}

// Rewards that do not come.
await reckoner.configure('waiting', {
  ...{ ...common, bucketBy: [], policy: { name: 'beta_thompson' }, reward: { window: { seconds: 0.1, silence: 0.2 } } },
});
for (let round = 0; round < 8; round++)
  await reckoner.decide('waiting', { context: task(round), requestId: `wait-${round}` });
// Every look at this clock moves it on.
for (let looks = 0; looks < 200; looks++) node.env.now();
await new Promise((resolve) => setTimeout(resolve, 3_000));
await play('waiting', 8, task);

const events: RecordedEvent[] = [];
for await (const event of node.log.readAll()) events.push(event);
await node.close();
const { streams, mismatches, choices } = await replay(events);
if (mismatches.length > 0) throw new Error(JSON.stringify(mismatches.slice(0, 3)));
const expectation: Expectation = { engine: ENGINE, events: events.length, streams };
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
