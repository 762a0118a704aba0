/**
 * The world of the demonstration: four simulated models and four kinds of task. What is true of it is known here, so that the
 * demonstration can say how close the router has come; the router itself sees only rewards.
 */
import type { AgentDefinition } from '../../actors/agents/agent.ts';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { diceOf, type SimulatedWorld, simulatedAgent, successOf } from '../agents/simulated.ts';

/** Apart from every domain of the user's, and from the examples. */
export const DEMO_DOMAIN = 'demo';

/** Each task has one arm that is clearly best: in the ten seconds that somebody watches, smaller differences are not to be seen. */
export const demoWorld: SimulatedWorld = {
  feature: 'task',
  values: { chat: 4, code: 3, math: 3, writing: 2 },
  arms: {
    'sim-small': {
      success: { chat: 0.92, code: 0.3, math: 0.1, writing: 0.4 },
      latencyMs: 400,
      costUsd: 0.0004,
      failure: 0.01,
    },
    'sim-large': {
      success: { chat: 0.7, code: 0.45, math: 0.3, writing: 0.96 },
      latencyMs: 1800,
      costUsd: 0.008,
      failure: 0.01,
    },
    'sim-code': {
      success: { chat: 0.3, code: 0.96, math: 0.3, writing: 0.15 },
      latencyMs: 1200,
      costUsd: 0.004,
      failure: 0.01,
    },
    'sim-reasoning': {
      success: { chat: 0.45, code: 0.5, math: 0.98, writing: 0.4 },
      latencyMs: 6000,
      costUsd: 0.02,
      failure: 0.02,
    },
  },
};

/** Who carries the arms out. */
export const demoAgents: readonly AgentDefinition[] = Object.keys(demoWorld.arms).map((arm) => ({
  id: arm,
  source: 'simulated',
  perform: simulatedAgent(demoWorld, arm, 1),
}));

/** The reward weighs a good answer against what it cost and how long it took. */
const weights = { quality: 0.85, cost: 0.1, latency: 0.05 };
const WORST_COST_USD = 0.02;
const WORST_LATENCY_MS = 8000;

export const demoConfig: DomainConfigInput = {
  description:
    'Simulated: the demonstration that `reckoner serve` plays where no provider is configured. No model is called. `--no-demo` silences it.',
  arms: Object.keys(demoWorld.arms),
  context: { task: { type: 'categorical', values: Object.keys(demoWorld.values) } },
  bucketBy: ['task'],
  reward: { weights },
};

/** The components of the reward for one call, each in [0, 1]. */
export function demoComponents(call: {
  readonly quality: number;
  readonly costUsd: number;
  readonly latencyMs: number;
}) {
  return {
    quality: call.quality,
    cost: Math.max(0, 1 - call.costUsd / WORST_COST_USD),
    latency: Math.max(0, 1 - call.latencyMs / WORST_LATENCY_MS),
  };
}

/** Mean reward of an arm for a task, as it truly is. A call that fails earns nothing. */
export function demoTruth(arm: string, task: string): number {
  const known = demoWorld.arms[arm];
  if (known === undefined) return 0;
  const sure = 1 - (known.failure ?? 0);
  const { cost, latency } = demoComponents({ quality: 0, costUsd: known.costUsd, latencyMs: known.latencyMs });
  return (
    weights.quality * successOf(demoWorld, arm, { task }) + sure * (weights.cost * cost + weights.latency * latency)
  );
}

/** What choosing at random and what always choosing the best arm would earn on average. */
export function demoBounds(): { readonly random: number; readonly best: number } {
  const arms = Object.keys(demoWorld.arms);
  const tasks = Object.entries(demoWorld.values);
  const total = tasks.reduce((sum, [, weight]) => sum + weight, 0);
  const mean = (value: (task: string) => number) =>
    tasks.reduce((sum, [task, weight]) => sum + (weight / total) * value(task), 0);
  return {
    random: mean((task) => arms.reduce((sum, arm) => sum + demoTruth(arm, task) / arms.length, 0)),
    best: mean((task) => Math.max(...arms.map((arm) => demoTruth(arm, task)))),
  };
}

/** The task of the next request; the same name gives the same one. */
export function demoTask(name: string): string {
  const tasks = Object.entries(demoWorld.values);
  let left = diceOf(name)() * tasks.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [task, weight] of tasks) {
    left -= weight;
    if (left < 0) return task;
  }
  return tasks[0]?.[0] ?? '';
}
