/** How shuffles are played: through nodes that the composition root opens. */

import type { SimulationPlan } from '../simulate/plan.ts';
import type { RunShuffle } from '../simulate/pool.ts';
import { runShuffle, type ShuffleResult } from '../simulate/run.ts';
import type { ScenarioPlan } from '../simulate/scenario/plan.ts';
import { runScenario, type ScenarioResult } from '../simulate/scenario/run.ts';
import { openNode } from './compose.ts';

export const playRecorded: RunShuffle<SimulationPlan, ShuffleResult> = (plan, shuffle, progress, signal) =>
  runShuffle(plan, shuffle, openNode, progress, signal);

export const playScenario: RunShuffle<ScenarioPlan, ScenarioResult> = (plan, shuffle, progress, signal) =>
  runScenario(plan, shuffle, openNode, progress, signal);
