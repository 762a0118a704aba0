/**
 * A ridge regression of the reward on the features for every arm, each of which leans on one regression of all arms together: an arm
 * that was little tried in some contexts is expected to do there what arms do there, better or worse by what it is in general. (A
 * hierarchical linear model, as Gelman & Hill 2007, chapter 12, in the form of Li, Chu, Langford & Schapire's hybrid models, 2010,
 * but with the common part as the prior mean of the others.)
 *
 * With Lambda the prior precisions and g the common coefficients plus the arm's effect on the bias, the ridge regression with the prior mean
 * rho g has at x the mean x'theta + rho (A^-1 x)' Lambda g, where theta is the one of prior mean 0: g may move on, and nothing need be
 * fitted again. How far to lean, rho in [0, 1], is the least squares fit of what came in place of x'theta to what was lent, so rewards
 * themselves say whether arms have anything in common.
 */

import type { Fadings } from './discounted-linear.ts';
import { createEncoder, type Encoder, type FeatureKind, type Standardisation } from './encoding.ts';
import { readLeaning, writeLeaning } from './leaning-bytes.ts';
import { beliefAround } from './linear-belief.ts';
import { addPrior, checkLinearSituation, LINEAR_PRIOR_WIDTH, linearPrior } from './linear-prior.ts';
import type { Belief, Lesson, Policy, Situation } from './policy.ts';
import { noPredictions, type Predictions, roomForPredictions } from './predictions.ts';
import {
  dot,
  emptyModel,
  fadeModel,
  learnModel,
  multiply,
  type RidgeModel,
  restoreRidge,
  ridgeParameters,
} from './ridge-model.ts';
import { checkLesson } from './situation.ts';

/** What was learned in a bucket: `arms`, `models` and `effects` in the order of first lessons. */
export interface LeaningPosterior {
  readonly seen: Standardisation;
  readonly arms: string[];
  readonly index: Map<string, number>;
  readonly models: RidgeModel[];
  /** Of each arm, the sum of shares times what its rewards were above the common model. */
  readonly effects: number[];
  /** The model of all arms, of their rewards less their effects. */
  readonly common: RidgeModel;
  /** Weighted sums over the lessons: of what was lent times what was missing to x'theta, and of what was lent, squared. */
  readonly lean: { product: number; square: number };
  /** What of an arm's prior precisions is in force where those fade too, and come back in turns. Undefined: all. Length d. */
  readonly held: Float64Array | undefined;
}

/** Precisions of the prior: about as many pulls as what is learned needs to count half. All above 0. */
export interface LeaningRidges {
  /** Of an arm's bias. */
  readonly arm: number;
  /** Of a category's or boolean's own effect, in pulls that have it. */
  readonly category: number;
  /** Of the coefficients of numbers, each of which was divided by the root of how many there are. */
  readonly number: number;
}

/** That part of a policy over such models which is the same whatever it chooses by, and what it chooses by. */
export interface LeaningModels {
  readonly policy: Pick<
    Policy<LeaningPosterior>,
    'priorWidth' | 'usesFeatures' | 'init' | 'prior' | 'learn' | 'belief' | 'parameters' | 'serialise' | 'restore'
  >;
  /** What of the posterior fades, where it is to. */
  readonly fadings: Fadings<LeaningPosterior>;
  /**
   * Widths are standard deviations in units of reward.
   * @throws RangeError for a situation whose lengths do not fit
   */
  predict(posterior: LeaningPosterior, situation: Situation): Predictions;
}

/** Pulls that hold the effect of an arm at 0: an arm that nobody tried is expected to do less well than those that were kept. */
const EFFECT_PULLS = 2;
/** Precision of the common model's bias and of its categories: the first rewards say little of what all will be. */
const COMMON_PULLS = 3;
/** What counts as having been lent and found right before anything was: leaning begins at 1. */
const LEAN_PRIOR = 1;
/** Variance of a reward before anything is known, and the pulls that is worth: no reward in [0, 1] varies more. */
const VARIANCE = 0.25;
const VARIANCE_PULLS = 10;

