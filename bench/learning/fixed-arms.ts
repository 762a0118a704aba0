/** What routers that do not learn earn: constants of a file, whatever the order of its rows. */
import { bucketIndices } from './flat-thompson.ts';
import type { Problem } from './problem.ts';

export interface FixedArms {
  /** Mean utility of always calling each arm. Length K. */
  readonly perArm: readonly number[];
  /** Index of the best of them. */
  readonly best: number;
  /** The best arm of every bucket, known only in hindsight. */
  readonly perBucket: number;
  /** The best arm of every request. */
  readonly oracle: number;
}

export function fixedArms(problem: Problem): FixedArms {
  const { rows, arms, costs } = problem;
  const buckets = bucketIndices(problem);
  const sums = new Map<number, Float64Array>();
  const totals = new Float64Array(arms.length);
  let oracle = 0;
  for (const [index, { rewards }] of rows.entries()) {
    const bucket = buckets[index]!;
    const sum = sums.get(bucket) ?? new Float64Array(arms.length);
    sums.set(bucket, sum);
    let best = -Infinity;
    for (let arm = 0; arm < arms.length; arm++) {
      const utility = rewards[arm]! - costs[arm]!;
      sum[arm]! += utility;
      totals[arm]! += utility;
      best = Math.max(best, utility);
    }
    oracle += best;
  }
  const perArm = [...totals].map((total) => total / rows.length);
  const perBucket = [...sums.values()].reduce((total, sum) => total + Math.max(...sum), 0) / rows.length;
  return { perArm, best: perArm.indexOf(Math.max(...perArm)), perBucket, oracle: oracle / rows.length };
}
