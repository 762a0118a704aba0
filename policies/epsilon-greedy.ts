/** Epsilon-greedy on Beta posterior means: the simplest explorer, with propensities in closed form. */

import { type BetaCounts, betaPrior, betaShapes } from './beta-counts.ts';
import { betaPosterior } from './beta-posterior.ts';
import type { Choice, Policy, Situation } from './policy.ts';
import { exploredChoice } from './ranking.ts';
import { drawUniform, randomness } from './sampling.ts';
import { checkSize, shiftOf } from './situation.ts';
import { placeWithTies, rankWithTies } from './tied-ranking.ts';

/** Parameters of `epsilonGreedy`. */
export interface EpsilonGreedyParameters {
  /** Probability of a uniformly random ranking, in [0, 1]; the floor comes on top. */
  readonly epsilon: number;
  /** As in `beta_thompson`. */
  readonly shrinkage: number;
}

/**
 * The policy `epsilon_greedy`. A ranking drawn by epsilon is reported like one drawn by the floor, as explored and
 * without scores: to the log they are the same uniform draw, of probability floor + (1 - floor) epsilon.
 */
export function epsilonGreedy({ epsilon, shrinkage }: EpsilonGreedyParameters): Policy<BetaCounts> {
  const explore = (situation: Situation) => situation.floor + (1 - situation.floor) * epsilon;
  return {
    ...betaPosterior,
    name: 'epsilon_greedy',
    version: 1,
    deterministic: epsilon === 0,
    prior: (candidates, source) => betaPrior(candidates, source, shrinkage),
    choose(counts, situation, seed, size): Choice {
      const scores = greedyScores(counts, situation);
      const count = scores.length;
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < explore(situation)) {
        return exploredChoice(random, count, size);
      }
      return { ranking: rankWithTies(random, scores, size), scores, explored: false };
    },
    propensities(counts, situation) {
      const scores = greedyScores(counts, situation);
      return scores.map((_, i) => atRank(scores, i, 0, explore(situation)));
    },
    rankPropensities(counts, situation, ranking) {
      const scores = greedyScores(counts, situation);
      return ranking.map((i, rank) => atRank(scores, i, rank, explore(situation)));
    },
  };
}

function greedyScores(counts: BetaCounts, situation: Situation): number[] {
  const { alpha, beta } = betaShapes(counts, situation);
  return alpha.map((a, i) => a / (a + beta[i]!) + shiftOf(situation, i));
}

/** P(candidate i is at `rank`). */
function atRank(scores: readonly number[], i: number, rank: number, explore: number): number {
  return (1 - explore) * placeWithTies(scores, i, rank) + explore / scores.length;
}
