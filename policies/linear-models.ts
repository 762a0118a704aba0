/**
 * A ridge regression of the reward on the features, for every arm ("disjoint" models of Li, Chu, Langford & Schapire 2010,
 * algorithm 1): A = lambda I + sum w x x', theta = A^-1 sum w r x. A^-1 is kept by Sherman & Morrison (1950), and theta by recursive least
 * squares, O(d^2) a lesson; the weight w is the share of a lesson.
 *
 * The posterior knows no prior of an arm: an unknown one is expected to earn 0 and is as wide as can be, which is what makes
 * optimism and sampling try it. Nothing is forgotten, because the standardisation has moved on since: the bucket refolds.
 */

import { createEncoder, type FeatureKind, type Standardisation } from './encoding.ts';
import { readModels, writeModels } from './linear-bytes.ts';
import type { Belief, Lesson, Policy, Situation } from './policy.ts';
import { checkSituation } from './situation.ts';

/** What was learned of one arm. */
export interface LinearArm {
  /** A^-1, symmetric to the bit, by rows. Length d * d. */
  readonly inverse: Float64Array;
  /** Length d. */
  readonly theta: Float64Array;
  /** Sum of shares. */
  pulls: number;
  /** What the model leaves unexplained: sum w (r - x'theta)^2 + lambda |theta|^2. */
  residual: number;
}

/** What was learned in a bucket: `arms` and `models` in the order of first lessons. */
export interface LinearPosterior {
  readonly seen: Standardisation;
  readonly arms: string[];
  readonly index: Map<string, number>;
  readonly models: LinearArm[];
}

/** What the models say of the K candidates of a situation. Scratch: good until the next call. */
export interface Predictions {
  readonly count: number;
  /** x'theta, without the shift. The first K entries count. */
  means: Float64Array;
  /** sqrt(x' A^-1 x): the standard deviation of x'theta, in units of a reward's. The first K entries count. */
  widths: Float64Array;
}

/** That part of a linear policy which is the same whatever it chooses by, and what it chooses by. */
export interface LinearModels {
  readonly policy: Pick<
    Policy<LinearPosterior>,
    'priorWidth' | 'usesFeatures' | 'init' | 'prior' | 'learn' | 'belief' | 'serialise' | 'restore'
  >;
  /** @throws RangeError for a situation whose lengths do not fit */
  predict(posterior: LinearPosterior, situation: Situation): Predictions;
}

/** Variance of a reward before anything is known, worth one pull: no reward in [0, 1] varies more. */
const VARIANCE = 0.25;
const Z = 1.959963984540054;

/**
 * @param lambda > 0
 * @throws RangeError where the features make too long a vector
 */
