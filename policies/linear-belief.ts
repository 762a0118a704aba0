/** What a linear model says it believes of an arm's mean reward, within the range that rewards have. */

import type { Belief } from './policy.ts';

/** Variance of a reward before anything is known, worth one pull: no reward in [0, 1] varies more. */
const VARIANCE = 0.25;
const Z = 1.959963984540054;

/**
 * @param mean x'theta
 * @param width standard deviation of it, in units of a reward's
 * @param residual weighted sum of squares that the model leaves unexplained
 * @param weight sum of the weights of that
 * @param pulls sum of shares
 */
export function linearBelief(mean: number, width: number, residual: number, weight: number, pulls: number): Belief {
  return beliefAround(mean, Math.sqrt((residual + VARIANCE) / (weight + 1)) * width, pulls);
}

/** @param deviation standard deviation of the mean, in units of reward @param pulls sum of shares */
export function beliefAround(mean: number, deviation: number, pulls: number): Belief {
  const half = Z * deviation;
  return { mean: unit(mean), lower: unit(mean - half), upper: unit(mean + half), pulls };
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
