/** Spreads shuffles over threads. What comes of it is what one thread would give: shuffles are independent and recorded in their order. */
import { Worker } from 'node:worker_threads';
import { errorOf, type Problem } from '../../events/errors.ts';
import type { Trial, TrialOptions } from './trials.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly folder: string;
  readonly options: TrialOptions;
}

/** One shuffle of a trial of a set. */
export interface Job {
  readonly set: string;
  /** Index among the set's trials. */
  readonly trial: number;
  readonly shuffle: number;
}

export type ThreadAnswer =
  | { readonly values: number[][] }
  | { readonly problem: Problem }
  | { readonly failure: string };

export interface Threads {
  /** Runs all shuffles of a trial; `record` is told of them in their order. */
  play(set: string, place: number, trial: Trial, record: (values: number[][]) => void): Promise<void>;
  close(): Promise<void>;
}

/** @param count 1 runs everything in this thread, as do the sources, which Node 20 does not run as they are */
export function startThreads(count: number, data: ThreadData): Threads {
  const compiled = !import.meta.url.endsWith('.ts');
  const workers =
    count > 1 && compiled
      ? Array.from({ length: count }, () => new Worker(new URL('./thread.js', import.meta.url), { workerData: data }))
      : [];
  return {
    async play(set, place, trial, record) {
      if (workers.length === 0) {
        for (let shuffle = 0; shuffle < trial.shuffles; shuffle++) record(trial.experiment.shuffle(shuffle));
        return;
      }
      const waiting = new Map<number, number[][]>();
      let next = 0;
      let recorded = 0;
      const serve = async (worker: Worker) => {
        while (next < trial.shuffles) {
          const shuffle = next++;
          waiting.set(shuffle, await ask(worker, { set, trial: place, shuffle }));
          for (let values = waiting.get(recorded); values !== undefined; values = waiting.get(recorded)) {
            waiting.delete(recorded++);
            record(values);
          }
        }
      };
      await Promise.all(workers.map(serve));
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function ask(worker: Worker, job: Job): Promise<number[][]> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      worker.off('message', answered);
      worker.off('error', failed);
      settle();
    };
    const answered = (answer: ThreadAnswer) =>
      done(() => {
        if ('values' in answer) resolve(answer.values);
        else reject('problem' in answer ? errorOf(answer.problem) : new Error(answer.failure));
      });
    const failed = (thrown: unknown) => done(() => reject(thrown));
    worker.on('message', answered);
    worker.on('error', failed);
    worker.postMessage(job);
  });
}
