/**
 * A ridge regression of the reward on the features, for every arm ("disjoint" models of Li, Chu, Langford & Schapire 2010,
 * algorithm 1): A = lambda I + sum w x x', theta = A^-1 sum w r x. A^-1 is kept by Sherman & Morrison (1950), and theta by recursive least
 * squares, O(d^2) a lesson; the weight w is the share of a lesson.
 *
 * The posterior knows no prior of an arm: without one (`linear-prior.ts`) an unknown arm is expected to earn 0 and is as wide as
 * can be, which is what makes optimism and sampling try it. Nothing is forgotten, because the standardisation has moved on since: the bucket refolds.
 */

import { createEncoder, type FeatureKind, type Standardisation } from './encoding.ts';
import { linearBelief } from './linear-belief.ts';
import { readModels, writeModels } from './linear-bytes.ts';
import { addPrior, checkLinearSituation, LINEAR_PRIOR_WIDTH, linearPrior } from './linear-prior.ts';
import type { Belief, Lesson, Policy, Situation } from './policy.ts';
import { noPredictions, type Predictions, roomForPredictions } from './predictions.ts';
import {
  averageCovariance,
  dot,
  evenModel,
  learnModel,
  type RidgeModel,
  ridgeParameters,
  widthAt,
} from './ridge-model.ts';
import { checkLesson } from './situation.ts';

/** What was learned in a bucket: `arms` and `models` in the order of first lessons. */
export interface LinearPosterior {
  readonly seen: Standardisation;
  readonly arms: string[];
  readonly index: Map<string, number>;
  readonly models: RidgeModel[];
}

/** That part of a linear policy which is the same whatever it chooses by, and what it chooses by. */
export interface LinearModels {
  readonly policy: Pick<
    Policy<LinearPosterior>,
    'priorWidth' | 'usesFeatures' | 'init' | 'prior' | 'learn' | 'belief' | 'parameters' | 'serialise' | 'restore'
  >;
  /**
   * The means are x'theta, the widths sqrt(x' A^-1 x): the standard deviation of x'theta in units of a reward's.
   * @throws RangeError for a situation whose lengths do not fit
   */
  predict(posterior: LinearPosterior, situation: Situation): Predictions;
}

/**
 * @param lambda > 0
 * @throws RangeError where the features make too long a vector
 */
export function linearModels(kinds: readonly FeatureKind[], lambda: number): LinearModels {
  const encoder = createEncoder(kinds);
  const { dimension } = encoder;
  const x = new Float64Array(dimension);
  const product = new Float64Array(dimension);
  const scratch = noPredictions();

  const unknown = () => Math.sqrt(dot(x, x) / lambda);
  const modelOf = ({ index, models }: LinearPosterior, arm: string) => {
    const at = index.get(arm);
    return at === undefined ? undefined : models[at];
  };

  function begin(posterior: LinearPosterior, arm: string): RidgeModel {
    const model = evenModel(dimension, lambda);
    posterior.index.set(arm, posterior.arms.push(arm) - 1);
    posterior.models.push(model);
    return model;
  }

  function learn(posterior: LinearPosterior, lesson: Lesson): LinearPosterior {
    checkLesson(lesson);
    const { arm, value, share, features } = lesson;
    const model = modelOf(posterior, arm) ?? begin(posterior, arm);
    encoder.see(posterior.seen, features, share);
    encoder.encode(posterior.seen, features, 0, x);
    learnModel(model, x, value, share, product);
    return posterior;
  }

  function belief(posterior: LinearPosterior, situation: Situation, candidate: number): Belief {
    const { candidates, features } = situation;
    const arm = candidates[candidate];
    if (arm === undefined) throw new RangeError(`there is no candidate ${candidate}`);
    encoder.encode(posterior.seen, features, 1, x);
    const model = modelOf(posterior, arm);
    const { pulls, residual } = model ?? { pulls: 0, residual: 0 };
    const { mean, width } = expectedOf(model, situation, candidate);
    return linearBelief(mean, width, residual, pulls, pulls);
  }

  /** What is expected at x by the model and the prior of the candidate. */
  function expectedOf(model: RidgeModel | undefined, situation: Situation, candidate: number) {
    const mean = model === undefined ? 0 : dot(model.theta, x);
    const width = model === undefined ? unknown() : widthAt(model, x);
    if (situation.prior.length === 0) return { mean, width };
    const prediction =
      model === undefined
        ? { mean, variance: width * width, average: 0, covariance: 1 / lambda, averageVariance: 1 / lambda }
        : {
            mean,
            variance: width * width,
            average: model.theta[0]!,
            covariance: averageCovariance(model, x),
            averageVariance: model.inverse[0]!,
          };
    addPrior(prediction, situation, candidate);
    return { mean: prediction.mean, width: Math.sqrt(Math.max(0, prediction.variance)) };
  }

  return {
    policy: {
      priorWidth: LINEAR_PRIOR_WIDTH,
      usesFeatures: true,
      init: () => ({ seen: encoder.begin(), arms: [], index: new Map(), models: [] }),
      prior: linearPrior,
      learn,
      belief,
      parameters: (posterior, arm) => ridgeParameters(modelOf(posterior, arm)),
      serialise: (posterior) => writeModels(posterior, dimension),
      restore: (bytes) => readModels(bytes, dimension, encoder.begin()),
    },
    predict(posterior, situation) {
      checkLinearSituation(situation);
      const { candidates, features } = situation;
      roomForPredictions(scratch, candidates.length);
      encoder.encode(posterior.seen, features, 1, x);
      for (let i = 0; i < candidates.length; i++) {
        const model = modelOf(posterior, candidates[i]!);
        if (situation.prior.length === 0) {
          scratch.means[i] = model === undefined ? 0 : dot(model.theta, x);
          scratch.widths[i] = model === undefined ? unknown() : widthAt(model, x);
        } else {
          const { mean, width } = expectedOf(model, situation, i);
          scratch.means[i] = mean;
          scratch.widths[i] = width;
        }
      }
      return scratch;
    },
  };
}
