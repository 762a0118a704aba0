/** A thread that runs shuffles: `simulate.ts` starts it with the plan. */
import { parentPort, workerData } from 'node:worker_threads';
import type { SimulationPlan } from '../simulate/plan.ts';
import type { ScenarioPlan } from '../simulate/scenario/plan.ts';
import { serveShuffles } from '../simulate/thread.ts';
import { playRecorded, playScenario } from './simulate-play.ts';

const port = parentPort;
if (port === null) throw new Error('simulate-thread.ts is started by simulate.ts only');
const plan = workerData as SimulationPlan | ScenarioPlan; // what pool.ts hands it
if ('scenario' in plan) serveShuffles(port, plan, playScenario);
else serveShuffles(port, plan, playRecorded);
