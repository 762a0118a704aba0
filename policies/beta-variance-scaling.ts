/**
 * Beta posteriors of rewards that vary less than a coin's: judges' scores, say, that lie within a tenth of each other. A pull of such
 * a reward tells more of its mean than a toss does, and its counts are taken kappa = m (1 - m) / s^2 times, with m the mean and
 * s^2 the variance of the arm's rewards, so that the posterior's variance is about s^2 / n and not m (1 - m) / n.
 */

import {
  type ArmMoments,
  forgetMoments,
  learnMoments,
  momentParameters,
  noArmMoments,
  readMoments,
  writeMoments,
} from './arm-moments.ts';
import type { BetaCounts } from './beta-counts.ts';
import type { Policy, Situation } from './policy.ts';

/** Pulls of a coin with the arm's mean that its variance begins with: one reward alone shows no variance at all. */
const COIN_PULLS = 2;

/**
 * The policy with counts that are scaled before it sees them.
 * @param policy one that chooses by Beta counts
 * @param most the largest kappa, >= 1
 */
export function varianceScaled(policy: Policy<BetaCounts>, most: number): Policy<ArmMoments> {
  return {
    ...policy,
    init: noArmMoments,
    learn: learnMoments,
    forget: forgetMoments,
    serialise: writeMoments,
    restore: readMoments,
    parameters: momentParameters,
    choose: (moments, situation, seed, size) => policy.choose(scaled(moments, situation, most), situation, seed, size),
    propensities: (moments, situation) => policy.propensities(scaled(moments, situation, most), situation),
    rankPropensities: (moments, situation, ranking) =>
      policy.rankPropensities(scaled(moments, situation, most), situation, ranking),
    belief: (moments, situation, candidate) => policy.belief(scaled(moments, situation, most), situation, candidate),
    path: undefined,
  };
}

/** The counts of the candidates, kappa times; their pulls are as they were. */
function scaled(moments: ArmMoments, { candidates, prior }: Situation, most: number): BetaCounts {
  const counts: BetaCounts = { arms: [], index: new Map(), successes: [], failures: [], pulls: [] };
  for (let i = 0; i < candidates.length; i++) {
    const at = moments.index.get(candidates[i]!);
    if (at === undefined) continue;
    const [pulls, sum] = [moments.pulls[at]!, moments.sums[at]!];
    const kappa = kappaOf(pulls, sum, moments.squares[at]!, prior[2 * i]!, prior[2 * i + 1]!, most);
    counts.index.set(candidates[i]!, counts.arms.push(candidates[i]!) - 1);
    counts.successes.push(kappa * sum);
    counts.failures.push(kappa * Math.max(0, pulls - sum));
    counts.pulls.push(pulls);
  }
  return counts;
}

/** In [1, most]. The mean includes the prior's pulls, so that it is neither 0 nor 1. */
function kappaOf(pulls: number, sum: number, squares: number, alpha: number, beta: number, most: number): number {
  if (!(pulls > 0)) return 1;
  const mean = (alpha + sum) / (alpha + beta + pulls);
  const coin = mean * (1 - mean);
  const apart = Math.max(0, squares - (sum / pulls) * sum);
  const kappa = (coin * (COIN_PULLS + pulls)) / (COIN_PULLS * coin + apart);
  // Where all of it has rounded to nothing there is no telling.
  return kappa >= 1 ? Math.min(most, kappa) : 1;
}
