/**
 * Thompson sampling with Beta posteriors (Thompson 1933; Chapelle & Li 2011; Agrawal & Goyal 2012): draw every arm's
 * mean from its posterior, add its shift, take the best. Buckets shrink towards their domain through the prior.
 */

import { type BetaCounts, betaPrior, betaShapes } from './beta-counts.ts';
import { betaPosterior } from './beta-posterior.ts';
import { type BetaArms, firstPropensities, rankPropensities } from './beta-propensity.ts';
import type { Choice, Policy, Situation } from './policy.ts';
import { noScores, rankBy, uniformRanking } from './ranking.ts';
import { drawBetaLogOdds, drawUniform, logistic, randomness } from './sampling.ts';
import { checkSize, shiftOf, withFloor } from './situation.ts';

/** Parameters of `betaThompson`. */
export interface BetaThompsonParameters {
  /** Pseudo-pulls that the domain's mean of an arm is worth to a bucket at most, >= 0. 0 turns shrinkage off. */
  readonly shrinkage: number;
}

/** The policy `beta_thompson`. */
export function betaThompson({ shrinkage }: BetaThompsonParameters): Policy<BetaCounts> {
  return {
    ...betaPosterior,
    name: 'beta_thompson',
    version: 1,
    deterministic: false,
    prior: (candidates, source) => betaPrior(candidates, source, shrinkage),
    choose,
    propensities(counts, situation) {
      const arms = shiftedArms(counts, situation);
      return firstPropensities(arms).map((p) => withFloor(p, situation.floor, situation.candidates.length));
    },
    rankPropensities(counts, situation, ranking) {
      const arms = shiftedArms(counts, situation);
      return rankPropensities(arms, ranking).map((p) => withFloor(p, situation.floor, situation.candidates.length));
    },
  };
}

function shiftedArms(counts: BetaCounts, situation: Situation): BetaArms {
  const { alpha, beta } = betaShapes(counts, situation);
  return { alpha, beta, shift: situation.candidates.map((_, i) => shiftOf(situation, i)) };
}

function choose(counts: BetaCounts, situation: Situation, seed: number, size: number): Choice {
  const { alpha, beta } = betaShapes(counts, situation);
  const count = alpha.length;
  checkSize(size, count);
  const random = randomness(seed);
  if (drawUniform(random) < situation.floor) {
    return { ranking: uniformRanking(random, count, size), scores: noScores(count), explored: true };
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
