/**
 * Reference: LinUCB with a ridge regression for every arm (Li, Chu, Langford & Schapire 2010, algorithm 1): A = lambda I + sum x x',
 * theta = A^-1 b, score x'theta + alpha sqrt(x' A^-1 x), with A^-1 kept by Sherman & Morrison (1950). Deterministic; a tie goes to
 * the first arm.
 */
import type { Learner } from './learner.ts';
import type { Problem } from './problem.ts';
import { referenceFeatures } from './reference-features.ts';

export interface RidgeParameters {
  readonly alpha: number;
  readonly lambda: number;
}

interface Ridge {
  /** A^-1, symmetric, by rows. Length d * d. */
  readonly inverse: Float64Array;
  readonly b: Float64Array;
  readonly theta: Float64Array;
}

export function ridgeLinUcb(problem: Problem, name: string, { alpha, lambda }: RidgeParameters): Learner {
  const encoder = referenceFeatures(problem);
  const size = encoder.size;
  return {
    name,
    begin() {
      const encode = encoder.begin();
      const x = new Float64Array(size);
      const product = new Float64Array(size);
      const arms = problem.arms.map(() => emptyRidge(size, lambda));
      return {
        choose(row) {
          encode(row, x);
          let best = 0;
          let bestScore = -Infinity;
          for (const [arm, ridge] of arms.entries()) {
            const width = multiply(ridge.inverse, x, product);
            const score = dot(ridge.theta, x) + alpha * Math.sqrt(Math.max(0, width)) - problem.costs[arm]!;
            if (score > bestScore) {
              best = arm;
              bestScore = score;
            }
          }
          return best;
        },
        // x is still that of the row that was chosen for: one row at a time.
        learn(_row, arm, reward) {
          update(arms[arm]!, x, product, reward);
        },
      };
    },
  };
}

function emptyRidge(size: number, lambda: number): Ridge {
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) inverse[i * size + i] = 1 / lambda;
  return { inverse, b: new Float64Array(size), theta: new Float64Array(size) };
}

function update({ inverse, b, theta }: Ridge, x: Float64Array, product: Float64Array, reward: number): void {
  const size = x.length;
  const scale = 1 / (1 + multiply(inverse, x, product));
  for (let i = 0; i < size; i++) {
    const left = product[i]! * scale;
    if (left === 0) continue;
    const at = i * size;
    for (let j = 0; j < size; j++) inverse[at + j]! -= left * product[j]!;
  }
  for (let i = 0; i < size; i++) b[i]! += reward * x[i]!;
  multiply(inverse, b, theta);
}

/** into = M v. @returns v' M v */
function multiply(matrix: Float64Array, v: Float64Array, into: Float64Array): number {
  const size = v.length;
  let quadratic = 0;
  for (let i = 0; i < size; i++) {
    const at = i * size;
    let sum = 0;
    for (let j = 0; j < size; j++) sum += matrix[at + j]! * v[j]!;
    into[i] = sum;
    quadratic += v[i]! * sum;
  }
  return quadratic;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}
