/**
 * Reference: ridge LinUCB whose score is less a price times what an arm has cost on average, as parts of the ceiling; the price
 * moves with every call by 1 + 0.02 (cost / ceiling - 1). Nothing keeps it from overspending while the price is being found.
 */
import type { Learner } from './learner.ts';
import type { Problem } from './problem.ts';
import { type RidgeParameters, ridgeLinUcb } from './ridge-linucb.ts';

const FIRST_PRICE = 0.01;
const STEP = 0.02;

/** @param problem under a budget */
export function referencePacer(problem: Problem, name: string, parameters: RidgeParameters): Learner {
  const { budget } = problem;
  if (budget === undefined) throw new RangeError('the reference pacer plays under a budget only');
  const { perRequestUsd, declaredUsd } = budget;
  const costs = [...problem.costs];
  // LinUCB reads the costs anew with every choice.
  const learner = ridgeLinUcb({ ...problem, costs }, name, parameters);
  return {
    name,
    begin(seed) {
      const pass = learner.begin(seed);
      const known = declaredUsd.map((mean) => ({ count: 1, mean }));
      let price = FIRST_PRICE;
      return {
        choose(row) {
          for (const [arm, { mean }] of known.entries())
            costs[arm] = problem.costs[arm]! + (price * mean) / perRequestUsd;
          return pass.choose(row);
        },
        learn(row, arm, reward, dollars = 0) {
          const cost = known[arm]!;
          cost.count += 1;
          cost.mean += (dollars - cost.mean) / cost.count;
          price = Math.max(1e-9, price * (1 + STEP * (dollars / perRequestUsd - 1)));
          pass.learn(row, arm, reward);
        },
      };
    },
  };
}
