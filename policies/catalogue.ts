/** The policies that a domain can name. Their parameters and defaults are declared in `specs/`, and nowhere else. */

import { z } from 'zod';
import { fadeMoments } from './arm-moments.ts';
import { fadeCounts } from './beta-counts.ts';
import { betaThompson } from './beta-thompson.ts';
import { varianceScaled } from './beta-variance-scaling.ts';
import { bootstrapBag } from './bootstrap-bag.ts';
import { contextTree } from './context-tree.ts';
import { discountedLinear, fadingModels } from './discounted-linear.ts';
import { doublyRobust } from './doubly-robust.ts';
import { type FeatureKind, vectorLength } from './encoding.ts';
import { epsilonGreedy } from './epsilon-greedy.ts';
import { fading } from './fading.ts';
import { fixed } from './fixed.ts';
import { linTs } from './lin-ts.ts';
import { linUcb } from './lin-ucb.ts';
import { nigThompson } from './nig-thompson.ts';
import { offsetTree } from './offset-tree.ts';
import type { AnyPolicy } from './policy.ts';
import { randUcb } from './rand-ucb.ts';
import { softmaxSlate } from './softmax.ts';
import { discountOf, fadingOf } from './specs/fading-keys.ts';
import {
  BootstrapBagSpec,
  DoublyRobustSpec,
  LinTsSpec,
  LinUcbSpec,
  RandUcbSpec,
  SquareCbSpec,
} from './specs/linear-specs.ts';
import { BetaThompsonSpec, EpsilonGreedySpec, FixedSpec, NigThompsonSpec, SoftmaxSpec } from './specs/mean-specs.ts';
import { ContextTreeSpec, OffsetTreeSpec } from './specs/tree-specs.ts';
import { squareCb } from './square-cb.ts';

/** A policy as configuration: its name and parameters. Parsing fills in the defaults and refuses unknown keys. */
export const PolicySpec = z.discriminatedUnion('name', [
  BetaThompsonSpec,
  NigThompsonSpec,
  EpsilonGreedySpec,
  SoftmaxSpec,
  FixedSpec,
  LinUcbSpec,
  LinTsSpec,
  SquareCbSpec,
  ContextTreeSpec,
  OffsetTreeSpec,
  DoublyRobustSpec,
  BootstrapBagSpec,
  RandUcbSpec,
]);
export type PolicySpec = z.infer<typeof PolicySpec>;

/** The names a domain can use. */
export const policyNames: readonly PolicySpec['name'][] = PolicySpec.options.map((spec) => spec.shape.name.value);

/** Policies that learn about the features of a context: the others see nothing of it but its bucket. */
const overFeatures: ReadonlySet<PolicySpec['name']> = new Set<PolicySpec['name']>([
  ...(['lin_ucb', 'lin_ts', 'rand_ucb', 'square_cb', 'doubly_robust', 'bootstrap_bag'] as const),
  ...(['context_tree', 'offset_tree'] as const),
]);

/** Whether the policy of that name learns about features. */
export function learnsFeatures(name: PolicySpec['name']): boolean {
  return overFeatures.has(name);
}

/** More numbers than this, over all arms, are a posterior that is no longer quick to store: 8 MB. */
const QUICK_TO_STORE = 1_000_000;

/** Policies that keep a matrix of the features for every arm. */
const withMatrices: ReadonlySet<PolicySpec['name']> = new Set<PolicySpec['name']>([
  ...(['lin_ucb', 'lin_ts', 'rand_ucb', 'square_cb', 'doubly_robust', 'bootstrap_bag'] as const),
]);

/** About how many numbers the matrices of one bucket are, when all arms were rewarded; 0 where the policy has none. */
export function matrixNumbers(spec: PolicySpec, arms: number, kinds: readonly FeatureKind[]): number {
  if (!withMatrices.has(spec.name)) return 0;
  const length = vectorLength(kinds);
  return arms * length * length * (spec.name === 'bootstrap_bag' ? spec.replicas + 1 : 1);
}

/**
 * What a domain gets that names no policy: models of the features; where contexts are parted into buckets, or models of all arms would
 * be too large, beta_thompson, whose buckets borrow from one another.
 * @param kinds what the features of a context are, in their order
 */
export function defaultPolicy(arms: number, bucketed: boolean, kinds: readonly FeatureKind[]): PolicySpec {
  const length = vectorLength(kinds);
  return PolicySpec.parse({ name: bucketed || arms * length * length > QUICK_TO_STORE ? 'beta_thompson' : 'rand_ucb' });
}

/**
 * The policy that a specification describes.
 * @param kinds what the doubles of a context stand for; none: there are none
 * @throws RangeError where the policy learns about features, and those are too many; or where its discount is left to a profile,
 *   which only a domain has
 */
export function createPolicy(spec: PolicySpec, kinds: readonly FeatureKind[] = []): AnyPolicy {
  switch (spec.name) {
    case 'beta_thompson':
      return spec.varianceScaling === undefined
        ? fading(betaThompson(spec), fadingOf(spec), fadeCounts)
        : fading(varianceScaled(betaThompson(spec), spec.varianceScaling), fadingOf(spec), fadeMoments);
    case 'nig_thompson':
      return fading(nigThompson(spec), fadingOf(spec), fadeMoments);
    case 'epsilon_greedy':
      return epsilonGreedy(spec) as AnyPolicy;
    case 'softmax':
      return softmaxSlate(spec) as AnyPolicy;
    case 'fixed':
      return fixed(spec) as AnyPolicy;
    case 'lin_ucb':
      return discountedLinear(linUcb(spec, kinds), discountOf(spec.discount), fadingModels(spec.lambda));
    case 'lin_ts':
      return discountedLinear(linTs(spec, kinds), discountOf(spec.discount), fadingModels(spec.lambda));
    case 'square_cb':
      return discountedLinear(squareCb(spec, kinds), discountOf(spec.discount), fadingModels(spec.lambda));
    case 'context_tree':
      return contextTree(spec, kinds) as AnyPolicy;
    case 'offset_tree':
      return offsetTree(spec, kinds) as AnyPolicy;
    case 'doubly_robust':
      return doublyRobust(spec, kinds) as AnyPolicy;
    case 'bootstrap_bag':
      return bootstrapBag(spec, kinds) as AnyPolicy;
    case 'rand_ucb':
      return randUcb({ ...spec, discount: discountOf(spec.discount) }, kinds);
  }
}
