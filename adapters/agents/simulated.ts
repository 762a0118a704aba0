/**
 * Simulated agents: they call no model. Whether a call goes well is a throw of seeded dice, by arm and by one feature of the
 * context; everything they produce is labelled `simulated`.
 */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { AgentCall } from '../../actors/agents/agent.ts';
import type { Outcome } from '../../actors/agents/agent-outcome.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';

export interface SimulatedArm {
  /** P(the answer is good) by the value of the world's feature, each in [0, 1]. */
  readonly success: Readonly<Record<string, number>>;
  /** Mean latency; a call takes between 0.7 and 1.3 times as long. Nobody waits for it. */
  readonly latencyMs: number;
  /** Dollars a call. */
  readonly costUsd: number;
  /** P(the call fails altogether), default 0. */
  readonly failure?: number;
}

export interface SimulatedWorld {
  /** The categorical feature that decides how good an arm is. */
  readonly feature: string;
  /** How often each value of it occurs; relative weights. */
  readonly values: Readonly<Record<string, number>>;
  readonly arms: Readonly<Record<string, SimulatedArm>>;
}

/** What is asked of it: no words, just what kind of request it is. */
const SimulatedQuestion = z.object({ context: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])) });
export type SimulatedQuestion = z.infer<typeof SimulatedQuestion>;

/**
 * What an agent actor performs for one arm of a simulated world. The outcome is a function of seed, arm and decision: the
 * order in which calls arrive makes no difference.
 * @throws RangeError where the world has no such arm
 */
export function simulatedAgent(world: SimulatedWorld, arm: string, seed: number) {
  const known = world.arms[arm];
  if (known === undefined) throw new RangeError(`the simulated world has no arm ${arm}`);
  return async (call: AgentCall): Promise<Outcome> => {
    const asked = SimulatedQuestion.safeParse(call.question);
    if (!asked.success) return { ok: false, category: 'refused', latencyMs: 0 };
    const throwDie = diceOf(`${seed}\u001f${arm}\u001f${call.decisionId}`);
    const latencyMs = known.latencyMs * (0.7 + 0.6 * throwDie());
    if (throwDie() < (known.failure ?? 0)) return { ok: false, category: 'failed', latencyMs };
    const good = throwDie() < (known.success[String(asked.data.context[world.feature])] ?? 0);
    return {
      ok: true,
      answer: { source: 'simulated', text: `[simulated] ${arm} would have answered here.` },
      costUsd: known.costUsd,
      quality: good ? 1 : 0,
      latencyMs,
    };
  };
}

/** P(a call of the arm brings a good answer) in this context; 0 where the world does not know one of them. */
export function successOf(world: SimulatedWorld, arm: string, context: SimulatedQuestion['context']): number {
  const known = world.arms[arm];
  return (known?.success[String(context[world.feature])] ?? 0) * (1 - (known?.failure ?? 0));
}

/** Numbers in [0, 1), the same for the same name. */
export function diceOf(name: string): () => number {
  const random = randomness(Number.parseInt(hash('sha256', name).slice(0, 8), 16));
  return () => drawUniform(random);
}
