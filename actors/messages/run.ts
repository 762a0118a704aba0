import { z } from 'zod';
import type { AgentSource } from '../agents/agent.ts';
import type { FailureCategory } from '../agents/agent-outcome.ts';
import { DecideBody, type Decision } from './decide.ts';

/** How long a run may take where nothing else is said, and at most, in milliseconds. */
export const RUN_TIMEOUT = { default: 30_000, most: 600_000 } as const;

export const RunBody = DecideBody.omit({ k: true }).extend({
  question: z.unknown().describe('what the agent is asked, in the form that it understands; never recorded'),
  timeoutMs: z
    .int()
    .min(1)
    .max(RUN_TIMEOUT.most)
    .default(RUN_TIMEOUT.default)
    .describe('how long an answer is waited for, all attempts together, in milliseconds'),
});

export type RunBody = z.input<typeof RunBody>;

/** `made`: the id was made by a node. */
export type RunCommand = z.output<typeof RunBody> & { readonly made?: boolean };

/** One agent that was tried for a run. */
export interface Attempt {
  readonly arm: string;
  readonly agent: string;
  /** Id of the event that recorded it; null where the agent's open breaker turned it away, which is only counted. */
  readonly eventId: string | null;
  readonly latencyMs: number;
  /** Why it failed; null where it answered. */
  readonly failure: FailureCategory | null;
}

/** The answer to a run command. */
export interface Run {
  readonly decision: Decision;
  /** The arm that answered: the chosen one, or one that stood in for it. Rewards of the decision go to it. */
  readonly arm: string;
  /** What its agent answered; null where the request is repeated and only the log still tells that it was answered. */
  readonly answer: unknown;
  readonly source: AgentSource;
  readonly latencyMs: number;
  readonly costUsd: number;
  /** In [0, 1]; null where it was not known at once. */
  readonly quality: number | null;
  /** Who was tried, in order; the last one answered. */
  readonly attempts: readonly Attempt[];
  /** True where the request had been answered before. */
  readonly repeated: boolean;
}
