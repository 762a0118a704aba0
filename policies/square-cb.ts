/**
 * SquareCB (Foster & Rakhlin 2020; the distribution is Abe & Long's, 1999) over ridge regressions: with y the predicted scores, shifts
 * included, and b the best of K, every other arm has the probability 1 / (K + gamma (y_b - y_a)), and b the rest.
 * gamma grows with the root of what was learned, as in Vowpal Wabbit.
 */

import type { FeatureKind } from './encoding.ts';
import { type LinearPosterior, linearModels } from './linear-models.ts';
import type { Policy, Situation } from './policy.ts';
import { exploredChoice, rankBy } from './ranking.ts';
import { drawUniform, randomness } from './sampling.ts';
import { checkSize, shiftOf, withFloor } from './situation.ts';

/** Parameters of `squareCb`. */
export interface SquareCbParameters {
  /** gamma = gammaScale * sqrt(pulls in this bucket), >= 0. */
  readonly gammaScale: number;
  /** Ridge, > 0. */
  readonly lambda: number;
}

interface Law {
  readonly scores: number[];
  /** Candidates by score, as many as were asked for or more; a tie goes to the one that was offered first. */
  readonly order: number[];
  /** P(candidate is drawn first), without the floor. */
  readonly first: number[];
}

/** The policy `square_cb`. The first place is drawn; the other candidates follow by score. */
export function squareCb(
  { gammaScale, lambda }: SquareCbParameters,
  kinds: readonly FeatureKind[],
): Policy<LinearPosterior> {
  const models = linearModels(kinds, lambda);

  /** @param places how many of the order are needed: where one is, nothing is sorted */
  function lawOf(posterior: LinearPosterior, situation: Situation, places: number): Law {
    const { count, means } = models.predict(posterior, situation);
    checkSize(places, count);
    const scores: number[] = [];
    for (let i = 0; i < count; i++) scores.push(means[i]! + shiftOf(situation, i));
    const order = rankBy(count, places === 1 ? 1 : count, (i, j) => scores[j]! - scores[i]!);
    const gamma = gammaScale * Math.sqrt(pullsOf(posterior));
    return { scores, order, first: inverseGaps(scores, order[0]!, gamma) };
  }

  return {
    ...models.policy,
    name: 'square_cb',
    version: 1,
    deterministic: false,
    choose(posterior, situation, seed, size) {
      const { scores, order, first } = lawOf(posterior, situation, size);
      const count = scores.length;
      const random = randomness(seed);
      if (drawUniform(random) < situation.floor) {
        return exploredChoice(random, count, size);
      }
      const drawn = drawFrom(first, order[0]!, drawUniform(random));
      const ranking = size === 1 ? [drawn] : [drawn, ...order.filter((i) => i !== drawn)].slice(0, size);
      return { ranking, scores, explored: false };
    },
    propensities(posterior, situation) {
      return lawOf(posterior, situation, 1).first.map((p) =>
        withFloor(p, situation.floor, situation.candidates.length),
      );
    },
    rankPropensities(posterior, situation, ranking) {
      const law = lawOf(posterior, situation, situation.candidates.length);
      return ranking.map((i, rank) => withFloor(atRank(law, i, rank), situation.floor, law.scores.length));
    },
  };
}

/** P(first) of every candidate: inverse to its gap; what is left goes to the best. */
function inverseGaps(scores: readonly number[], best: number, gamma: number): number[] {
  let rest = 1;
  const first: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const p = i === best ? 0 : 1 / (scores.length + gamma * (scores[best]! - scores[i]!));
    rest -= p;
    first.push(p);
  }
  first[best] = Math.max(0, rest);
  return first;
}

function drawFrom(first: readonly number[], best: number, uniform: number): number {
  let left = uniform;
  for (let i = 0; i < first.length; i++) {
    left -= first[i]!;
    if (left < 0) return i;
  }
  return best;
}

/** P(candidate i is at `rank`). It keeps its place by score, or moves one down where one from behind it was drawn. */
function atRank({ order, first }: Law, i: number, rank: number): number {
  if (rank === 0) return first[i]!;
  const place = order.indexOf(i);
  let sum = 0;
  if (rank === place) for (let before = 0; before < place; before++) sum += first[order[before]!]!;
  if (rank === place + 1) for (let behind = place + 1; behind < order.length; behind++) sum += first[order[behind]!]!;
  return sum;
}

function pullsOf({ models }: LinearPosterior): number {
  let pulls = 0;
  for (const model of models) pulls += model.pulls;
  return pulls;
}
