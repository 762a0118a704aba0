/** What a thread that runs shuffles does: it gets one number after another, and answers each with its result. */
import type { MessagePort } from 'node:worker_threads';
import { type Problem, ReckonerError } from '../../events/errors.ts';
import type { RunShuffle } from './pool.ts';

/** What a thread answers. */
export type ThreadAnswer<Result> =
  | { readonly progress: number }
  | { readonly result: Result }
  | { readonly problem: Problem }
  | { readonly failure: string };

/** Answers every number that comes in at the port with the result of that shuffle. */
export function serveShuffles<Plan, Result>(port: MessagePort, plan: Plan, run: RunShuffle<Plan, Result>): void {
  const answer = (message: ThreadAnswer<Result>) => port.postMessage(message);
  port.on('message', async (shuffle: number) => {
    try {
      answer({ result: await run(plan, shuffle, (progress) => answer({ progress })) });
    } catch (thrown) {
      // A class does not survive the way between threads: its data does.
      if (thrown instanceof ReckonerError) answer({ problem: thrown.problem });
      else answer({ failure: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
    }
  });
}
