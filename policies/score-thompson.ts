/** Choosing by independent draws of normal scores: what linear Thompson samplers have in common once they know location and scale. */

import type { Policy, Situation } from './policy.ts';
import { exploredChoice, rankBy } from './ranking.ts';
import { drawNormal, drawUniform, randomness } from './sampling.ts';
import { firstScorePropensities, rankScorePropensities, type ScoreArms } from './score-propensity.ts';
import { checkSize, withFloor } from './situation.ts';

/** The least scale of a score: an arm that is known exactly, to rounding, would have no density. */
export const LEAST_SCALE = 1e-12;

/**
 * That part of a policy which chooses, and says with which probability.
 * @param scoreArms location and scale of every candidate's score, shift included; it throws RangeErrors for situations that do not fit
 */
export function scoreThompson<P>(
  scoreArms: (posterior: P, situation: Situation) => ScoreArms,
): Pick<Policy<P>, 'choose' | 'propensities' | 'rankPropensities'> {
  return {
    choose(posterior, situation, seed, size) {
      const count = situation.candidates.length;
      const { location, scale } = scoreArms(posterior, situation);
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < situation.floor) {
        return exploredChoice(random, count, size);
      }
      const scores: number[] = [];
      for (let i = 0; i < count; i++) scores.push(location[i]! + scale[i]! * drawNormal(random));
      return { ranking: rankBy(count, size, (i, j) => scores[j]! - scores[i]!), scores, explored: false };
    },
    propensities(posterior, situation) {
      const first = firstScorePropensities(scoreArms(posterior, situation));
      return first.map((p) => withFloor(p, situation.floor, first.length));
    },
    rankPropensities(posterior, situation, ranking) {
      const ranked = rankScorePropensities(scoreArms(posterior, situation), ranking);
      return ranked.map((p) => withFloor(p, situation.floor, situation.candidates.length));
    },
  };
}
