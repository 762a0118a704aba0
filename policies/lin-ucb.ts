/**
 * LinUCB with disjoint models (Li, Chu, Langford & Schapire 2010, algorithm 1): the arm with the highest upper confidence
 * bound x'theta + alpha sqrt(x' A^-1 x), shift added.
 */

import type { FeatureKind } from './encoding.ts';
import { type LinearPosterior, linearModels } from './linear-models.ts';
import type { Policy, Situation } from './policy.ts';
import { exploredChoice, rankBy } from './ranking.ts';
import { drawUniform, randomness } from './sampling.ts';
import { checkSize, shiftOf, withFloor } from './situation.ts';

/** Parameters of `linUcb`. */
export interface LinUcbParameters {
  /** Standard deviations of optimism, >= 0. */
  readonly alpha: number;
  /** Ridge, > 0. */
  readonly lambda: number;
}

/** The policy `lin_ucb`. Apart from the floor nothing is random: a tie goes to the candidate that was offered first. */
export function linUcb({ alpha, lambda }: LinUcbParameters, kinds: readonly FeatureKind[]): Policy<LinearPosterior> {
  const models = linearModels(kinds, lambda);

  function bounds(posterior: LinearPosterior, situation: Situation): number[] {
    const { count, means, widths } = models.predict(posterior, situation);
    const scores: number[] = [];
    for (let i = 0; i < count; i++) scores.push(means[i]! + alpha * widths[i]! + shiftOf(situation, i));
    return scores;
  }

  return {
    ...models.policy,
    name: 'lin_ucb',
    version: 1,
    deterministic: true,
    choose(posterior, situation, seed, size) {
      const count = situation.candidates.length;
      const scores = bounds(posterior, situation);
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < situation.floor) {
        return exploredChoice(random, count, size);
      }
      return { ranking: rankBy(count, size, (i, j) => scores[j]! - scores[i]!), scores, explored: false };
    },
    propensities(posterior, situation) {
      const scores = bounds(posterior, situation);
      const [best] = rankBy(scores.length, 1, (i, j) => scores[j]! - scores[i]!);
      return scores.map((_, i) => withFloor(i === best ? 1 : 0, situation.floor, scores.length));
    },
    rankPropensities(posterior, situation, ranking) {
      const scores = bounds(posterior, situation);
      const order = rankBy(scores.length, scores.length, (i, j) => scores[j]! - scores[i]!);
      return ranking.map((i, rank) => withFloor(order[rank] === i ? 1 : 0, situation.floor, scores.length));
    },
  };
}
