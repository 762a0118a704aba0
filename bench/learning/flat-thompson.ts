/**
 * Reference: Thompson sampling with a Beta(1, 1) for every arm of every bucket, nothing shared, no floor (Thompson 1933;
 * Chapelle & Li 2011). A fractional reward is a fractional success.
 */
import { drawBeta, randomness } from '../../policies/sampling.ts';
import type { Learner } from './learner.ts';
import type { Problem } from './problem.ts';

/** @param buckets false: one bucket for all rows */
export function flatThompson(problem: Problem, name: string, buckets: boolean): Learner {
  const bucketOf = bucketIndices(problem, buckets);
  const count = problem.arms.length;
  return {
    name,
    begin(seed) {
      const random = randomness(seed);
      const tables = new Map<number, { alpha: Float64Array; beta: Float64Array }>();
      const tableOf = (bucket: number) => {
        const known = tables.get(bucket);
        if (known !== undefined) return known;
        const table = { alpha: new Float64Array(count).fill(1), beta: new Float64Array(count).fill(1) };
        tables.set(bucket, table);
        return table;
      };
      return {
        choose(row) {
          const { alpha, beta } = tableOf(bucketOf[row]!);
          let best = 0;
          let bestScore = -Infinity;
          for (let arm = 0; arm < count; arm++) {
            const score = drawBeta(random, alpha[arm]!, beta[arm]!) - problem.costs[arm]!;
            if (score > bestScore) {
              best = arm;
              bestScore = score;
            }
          }
          return best;
        },
        learn(row, arm, reward) {
          const { alpha, beta } = tableOf(bucketOf[row]!);
          alpha[arm]! += reward;
          beta[arm]! += 1 - reward;
        },
      };
    },
  };
}

/** The bucket of every row, as a number; 0 for all where there are none. */
export function bucketIndices({ rows, bucketBy }: Problem, buckets = true): number[] {
  const known = new Map<string, number>();
  return rows.map(({ context }) => {
    const key = buckets ? JSON.stringify(bucketBy.map((feature) => context[feature])) : '';
    const index = known.get(key) ?? known.size;
    known.set(key, index);
    return index;
  });
}
