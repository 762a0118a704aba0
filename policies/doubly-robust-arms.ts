/**
 * What the doubly robust bandit learns. Of every arm an outcome model rhat(x) = x'o, moved by steps along the gradient, and its
 * correction by the rewards that came, weighed by w = min(1 / propensity, maxWeight). With pseudo-outcomes of all rounds t
 *
 *   phi_t(a) = rhat(x_t, a) + 1{a = a_t} w_t (r_t - rhat(x_t, a))     (Dudik, Langford & Li 2011)
 *
 * a linear model whose own prediction is its rhat is learned from nothing but the rounds in which the arm was chosen, because in all
 * others phi is what it predicts: theta_a solves sum_t 1{a = a_t} w_t x_t (r_t - x_t'theta) = lambda (theta - o), a ridge regression that
 * is held at the outcome model and not at 0. Where rhat is right the weights do not matter; where the weights are, rhat does not.
 * So of each arm a weighted ridge regression (the balanced one of Dimakopoulou, Zhou, Athey & Imbens 2019) is kept beside o.
 */

import type { Encoder, Standardisation } from './encoding.ts';
import type { Lesson } from './policy.ts';
import { dot, evenModel, learnModel, type RidgeModel } from './ridge-model.ts';
import { checkLesson } from './situation.ts';

/** What was learned of one arm. Its `pulls` and `residual` are weighted: share * w for each reward. */
export interface RobustArm extends RidgeModel {
  /** o: what the arm is expected to earn, by steps along the gradient. Length d. */
  readonly outcome: Float64Array;
  /** Length of the next step. */
  rate: number;
  /** Sum of shares. */
  shares: number;
  /** Sum of share * w^2. */
  squares: number;
}

/** What was learned in a bucket: `arms` and `models` in the order of first lessons. */
export interface RobustPosterior {
  readonly seen: Standardisation;
  readonly arms: string[];
  readonly index: Map<string, number>;
  readonly models: RobustArm[];
  /** The lessons that it was learned from, oldest first, `entrySize` numbers each: see `remember`. */
  readonly history: number[];
}

/** How it is learned. */
export interface RobustLearning {
  /** Length of the first steps of the outcome models, in [0, 1]; 1 goes all the way to the reward that was just seen. */
  readonly learningRate: number;
  /** What each reward of an arm leaves of that length, in [0, 1]. */
  readonly decay: number;
  /** The largest w, >= 1. */
  readonly maxWeight: number;
  /** How many lessons are remembered, >= 10. When there are more the oldest fifth is dropped, and the rest is learned anew. */
  readonly history: number;
}

/** Ridge: how many observations at the outcome model every direction begins with. */
export const LAMBDA = 1;

/** Numbers before the features in an entry of the history: arm (index into `arms`), value, share, w, and 1 where there are features. */
export const ENTRY_HEAD = 5;

/** Nothing learned. */
export function emptyRobust(encoder: Encoder): RobustPosterior {
  return { seen: encoder.begin(), arms: [], index: new Map(), models: [], history: [] };
}

/** Nothing learned of an arm. */
export function emptyRobustArm(dimension: number, rate: number): RobustArm {
  const outcome = new Float64Array(dimension);
  return { ...evenModel(dimension, LAMBDA), outcome, rate, shares: 0, squares: 0 };
}

/**
 * Learns lessons with scratch of its own. O(d^2) a lesson, and history * d^2 for the one that overfills the history.
 * @returns a function that may reuse the memory of its posterior, and throws a RangeError unless value and share are in [0, 1]
 */
export function robustLearner(
  encoder: Encoder,
  { learningRate, decay, maxWeight, history }: RobustLearning,
): (posterior: RobustPosterior, lesson: Lesson) => RobustPosterior {
  const { dimension, doubles } = encoder;
  const x = new Float64Array(dimension);
  const product = new Float64Array(dimension);
  const entrySize = ENTRY_HEAD + doubles;

  function teach(posterior: RobustPosterior, arm: string, entry: readonly number[]): void {
    const [, value = 0, share = 0, weight = 1, known] = entry;
    const features = known === 1 ? entry.slice(ENTRY_HEAD) : [];
    let at = posterior.index.get(arm);
    if (at === undefined) {
      at = posterior.arms.push(arm) - 1;
      posterior.index.set(arm, at);
      posterior.models.push(emptyRobustArm(dimension, learningRate));
    }
    const model = posterior.models[at]!;
    encoder.see(posterior.seen, features, share);
    encoder.encode(posterior.seen, features, 0, x);
    // Divided by the length of x, as in normalised least mean squares (Nagumo & Noda 1967): no context can make it diverge.
    const step = (model.rate * share * (value - dot(model.outcome, x))) / dot(x, x);
    for (let i = 0; i < dimension; i++) model.outcome[i]! += step * x[i]!;
    model.rate *= decay;
    learnModel(model, x, value, share * weight, product);
    model.shares += share;
    model.squares += share * weight * weight;
    posterior.history.push(at, ...entry.slice(1));
  }

  /** Keeps the younger four fifths, as if nothing else had ever been learned. */
  function withoutOldest({ arms, history: all }: RobustPosterior): RobustPosterior {
    const kept = emptyRobust(encoder);
    for (let at = Math.ceil(0.2 * history) * entrySize; at < all.length; at += entrySize) {
      teach(kept, arms[all[at]!]!, all.slice(at, at + entrySize));
    }
    return kept;
  }

  return (posterior, lesson) => {
    checkLesson(lesson);
    const { arm, value, share, features, propensity } = lesson;
    if (share === 0) return posterior;
    // Without a propensity it was no choice: an agent that stood in for another says what it says once.
    const weight = propensity !== undefined && propensity > 0 ? Math.max(1, Math.min(maxWeight, 1 / propensity)) : 1;
    const known = features.length === doubles;
    const numbers = known ? features : new Array<number>(doubles).fill(0);
    teach(posterior, arm, [0, value, share, weight, known ? 1 : 0, ...numbers]);
    return posterior.history.length > history * entrySize ? withoutOldest(posterior) : posterior;
  };
}
