/**
 * Exact probabilities of a ranking in which every place is drawn by softmax from those who have none yet (Luce 1959; Plackett 1975). It is
 * the order of scores with Gumbel noise (Yellott 1977), u_i + G_i, and so of K independent scores with the distribution functions
 * F_i(y) = exp(-exp(u_i - y)): an arm's place is Poisson-binomial given its score, and the score is integrated out.
 */

import { NODE_COUNT, NODES } from './gauss-legendre.ts';
import { addRanked, roomForRanks } from './rank-quadrature.ts';

/** Beyond these a Gumbel score has less than 1e-16 of its mass: above its location, and below it. */
const ABOVE = 37;
const BELOW = 3.7;

/** What is left out below the last panel. */
const NEGLIGIBLE = 1e-15;

/** Widest panel of the first place; the r-th of many scores varies by the root of r less. Set by measurement: errors below 1e-12. */
const WIDTH = 1;

interface Utility {
  readonly index: number;
  readonly at: number;
  sum: number;
}

/** P(place 0) of every arm: softmax. @param utilities finite */
export function softmax(utilities: readonly number[]): number[] {
  const highest = Math.max(...utilities);
  const weights = utilities.map((u) => Math.exp(u - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * P(arm ranking[r] is at place r) for r = 0 .. ranking.length - 1.
 * @param utilities u_i, finite: the scores in units of the temperature. Length K
 * @param ranking distinct indices of arms, best first, at most K
 */
export function placePropensities(utilities: readonly number[], ranking: readonly number[]): number[] {
  const ranked = ranking.map(() => 0);
  const arms = utilities.map((at, index): Utility => ({ index, at, sum: 0 }));
  const highest = Math.max(...utilities);
  const lowest = Math.min(...utilities) - BELOW;
  const width = WIDTH / Math.sqrt(Math.max(1, ranking.length / 4));
  roomForRanks(arms.length, ranking.length);
  const densities = new Float64Array(arms.length * NODE_COUNT);
  const below = new Float64Array(arms.length * NODE_COUNT);
  // Measured from the highest utility, near which differences keep their digits.
  let top = ABOVE;
  while (top > lowest - highest) {
    top = Math.min(top, nextRange(arms, top + highest) - highest);
    const half = 0.5 * width;
    for (const [k, { at }] of arms.entries()) {
      for (let i = 0; i < NODE_COUNT; i++) {
        const rate = Math.exp(at - highest - (top - half + half * NODES[i]!));
        below[k * NODE_COUNT + i] = Math.exp(-rate);
        // An infinite rate has no density: what it would be times 0 is no number.
        densities[k * NODE_COUNT + i] = rate < 1e3 ? rate * Math.exp(-rate) : 0;
      }
    }
    if (addRanked(arms, densities, below, half, ranking, ranked) < NEGLIGIBLE) break;
    top -= width;
  }
  return ranked.map((p) => Math.min(1, Math.max(0, p)));
}

/** The highest score at or below `top` that any arm may have: between the ranges of arms far apart there is nothing to integrate. */
function nextRange(arms: readonly Utility[], top: number): number {
  let next = Number.NEGATIVE_INFINITY;
  for (const { at } of arms) {
    if (top <= at - BELOW) continue;
    next = Math.max(next, Math.min(top, at + ABOVE));
  }
  return next;
}
