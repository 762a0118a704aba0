/** A thread that runs shuffles: it gets the plan at its start, then one number after another, and answers each with its result. */
import { parentPort, workerData } from 'node:worker_threads';
import { ReckonerError } from '../../events/errors.ts';
import type { SimulationPlan } from './plan.ts';
import type { WorkerAnswer } from './pool.ts';
import { runShuffle } from './run.ts';

const plan = workerData as SimulationPlan; // what pool.ts starts this thread with
const port = parentPort;
if (port === null) throw new Error('worker.ts is started by pool.ts only');

const answer = (message: WorkerAnswer) => port.postMessage(message);

port.on('message', async (shuffle: number) => {
  try {
    answer({ result: await runShuffle(plan, shuffle, (progress) => answer({ progress })) });
  } catch (thrown) {
    // A class does not survive the way between threads: its data does.
    if (thrown instanceof ReckonerError) answer({ problem: thrown.problem });
    else answer({ failure: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
  }
});
