/**
 * Softmax exploration over Beta posterior means (Luce 1959; as a bandit: Cesa-Bianchi & Fischer 1998): an arm is first with a probability
 * proportional to exp(score / temperature), and each further place of a slate is drawn likewise from the arms that are left.
 */

import { type BetaCounts, betaPrior, betaShapes } from './beta-counts.ts';
import { betaPosterior } from './beta-posterior.ts';
import { placePropensities, softmax } from './plackett-luce.ts';
import type { Policy, Situation } from './policy.ts';
import { exploredChoice, rankBy } from './ranking.ts';
import { drawGumbel, drawUniform, randomness } from './sampling.ts';
import { checkSize, shiftOf, withFloor } from './situation.ts';

/** Parameters of `softmaxSlate`. */
export interface SoftmaxParameters {
  /** Difference of scores, in units of reward, at which one arm is e times as likely as the other, > 0. */
  readonly temperature: number;
  /** As in `beta_thompson`. */
  readonly shrinkage: number;
}

/** The policy `softmax`. A ranking is drawn at once, as the order of scores with Gumbel noise (Yellott 1977). */
export function softmaxSlate({ temperature, shrinkage }: SoftmaxParameters): Policy<BetaCounts> {
  const meansOf = (counts: BetaCounts, situation: Situation) => {
    const { alpha, beta } = betaShapes(counts, situation);
    return alpha.map((a, i) => a / (a + beta[i]!) + shiftOf(situation, i));
  };
  const utilities = (counts: BetaCounts, situation: Situation) =>
    meansOf(counts, situation).map((mean) => mean / temperature);
  return {
    ...betaPosterior,
    name: 'softmax',
    version: 1,
    deterministic: false,
    prior: (candidates, source) => betaPrior(candidates, source, shrinkage),
    choose(counts, situation, seed, size) {
      const means = meansOf(counts, situation);
      const count = means.length;
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < situation.floor) return exploredChoice(random, count, size);
      const scores = means.map((mean) => mean + temperature * drawGumbel(random));
      return { ranking: rankBy(count, size, (i, j) => scores[j]! - scores[i]!), scores, explored: false };
    },
    propensities(counts, situation) {
      const first = softmax(utilities(counts, situation));
      return first.map((p) => withFloor(p, situation.floor, first.length));
    },
    rankPropensities(counts, situation, ranking) {
      const ranked = placePropensities(utilities(counts, situation), ranking);
      return ranked.map((p) => withFloor(p, situation.floor, situation.candidates.length));
    },
  };
}
