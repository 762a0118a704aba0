/**
 * Exact probabilities that an arm is ranked first, or at place r, where every arm draws a score of its own: normal (linear
 * Thompson sampling) or Student-t (Normal-Inverse-Gamma Thompson sampling), shifts included.
 *
 * P(a first) = integral of f_a(x) prod_{j != a} F_j(x) dx, on Gauss-Legendre panels that walk from the highest score down
 * as in `beta-propensity.ts`: the distribution functions are integrated along the same nodes, so no error function is
 * needed, and the sum over the arms is the integral of a derivative, which makes its distance from 1 a check of the whole.
 */

import { LEFT_OUT, type Probabilities, untilConverged } from './converged.ts';
import { addFirst, roomForFirst } from './first-quadrature.ts';
import { addRanked, roomForRanks } from './rank-quadrature.ts';
import {
  evaluateScores,
  roomForScores,
  type ScoreArm,
  scoreArm,
  scoreDensities,
  scoresBelow,
  scoreWidth,
  widthOf,
} from './score-panels.ts';

/** K arms: score_i = location[i] + scale[i] * z_i with independent z_i. All of length K >= 1. */
export interface ScoreArms {
  /** Means of the scores (medians, where there are few degrees of freedom), shifts included. */
  readonly location: ArrayLike<number>;
  /** Standard deviation of a normal score, scale of a Student-t one; > 0. An arm known exactly wants a least scale of the caller's. */
  readonly scale: ArrayLike<number>;
  /** Degrees of freedom >= 1 of z_i; Infinity, or no array at all, is the standard normal. */
  readonly freedom?: ArrayLike<number>;
}

/**
 * P(arm has the highest score) for every arm, to an absolute error of 1e-8. Length K; sums to 1.
 * @throws RangeError for locations that are not finite, scales that are not positive and finite, freedom below 1
 */
export function firstScorePropensities(arms: ScoreArms): number[] {
  return integrate(arms, 1, undefined).first;
}

/**
 * P(arm ranking[r] has the (r + 1)-th highest score) for r = 0 .. ranking.length - 1, to an absolute error of 1e-8.
 * @param ranking distinct indices of arms, best first, at most K
 * @throws RangeError as `firstScorePropensities`
 */
export function rankScorePropensities(arms: ScoreArms, ranking: readonly number[]): number[] {
  if (ranking.length === 0) return [];
  return integrate(arms, ranking.length, ranking).ranked;
}

function integrate(input: ScoreArms, depth: number, ranking: readonly number[] | undefined): Probabilities {
  const count = input.location.length;
  const alive = contenders(prepared(input), depth);
  const walk = (ranked: number[], scale: number) => sweep(alive, depth, ranking, ranked, scale);
  return untilConverged(count, alive, ranking, walk, 'locations and scales');
}

function prepared({ location, scale, freedom }: ScoreArms): ScoreArm[] {
  const count = location.length;
  // Measured from the arm that is surely highest: near it, where the integral is, differences then keep their digits.
  let origin = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    if (!(Number.isFinite(location[i]!) && scale[i]! > 0 && scale[i]! < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`arm ${i}: location ${location[i]} and scale ${scale[i]} make no distribution of scores`);
    }
    const low = location[i]! - 7 * scale[i]!;
    if (low <= highest) continue;
    highest = low;
    origin = location[i]!;
  }
  const tail = LEFT_OUT / (2 * count);
  return Array.from({ length: count }, (_, i) => {
    const nu = freedom === undefined ? Number.POSITIVE_INFINITY : freedom[i]!;
    if (!(nu >= 1)) throw new RangeError(`arm ${i}: ${nu} degrees of freedom, give at least 1`);
    const at = location[i]! - origin;
    // An arm narrower than the doubles around it is as wide as they are.
    return scoreArm(i, at, Math.max(scale[i]!, 1e-13 * Math.abs(at)), nu, tail);
  });
}

/** The arms that can be among the `depth` best: those whose range reaches the depth-th highest lower end. */
function contenders(arms: ScoreArm[], depth: number): ScoreArm[] {
  const bar = nthLow(arms, depth);
  return arms.filter((arm) => arm.high >= bar);
}

function nthLow(arms: readonly ScoreArm[], depth: number): number {
  const lows = arms.map(({ low }) => low).sort((one, other) => other - one);
  return lows[Math.min(depth, lows.length) - 1]!;
}

/** Walks all panels from the highest score down, adding to `arm.sum` and `ranked`. */
function sweep(
  arms: readonly ScoreArm[],
  depth: number,
  ranking: readonly number[] | undefined,
  ranked: number[],
  fraction: number,
): void {
  roomForScores(arms.length);
  if (ranking === undefined) roomForFirst(arms.length);
  else roomForRanks(arms.length, depth);
  let top = Number.NEGATIVE_INFINITY;
  for (const arm of arms) {
    arm.above = 0;
    arm.sum = 0;
    top = Math.max(top, arm.high);
  }
  // Below this nothing is left: `depth` arms are surely above it.
  const floor = nthLow(arms, depth);
  while (top > floor) {
    const bottom = nextKnot(arms, top, floor, fraction);
    const half = 0.5 * (top - bottom);
    evaluateScores(arms, top, bottom);
    const remaining =
      ranking === undefined
        ? addFirst(arms, scoreDensities, scoresBelow, half)
        : addRanked(arms, scoreDensities, scoresBelow, half, ranking, ranked);
    top = bottom;
    // No probability can change any more by a tenth of what the tails may hold.
    if (remaining < 0.1 * LEFT_OUT) return;
  }
}

/** Where the panel that starts at `top` ends, going down. */
function nextKnot(arms: readonly ScoreArm[], top: number, floor: number, fraction: number): number {
  let bottom = Math.max(floor, top - fraction * scoreWidth(arms, top, top, top));
  // An arm that comes into range on the way sets the width by itself first: seen from below it may look flat. The knot is
  // its end to the last bit: a difference of large numbers could miss the whole of a narrow arm.
  for (let k = 0; k < arms.length; k++) {
    const { high } = arms[k]!;
    if (high >= top || high <= bottom) continue;
    const width = fraction * widthOf(arms[k]!, high);
    bottom = top - high > 0.5 * width ? high : Math.max(bottom, top - width);
  }
  for (let round = 0; round < 50; round++) {
    const width = fraction * scoreWidth(arms, bottom, bottom, top);
    if (!(width < top - bottom)) break;
    bottom = top - Math.max(width, 0.6 * (top - bottom));
  }
  // A last sliver is taken in. Never stand still: where doubles cannot tell the two ends apart there is nothing between them.
  return bottom < top && bottom - floor > 0.1 * (top - bottom) ? bottom : floor;
}