export function linearModels(kinds: readonly FeatureKind[], lambda: number): LinearModels {
  const encoder = createEncoder(kinds);
  const { dimension } = encoder;
  const x = new Float64Array(dimension);
  const product = new Float64Array(dimension);
  const scratch = { count: 0, means: new Float64Array(16), widths: new Float64Array(16) };

  const unknown = () => Math.sqrt(dot(x, x) / lambda);
  const widthOf = ({ inverse }: LinearArm) => Math.sqrt(Math.max(0, quadratic(inverse, x)));
  const modelOf = ({ index, models }: LinearPosterior, arm: string) => {
    const at = index.get(arm);
    return at === undefined ? undefined : models[at];
  };

  function begin(posterior: LinearPosterior, arm: string): LinearArm {
    const inverse = new Float64Array(dimension * dimension);
    for (let i = 0; i < dimension; i++) inverse[i * dimension + i] = 1 / lambda;
    const model = { inverse, theta: new Float64Array(dimension), pulls: 0, residual: 0 };
    posterior.index.set(arm, posterior.arms.push(arm) - 1);
    posterior.models.push(model);
    return model;
  }

  function learn(posterior: LinearPosterior, { arm, value, share, features }: Lesson): LinearPosterior {
    if (!(value >= 0 && value <= 1 && share >= 0 && share <= 1)) {
      throw new RangeError(`a reward of ${value} with share ${share} for arm '${arm}': both must be in [0, 1]`);
    }
    const model = modelOf(posterior, arm) ?? begin(posterior, arm);
    encoder.see(posterior.seen, features, share);
    encoder.encode(posterior.seen, features, 0, x);
    update(model, x, value, share, product);
    return posterior;
  }

  function belief(posterior: LinearPosterior, { candidates, features }: Situation, candidate: number): Belief {
    const arm = candidates[candidate];
    if (arm === undefined) throw new RangeError(`there is no candidate ${candidate}`);
    encoder.encode(posterior.seen, features, 1, x);
    const model = modelOf(posterior, arm);
    const mean = model === undefined ? 0 : dot(model.theta, x);
    const { pulls, residual } = model ?? { pulls: 0, residual: 0 };
    const deviation =
      Math.sqrt((residual + VARIANCE) / (pulls + 1)) * (model === undefined ? unknown() : widthOf(model));
    return { mean: unit(mean), lower: unit(mean - Z * deviation), upper: unit(mean + Z * deviation), pulls };
  }

  return {
    policy: {
      priorWidth: 0,
      usesFeatures: true,
      init: () => ({ seen: encoder.begin(), arms: [], index: new Map(), models: [] }),
      prior: () => [],
      learn,
      belief,
      serialise: (posterior) => writeModels(posterior, dimension),
      restore: (bytes) => readModels(bytes, dimension, encoder.begin()),
    },
    predict(posterior, situation) {
      checkSituation(situation, 0);
      const { candidates, features } = situation;
      const count = candidates.length;
      if (scratch.means.length < count) {
        scratch.means = new Float64Array(2 * count);
        scratch.widths = new Float64Array(2 * count);
      }
      scratch.count = count;
      encoder.encode(posterior.seen, features, 1, x);
      for (let i = 0; i < count; i++) {
        const model = modelOf(posterior, candidates[i]!);
        scratch.means[i] = model === undefined ? 0 : dot(model.theta, x);
        scratch.widths[i] = model === undefined ? unknown() : widthOf(model);
      }
      return scratch;
    },
  };
}

/** One observation, in place: with u = A^-1 x and k = w / (1 + w x'u), A^-1 -= k u u' and theta += k (r - x'theta) u. */
function update(model: LinearArm, x: Float64Array, value: number, weight: number, product: Float64Array): void {
  const { inverse, theta } = model;
  const size = x.length;
  let quadratic = 0;
  for (let i = 0; i < size; i++) {
    const row = i * size;
    let sum = 0;
    for (let j = 0; j < size; j++) sum += inverse[row + j]! * x[j]!;
    product[i] = sum;
    quadratic += x[i]! * sum;
  }
  const gain = weight / (1 + weight * Math.max(0, quadratic));
  const off = value - dot(theta, x);
  for (let i = 0; i < size; i++) {
    const left = gain * product[i]!;
    if (left === 0) continue;
    theta[i]! += left * off;
    const row = i * size;
    // One half is computed and mirrored, so that the matrix stays symmetric to the bit.
    for (let j = i; j < size; j++) {
      const entry = inverse[row + j]! - left * product[j]!;
      inverse[row + j] = entry;
      inverse[j * size + i] = entry;
    }
  }
  model.pulls += weight;
  model.residual += gain * off * off;
}

/** x' M x of a symmetric matrix: by its upper half, without the rows of which x has nothing. */
function quadratic(matrix: Float64Array, x: Float64Array): number {
  const size = x.length;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const value = x[i]!;
    if (value === 0) continue;
    const row = i * size;
    let half = 0;
    for (let j = i + 1; j < size; j++) half += matrix[row + j]! * x[j]!;
    sum += value * (2 * half + matrix[row + i]! * value);
  }
  return sum;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
