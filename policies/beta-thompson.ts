/**
 * Thompson sampling with Beta posteriors (Thompson 1933; Chapelle & Li 2011; Agrawal & Goyal 2012): draw every arm's
 * mean from its posterior, add its shift, take the best. Buckets shrink towards their domain through the prior.
 */

import {
  BETA_PRIOR_WIDTH,
  type BetaCounts,
  type BetaShapes,
  betaBelief,
  betaPrior,
  betaShapes,
} from './beta-counts.ts';
import { betaPosterior } from './beta-posterior.ts';
import { type BetaArms, firstPropensities, rankPropensities } from './beta-propensity.ts';
import { atBucketLevel } from './bucket-effect.ts';
import type { Choice, Policy, Situation } from './policy.ts';
import { exploredChoice, rankBy } from './ranking.ts';
import { drawBetaLogOdds, drawUniform, logistic, randomness } from './sampling.ts';
import { checkSituation, checkSize, shiftOf, withFloor } from './situation.ts';

/** Parameters of `betaThompson`. */
export interface BetaThompsonParameters {
  /** Pseudo-pulls that the domain's mean of an arm is worth to a bucket at most, >= 0. 0 turns shrinkage off. */
  readonly shrinkage: number;
  /**
   * How many times every count is taken when a mean is drawn, >= 1: draws come closer to the mean, as with the reshaped posterior
   * of Chapelle & Li (2011, section 3) of alpha = 1 / sharpness. 1, or undefined, is the posterior itself. Beliefs keep their widths.
   */
  readonly sharpness?: number | undefined;
  /** Pulls that hold a bucket's own level at that of the domain, see `bucket-effect.ts`; 0, or undefined, means no level. */
  readonly bucketEffect?: number | undefined;
}

/** The policy `beta_thompson`. */
export function betaThompson({
  shrinkage,
  sharpness = 1,
  bucketEffect = 0,
}: BetaThompsonParameters): Policy<BetaCounts> {
  const shapesOf = (counts: BetaCounts, situation: Situation) =>
    sharpened(betaShapes(counts, levelled(counts, situation, bucketEffect)), sharpness);
  const arms = (counts: BetaCounts, situation: Situation): BetaArms => {
    const { alpha, beta } = shapesOf(counts, situation);
    return { alpha, beta, shift: situation.candidates.map((_, i) => shiftOf(situation, i)) };
  };
  return {
    ...betaPosterior,
    name: 'beta_thompson',
    version: 1,
    deterministic: false,
    prior: (candidates, source) => betaPrior(candidates, source, shrinkage),
    choose: (counts, situation, seed, size) => choose(shapesOf(counts, situation), situation, seed, size),
    propensities: (counts, situation) =>
      firstPropensities(arms(counts, situation)).map((p) => withFloor(p, situation.floor, situation.candidates.length)),
    rankPropensities: (counts, situation, ranking) =>
      rankPropensities(arms(counts, situation), ranking).map((p) =>
        withFloor(p, situation.floor, situation.candidates.length),
      ),
    belief: (counts, situation, candidate) => betaBelief(counts, levelled(counts, situation, bucketEffect), candidate),
  };
}

function levelled(counts: BetaCounts, situation: Situation, strength: number): Situation {
  if (strength === 0) return situation;
  checkSituation(situation, BETA_PRIOR_WIDTH);
  const at = situation.candidates.map((arm) => counts.index.get(arm) ?? -1);
  // Not the pulls: each is the sum of its two counts only to rounding.
  const pulls = at.map((i) => (counts.successes[i] ?? 0) + (counts.failures[i] ?? 0));
  const sums = at.map((i) => counts.successes[i] ?? 0);
  return atBucketLevel(situation, pulls, sums, strength);
}

function sharpened({ alpha, beta }: BetaShapes, sharpness: number): BetaShapes {
  if (sharpness === 1) return { alpha, beta };
  return { alpha: alpha.map((a) => sharpness * a), beta: beta.map((b) => sharpness * b) };
}

function choose({ alpha, beta }: BetaShapes, situation: Situation, seed: number, size: number): Choice {
  const count = alpha.length;
  checkSize(size, count);
  const random = randomness(seed);
  if (drawUniform(random) < situation.floor) {
    return exploredChoice(random, count, size);
  }
  const odds: number[] = [];
  const scores: number[] = [];
  for (let i = 0; i < count; i++) {
    const v = drawBetaLogOdds(random, alpha[i]!, beta[i]!);
    odds.push(v);
    scores.push(logistic(v) + shiftOf(situation, i));
  }
  // Draws of shapes far below 1 pile up where a double rounds them to 0 or 1, and the exact propensities know no ties
  // there. At such a pile a higher shift means that the arm stands at 0 and the other one, below it, at 1.
  const before = (i: number, j: number) =>
    scores[j]! - scores[i]! || shiftOf(situation, j) - shiftOf(situation, i) || odds[j]! - odds[i]!;
  return { ranking: rankBy(count, size, before), scores, explored: false };
}
