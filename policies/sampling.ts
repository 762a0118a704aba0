/**
 * Draws from a seedable generator. Every number here is a function of the seed: `Math.log`, `Math.exp` and `Math.sqrt`
 * are the only transcendental functions, because a replayed choice must come out bit for bit.
 */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A stream of randomness; drawing moves it on. */
export type Randomness = RandomGenerator;

/**
 * A fresh stream for one choice.
 *
 * The generator's own seeding puts the seed in the state as it is, so its first outputs of seeds 1, 2, 3 are nearly
 * equal. A choice uses only the first few: the seed is spread over the state by SplitMix32 (Steele, Lea & Flood 2014;
 * 32-bit finaliser of Appleby's MurmurHash3) first. The finaliser is a bijection of four distinct counters, so the state is never all zero.
 *
 * @param seed unsigned 32 bits; higher bits are dropped
 */
export function randomness(seed: number): Randomness {
  return xoroshiro128plusFromState([
    spread(seed, 0x9e3779b9),
    spread(seed, 0x3c6ef372),
    spread(seed, 0xdaa66d2b),
    spread(seed, 0x78dde6e4),
  ]);
}

function spread(seed: number, step: number): number {
  let word = (seed + step) | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/** Uniform on [0, 1), 53 bits. */
export function drawUniform(random: Randomness): number {
  return uniformFloat64(random);
}

/** Uniform on 0..count-1. The bias, count / 2^53, is far below what any test can see. */
export function drawIndex(random: Randomness, count: number): number {
  return Math.floor(uniformFloat64(random) * count);
}

/** Standard normal by the polar method (Marsaglia & Bray 1964). The second deviate is dropped: no state but the generator's. */
export function drawNormal(random: Randomness): number {
  for (;;) {
    const x = 2 * uniformFloat64(random) - 1;
    const y = 2 * uniformFloat64(random) - 1;
    const square = x * x + y * y;
    if (square < 1 && square > 0) return x * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/** Standard Gumbel, of which F(x) = exp(-exp(-x)): what makes a softmax of the highest of several scores. Between -4 and 37. */
export function drawGumbel(random: Randomness): number {
  // 1 - U is in (0, 1]; at 1 its logarithm would be 0, and the score infinite.
  return -Math.log(Math.max(LEAST_EXPONENTIAL, -Math.log(1 - uniformFloat64(random))));
}

/** The least that a uniform draw of 53 bits tells from 0. */
const LEAST_EXPONENTIAL = Number.EPSILON / 2;

const E_TO_MINUS_1 = 0.36787944117144233;

/** Poisson with mean 1, by counting uniforms until their product falls below exp(-1) (Knuth 1969, section 3.4.1). */
export function drawPoisson(random: Randomness): number {
  let count = 0;
  for (let product = uniformFloat64(random); product > E_TO_MINUS_1; product *= uniformFloat64(random)) count++;
  return count;
}

/**
 * Gamma(shape, scale 1).
 * @param shape > 0. Below 1 the value may underflow to 0: `drawLogGamma` does not.
 */
export function drawGamma(random: Randomness, shape: number): number {
  return shape < 1 ? Math.exp(drawLogGamma(random, shape)) : drawLargeGamma(random, shape);
}

/**
 * The logarithm of a Gamma(shape, scale 1) draw. Below shape 1 by boosting, G(a) = G(a + 1) U^(1/a) (Marsaglia & Tsang
 * 2000, section 6), in logarithms: at shape 1e-3 half of the draws are below the smallest double.
 * @param shape > 0
 */
function drawLogGamma(random: Randomness, shape: number): number {
  if (shape >= 1) return Math.log(drawLargeGamma(random, shape));
  // 1 - U is in (0, 1], so that its logarithm is finite.
  const boost = Math.log(1 - uniformFloat64(random)) / shape;
  return Math.log(drawLargeGamma(random, shape + 1)) + boost;
}

/** Marsaglia & Tsang (2000), "A simple method for generating gamma variables", for shape >= 1. */
function drawLargeGamma(random: Randomness, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(random);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const cube = root * root * root;
    const u = 1 - uniformFloat64(random);
    const square = x * x;
    if (u < 1 - 0.0331 * square * square) return d * cube;
    if (Math.log(u) < 0.5 * square + d * (1 - cube + Math.log(cube))) return d * cube;
  }
}

/**
 * The log-odds log(y / (1 - y)) of a Beta(alpha, beta) draw y, as the difference of two log-gammas. Finite for every
 * shape: at alpha = 1e-3 the draw itself rounds to 0 or 1 most of the time, its log-odds still tell two draws apart.
 * @param alpha > 0
 * @param beta > 0
 */
export function drawBetaLogOdds(random: Randomness, alpha: number, beta: number): number {
  if (alpha >= 1 && beta >= 1) {
    const x = drawLargeGamma(random, alpha);
    return Math.log(x / drawLargeGamma(random, beta));
  }
  const x = drawLogGamma(random, alpha);
  return x - drawLogGamma(random, beta);
}

/** A Beta(alpha, beta) draw in [0, 1], never NaN. */
export function drawBeta(random: Randomness, alpha: number, beta: number): number {
  return logistic(drawBetaLogOdds(random, alpha, beta));
}

/** 1 / (1 + exp(-x)): the probability whose log-odds are x. */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
