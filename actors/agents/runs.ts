/** Runs of requests that may be repeated: each is carried out once at a time, and its answer is kept for a while. */
import { LRUCache } from 'lru-cache';
import type { Run } from '../messages/run.ts';

export interface Runs {
  /** The run that is under way or was answered lately under this key, marked as repeated; else the one that `carryOut` begins. */
  once(key: string, carryOut: () => Promise<Run>): Promise<Run>;
}

export interface RunsOptions {
  /** How many answers to keep, default 1,000. */
  readonly answers?: number;
  /** How many characters they may have together as JSON, default 32 Mi; an answer that is longer is not kept. */
  readonly characters?: number;
}

export function createRuns({ answers = 1_000, characters = 32 * 1024 * 1024 }: RunsOptions = {}): Runs {
  // Apart from the answers: what is under way is never pushed out, and the router bounds it.
  const underWay = new Map<string, Promise<Run>>();
  const answered = new LRUCache<string, Run>({ max: answers, maxSize: characters });

  return {
    async once(key, carryOut) {
      const known = underWay.get(key) ?? answered.get(key);
      if (known !== undefined) return { ...(await known), repeated: true };
      const running = carryOut();
      underWay.set(key, running);
      try {
        const run = await running;
        const size = lengthOf(run.answer);
        if (size !== undefined) answered.set(key, run, { size });
        return run;
      } finally {
        underWay.delete(key);
      }
    },
  };
}

/** Characters of an answer, at least 1; undefined where it is no JSON, whose size nobody knows. */
function lengthOf(answer: unknown): number | undefined {
  try {
    return 1 + (typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? '')).length;
  } catch {
    return undefined;
  }
}
