/** A thread that runs shuffles: it gets the plan at its start, then one number after another, and answers each with its result. */
import { parentPort, workerData } from 'node:worker_threads';
import { ReckonerError } from '../../events/errors.ts';
import type { SimulationPlan } from './simulate-plan.ts';
import type { WorkerAnswer } from './simulate-pool.ts';
import { runShuffle } from './simulate-run.ts';

const plan = workerData as SimulationPlan; // what simulate-pool.ts starts this thread with
const port = parentPort;
if (port === null) throw new Error('simulate-worker is started by simulate-pool only');

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
