/** Weighted logistic regression by Newton's method: the base learner of the batch offset tree. */

import { logistic } from './sampling.ts';

/** What is learned from. n rows of d numbers. */
export interface LogisticData {
  /** n rows, each of length d; no column of ones, the intercept is the regression's own. */
  readonly rows: readonly ArrayLike<number>[];
  /** The side of each row: true is the side of positive log-odds. Length n. */
  readonly positive: readonly boolean[];
  /** Weight of each row, >= 0. Length n. */
  readonly weights: readonly number[];
}

/** The most Newton steps; from zero a ridge regression takes four to ten. */
const STEPS = 50;
/** Newton stops when no step moves the log-odds' coefficients further than this. */
const SETTLED = 1e-9;

/**
 * Coefficients of the log-odds: d of the features, then the intercept. They minimise the weighted logistic loss plus
 * ridge / 2 times the squared length of the d (Hosmer & Lemeshow 2000; iteratively reweighted least squares). The
 * intercept is not penalised as long as both sides have weight; where only one has, it gets the ridge too, or it would be infinite.
 * @param columns d
 * @param ridge > 0
 */
export function fitLogistic(data: LogisticData, columns: number, ridge: number): Float64Array {
  const size = columns + 1;
  const penalty = new Float64Array(size).fill(ridge);
  if (hasBothSides(data)) penalty[columns] = 0;
  let theta = new Float64Array(size);
  if (data.weights.every((weight) => weight === 0)) return theta;
  let best = loss(data, theta, penalty);
  for (let round = 0; round < STEPS; round++) {
    const step = newtonStep(data, theta, penalty);
    let scale = 1;
    let next = theta.map((value, i) => value - step[i]!);
    let reached = loss(data, next, penalty);
    // The loss is convex: a step that overshoots is halved until it does not.
    while (!(reached <= best) && scale > 1e-6) {
      scale /= 2;
      next = theta.map((value, i) => value - scale * step[i]!);
      reached = loss(data, next, penalty);
    }
    if (!(reached <= best)) break;
    theta = next;
    best = reached;
    if (step.every((value) => Math.abs(value) < SETTLED)) break;
  }
  return theta;
}

/** The log-odds of a row under coefficients with the intercept last. */
export function logOddsOf(theta: ArrayLike<number>, row: ArrayLike<number>): number {
  const columns = theta.length - 1;
  let sum = theta[columns]!;
  for (let i = 0; i < columns; i++) sum += theta[i]! * row[i]!;
  return sum;
}

function hasBothSides({ positive, weights }: LogisticData): boolean {
  const seen = [false, false];
  for (let i = 0; i < positive.length; i++) if (weights[i]! > 0) seen[positive[i] ? 1 : 0] = true;
  return seen[0]! && seen[1]!;
}

function loss({ rows, positive, weights }: LogisticData, theta: Float64Array, penalty: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < theta.length; i++) sum += 0.5 * penalty[i]! * theta[i]! * theta[i]!;
  for (let n = 0; n < rows.length; n++) {
    const odds = logOddsOf(theta, rows[n]!);
    const margin = positive[n] ? odds : -odds;
    sum += weights[n]! * (margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin);
  }
  return sum;
}

/** Hessian^-1 gradient. */
function newtonStep(data: LogisticData, theta: Float64Array, penalty: Float64Array): Float64Array {
  const { rows, positive, weights } = data;
  const size = theta.length;
  const columns = size - 1;
  const hessian = new Float64Array(size * size);
  const gradient = theta.map((value, i) => penalty[i]! * value);
  const x = new Float64Array(size);
  x[columns] = 1;
  for (let n = 0; n < rows.length; n++) {
    const weight = weights[n]!;
    if (weight === 0) continue;
    for (let i = 0; i < columns; i++) x[i] = rows[n]![i]!;
    const p = logistic(logOddsOf(theta, rows[n]!));
    const slope = weight * (p - (positive[n] ? 1 : 0));
    const curve = weight * p * (1 - p);
    for (let i = 0; i < size; i++) {
      gradient[i]! += slope * x[i]!;
      const part = curve * x[i]!;
      if (part !== 0) for (let j = 0; j <= i; j++) hessian[i * size + j]! += part * x[j]!;
    }
  }
  // A hair on the diagonal: where every row is sure, the unpenalised intercept has no curvature left.
  for (let i = 0; i < size; i++) hessian[i * size + i]! += penalty[i]! + 1e-12;
  return solveCholesky(hessian, gradient);
}

/** Solves A x = b in place for a positive definite A of which the lower triangle is given, row by row. */
function solveCholesky(a: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / a[j * size + j]!;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) b[i]! -= a[i * size + k]! * b[k]!;
    b[i]! /= a[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) b[i]! -= a[k * size + i]! * b[k]!;
    b[i]! /= a[i * size + i]!;
  }
  return b;
}
