import { Worker } from 'node:worker_threads';
import { errorOf } from '../../events/errors.ts';
import type { ThreadAnswer } from './thread.ts';

/** Plays one shuffle of a plan. */
export type RunShuffle<Plan, Result> = (
  plan: Plan,
  shuffle: number,
  progress: (requests: number) => void,
  signal?: AbortSignal,
) => Promise<Result>;

export interface PoolOptions<Plan, Result> {
  /** How this thread plays a shuffle; the others do as their script says. */
  readonly run: RunShuffle<Plan, Result>;
  /** Threads to spread the shuffles over; 1 runs them in this one. The results do not depend on it. */
  readonly workers: number;
  /** The script of a thread (see thread.ts); where there is none, this thread runs them all. */
  readonly thread?: URL;
  /** Is told how many requests have been served since it was last told. */
  readonly progress: (requests: number) => void;
  /** Ends the run early: what is complete by then is the result. */
  readonly signal: AbortSignal;
}

/**
 * Runs the plan's shuffles.
 * @returns the results of the complete shuffles, in the order of their numbers
 * @throws ReckonerError what a shuffle threw
 */
export async function runShuffles<
  Plan extends { readonly shuffles: number },
  Result extends { readonly shuffle: number },
>(plan: Plan, options: PoolOptions<Plan, Result>): Promise<Result[]> {
  const workers = Math.min(options.workers, plan.shuffles);
  const { thread } = options;
  const results =
    workers > 1 && thread !== undefined
      ? await inThreads<Plan, Result>(plan, workers, thread, options)
      : await inThisThread(plan, options);
  return results.sort((a, b) => a.shuffle - b.shuffle);
}

async function inThisThread<Plan extends { readonly shuffles: number }, Result>(
  plan: Plan,
  { run, progress, signal }: PoolOptions<Plan, Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  try {
    for (let shuffle = 0; shuffle < plan.shuffles; shuffle++) results.push(await run(plan, shuffle, progress, signal));
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
  return results;
}

async function inThreads<Plan extends { readonly shuffles: number }, Result>(
  plan: Plan,
  workers: number,
  script: URL,
  { progress, signal }: Pick<PoolOptions<Plan, Result>, 'progress' | 'signal'>,
): Promise<Result[]> {
  const results: Result[] = [];
  const threads: Worker[] = [];
  let next = 0;
  const runThread = () =>
    new Promise<void>((resolve, reject) => {
      const thread = new Worker(script, { workerData: plan });
      threads.push(thread);
      const giveNext = () => {
        if (next < plan.shuffles) thread.postMessage(next++);
        else resolve();
      };
      thread.on('message', (answer: ThreadAnswer<Result>) => {
        if ('progress' in answer) progress(answer.progress);
        else if ('result' in answer) {
          results.push(answer.result);
          giveNext();
        } else if ('problem' in answer) reject(errorOf(answer.problem));
        else reject(new Error(answer.failure));
      });
      thread.on('error', reject);
      thread.on('exit', () => reject(new Error('A worker thread ended before its work was done.')));
      signal.addEventListener('abort', () => resolve(), { once: true });
      giveNext();
    });
  try {
    if (!signal.aborted) await Promise.all(Array.from({ length: workers }, runThread));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return results;
}
