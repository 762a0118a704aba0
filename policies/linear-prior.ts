/**
 * What a linear policy makes of the prior of an arm: pulls of that mean in an average context, whose vector e is the bias alone. They are an
 * argument of the choice and no part of the posterior: with n of them, of mean m, A becomes A + n e e' and b becomes b + n m e, and
 * Sherman & Morrison (1950) give what that does to one prediction without touching the model.
 */

import type { PriorSource, Situation } from './policy.ts';
import { checkSituation } from './situation.ts';

/** Numbers of prior a candidate: the alpha and beta of its Beta prior. None at all is Beta(1, 1) for everyone. */
export const LINEAR_PRIOR_WIDTH = 2;

/** A Beta prior of so many pulls says nothing that a linear model knew: it is uniform. */
const UNIFORM = 2;

/**
 * The configured prior of every candidate; empty where all are uniform. The domain lends nothing: its means know no context.
 * A uniform prior is worth no pull, and any other is worth its pulls beyond those of a uniform one, but at least its first two: an
 * expected quality comes as a Beta of two pulls, and would say nothing otherwise.
 */
export function linearPrior(candidates: readonly string[], { configured }: PriorSource): number[] {
  const prior = candidates.flatMap((arm) => {
    const { alpha, beta, expected } = configured(arm);
    const total = alpha + beta;
    const silent = alpha === 1 && beta === 1 && expected !== true;
    if (silent || total >= 2 * UNIFORM) return [alpha, beta];
    const grown = (Math.min(total, UNIFORM) + UNIFORM) / total;
    return [alpha * grown, beta * grown];
  });
  return prior.every((pulls) => pulls === 1) ? [] : prior;
}

/** @throws RangeError for a situation whose lengths do not fit, or a prior that is not positive and finite */
export function checkLinearSituation(situation: Situation): void {
  const { prior, candidates } = situation;
  checkSituation(situation, prior.length === 0 ? 0 : LINEAR_PRIOR_WIDTH);
  for (let i = 0; i < prior.length; i++) {
    if (prior[i]! > 0 && prior[i]! < Number.POSITIVE_INFINITY) continue;
    throw new RangeError(
      `the prior of arm '${candidates[i >> 1]}' has ${prior[i]} pulls: its numbers must be positive and finite`,
    );
  }
}

/** What a model says at x, and what of it moves with observations in the average context e. Changed in place. */
export interface LinearPrediction {
  /** x'theta. */
  mean: number;
  /** x'A^-1 x. */
  variance: number;
  /** e'theta, x'A^-1 e and e'A^-1 e. */
  readonly average: number;
  readonly covariance: number;
  readonly averageVariance: number;
}

/** Adds what the prior of a candidate is worth beyond a uniform one. */
export function addPrior(prediction: LinearPrediction, { prior }: Situation, candidate: number): void {
  if (prior.length === 0) return;
  const alpha = prior[LINEAR_PRIOR_WIDTH * candidate]!;
  const total = alpha + prior[LINEAR_PRIOR_WIDTH * candidate + 1]!;
  const pulls = Math.max(0, total - UNIFORM);
  if (pulls === 0) return;
  const gain = (pulls * prediction.covariance) / (1 + pulls * prediction.averageVariance);
  prediction.mean += gain * (alpha / total - prediction.average);
  prediction.variance -= gain * prediction.covariance;
}
