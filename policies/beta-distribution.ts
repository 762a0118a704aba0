/**
 * The Beta distribution for shapes from 1e-3 to 1e7: density, distribution function, quantiles.
 *
 * Everything is measured from the peak of the density of the log-odds v = log(z / (1 - z)),
 * g(v) = z^a (1 - z)^b / B(a, b), at z0 = a / (a + b): there the large terms of Stirling's formula cancel, and what is
 * left keeps its digits where lgamma(1e7) would have lost eight of them. g is log-concave for all shapes, also below 1.
 */

import { NODE_COUNT, NODES, WEIGHTS } from './gauss-legendre.ts';
import { logistic } from './sampling.ts';

const HALF_LOG_TWO_PI = 0.9189385332046727;

/** Above this both shapes make the continued fraction slow; the density of the log-odds is nearly normal there. */
const QUADRATURE_SHAPE = 3000;

/** An equal-tailed interval of a Beta distribution, both ends in [0, 1]. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * The 95 % equal-tailed interval of Beta(alpha, beta).
 * @throws RangeError unless both shapes are positive and finite
 */
export function credibleInterval(alpha: number, beta: number): Interval {
  checkShapes(alpha, beta);
  const peak = logPeak(alpha, beta);
  return {
    lower: logistic(lowerTailPoint(0.025, alpha, beta, peak)),
    upper: logistic(-lowerTailPoint(0.025, beta, alpha, peak)),
  };
}

/**
 * The point below which Beta(alpha, beta) has mass p, to about 1e-12 relative.
 * @param p in [0, 1]
 * @throws RangeError for shapes that are not positive and finite, or p outside [0, 1]
 */
