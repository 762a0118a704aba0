/**
 * Conservative exploration (Wu, Shariff, Lattimore and Szepesvári, "Conservative bandits", ICML 2016; with contexts Kazerouni,
 * Ghavamzadeh, Abbasi-Yadkori and Van Roy, NeurIPS 2017): an arm other than the baseline is played only while all decisions
 * so far together with this one are sure to earn (1 − risk) of what the baseline alone would have earned.
 */
import { type Interval, logBeta } from './beta-distribution.ts';

/** An arm, as often as it was played, with its mean reward between two bounds. */
export interface PlayedArm {
  readonly played: number;
  readonly bounds: Interval;
}

/** Both in units of reward, after all decisions so far and before this one. */
export interface ConservativeBudget {
  /** What they earned at least. */
  readonly earned: number;
  /** (1 − risk) of what the baseline would have earned at most, with this decision. */
  readonly owed: number;
}

/**
 * The two sides of the condition of Wu et al. (2016), section 3.3, where the baseline's mean is not known: with T_i plays of arm i,
 * T of all, bounds l_i <= mu_i <= u_i, and m whichever bound of the baseline 0 is worse,
 *   earned = sum over i != 0 of T_i l_i + T_0 m,  owed = (1 − risk) (T + 1) m,  m = u_0 where T_0 < (1 − risk) (T + 1), else l_0.
 * Arm a may be played where earned + l_a >= owed.
 * @param risk in [0, 1]: the share of the baseline's earnings that exploring may cost
 */
export function conservativeBudget(baseline: PlayedArm, others: Iterable<PlayedArm>, risk: number): ConservativeBudget {
  let earned = 0;
  let decisions = baseline.played + 1;
  for (const { played, bounds } of others) {
    earned += played * bounds.lower;
    decisions += played;
  }
  const promised = (1 - risk) * decisions;
  const worst = baseline.played < promised ? baseline.bounds.upper : baseline.bounds.lower;
  return { earned: earned + baseline.played * worst, owed: promised * worst };
}

/** Whether an arm of this lower bound may be played. */
export function isAffordable({ earned, owed }: ConservativeBudget, lower: number): boolean {
  return earned + lower >= owed;
}

/** Halvings of [0, 1] on the way to a bound: it is at most 1e-12 wider than it need be. */
const HALVINGS = 40;

/**
 * Bounds of a mean that hold at all times together with probability 1 − delta, for rewards in [0, 1] whose mean is the same
 * whatever came before: the means m at which the mixture martingale (Robbins 1970; with Ville's inequality)
 *   B(1 + S, 1 + n − S) / (m^S (1 − m)^(n − S))
 * stays below 1 / delta. For rewards of 0 and 1 it is a likelihood ratio with a uniform prior; for others in between, and for
 * parts of a pull, it is no larger, by the weighted inequality of arithmetic and geometric means.
 * @param pulls n >= 0, with fractions
 * @param sum S in [0, n]
 */
export function meanBounds(pulls: number, sum: number, delta: number): Interval {
  if (pulls <= 0) return { lower: 0, upper: 1 };
  const hits = Math.min(pulls, Math.max(0, sum));
  const misses = pulls - hits;
  const threshold = logBeta(1 + hits, 1 + misses) + Math.log(delta);
  const refuted = (mean: number) => hits * Math.log(mean) + misses * Math.log1p(-mean) < threshold;
  const centre = hits / pulls;
  return {
    lower: hits === 0 ? 0 : edge(0, centre, refuted),
    upper: misses === 0 ? 1 : edge(1, centre, refuted),
  };
}

/** The last point on the way from the centre to the end that is refuted: on the safe side of the edge. */
function edge(end: number, centre: number, refuted: (mean: number) => boolean): number {
  let out = end;
  let within = centre;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (out + within) / 2;
    if (refuted(middle)) out = middle;
    else within = middle;
  }
  return out;
}