/**
 * @param fade whether what was learned fades, as `fadings` say
 * @throws RangeError where the features make too long a vector
 */
export function leaningModels(kinds: readonly FeatureKind[], ridges: LeaningRidges, fade = false): LeaningModels {
  const encoder = createEncoder(kinds);
  const { dimension } = encoder;
  const precisions = precisionsOf(encoder, ridges);
  const commonPrecisions = precisionsOf(encoder, { ...ridges, arm: COMMON_PULLS, category: COMMON_PULLS });
  const x = new Float64Array(dimension);
  const product = new Float64Array(dimension);
  const scratch = noPredictions();
  // Where `at` and `believe` leave what they found: one object for each arm of each choice would be many.
  const found = { own: 0, lent: 0, variance: 0 };
  const believed = { mean: 0, variance: 0, average: 0, covariance: 0, averageVariance: 0 };

  /** The arm at x: what its own model says, what is lent to it, and x' A^-1 x. @param arm index; -1 where it is unknown */
  function at(posterior: LeaningPosterior, arm: number): void {
    const model = posterior.models[arm];
    const held = posterior.held ?? precisions;
    if (model === undefined) {
      found.own = 0;
      found.lent = dot(posterior.common.theta, x);
      found.variance = 0;
      for (let i = 0; i < dimension; i++) found.variance += (x[i]! * x[i]!) / held[i]!;
      return;
    }
    found.variance = Math.max(0, multiply(model.inverse, x, product));
    found.own = dot(model.theta, x);
    const { effects, common } = posterior;
    let lent = product[0]! * held[0]! * (effects[arm]! / (model.pulls + EFFECT_PULLS));
    for (let i = 0; i < dimension; i++) lent += product[i]! * held[i]! * common.theta[i]!;
    found.lent = lent;
  }

  /** What is believed of a candidate at x, with its prior: the mean of its reward, and the variance of that in units of a reward's. */
  function believe(posterior: LeaningPosterior, arm: number, leaning: number, situation: Situation, candidate: number) {
    at(posterior, arm);
    believed.mean = found.own + leaning * found.lent;
    believed.variance = found.variance;
    if (situation.prior.length === 0) return;
    // What is lent tells contexts apart, and would be added to a prior of the average one: here a prior is pulls of x itself.
    believed.average = believed.mean;
    believed.covariance = found.variance;
    believed.averageVariance = found.variance;
    addPrior(believed, situation, candidate);
    believed.variance = Math.max(0, believed.variance);
  }

  function begin(posterior: LeaningPosterior, arm: string): number {
    const place = posterior.arms.push(arm) - 1;
    posterior.index.set(arm, place);
    posterior.models.push(emptyModel(posterior.held ?? precisions));
    posterior.effects.push(0);
    return place;
  }

  function learn(posterior: LeaningPosterior, lesson: Lesson): LeaningPosterior {
    checkLesson(lesson);
    const { arm, value, share, features } = lesson;
    const place = posterior.index.get(arm) ?? begin(posterior, arm);
    encoder.see(posterior.seen, features, share);
    encoder.encode(posterior.seen, features, 0, x);
    at(posterior, place);
    const weight = share / (1 + found.variance);
    posterior.lean.product += weight * found.lent * (value - found.own);
    posterior.lean.square += weight * found.lent * found.lent;
    const model = posterior.models[place]!;
    const effect = posterior.effects[place]! / (model.pulls + EFFECT_PULLS);
    posterior.effects[place]! += share * (value - dot(posterior.common.theta, x));
    learnModel(posterior.common, x, value - effect, share, product);
    learnModel(model, x, value, share, product);
    return posterior;
  }

  function belief(posterior: LeaningPosterior, situation: Situation, candidate: number): Belief {
    const arm = situation.candidates[candidate];
    if (arm === undefined) throw new RangeError(`there is no candidate ${candidate}`);
    checkLinearSituation(situation);
    encoder.encode(posterior.seen, situation.features, 1, x);
    const place = posterior.index.get(arm) ?? -1;
    believe(posterior, place, leaningOf(posterior), situation, candidate);
    const deviation = deviationOf(posterior) * Math.sqrt(believed.variance);
    return beliefAround(believed.mean, deviation, posterior.models[place]?.pulls ?? 0);
  }

  return {
    policy: {
      priorWidth: LINEAR_PRIOR_WIDTH,
      usesFeatures: true,
      init: () => ({
        seen: encoder.begin(),
        arms: [],
        index: new Map(),
        models: [],
        effects: [],
        common: emptyModel(commonPrecisions),
        lean: { product: 0, square: 0 },
        held: fade ? precisions.slice() : undefined,
      }),
      prior: linearPrior,
      learn,
      belief,
      parameters: ({ models, index }, arm) => ridgeParameters(models[index.get(arm) ?? -1]),
      serialise: (posterior) => writeLeaning(posterior, dimension),
      restore: (bytes) => readLeaning(bytes, dimension, encoder.begin(), fade),
    },
    fadings: fadingsOf(precisions, commonPrecisions),
    predict(posterior, situation) {
      checkLinearSituation(situation);
      const { candidates, features } = situation;
      roomForPredictions(scratch, candidates.length);
      const leaning = leaningOf(posterior);
      const deviation = deviationOf(posterior);
      encoder.encode(posterior.seen, features, 1, x);
      for (let i = 0; i < candidates.length; i++) {
        believe(posterior, posterior.index.get(candidates[i]!) ?? -1, leaning, situation, i);
        scratch.means[i] = believed.mean;
        scratch.widths[i] = deviation * Math.sqrt(believed.variance);
      }
      return scratch;
    },
  };
}

