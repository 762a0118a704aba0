/** A thread that runs shuffles: `simulate.ts` starts it with the plan. */
import { parentPort, workerData } from 'node:worker_threads';
import type { SimulationPlan } from '../simulate/plan.ts';
import { serveShuffles } from '../simulate/thread.ts';
import { openNode } from './compose.ts';

if (parentPort === null) throw new Error('simulate-thread.ts is started by simulate.ts only');
serveShuffles(parentPort, workerData as SimulationPlan, openNode); // what pool.ts hands it
