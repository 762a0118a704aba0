/** Agents for the stage: each does as it is told, and what they were asked is noted. */
import type { AgentCall, AgentDefinition, AgentLimits } from '../../actors/agents/agent.ts';
import type { Outcome } from '../../actors/agents/agent-outcome.ts';

export interface Cast {
  readonly agents: readonly AgentDefinition[];
  /** What each does from now on; default it answers with its own name. */
  readonly does: Record<string, (call: AgentCall, signal: AbortSignal) => Promise<Outcome>>;
  /** Who was asked, in order. */
  readonly asked: { readonly agent: string; readonly call: AgentCall }[];
}

export function cast(ids: readonly string[], limits: Partial<AgentLimits> = {}): Cast {
  const does: Cast['does'] = {};
  const asked: Cast['asked'] = [];
  const agents = ids.map(
    (id): AgentDefinition => ({
      id,
      source: 'simulated',
      limits,
      perform: (call, signal) => {
        asked.push({ agent: id, call });
        return (does[id] ?? answers(id))(call, signal);
      },
    }),
  );
  return { agents, does, asked };
}

export function answers(text: string): () => Promise<Outcome> {
  return async () => ({ ok: true, answer: text, costUsd: 0.01, quality: 0.8, latencyMs: 40 });
}

export async function fails(): Promise<Outcome> {
  return { ok: false, category: 'failed', latencyMs: 5 };
}

export function hangs(): Promise<Outcome> {
  return new Promise(() => {});
}
