import { oracleUtility } from '../datasets/baselines.ts';
import type { RecordedRequest } from '../datasets/dataset.ts';
import type { SimulationPlan } from './plan.ts';

/** What a run has earned. */
export interface Tally {
  /** Sums over the requests; a utility is a reward less the utility cost of the arm. */
  readonly reward: number;
  readonly utility: number;
  /** In the order of the dataset's arms. */
  readonly arms: readonly ArmUse[];
  /** Cumulative regret after each of at most 60 equal parts of the run, the last entry after all of it. */
  readonly regretToBest: readonly number[];
  readonly regretToOracle: readonly number[];
}

export interface ArmUse {
  readonly calls: number;
  /** Sum of the rewards of its calls. */
  readonly reward: number;
  /** US dollars; 0 where the dataset has none. */
  readonly dollars: number;
}

const CURVE_POINTS = 60;

/** Counts a run up, request by request. */
export function tally(plan: SimulationPlan) {
  const { dataset, utilityCosts } = plan;
  const places = new Map(dataset.arms.map((arm, index) => [arm, index]));
  const best = places.get(plan.baselines.bestSingleArm.arm) ?? 0;
  const costOf = (arm: number) => utilityCosts[arm] ?? 0;
  const total = dataset.rows.length;
  const points = Math.min(CURVE_POINTS, total);
  const arms = dataset.arms.map(() => ({ calls: 0, reward: 0, dollars: 0 }));
  const sums = { reward: 0, utility: 0, best: 0, oracle: 0 };
  const regretToBest: number[] = [];
  const regretToOracle: number[] = [];
  let served = 0;
  return {
    add(request: RecordedRequest, arm: string, outcome: { readonly reward: number; readonly dollars: number }): void {
      const place = places.get(arm) ?? -1;
      const use = arms[place];
      if (use === undefined) throw new RangeError(`${arm} is not an arm of ${dataset.name}`);
      use.calls++;
      use.reward += outcome.reward;
      use.dollars += outcome.dollars;
      sums.reward += outcome.reward;
      sums.utility += outcome.reward - costOf(place);
      sums.best += (request.rewards[best] ?? 0) - costOf(best);
      sums.oracle += oracleUtility(request, utilityCosts);
      served++;
      if (served === Math.round(((regretToBest.length + 1) * total) / points)) {
        regretToBest.push(sums.best - sums.utility);
        regretToOracle.push(sums.oracle - sums.utility);
      }
    },
    result(): Tally {
      return { reward: sums.reward, utility: sums.utility, arms, regretToBest, regretToOracle };
    },
  };
}
