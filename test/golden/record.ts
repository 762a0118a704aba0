/**
 * Records a golden history: `node dist/test/golden/record.js test/golden/<name>`. A history that was released is never
 * recorded anew: a build that cannot replay it has changed what logs mean.
 */
import { writeFileSync } from 'node:fs';
import type { DomainConfigInput } from '../../actors/domain-config.ts';
import { openNode } from '../../adapters/cli/compose.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { ENGINE } from '../../events/seal.ts';
import { type Expectation, lineOf, replay } from './history.ts';

const name = process.argv[2];
if (name === undefined) throw new Error('usage: node dist/test/golden/record.js test/golden/<name>');

const config: DomainConfigInput = {
  arms: [{ name: 'small', costUsd: 0.001, shift: 0 }, { name: 'large', costUsd: 0.02, shift: -0.1 }, 'tool'],
  context: {
    task: { type: 'categorical', values: ['chat', 'code'] },
    length: { type: 'numeric', min: 0, bins: [100], default: 50 },
    day: { type: 'derived', from: 'day_type' },
  },
  bucketBy: ['task', 'length'],
  sharing: { every: 15 },
  reward: { shares: { explicit: 0.4, outcome: 0.6 } },
  confidence: { gate: true },
  fallback: 'tool',
};

const phases: readonly Partial<DomainConfigInput>[] = [
  {},
  { policy: { name: 'epsilon_greedy', epsilon: 0.2 } },
  { policy: { name: 'fixed', arm: 'large' }, exploration: 0.25 },
  {
    arms: [
      ...config.arms,
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((arm) => ({ name: arm, prior: { alpha: 0.5, beta: 2 } })),
    ],
  },
];

const node = await openNode({ seed: 20_260_101, nodeName: 'golden' });
const { reckoner } = node;
for (const [phase, change] of phases.entries()) {
  await reckoner.configure('golden', { ...config, ...change });
  for (let count = 0; count < 36; count++) {
    const decision = await reckoner.decide('golden', {
      context: { task: count % 3 ? 'chat' : 'code', length: (count * 37) % 200 },
      requestId: `request-${phase}-${count}`,
      ...(count % 6 === 5 ? { k: 2 } : {}),
      ...(count % 9 === 8 ? { propensity: 'lazy' as const } : {}),
      ...(count % 12 === 11 ? { constraints: { maxCostUsd: 0.01 } } : {}),
      ...(count === 20 ? { candidates: ['large'], constraints: { maxCostUsd: 0 } } : {}),
    });
    const arm = decision.slate?.[1]?.arm ?? decision.arm;
    const item = `item-${count}`;
    if (decision.slate !== undefined)
      await reckoner.showItems(decision.decisionId, { items: [{ item, arm, position: 0 }] });
    const value = ((count * 7 + phase * 3) % 11) / 10.5;
    const given = await reckoner.reward(decision.decisionId, {
      ...{ value, kind: 'outcome' },
      ...(decision.slate === undefined ? {} : { item }),
    });
    if (count % 4 === 0) await reckoner.reward(decision.decisionId, { feedback: { rating: (count % 5) + 1 } });
    if (count % 10 === 3) await reckoner.retract(decision.decisionId, given.rewardId, { reason: 'golden' });
    await node.settled('golden');
    if (count === 24) await reckoner.freeze('golden', { reason: 'golden' });
    if (count === 28) await reckoner.thaw('golden', { reason: 'golden' });
  }
}

const events: RecordedEvent[] = [];
for await (const event of node.log.readAll()) events.push(event);
await node.close();
const { streams, mismatches } = replay(events);
if (mismatches.length > 0) throw new Error(JSON.stringify(mismatches.slice(0, 3)));
const expectation: Expectation = { engine: ENGINE, events: events.length, streams };
writeFileSync(`${name}.ndjson`, `${events.map((event) => JSON.stringify(lineOf(event))).join('\n')}\n`);
writeFileSync(`${name}.json`, `${JSON.stringify(expectation, null, 2)}\n`);
console.log(`${events.length} events in ${Object.keys(streams).length} streams`);
