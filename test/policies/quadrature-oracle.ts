/**
 * The same probabilities by other means: quadrature in quantile space with the incomplete beta function (adaptive
 * Simpson), and the trapezoidal rule over log-odds with a power series. Slow, and sharing no step with the code under test.
 */

import { betaCdf, betaQuantile, logGamma } from '../../policies/beta-distribution.ts';
import type { BetaArms } from '../../policies/beta-propensity.ts';

/** P(arm a has exactly `rank` others above it), by integrating over the quantiles of a. Error about 1e-10 for shapes that doubles can tell apart. */
export function rankProbability(arms: BetaArms, a: number, rank: number, tolerance = 1e-11): number {
  const count = arms.alpha.length;
  const at = (p: number) => {
    const score = betaQuantile(p, arms.alpha[a]!, arms.beta[a]!) + arms.shift[a]!;
    let law = [1];
    for (let j = 0; j < count; j++) {
      if (j === a) continue;
      const below = betaCdf(score - arms.shift[j]!, arms.alpha[j]!, arms.beta[j]!);
      if (rank === 0) law[0]! *= below;
      else law = [...law, 0].map((p, n) => p * below + (n > 0 ? law[n - 1]! * (1 - below) : 0)).slice(0, rank + 1);
    }
    return law[rank] ?? 0;
  };
  const cuts = [0, 1];
  for (let j = 0; j < count; j++) {
    for (const end of [arms.shift[j]!, arms.shift[j]! + 1]) {
      cuts.push(betaCdf(end - arms.shift[a]!, arms.alpha[a]!, arms.beta[a]!));
    }
  }
  cuts.sort((one, other) => one - other);
  let sum = 0;
  for (let i = 1; i < cuts.length; i++) {
    const [low, high] = [cuts[i - 1]!, cuts[i]!];
    if (high - low < 1e-14) continue;
    // Decades of probability from both ends: another arm's whole range may lie in the last billionth of this one's.
    const knots = [0, 1e-14, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3, 0.5];
    for (let k = 1; k < knots.length; k++) {
      const [from, to] = [knots[k - 1]! * (high - low), knots[k]! * (high - low)];
      sum += adaptiveSimpson((x) => at(low + x), from, to, tolerance);
      sum += adaptiveSimpson((x) => at(high - x), from, to, tolerance);
    }
  }
  return sum;
}

/** Adaptive Simpson with Richardson's correction (Lyness 1969). */
export function adaptiveSimpson(f: (x: number) => number, low: number, high: number, tolerance: number): number {
  const refine = (
    a: number,
    b: number,
    fa: number,
    fm: number,
    fb: number,
    whole: number,
    tol: number,
    depth: number,
  ): number => {
    const m = 0.5 * (a + b);
    const left = f(0.5 * (a + m));
    const right = f(0.5 * (m + b));
    const one = ((m - a) / 6) * (fa + 4 * left + fm);
    const other = ((b - m) / 6) * (fm + 4 * right + fb);
    const error = one + other - whole;
    if (depth === 0 || Math.abs(error) <= 15 * tol) return one + other + error / 15;
    return (
      refine(a, m, fa, left, fm, one, 0.5 * tol, depth - 1) + refine(m, b, fm, right, fb, other, 0.5 * tol, depth - 1)
    );
  };
  const [fa, fm, fb] = [f(low), f(0.5 * (low + high)), f(high)];
  return refine(low, high, fa, fm, fb, ((high - low) / 6) * (fa + 4 * fm + fb), tolerance, 40);
}

/**
 * P(arm is first) for every arm, all shifts equal and shapes small: the trapezoidal rule over log-odds v, which converges
 * geometrically for functions that decay on both sides (Trefethen & Weideman 2014).
 */
export function firstByTrapezoid(alpha: readonly number[], beta: readonly number[], step: number): number[] {
  const reach = 30 / Math.min(...alpha, ...beta);
  const sums = alpha.map(() => 0);
  for (let v = -reach; v <= reach; v += step) {
    const below = alpha.map((a, j) => logOddsCdf(v, a, beta[j]!));
    for (let a = 0; a < alpha.length; a++) {
      let term = step * Math.exp(logOddsDensity(v, alpha[a]!, beta[a]!));
      for (let j = 0; j < alpha.length; j++) if (j !== a) term *= below[j]!;
      sums[a]! += term;
    }
  }
  return sums;
}

function logOddsDensity(v: number, a: number, b: number): number {
  const norm = logGamma(a + b) - logGamma(a) - logGamma(b);
  const small = Math.log1p(Math.exp(-Math.abs(v)));
  return norm + (v < 0 ? a * (v - small) - b * small : -a * small - b * (v + small));
}

/** z^a (1 - z)^b / (a B) sum_n (a + b)_n / (a + 1)_n z^n for z <= 1/2 (DLMF 8.17.8), mirrored above. */
function logOddsCdf(v: number, a: number, b: number): number {
  if (v > 0) return 1 - logOddsCdf(-v, b, a);
  const z = 1 / (1 + Math.exp(-v));
  let term = 1;
  let sum = 1;
  for (let n = 0; n < 500 && term > 1e-17 * sum; n++) {
    term *= ((a + b + n) / (a + 1 + n)) * z;
    sum += term;
  }
  return (Math.exp(logOddsDensity(v, a, b)) / a) * sum;
}
