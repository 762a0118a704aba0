/** A thread that plays shuffles: it gets the options at its start, then one job after another, and answers each with its figures. */
import { parentPort, workerData } from 'node:worker_threads';
import { ReckonerError } from '../../events/errors.ts';
import type { Job, ThreadAnswer, ThreadData } from './threads.ts';
import { type Trial, trialsOf } from './trials.ts';

const { folder, options } = workerData as ThreadData; // what threads.ts starts this thread with
const port = parentPort;
if (port === null) throw new Error('thread.ts is started by threads.ts only');

const answer = (message: ThreadAnswer) => port.postMessage(message);
/** The set that is being played: one after another, so one is enough. */
let known: { readonly set: string; readonly trials: readonly Trial[] } = { set: '', trials: [] };

port.on('message', async ({ set, trial, shuffle }: Job) => {
  try {
    if (known.set !== set) known = { set, trials: await trialsOf(set, folder, options) };
    const found = known.trials[trial];
    if (found === undefined) throw new RangeError(`${set} has no trial ${trial}`);
    answer({ values: found.experiment.shuffle(shuffle) });
  } catch (thrown) {
    // A class does not survive the way between threads: its data does.
    if (thrown instanceof ReckonerError) answer({ problem: thrown.problem });
    else answer({ failure: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
  }
});
