/**
 * A context tree: contexts are parted by the splits that explain most of the rewards' variance (regression trees, Breiman et
 * al. 1984, grown one lesson at a time), and each leaf is a Thompson sampler with Beta posteriors of its own. Propensities are as exact as those:
 * a context has one leaf.
 */

import { betaPosterior } from './beta-posterior.ts';
import { betaThompson } from './beta-thompson.ts';
import { readTree, writeTree } from './context-tree-bytes.ts';
import { type ContextTree, emptyTree, type Growth, leafOf, learnTree, pathOf } from './context-tree-nodes.ts';
import { doubleKinds, type FeatureKind } from './encoding.ts';
import type { Policy } from './policy.ts';

/** Parameters of `contextTree`. */
export interface ContextTreeParameters extends Omit<Growth, 'threshold'> {
  /** Share of the variance that a split must explain, in [0, 1]. */
  readonly splitThreshold: number;
  /** As in `beta_thompson`. */
  readonly shrinkage: number;
}

/**
 * The policy `context_tree`. It cannot forget: a lesson taken back may have made a split.
 * @param kinds how the features are to be read, in the order of the domain's schema
 */
export function contextTree(
  { shrinkage, depth, minSplit, splitThreshold, maxNodes }: ContextTreeParameters,
  kinds: readonly FeatureKind[],
): Policy<ContextTree> {
  const doubles = doubleKinds(kinds);
  const thompson = betaThompson({ shrinkage });
  const growth: Growth = { depth, minSplit, threshold: splitThreshold, maxNodes };
  return {
    name: 'context_tree',
    version: 1,
    priorWidth: betaPosterior.priorWidth,
    deterministic: false,
    usesFeatures: true,
    init: emptyTree,
    prior: thompson.prior,
    choose: (tree, situation, seed, size) =>
      thompson.choose(leafOf(tree, situation.features).counts, situation, seed, size),
    propensities: (tree, situation) => thompson.propensities(leafOf(tree, situation.features).counts, situation),
    rankPropensities: (tree, situation, ranking) =>
      thompson.rankPropensities(leafOf(tree, situation.features).counts, situation, ranking),
    learn: (tree, lesson) => learnTree(tree, lesson, doubles, growth),
    belief: (tree, situation, candidate) =>
      thompson.belief(leafOf(tree, situation.features).counts, situation, candidate),
    path: (tree, { features }) =>
      pathOf(tree, features).map(({ split: { feature, test, value }, right }) => ({
        feature,
        relation: test === 'above' ? (right ? 'above' : 'at_most') : right ? 'is' : 'is_not',
        value,
      })),
    serialise: writeTree,
    restore: readTree,
  };
}