export function betaQuantile(p: number, alpha: number, beta: number): number {
  checkShapes(alpha, beta);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a quantile is asked of a probability in [0, 1], not of ${p}`);
  if (p === 0 || p === 1) return p;
  const peak = logPeak(alpha, beta);
  return logistic(p <= 0.5 ? lowerTailPoint(p, alpha, beta, peak) : -lowerTailPoint(1 - p, beta, alpha, peak));
}

/**
 * P(Z <= x) for Z ~ Beta(alpha, beta): the regularised incomplete beta function I_x(alpha, beta).
 * @param x clipped to [0, 1]
 * @throws RangeError unless both shapes are positive and finite
 */
export function betaCdf(x: number, alpha: number, beta: number): number {
  checkShapes(alpha, beta);
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const peak = logPeak(alpha, beta);
  const v = Math.log(x) - Math.log1p(-x);
  return Math.exp(logLowerTail(v, alpha, beta, logDensity(v, x, 1 - x, alpha, beta, peak), peak));
}

/**
 * The density of Beta(alpha, beta) at x in [0, 1]; Infinity at an end whose shape is below 1.
 * @throws RangeError unless both shapes are positive and finite
 */
export function betaPdf(x: number, alpha: number, beta: number): number {
  checkShapes(alpha, beta);
  if (!(x >= 0 && x <= 1)) return 0;
  if (x === 0) return alpha < 1 ? Number.POSITIVE_INFINITY : alpha === 1 ? beta : 0;
  if (x === 1) return beta < 1 ? Number.POSITIVE_INFINITY : beta === 1 ? alpha : 0;
  const v = Math.log(x) - Math.log1p(-x);
  return Math.exp(logDensity(v, x, 1 - x, alpha, beta, logPeak(alpha, beta))) / (x * (1 - x));
}

/** log B(alpha, beta), without the cancellation of three lgammas. */
export function logBeta(alpha: number, beta: number): number {
  const total = alpha + beta;
  const small = Math.min(alpha, beta);
  const large = Math.max(alpha, beta);
  return small * Math.log(small / total) + large * Math.log1p(-small / total) - logPeak(alpha, beta);
}

/** log Gamma(x) for x > 0. */
export function logGamma(x: number): number {
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + stirlingRemainder(x);
}

/** log g at its peak: log(sqrt(ab / (2 pi (a + b)))) and three remainders of Stirling's formula. */
export function logPeak(alpha: number, beta: number): number {
  const total = alpha + beta;
  return (
    0.5 * Math.log((alpha / total) * beta) -
    HALF_LOG_TWO_PI +
    stirlingRemainder(total) -
    stirlingRemainder(alpha) -
    stirlingRemainder(beta)
  );
}

/** log Gamma(x) less Stirling's formula. Abramowitz & Stegun 6.1.40 from x = 10 on, below by Gamma(x + m) = Gamma(x) x (x + 1) .. (x + m - 1). */
function stirlingRemainder(x: number): number {
  if (x < 10) {
    let product = x;
    let y = x + 1;
    for (; y < 10; y++) product *= y;
    return (y - 0.5) * Math.log(y) - (x - 0.5) * Math.log(x) - (y - x) - Math.log(product) + stirlingSeries(y);
  }
  return stirlingSeries(x);
}

function stirlingSeries(x: number): number {
  const r = 1 / (x * x);
  return (
    (1 / 12 -
      r *
        (1 / 360 -
          r *
            (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360 - r * (1 / 156 - r * (3617 / 122400)))))))) /
    x
  );
}

/** log g(v), from v, z and 1 - z, of which v alone is precise where z underflows. */
function logDensity(v: number, z: number, complement: number, alpha: number, beta: number, peak: number): number {
  const total = alpha + beta;
  // z - z0 from the smaller of the two: near an end the other one has no digits of it.
  const step = z < complement ? z - alpha / total : beta / total - complement;
  const up = (step * total) / alpha;
  const down = (-step * total) / beta;
  const logUp = up > -0.5 ? Math.log1p(up) : logOf(v) - Math.log(alpha / total);
  const logDown = down > -0.5 ? Math.log1p(down) : logOf(-v) - Math.log(beta / total);
  return peak + alpha * logUp + beta * logDown;
}

/** log of the probability with log-odds v. */
function logOf(v: number): number {
  return v < 0 ? v - Math.log1p(Math.exp(v)) : -Math.log1p(Math.exp(-v));
}

/** log P(log-odds <= v). */
function logLowerTail(v: number, alpha: number, beta: number, density: number, peak: number): number {
  const z = logistic(v);
  const total = alpha + beta;
  if (z > (alpha + 1) / (total + 2)) return Math.log1p(-Math.exp(logTail(-v, beta, alpha, density, peak)));
  return logTail(v, alpha, beta, density, peak);
}

function logTail(v: number, alpha: number, beta: number, density: number, peak: number): number {
  if (alpha > QUADRATURE_SHAPE && beta > QUADRATURE_SHAPE) return logTailByQuadrature(v, alpha, beta, density, peak);
  return density - Math.log(tailFraction(logistic(v), logistic(-v), alpha, beta));
}

/**
 * g(v) / I_z(a, b) as a continued fraction, by Lentz's method (Thompson & Barnett 1986). The form of Didonato & Morris
 * (1992) keeps z and 1 - z apart, which saves the digits of a small 1 - z, and takes two steps of DLMF 8.17.22 at once.
 */
function tailFraction(z: number, complement: number, alpha: number, beta: number): number {
  const drift = alpha * complement - beta * z + 1;
  let fraction = (alpha * drift) / (alpha + 1);
  let c = fraction;
  let d = 0;
  for (let m = 1; m <= 20_000; m++) {
    const place = alpha + 2 * m;
    const numerator = ((alpha + m - 1) / (place - 1)) * ((alpha + beta + m - 1) / (place - 1)) * m * (beta - m) * z * z;
    const constant = m + (m * (beta - m) * z) / (place - 1) + ((alpha + m) * (drift + m * (2 - z))) / (place + 1);
    d = 1 / (constant + numerator * d);
    c = constant + numerator / c;
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-15) break;
  }
  return fraction;
}

/** Gauss-Legendre panels of two standard deviations, downwards from v, relative to the density at v. */
function logTailByQuadrature(v: number, alpha: number, beta: number, density: number, peak: number): number {
  const half = Math.sqrt(1 / alpha + 1 / beta);
  let sum = 0;
  for (let panel = 0; panel < 64; panel++) {
    let part = 0;
    for (let i = 0; i < NODE_COUNT; i++) {
      const at = v + half * (NODES[i]! - 1 - 2 * panel);
      const below = logDensity(at, logistic(at), logistic(-at), alpha, beta, peak) - density;
      part += WEIGHTS[i]! * Math.exp(below);
    }
    sum += part;
    if (part <= 1e-13 * sum) break;
  }
  return density + Math.log(half * sum);
}

/**
 * The log-odds below which Beta(alpha, beta) has mass p <= 1/2: Halley's method on log F(v) - log p, which is concave,
 * inside a bracket that bisects should a step leave it.
 */
function lowerTailPoint(p: number, alpha: number, beta: number, peak: number): number {
  const target = Math.log(p);
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let leap = Math.sqrt(1 / alpha + 1 / beta);
  let v = firstGuess(p, alpha, beta);
  for (let round = 0; round < 100; round++) {
    const z = logistic(v);
    const density = logDensity(v, z, logistic(-v), alpha, beta, peak);
    const tail = logLowerTail(v, alpha, beta, density, peak);
    const error = tail - target;
    if (error === 0) return v;
    if (error > 0) high = v;
    else low = v;
    const rate = Math.exp(density - tail);
    const bend = alpha * logistic(-v) - beta * z - rate;
    const newton = error / rate;
    const step = newton / Math.max(0.5, 1 - 0.5 * newton * bend);
    let next = v - step;
    if (!(next > low && next < high)) {
      if (!Number.isFinite(low)) next = high - leap;
      else if (!Number.isFinite(high)) next = low + leap;
      else next = 0.5 * (low + high);
      if (next === low || next === high) return next;
      leap *= 2;
    } else if (Math.abs(step) * rate < 1e-4) {
      // The method is of third order: what is left of the error is the cube of this.
      return next;
    }
    v = next;
  }
  return v;
}

/** Abramowitz & Stegun 26.5.22 where both shapes exceed 1, otherwise the power law of the nearer end (as in Press et al. 2007, 6.14.22). */
function firstGuess(p: number, alpha: number, beta: number): number {
  if (alpha > 1 && beta > 1) {
    const x = normalUpperPoint(p);
    const one = 1 / (2 * alpha - 1);
    const two = 1 / (2 * beta - 1);
    const lambda = (x * x - 3) / 6;
    const h = 2 / (one + two);
    const w = (x * Math.sqrt(lambda + h)) / h - (two - one) * (lambda + 5 / 6 - 2 / (3 * h));
    if (lambda + h > 0) return Math.log(alpha / beta) - 2 * w;
  }
  const total = alpha + beta;
  const lower = alpha * Math.log(alpha / total) - Math.log(alpha);
  const upper = beta * Math.log(beta / total) - Math.log(beta);
  const both = Math.log(Math.exp(lower) + Math.exp(upper));
  if (Math.log(p) <= lower - both) return Math.min(30, (Math.log(p * alpha) + logBeta(alpha, beta)) / alpha);
  const rest = (Math.log1p(-p) + Math.log(beta) + both) / beta;
  return rest < -1e-3 ? Math.log(-Math.expm1(rest)) - rest : Math.log(alpha / beta);
}

/** x with P(N > x) = p <= 1/2, to 4.5e-4 (Abramowitz & Stegun 26.2.23). */
function normalUpperPoint(p: number): number {
  // The credible interval's own point: exact, it saves every decision a round of Halley.
  if (p === 0.025) return 1.959963984540054;
  const t = Math.sqrt(-2 * Math.log(p));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

function checkShapes(alpha: number, beta: number): void {
  if (!(alpha > 0 && beta > 0 && alpha < Number.POSITIVE_INFINITY && beta < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`a Beta distribution needs two positive finite shapes, not ${alpha} and ${beta}`);
  }
}
