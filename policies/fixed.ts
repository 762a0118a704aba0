/** Always the same arm: the baseline that every learner has to beat, and the policy of a domain that may not explore. */

import { BETA_PRIOR_WIDTH, type BetaCounts, betaPrior, betaShapes } from './beta-counts.ts';
import { betaPosterior } from './beta-posterior.ts';
import type { Policy } from './policy.ts';
import { exploredChoice, rankBy } from './ranking.ts';
import { drawUniform, randomness } from './sampling.ts';
import { checkSituation, checkSize, shiftOf, withFloor } from './situation.ts';

/** Parameters of `fixed`. */
export interface FixedParameters {
  /** The arm that is first wherever it is a candidate; elsewhere the first candidate is. */
  readonly arm: string;
}

/**
 * The policy `fixed`: `arm`, then the other candidates as they were offered. The floor still applies. It learns like
 * the others, so that explanations have beliefs and a later policy a start; scores are posterior means, and decide nothing.
 */
export function fixed({ arm }: FixedParameters): Policy<BetaCounts> {
  return {
    ...betaPosterior,
    name: 'fixed',
    version: 1,
    deterministic: true,
    choosesWithoutPrior: true,
    prior: (candidates, source) => betaPrior(candidates, source, 0),
    choose(counts, situation, seed, size) {
      const { alpha, beta } = betaShapes(counts, situation);
      const count = alpha.length;
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < situation.floor) {
        return exploredChoice(random, count, size);
      }
      const scores = alpha.map((a, i) => a / (a + beta[i]!) + shiftOf(situation, i));
      const chosen = chosenCandidate(situation.candidates, arm);
      const ranking = rankBy(count, size, (i, j) => fixedRank(i, chosen) - fixedRank(j, chosen));
      return { ranking, scores, explored: false };
    },
    propensities(_counts, situation) {
      checkSituation(situation, BETA_PRIOR_WIDTH);
      const { candidates, floor } = situation;
      const chosen = chosenCandidate(candidates, arm);
      return candidates.map((_, i) => withFloor(i === chosen ? 1 : 0, floor, candidates.length));
    },
    rankPropensities(_counts, situation, ranking) {
      checkSituation(situation, BETA_PRIOR_WIDTH);
      const { candidates, floor } = situation;
      const chosen = chosenCandidate(candidates, arm);
      return ranking.map((i, rank) => withFloor(fixedRank(i, chosen) === rank ? 1 : 0, floor, candidates.length));
    },
  };
}

function chosenCandidate(candidates: readonly string[], arm: string): number {
  return Math.max(0, candidates.indexOf(arm));
}

function fixedRank(candidate: number, chosen: number): number {
  if (candidate === chosen) return 0;
  return candidate < chosen ? candidate + 1 : candidate;
}
