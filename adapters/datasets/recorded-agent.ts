import type { AgentDefinition } from '../../actors/agents/agent.ts';
import type { RecordedRequest } from './dataset.ts';

/**
 * Agents that carry arms out by looking up what was recorded: no model is called. Each tells the outcome of its own arm and of no
 * other: what a router does not choose it does not see. The question is the recorded request.
 * @param arms the dataset's arms, in its order
 */
export function recordedAgents(arms: readonly string[]): readonly AgentDefinition[] {
  return arms.map((arm, place) => ({
    id: arm,
    source: 'recorded',
    perform: async ({ question }) => {
      const request = question as RecordedRequest; // nobody else asks a simulation's node
      const reward = request.rewards[place];
      if (reward === undefined) return { ok: false, category: 'refused', latencyMs: 0 };
      return { ok: true, answer: null, quality: reward, costUsd: request.dollars[place] ?? 0, latencyMs: 0 };
    },
  }));
}
