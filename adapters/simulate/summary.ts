import type { SimulationPlan } from './plan.ts';
import type { ShuffleResult } from './run.ts';
import { studentT975 } from './student.ts';

/** A mean over shuffles and its 95 % interval; no interval where there is one shuffle only. */
export interface Estimate {
  readonly mean: number;
  readonly interval: readonly [number, number] | null;
}

/** What all complete shuffles together say. */
export interface Summary {
  readonly shuffles: number;
  /** Requests of one shuffle. */
  readonly requests: number;
  /** Per request. */
  readonly reward: Estimate;
  readonly utility: Estimate;
  /** Total of a run. */
  readonly regretToOracle: Estimate;
  readonly regretToBest: Estimate;
  /** US dollars of a run, mean over shuffles; null where the dataset has none. */
  readonly dollars: number | null;
  /** Means over shuffles, in the order of the dataset's arms. */
  readonly arms: readonly ArmSummary[];
  /** Cumulative regret to the best single arm, mean over shuffles. */
  readonly curve: readonly number[];
  /** Seconds of wall-clock time of the whole simulation. */
  readonly seconds: number;
}

export interface ArmSummary {
  readonly arm: string;
  /** Calls in a run. */
  readonly calls: number;
  /** Part of all calls. */
  readonly share: number;
  /** Mean reward of its calls; null where it was never called. */
  readonly reward: number | null;
  /** US dollars of its calls in a run; null where the dataset has none. */
  readonly dollars: number | null;
  /** Utility cost of its calls in a run. */
  readonly utilityCost: number;
}

/** @param results of the complete shuffles, at least one */
export function summarise(plan: SimulationPlan, results: readonly ShuffleResult[], seconds: number): Summary {
  const requests = plan.dataset.rows.length;
  const last = (curve: readonly number[]) => curve.at(-1) ?? 0;
  return {
    shuffles: results.length,
    requests,
    reward: estimate(results.map((result) => result.reward / requests)),
    utility: estimate(results.map((result) => result.utility / requests)),
    regretToOracle: estimate(results.map((result) => last(result.regretToOracle))),
    regretToBest: estimate(results.map((result) => last(result.regretToBest))),
    dollars: plan.dataset.priced
      ? mean(results.map(({ arms }) => arms.reduce((sum, use) => sum + use.dollars, 0)))
      : null,
    arms: plan.dataset.arms.map((arm, place) => armSummary(plan, results, arm, place)),
    curve: (results[0]?.regretToBest ?? []).map((_, point) =>
      mean(results.map((result) => result.regretToBest[point] ?? 0)),
    ),
    seconds,
  };
}

function armSummary(plan: SimulationPlan, results: readonly ShuffleResult[], arm: string, place: number): ArmSummary {
  const of = (what: 'calls' | 'reward' | 'dollars') => mean(results.map((result) => result.arms[place]?.[what] ?? 0));
  const calls = of('calls');
  return {
    arm,
    calls,
    share: calls / plan.dataset.rows.length,
    reward: calls === 0 ? null : of('reward') / calls,
    dollars: plan.dataset.priced ? of('dollars') : null,
    utilityCost: calls * (plan.utilityCosts[place] ?? 0),
  };
}

/** Mean and t interval of independent runs: mean ± t(0.975, n - 1) sd / sqrt(n). */
export function estimate(values: readonly number[]): Estimate {
  const centre = mean(values);
  if (values.length < 2) return { mean: centre, interval: null };
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  const half = studentT975(values.length - 1) * Math.sqrt(variance / values.length);
  return { mean: centre, interval: [centre - half, centre + half] };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
