/**
 * The level of a bucket: a hard topic is hard for every arm, and the domain's mean of an arm is then too high for it. The
 * log-odds of all lent means move by one number, the mode of a random effect (as in the two-way models of Searle,
 * Casella & McCulloch 1992, chapter 7, on the logistic scale), estimated from what the bucket's own pulls say. Without it an
 * arm that the bucket has not met looks good in every hard bucket, and an arm that it has met in every easy one.
 */

import type { Situation } from './policy.ts';
import { logistic } from './sampling.ts';

/** Lent means stay this far from 0 and 1: whatever the level, no prior is certain. */
const MARGIN = 1e-3;

/**
 * The situation with its prior moved to the level of the bucket. The weights of the prior stay.
 *
 * Solves sum_i u_i (y_i - logistic(l_i + o)) = strength / 4 * o for o by Newton's method, with y_i the observed mean of
 * candidate i, l_i the log-odds of its lent mean, and u_i = n_i w_i / (n_i + w_i) the weight of n_i pulls beside a prior of w_i:
 * an arm that differs from its lent mean by itself must not move the others as if it were many.
 *
 * @param situation with the alpha and beta of each candidate as prior
 * @param pulls sum of shares of each candidate in the bucket. Length K
 * @param sums sum of share * value, likewise
 * @param strength pulls at a mean of 1/2 that hold the level at 0; 0 means no level at all
 */
export function atBucketLevel(
  situation: Situation,
  pulls: ArrayLike<number>,
  sums: ArrayLike<number>,
  strength: number,
): Situation {
  if (strength === 0) return situation;
  const count = situation.candidates.length;
  const weights: number[] = [];
  const logOdds: number[] = [];
  const seen: number[] = [];
  for (let i = 0; i < count; i++) {
    const alpha = situation.prior[2 * i]!;
    const beta = situation.prior[2 * i + 1]!;
    weights.push(alpha + beta);
    logOdds.push(Math.log(alpha / beta));
    seen.push((pulls[i]! * weights[i]!) / (pulls[i]! + weights[i]!));
  }
  let level = 0;
  for (let round = 0; round < 50; round++) {
    let slope = -0.25 * strength * level;
    let bend = 0.25 * strength;
    for (let i = 0; i < count; i++) {
      if (seen[i] === 0) continue;
      const mean = logistic(logOdds[i]! + level);
      slope += seen[i]! * (sums[i]! / pulls[i]! - mean);
      bend += seen[i]! * mean * (1 - mean);
    }
    const step = Math.max(-1, Math.min(1, slope / bend));
    level += step;
    if (Math.abs(step) < 1e-12) break;
  }
  const prior: number[] = [];
  for (let i = 0; i < count; i++) {
    const mean = Math.max(MARGIN, Math.min(1 - MARGIN, logistic(logOdds[i]! + level)));
    prior.push(weights[i]! * mean, weights[i]! * (1 - mean));
  }
  return { ...situation, prior };
}