/** All of it fades: what arms are in general, and how far they lean, too. */
function fadingsOf(precisions: Float64Array, commonPrecisions: Float64Array): Fadings<LeaningPosterior> {
  return {
    size: () => precisions.length,
    fade({ models, common, effects, lean, held }, factor) {
      for (const model of models) fadeModel(model, factor);
      fadeModel(common, factor);
      for (let i = 0; i < effects.length; i++) effects[i]! *= factor;
      lean.product *= factor;
      lean.square *= factor;
      if (held !== undefined) for (let i = 0; i < held.length; i++) held[i]! *= factor;
    },
    restore({ models, common, held }, axis, missing) {
      const weight = missing(precisions[axis]!);
      for (const model of models) restoreRidge(model, axis, weight);
      restoreRidge(common, axis, missing(commonPrecisions[axis]!));
      if (held !== undefined) held[axis]! += weight;
    },
  };
}

/** A flag is written shorter than 1 where there are several: its precision goes with the square of that. */
function precisionsOf({ roles, flag }: Encoder, ridges: LeaningRidges): Float64Array {
  const of = { bias: ridges.arm, flag: ridges.category * flag * flag, number: ridges.number };
  return Float64Array.from(roles, (role) => of[role]);
}

/** rho: how far an arm leans on what is lent to it, in [0, 1]. */
function leaningOf({ lean }: LeaningPosterior): number {
  return Math.min(1, Math.max(0, (lean.product + LEAN_PRIOR) / (lean.square + LEAN_PRIOR)));
}

/** The standard deviation of a reward around what the models say. */
function deviationOf({ models }: LeaningPosterior): number {
  let residual = VARIANCE * VARIANCE_PULLS;
  let pulls = VARIANCE_PULLS;
  for (const model of models) {
    residual += model.residual;
    pulls += model.pulls;
  }
  return Math.sqrt(residual / pulls);
}
