/**
 * A bag of learners, each on a bootstrap of its own: every one learns a reward as often as a Poisson(1) draw says (the on-line
 * bootstrap of Oza & Russell 2001), and one drawn evenly chooses greedily (Eckles & Kaptein 2014, Thompson sampling with the
 * online bootstrap; `--bag` in Vowpal Wabbit). So an arm's propensity is the share of the learners that hold it to be best.
 *
 * Replicas regress what a reward fell short of 1: of an arm that a replica has not met it expects 1, and tries it.
 */

import { readBag, writeBag } from './bootstrap-bag-bytes.ts';
import type { FeatureKind } from './encoding.ts';
import { type LinearPosterior, linearModels } from './linear-models.ts';
import type { Lesson, Policy, Situation } from './policy.ts';
import { exploredChoice } from './ranking.ts';
import { drawIndex, drawPoisson, drawUniform, randomness } from './sampling.ts';
import { checkSize, shiftOf, withFloor } from './situation.ts';
import { bestOf, placeWithTies, rankWithTies } from './tied-ranking.ts';

/** Parameters of `bootstrapBag`. */
export interface BootstrapBagParameters {
  /** How many learners choose, an integer >= 1. */
  readonly replicas: number;
  /** Ridge, > 0. */
  readonly lambda: number;
}

/** What was learned in a bucket. */
export interface Bag {
  /** Every reward as it came: what is believed. */
  readonly whole: LinearPosterior;
  /** What rewards fell short of 1, of each replica's bootstrap: what chooses. */
  readonly replicas: readonly LinearPosterior[];
}

/** The policy `bootstrap_bag`. It cannot forget. @throws RangeError where the features make too long a vector */
export function bootstrapBag({ replicas, lambda }: BootstrapBagParameters, kinds: readonly FeatureKind[]): Policy<Bag> {
  const { policy, predict } = linearModels(kinds, lambda);

  /** @param mirrored the situation as replicas see it */
  function scoresBy(replica: LinearPosterior, mirrored: Situation): number[] {
    const { means } = predict(replica, mirrored);
    return mirrored.candidates.map((_, i) => 1 - means[i]! + shiftOf(mirrored, i));
  }

  function scoresOfAll({ replicas }: Bag, situation: Situation): number[][] {
    const mirrored = asShortfall(situation);
    return replicas.map((replica) => scoresBy(replica, mirrored));
  }

  /** The mean over the replicas of what each does with certainty, but for its ties. */
  function averaged(sums: readonly number[], { floor, candidates }: Situation): number[] {
    return sums.map((sum) => withFloor(sum / replicas, floor, candidates.length));
  }

  return {
    ...policy,
    name: 'bootstrap_bag',
    version: 1,
    deterministic: replicas === 1,
    init: () => ({ whole: policy.init(), replicas: Array.from({ length: replicas }, policy.init) }),
    learn(bag, lesson) {
      policy.learn(bag.whole, lesson);
      const short: Lesson = { ...lesson, value: 1 - lesson.value };
      const random = randomness(lesson.seed);
      for (const replica of bag.replicas) {
        for (let times = drawPoisson(random); times > 0; times--) policy.learn(replica, short);
      }
      return bag;
    },
    choose(bag, situation, seed, size) {
      const random = randomness(seed);
      const count = situation.candidates.length;
      const explored = drawUniform(random) < situation.floor;
      const scores = scoresBy(bag.replicas[drawIndex(random, replicas)]!, asShortfall(situation));
      checkSize(size, count);
      if (explored) return exploredChoice(random, count, size);
      return { ranking: rankWithTies(random, scores, size), scores, explored };
    },
    propensities(bag, situation) {
      const sums = situation.candidates.map(() => 0);
      for (const scores of scoresOfAll(bag, situation)) {
        const best = bestOf(scores);
        for (const i of best) sums[i]! += 1 / best.length;
      }
      return averaged(sums, situation);
    },
    rankPropensities(bag, situation, ranking) {
      const sums = ranking.map(() => 0);
      for (const scores of scoresOfAll(bag, situation)) {
        for (const [place, i] of ranking.entries()) sums[place]! += placeWithTies(scores, i, place);
      }
      return averaged(sums, situation);
    },
    belief: ({ whole }, situation, candidate) => policy.belief(whole, situation, candidate),
    parameters: ({ whole }, arm) => policy.parameters?.(whole, arm),
    serialise: (bag) => writeBag(bag, policy.serialise),
    restore: (bytes) => readBag(bytes, replicas, policy.restore),
  };
}

/** The situation with the prior of what rewards fall short of 1: successes are failures. */
function asShortfall(situation: Situation): Situation {
  const { prior } = situation;
  return prior.length === 0
    ? situation
    : { ...situation, prior: prior.map((_, i) => prior[i % 2 === 0 ? i + 1 : i - 1]!) };
}
