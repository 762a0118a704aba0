/** A weighted ridge regression of the reward on the features, kept by its inverse: the model that linear policies have of an arm. */

import type { Parameters } from './policy.ts';

/** What was learned, with A = Lambda + sum w x x' and Lambda the ridge: precisions of coefficients of 0. */
export interface RidgeModel {
  /** A^-1, symmetric to the bit, by rows. Length d * d. */
  readonly inverse: Float64Array;
  /** Length d. */
  readonly theta: Float64Array;
  /** Sum of weights. */
  pulls: number;
  /** What the model leaves unexplained: sum w (r - x'theta)^2 + theta'Lambda theta. */
  residual: number;
}

/** Nothing learned: A = lambda I. */
export function evenModel(dimension: number, lambda: number): RidgeModel {
  return emptyModel(new Float64Array(dimension).fill(lambda));
}

/** Nothing learned: A has the precisions on its diagonal. @param precisions above 0, length d */
export function emptyModel(precisions: Float64Array): RidgeModel {
  const dimension = precisions.length;
  const inverse = new Float64Array(dimension * dimension);
  for (let i = 0; i < dimension; i++) inverse[i * dimension + i] = 1 / precisions[i]!;
  return { inverse, theta: new Float64Array(dimension), pulls: 0, residual: 0 };
}

/** The coefficients, by themselves: A^-1 is as many numbers squared. */
export function ridgeParameters(model: RidgeModel | undefined): Parameters | undefined {
  if (model === undefined) return undefined;
  return { pulls: model.pulls, residual: model.residual, theta: Array.from(model.theta) };
}

/** One reward of weight w, in place. O(d^2). @param product scratch of length d */
export function learnModel(
  model: RidgeModel,
  x: Float64Array,
  value: number,
  weight: number,
  product: Float64Array,
): void {
  const variance = multiply(model.inverse, x, product);
  observe(model, product, variance, value - dot(model.theta, x), weight);
  model.pulls += weight;
}

/** A <- factor A, the ridge too, and b with it: the coefficients stay. @param factor in (0, 1] */
export function fadeModel(model: RidgeModel, factor: number): void {
  const { inverse } = model;
  const wider = 1 / factor;
  for (let i = 0; i < inverse.length; i++) inverse[i]! *= wider;
  model.pulls *= factor;
  model.residual *= factor;
}

/** A <- A + weight e e' along one axis, in place: an observation of the coefficient as 0. */
export function restoreRidge(model: RidgeModel, axis: number, weight: number): void {
  const size = model.theta.length;
  const column = model.inverse.slice(axis * size, (axis + 1) * size);
  observe(model, column, column[axis]!, 0 - model.theta[axis]!, weight);
}

/**
 * A <- A + w x x' (Sherman & Morrison 1950; recursive least squares): with u = A^-1 x and k = w / (1 + w x'u), A^-1 -= k u u' and theta += k off u.
 * @param product u
 * @param variance x'u
 * @param off what the value is above x'theta
 */
function observe(model: RidgeModel, product: Float64Array, variance: number, off: number, weight: number): void {
  const { inverse, theta } = model;
  const size = theta.length;
  const gain = weight / (1 + weight * Math.max(0, variance));
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
  model.residual += gain * off * off;
}

/**
 * into = M x of a symmetric matrix, without the rows of which x has nothing.
 * @param into length d
 * @returns x' M x
 */
export function multiply(matrix: Float64Array, x: Float64Array, into: Float64Array): number {
  const size = x.length;
  into.fill(0);
  for (let j = 0; j < size; j++) {
    const value = x[j]!;
    if (value === 0) continue;
    const row = j * size;
    for (let i = 0; i < size; i++) into[i]! += matrix[row + i]! * value;
  }
  return dot(x, into);
}

/** sqrt(x' A^-1 x): the standard deviation of x'theta, in units of a reward's. */
export function widthAt({ inverse }: RidgeModel, x: Float64Array): number {
  return Math.sqrt(Math.max(0, quadratic(inverse, x)));
}

/** x' A^-1 e, with e the vector of an average context: the bias alone. */
export function averageCovariance({ inverse }: RidgeModel, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += inverse[i]! * x[i]!;
  return sum;
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

/** The inner product of two vectors of one length. */
export function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}
