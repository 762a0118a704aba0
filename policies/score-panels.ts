/**
 * Where normal and Student-t scores lie, how wide a quadrature panel may be there, and what they are at its nodes.
 * A score is x = location + scale * z, with z standard normal or of Student's t distribution.
 */

import { logBeta } from './beta-distribution.ts';
import { FROM_NODE_TO_TOP, NODE_COUNT, NODES, WEIGHTS } from './gauss-legendre.ts';

const HALF_LOG_TWO_PI = 0.9189385332046727;

/** An arm prepared for integration. */
export interface ScoreArm {
  /** Index among the candidates. */
  readonly index: number;
  readonly location: number;
  readonly scale: number;
  /** Degrees of freedom; infinite for the normal. */
  readonly freedom: number;
  /** log of the density of x at its peak. */
  readonly peak: number;
  /** The x outside which the mass is below the tolerance, on either side. */
  readonly low: number;
  readonly high: number;
  /** P(score above the top of the panel at hand). */
  above: number;
  /** The integral so far. */
  sum: number;
}

/** Prepares an arm; `tail` is the mass that may be left out at each end. */
export function scoreArm(index: number, location: number, scale: number, freedom: number, tail: number): ScoreArm {
  const peak =
    freedom === Number.POSITIVE_INFINITY ? -HALF_LOG_TWO_PI : -0.5 * Math.log(freedom) - logBeta(0.5 * freedom, 0.5);
  const reach = scale * tailBound(freedom, peak, tail);
  return {
    index,
    location,
    scale,
    freedom,
    peak: peak - Math.log(scale),
    low: location - reach,
    high: location + reach,
    above: 0,
    sum: 0,
  };
}

/** A z with P(Z > z) <= tail, by P(Z > z) <= f(z) (freedom + z^2) / (freedom z) (Soms 1976; for the normal, Mills 1926). */
function tailBound(freedom: number, peak: number, tail: number): number {
  const target = Math.log(tail) - peak;
  for (let z = 6.5; ; z *= 1.2) {
    const ratio = freedom === Number.POSITIVE_INFINITY ? 1 / z : 1 / z + z / freedom;
    if (Math.log(ratio) - fall(z, freedom) <= target) return z;
  }
}

/** log f(0) - log f(z). */
function fall(z: number, freedom: number): number {
  if (freedom === Number.POSITIVE_INFINITY) return 0.5 * z * z;
  return 0.5 * (freedom + 1) * Math.log1p((z * z) / freedom);
}

/**
 * In these units a function keeps its 8-node error below about 1e-10 of its peak: standard deviations of a bell, e-folds
 * of an exponential, distances to the poles of Student's density at +-i sqrt(freedom). Set by measurement, not by proof.
 */
const BELL = 1 / (2.0 * 2.0);
const SLOPE = 1 / (5.4 * 5.4);
const POLE = 1 / (0.8 * 0.8);

/**
 * The widest panel that is sound near x for all arms with some of their range in (bottom, top). The error of 8 nodes
 * grows with the 16th power of the width and is proportional to the height of the function, so where a density has
 * fallen to e^-D of its peak its panels may be e^(D / 16) times as wide (here the first terms of that series). Arms are
 * combined by a 4-norm: a product of K bells is narrower than one of them, but far from K times.
 */
export function scoreWidth(arms: readonly ScoreArm[], x: number, bottom: number, top: number): number {
  let sum = 0;
  let inverse = 0;
  let last: ScoreArm | undefined;
  for (let k = 0; k < arms.length; k++) {
    const arm = arms[k]!;
    if (arm.high < bottom || arm.low > top) continue;
    if (last === undefined || !isTwin(arm, last)) inverse = inverseSquare(arm, x);
    last = arm;
    sum += inverse * inverse;
  }
  return 1 / Math.sqrt(Math.sqrt(sum));
}

/** Whether two arms draw their scores from one distribution. Most of thousands do, never having been tried: one is computed for each run of them. */
function isTwin(one: ScoreArm, other: ScoreArm): boolean {
  return one.location === other.location && one.scale === other.scale && one.freedom === other.freedom;
}

/** The same for one arm alone. */
export function widthOf(arm: ScoreArm, x: number): number {
  return 1 / Math.sqrt(inverseSquare(arm, x));
}

function inverseSquare({ location, scale, freedom }: ScoreArm, x: number): number {
  const z = (x - location) / scale;
  const normal = freedom === Number.POSITIVE_INFINITY;
  const bell = normal ? 1 : (freedom + 1) / (freedom + z * z);
  const pole = normal ? 0 : POLE / (freedom + z * z);
  const low = Math.min(30, fall(z, freedom)) / 16;
  const relax = 1 + low * (1 + 0.5 * low);
  return ((BELL * bell + SLOPE * bell * bell * z * z) / (relax * relax) + pole) / (scale * scale);
}

/** The result of `evaluateScores`, NODE_COUNT numbers an arm: density, and P(score < node). Memory is reused, and grown when more arms come. */
export let scoreDensities = new Float64Array(0);
export let scoresBelow = new Float64Array(0);

/** Makes room for `count` arms. */
export function roomForScores(count: number): void {
  if (scoreDensities.length >= count * NODE_COUNT) return;
  scoreDensities = new Float64Array(count * NODE_COUNT);
  scoresBelow = new Float64Array(count * NODE_COUNT);
}

/** Densities and distribution functions of all arms at the nodes of [bottom, top]; moves `above` to the bottom of it. */
export function evaluateScores(arms: readonly ScoreArm[], top: number, bottom: number): void {
  const half = 0.5 * (top - bottom);
  for (let k = 0; k < arms.length; k++) {
    const arm = arms[k]!;
    const row = k * NODE_COUNT;
    const before = arms[k - 1];
    if (before !== undefined && isTwin(arm, before)) {
      scoreDensities.copyWithin(row, row - NODE_COUNT, row);
      scoresBelow.copyWithin(row, row - NODE_COUNT, row);
      arm.above = before.above;
      continue;
    }
    if (arm.high <= bottom || arm.low >= top) {
      scoreDensities.fill(0, row, row + NODE_COUNT);
      scoresBelow.fill(1 - arm.above, row, row + NODE_COUNT);
      continue;
    }
    let mass = 0;
    for (let i = 0; i < NODE_COUNT; i++) {
      const z = (top - arm.location - half * (1 - NODES[i]!)) / arm.scale;
      const density = Math.exp(arm.peak - fall(z, arm.freedom));
      scoreDensities[row + i] = density;
      mass += WEIGHTS[i]! * density;
    }
    for (let i = 0; i < NODE_COUNT; i++) {
      let part = 0;
      for (let n = 0; n < NODE_COUNT; n++) part += FROM_NODE_TO_TOP[i * NODE_COUNT + n]! * scoreDensities[row + n]!;
      scoresBelow[row + i] = 1 - arm.above - half * part;
    }
    arm.above += half * mass;
  }
}
