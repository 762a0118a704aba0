/**
 * Randomised upper confidence bounds (Vaswani, Mehrabian, Durand & Kveton 2020, "Old Dog Learns New Tricks: Randomized UCB for Bandit
 * Problems") over linear models that lean on a common one: the arm with the highest mean + z * deviation, where one z, drawn
 * uniformly from a band, is shared by all arms. Optimism tries the arms in turn, as in LinUCB; the draw gives every arm that can be best
 * somewhere on the band a probability, and an exact one.
 */

import { type Band, firstBandPropensities, type Lines, rankBandPropensities } from './band-propensity.ts';
import { discountedLinear } from './discounted-linear.ts';
import type { FeatureKind } from './encoding.ts';
import { type LeaningModels, type LeaningPosterior, leaningModels } from './leaning-models.ts';
import type { AnyPolicy, Policy, Situation } from './policy.ts';
import { exploredChoice } from './ranking.ts';
import { drawUniform, randomness } from './sampling.ts';
import { checkSize, shiftOf, withFloor } from './situation.ts';
import { rankSeldomTied } from './tied-ranking.ts';

/** Parameters of `randUcb`. */
export interface RandUcbParameters {
  /** Standard deviations of optimism, in the middle of the band, >= 0. */
  readonly alpha: number;
  /** Half the width of the band, >= 0. Its lower end is not below 0. */
  readonly spread: number;
  /** Precisions of the prior, > 0: of an arm's bias, of a category's effect, of the coefficient of a number. */
  readonly armRidge: number;
  readonly categoryRidge: number;
  readonly numberRidge: number;
  /** Factor of all that was learned with each whole pull, in [0.5, 1]; undefined: nothing fades. */
  readonly discount?: number | undefined;
}

/** The policy `rand_ucb`. */
export function randUcb(parameters: RandUcbParameters, kinds: readonly FeatureKind[]): AnyPolicy {
  const { armRidge, categoryRidge, numberRidge, discount } = parameters;
  const ridges = { arm: armRidge, category: categoryRidge, number: numberRidge };
  const models = leaningModels(kinds, ridges, discount !== undefined);
  return discountedLinear(overModels(parameters, models), discount, models.fadings);
}

function overModels({ alpha, spread }: RandUcbParameters, models: LeaningModels): Policy<LeaningPosterior> {
  const band: Band = { lowest: Math.max(0, alpha - spread), highest: alpha + spread };

  function linesOf(posterior: LeaningPosterior, situation: Situation): Lines & { readonly location: number[] } {
    const { means, widths } = models.predict(posterior, situation);
    const location = situation.candidates.map((_, i) => means[i]! + shiftOf(situation, i));
    return { location, width: widths, count: location.length };
  }

  return {
    ...models.policy,
    name: 'rand_ucb',
    version: 1,
    deterministic: spread === 0,
    choose(posterior, situation, seed, size) {
      const { location, width, count } = linesOf(posterior, situation);
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < situation.floor) return exploredChoice(random, count, size);
      const z = band.lowest + (band.highest - band.lowest) * drawUniform(random);
      const scores = location.map((mean, i) => mean + z * width[i]!);
      return { ranking: rankSeldomTied(random, scores, size), scores, explored: false };
    },
    propensities(posterior, situation) {
      const first = firstBandPropensities(linesOf(posterior, situation), band);
      return first.map((p) => withFloor(p, situation.floor, first.length));
    },
    rankPropensities(posterior, situation, ranking) {
      const ranked = rankBandPropensities(linesOf(posterior, situation), band, ranking);
      return ranked.map((p) => withFloor(p, situation.floor, situation.candidates.length));
    },
  };
}
