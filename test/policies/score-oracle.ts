/**
 * The probabilities of `score-propensity.ts` by other means: adaptive Simpson over the quantiles' logit of one arm, with
 * distribution functions from series. Slow, and sharing no step with the code under test.
 */

import { betaCdf, logGamma } from '../../policies/beta-distribution.ts';
import type { ScoreArms } from '../../policies/score-propensity.ts';
import { adaptiveSimpson } from './quadrature-oracle.ts';

/** The standard normal: a Taylor series in the middle (Marsaglia 2004), Laplace's continued fraction in the tails. */
export function normalCdf(x: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 4) {
    let term = x;
    let sum = x;
    for (let n = 3; Math.abs(term) > 1e-18; n += 2) {
      term *= (x * x) / n;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / (Math.abs(x) + fraction);
  const tail = density / (Math.abs(x) + fraction);
  return x < 0 ? tail : 1 - tail;
}

/** Student's t by the incomplete beta function (DLMF 8.17), from the side where it is small. */
export function studentCdf(x: number, freedom: number): number {
  if (freedom === Number.POSITIVE_INFINITY) return normalCdf(x);
  const square = x * x;
  const inner = square / (freedom + square);
  const tail =
    inner < 0.5
      ? 0.5 - 0.5 * betaCdf(inner, 0.5, 0.5 * freedom)
      : 0.5 * betaCdf(freedom / (freedom + square), 0.5 * freedom, 0.5);
  return x < 0 ? tail : 1 - tail;
}

function studentPdf(x: number, freedom: number): number {
  if (freedom === Number.POSITIVE_INFINITY) return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  const norm = logGamma(0.5 * (freedom + 1)) - logGamma(0.5 * freedom) - 0.5 * Math.log(freedom * Math.PI);
  return Math.exp(norm - 0.5 * (freedom + 1) * Math.log1p((x * x) / freedom));
}

/** P(arm a has exactly `rank` others above it): x = location + scale * sinh(u), u cut where any arm has its centre or its flanks. */
export function rankProbability(arms: ScoreArms, a: number, rank: number): number {
  const count = arms.location.length;
  const [location, scale] = [arms.location[a]!, arms.scale[a]!];
  const freedomOf = (i: number) => arms.freedom?.[i] ?? Number.POSITIVE_INFINITY;
  const at = (u: number) => {
    const z = Math.sinh(u);
    let law = [1];
    for (let j = 0; j < count; j++) {
      if (j === a) continue;
      const below = studentCdf((location - arms.location[j]! + scale * z) / arms.scale[j]!, freedomOf(j));
      law = [...law, 0].map((p, n) => p * below + (n > 0 ? law[n - 1]! * (1 - below) : 0)).slice(0, rank + 1);
    }
    return (law[rank] ?? 0) * studentPdf(z, freedomOf(a)) * Math.cosh(u);
  };
  const reach = freedomOf(a) === Number.POSITIVE_INFINITY ? Math.asinh(8) : Math.asinh(1e12 ** (1 / freedomOf(a)) * 20);
  const cuts = [-reach, reach];
  for (let j = 0; j < count; j++) {
    for (const far of [-20, -6, -3, -1, 0, 1, 3, 6, 20]) {
      cuts.push(Math.asinh((arms.location[j]! + far * arms.scale[j]! - location) / scale));
    }
  }
  const inside = cuts.filter((u) => Math.abs(u) <= reach).sort((one, other) => one - other);
  let sum = 0;
  for (let i = 1; i < inside.length; i++) {
    if (inside[i]! > inside[i - 1]!) sum += adaptiveSimpson(at, inside[i - 1]!, inside[i]!, 1e-12);
  }
  return sum;
}
