/**
 * The offset tree as a policy (Beygelzimer & Langford 2009): the winner of the tree, or with probability epsilon any arm. Propensities are in
 * closed form, and learning needs them: they are never left to be computed later.
 */

import { BETA_PRIOR_WIDTH, betaBelief, betaPrior, betaShapes, countParameters, learnCounts } from './beta-counts.ts';
import { createEncoder, type FeatureKind } from './encoding.ts';
import {
  dot,
  emptyOffsetTree,
  emptyRegression,
  type OffsetTree,
  rankLeaves,
  step,
  teachTree,
  verdictOf,
} from './offset-nodes.ts';
import { readOffsetTree, writeOffsetTree } from './offset-tree-bytes.ts';
import type { Lesson, Policy, Situation } from './policy.ts';
import { exploredChoice } from './ranking.ts';
import { drawUniform, randomness } from './sampling.ts';
import { checkSituation, checkSize, shiftOf } from './situation.ts';

/** Parameters of `offsetTree`. */
export interface OffsetTreeParameters {
  /** Probability of a uniformly random ranking, in [0, 1]; the floor comes on top. */
  readonly epsilon: number;
  /** What a reward is compared with: 1/2, or what is expected of the context whatever the arm. */
  readonly offset: 'half' | 'regression';
  /** Length of the first steps of the regressions, > 0. */
  readonly rate: number;
}

/** Exploration that pairs are weighed with where epsilon is less: the floor explores as well, and learning does not know it. */
const LEAST_EPSILON = 0.01;

/** Below it a weight is cut, so that no single reward can overflow a regression. */
const LEAST_PROPENSITY = 1e-6;

/**
 * The policy `offset_tree`. It cannot forget. Scores are posterior means, and decide nothing: a tournament has none.
 * @param kinds how the features are to be read, in the order of the domain's schema
 * @throws RangeError where the features make too long a vector
 */
export function offsetTree(
  { epsilon, offset, rate }: OffsetTreeParameters,
  kinds: readonly FeatureKind[],
): Policy<OffsetTree> {
  const encoder = createEncoder(kinds);
  const x = new Float64Array(encoder.dimension);
  const explore = (situation: Situation) => situation.floor + (1 - situation.floor) * epsilon;

  /** Candidates, best first: the tree's tournament, then those that nobody has tried, as they were offered. */
  function greedyRanking(tree: OffsetTree, situation: Situation, size: number): number[] {
    const { candidates, features } = situation;
    const { index, arms } = tree.counts;
    const candidateOf = new Map<number, number>();
    const shifts = new Array<number>(arms.length).fill(0);
    for (let i = 0; i < candidates.length; i++) {
      const leaf = index.get(candidates[i]!);
      if (leaf === undefined) continue;
      candidateOf.set(leaf, i);
      shifts[leaf] = shiftOf(situation, i);
    }
    encoder.encode(tree.seen, features, 1, x);
    const takesPart = arms.map((_, leaf) => candidateOf.has(leaf));
    const ranking = rankLeaves(verdictOf(tree, x), takesPart, shifts, size).map((leaf) => candidateOf.get(leaf)!);
    for (let i = 0; i < candidates.length && ranking.length < size; i++) {
      if (!index.has(candidates[i]!)) ranking.push(i);
    }
    return ranking;
  }

  function learn(tree: OffsetTree, lesson: Lesson): OffsetTree {
    const { arm, value, share, features, propensity } = lesson;
    learnCounts(tree.counts, lesson);
    while (tree.nodes.length < tree.counts.arms.length - 1) tree.nodes.push(emptyRegression(encoder.dimension));
    encoder.see(tree.seen, features, share);
    // Without the probability with which it was tried a reward has no weight: an agent that stood in for another, say.
    if (share === 0 || features.length !== encoder.doubles || !(propensity !== undefined && propensity > 0))
      return tree;
    encoder.encode(tree.seen, features, 0, x);
    const expected = offset === 'half' ? 0.5 : Math.min(1, Math.max(0, dot(tree.offset.theta, x)));
    if (offset === 'regression') step(tree.offset, x, share * (value - expected), rate);
    teachTree(tree, x, {
      leaf: tree.counts.index.get(arm)!, // learnCounts has just put it there
      value,
      share,
      propensity: Math.min(1, Math.max(LEAST_PROPENSITY, propensity)),
      epsilon: Math.max(LEAST_EPSILON, epsilon),
      offset: expected,
      rate,
    });
    return tree;
  }

  return {
    name: 'offset_tree',
    version: 1,
    priorWidth: BETA_PRIOR_WIDTH,
    choosesWithoutPrior: true,
    deterministic: epsilon === 0,
    usesFeatures: true,
    needsPropensity: true,
    init: () => emptyOffsetTree(encoder),
    prior: (candidates, source) => betaPrior(candidates, source, 0),
    choose(tree, situation, seed, size) {
      const { alpha, beta } = betaShapes(tree.counts, situation);
      const count = alpha.length;
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < explore(situation)) {
        return exploredChoice(random, count, size);
      }
      const scores = alpha.map((a, i) => a / (a + beta[i]!) + shiftOf(situation, i));
      return { ranking: greedyRanking(tree, situation, size), scores, explored: false };
    },
    propensities(tree, situation) {
      checkSituation(situation, BETA_PRIOR_WIDTH);
      const [first] = greedyRanking(tree, situation, 1);
      return situation.candidates.map((_, i) => placeProbability(i === first, situation));
    },
    rankPropensities(tree, situation, ranking) {
      checkSituation(situation, BETA_PRIOR_WIDTH);
      const greedy = greedyRanking(tree, situation, ranking.length);
      return ranking.map((i, rank) => placeProbability(greedy[rank] === i, situation));
    },
    learn,
    belief: ({ counts }, situation, candidate) => betaBelief(counts, situation, candidate),
    parameters: ({ counts }, arm) => countParameters(counts, arm),
    serialise: writeOffsetTree,
    restore: (bytes) => readOffsetTree(bytes, emptyOffsetTree(encoder), encoder.dimension),
  };

  function placeProbability(greedy: boolean, situation: Situation): number {
    const uniform = explore(situation);
    return (greedy ? 1 - uniform : 0) + uniform / situation.candidates.length;
  }
}
