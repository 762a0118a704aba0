/**
 * The doubly robust bandit on line: linear Thompson sampling (Agrawal & Goyal 2013) on models that are learned from doubly robust
 * estimates of what every arm would have earned; see `doubly-robust-arms.ts`. Learning weighs a reward by the propensity of its
 * decision, which is exact and computed with every decision.
 */

import {
  emptyRobust,
  LAMBDA,
  type RobustArm,
  type RobustLearning,
  type RobustPosterior,
  robustLearner,
} from './doubly-robust-arms.ts';
import { readRobust, writeRobust } from './doubly-robust-bytes.ts';
import { createEncoder, type FeatureKind } from './encoding.ts';
import { linearBelief } from './linear-belief.ts';
import {
  addPrior,
  checkLinearSituation,
  LINEAR_PRIOR_WIDTH,
  type LinearPrediction,
  linearPrior,
} from './linear-prior.ts';
import type { Policy, Situation } from './policy.ts';
import { averageCovariance, dot, multiply, ridgeParameters } from './ridge-model.ts';
import type { ScoreArms } from './score-propensity.ts';
import { LEAST_SCALE, scoreThompson } from './score-thompson.ts';
import { shiftOf } from './situation.ts';

/** Parameters of `doublyRobust`. */
export interface DoublyRobustParameters extends RobustLearning {
  /** Exploration, > 0: a reward's standard deviation that draws are made with, in units of `UNIT`. */
  readonly alpha: number;
}

/** A quarter: half of what rewards of 0 and 1 can have, and more than judges' scores have. */
const UNIT = 0.25;

/**
 * The policy `doubly_robust`. Without a prior an arm that was never tried is expected to earn 0 and is as wide as can be. It cannot forget.
 * @param kinds how the features are to be read, in the order of the domain's schema
 * @throws RangeError where the features make too long a vector
 */
export function doublyRobust(
  { alpha, ...learning }: DoublyRobustParameters,
  kinds: readonly FeatureKind[],
): Policy<RobustPosterior> {
  const encoder = createEncoder(kinds);
  const x = new Float64Array(encoder.dimension);
  const product = new Float64Array(encoder.dimension);
  const learn = robustLearner(encoder, learning);

  /** What is expected of a candidate at x, and with how many standard deviations of a reward. */
  function predict({ index, models }: RobustPosterior, situation: Situation, candidate: number) {
    const at = index.get(situation.candidates[candidate]!);
    const model = at === undefined ? undefined : models[at];
    const prediction =
      model === undefined
        ? { mean: 0, variance: dot(x, x) / LAMBDA, average: 0, covariance: 1 / LAMBDA, averageVariance: 1 / LAMBDA }
        : predictBy(model);
    addPrior(prediction, situation, candidate);
    return { mean: prediction.mean, width: Math.sqrt(Math.max(0, prediction.variance)), model };
  }

  /** x'theta of the ridge held at 0, and what holding it at the outcome model adds: lambda x'A^-1 o. */
  function predictBy(model: RobustArm): LinearPrediction {
    const { inverse, theta, outcome } = model;
    const variance = multiply(inverse, x, product);
    return {
      mean: dot(theta, x) + LAMBDA * dot(product, outcome),
      variance,
      average: theta[0]! + LAMBDA * averageCovariance(model, outcome),
      covariance: product[0]!,
      averageVariance: inverse[0]!,
    };
  }

  function scoreArms(posterior: RobustPosterior, situation: Situation): ScoreArms {
    checkLinearSituation(situation);
    encoder.encode(posterior.seen, situation.features, 1, x);
    const location: number[] = [];
    const scale: number[] = [];
    for (let i = 0; i < situation.candidates.length; i++) {
      const { mean, width } = predict(posterior, situation, i);
      location.push(mean + shiftOf(situation, i));
      scale.push(Math.max(LEAST_SCALE, UNIT * alpha * width));
    }
    return { location, scale };
  }

  return {
    ...scoreThompson(scoreArms),
    name: 'doubly_robust',
    version: 1,
    priorWidth: LINEAR_PRIOR_WIDTH,
    deterministic: false,
    usesFeatures: true,
    needsPropensity: true,
    init: () => emptyRobust(encoder),
    prior: linearPrior,
    learn,
    belief(posterior, situation, candidate) {
      if (candidate >= situation.candidates.length) throw new RangeError(`there is no candidate ${candidate}`);
      encoder.encode(posterior.seen, situation.features, 1, x);
      const { mean, width, model } = predict(posterior, situation, candidate);
      if (model === undefined) return linearBelief(mean, width, 0, 0, 0);
      // Rewards that weigh more than one teach less than their weights say: the sandwich for weights w is sum w^2 / sum w wider.
      const wider = Math.sqrt(model.squares / model.pulls);
      return linearBelief(mean, wider * width, model.residual, model.pulls, model.shares);
    },
    parameters: ({ models, index }, arm) => ridgeParameters(models[index.get(arm) ?? -1]),
    serialise: (posterior) => writeRobust(posterior, encoder),
    restore: (bytes) => readRobust(bytes, encoder, learning.history),
  };
}
