/** The policies that a domain can name, with their parameters and defaults: the one place where both are declared. */

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
import { type FadingParameters, fading } from './fading.ts';
import { fixed } from './fixed.ts';
import { linTs } from './lin-ts.ts';
import { linUcb } from './lin-ucb.ts';
import { nigThompson } from './nig-thompson.ts';
import { offsetTree } from './offset-tree.ts';
import type { AnyPolicy } from './policy.ts';
import { randUcb } from './rand-ucb.ts';
import { softmaxSlate } from './softmax.ts';
import { squareCb } from './square-cb.ts';

const shrinkage = z
  .number()
  .min(0)
  .max(1e6)
  .default(10)
  .describe("pseudo-pulls that the domain's mean of an arm lends to a bucket at most; 0 turns shrinkage off");

// Left out, not filled in: a configuration that was recorded before there were these reads and hashes as it did.
const sharpness = z
  .number()
  .min(1)
  .max(1e4)
  .optional()
  .describe(
    'how much closer to the mean than the posterior an arm is drawn, as a factor of its pulls; 1 where left out',
  );
const bucketEffect = z
  .number()
  .min(0)
  .max(1e6)
  .optional()
  .describe(
    "pulls that hold a bucket's own level (hard for every arm, easy for every arm) at the domain's; 0, or left out: no level",
  );

/** How what was learned fades, where the world moves on: at most one of them. */
const fadings = {
  discount: z
    .union([z.number().gt(0).max(1), z.literal('profile')])
    .optional()
    .describe(
      'factor of all that a bucket learned, with each pull that it learns: about 1 / (1 - discount) pulls count. ' +
        "'profile': 1 - learningRate",
    ),
  halfLifeHours: z
    .number()
    .gt(0)
    .max(1e6)
    .optional()
    .describe('hours after which a pull counts half; what is learned fades with the next reward, not between rewards'),
  window: z.int().min(1).max(10_000).optional().describe('how many rewards of a bucket count: its last ones'),
};

type Fadings = z.infer<z.ZodObject<typeof fadings>>;

function atMostOneFading({ discount, halfLifeHours, window }: Fadings): boolean {
  return [discount, halfLifeHours, window].filter((given) => given !== undefined).length <= 1;
}

const oneFading = 'discount, halfLifeHours and window: give one of them at most';

const varianceScaling = z
  .number()
  .min(1)
  .max(1e4)
  .optional()
  .describe(
    "how many times at most a pull of an arm is taken whose rewards vary less than a coin's: " +
      'as many as makes up for it, learned from the rewards; never more than once where left out',
  );

const BetaThompsonSpec = z
  .strictObject({ name: z.literal('beta_thompson'), shrinkage, sharpness, bucketEffect, varianceScaling, ...fadings })
  .refine(atMostOneFading, oneFading)
  .describe('Thompson sampling with Beta posteriors, shrunk towards the domain');

const EpsilonGreedySpec = z
  .strictObject({
    name: z.literal('epsilon_greedy'),
    epsilon: z.number().min(0).max(1).default(0.1).describe('probability of a uniformly random ranking'),
    shrinkage,
  })
  .describe('the best posterior mean, or with probability epsilon any arm');

const SoftmaxSpec = z
  .strictObject({
    name: z.literal('softmax'),
    temperature: z
      .number()
      .min(1e-4)
      .max(100)
      .default(0.05)
      .describe('difference of expected rewards at which one arm is e times as likely as the other'),
    shrinkage,
  })
  .describe('every place of a slate by a softmax of the posterior means of the arms that have none yet');

const NigThompsonSpec = z
  .strictObject({
    name: z.literal('nig_thompson'),
    shrinkage,
    a0: z.number().min(0.5).max(1e6).default(1).describe("half the pulls that the prior of an arm's variance is worth"),
    b0: z.number().min(1e-9).max(1e6).default(0.02).describe('that prior variance times a0'),
    sharpness,
    bucketEffect,
    ...fadings,
  })
  .refine(atMostOneFading, oneFading)
  .describe("Thompson sampling with Normal-Inverse-Gamma posteriors: learns how much an arm's rewards vary");

const FixedSpec = z
  .strictObject({ name: z.literal('fixed'), arm: z.string().min(1).describe('the arm that is always first') })
  .describe('always the same arm');

const lambda = z
  .number()
  .min(1e-6)
  .max(1e6)
  .default(1)
  .describe('ridge: how many observations at coefficients of 0 every direction begins with');

const linearDiscount = z
  .union([z.number().min(0.5).max(1), z.literal('profile')])
  .optional()
  .describe(
    'factor of all that a bucket learned, with each pull that it learns: about 1 / (1 - discount) pulls count, and an arm that is ' +
      "not tried becomes unknown again. A lesson then costs as much for every arm as for its own. 'profile': 1 - learningRate",
  );

const LinUcbSpec = z
  .strictObject({
    name: z.literal('lin_ucb'),
    alpha: z.number().min(0).max(100).default(0.5).describe('standard deviations of optimism'),
    lambda,
    discount: linearDiscount,
  })
  .describe('a linear model of the features for every arm, and the highest upper confidence bound');

const LinTsSpec = z
  .strictObject({
    name: z.literal('lin_ts'),
    v: z.number().min(1e-6).max(100).default(0.25).describe('standard deviation of a reward that draws are made with'),
    lambda,
    discount: linearDiscount,
  })
  .describe('Thompson sampling with a linear model of the features for every arm');

const SquareCbSpec = z
  .strictObject({
    name: z.literal('square_cb'),
    gammaScale: z
      .number()
      .min(0)
      .max(1e6)
      .default(10)
      .describe('greediness: gamma is this times the root of the pulls'),
    lambda,
    discount: linearDiscount,
  })
  .describe('a linear model of the features for every arm, chosen by the inverse of the gap to the best');

const ContextTreeSpec = z
  .strictObject({
    name: z.literal('context_tree'),
    depth: z.int().min(0).max(16).default(4).describe('levels of splits at most; 3 suits production'),
    minSplit: z
      .int()
      .min(10)
      .max(10_000)
      .default(20)
      .describe('pulls a leaf needs before it splits; 25 suits production'),
    splitThreshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe("share of the rewards' variance that a split must explain"),
    maxNodes: z.int().min(1).max(100_000).default(5000).describe('nodes at most; 2,000 suits production'),
    shrinkage,
  })
  .describe('parts the contexts where rewards differ, with Thompson sampling in each part');

const OffsetTreeSpec = z
  .strictObject({
    name: z.literal('offset_tree'),
    epsilon: z.number().min(0).max(1).default(0.1).describe('probability of a uniformly random ranking'),
    offset: z
      .enum(['half', 'regression'])
      .default('half')
      .describe('what a reward is compared with: 1/2, or what is expected of the context whatever the arm'),
    rate: z.number().min(1e-4).max(10).default(0.5).describe('length of the first steps of the regressions'),
  })
  .describe('a tournament of the arms by logistic regressions, and with probability epsilon any arm');

const DoublyRobustSpec = z
  .strictObject({
    name: z.literal('doubly_robust'),
    alpha: z
      .number()
      .min(1e-6)
      .max(100)
      .default(1)
      .describe(
        'exploration: the standard deviation of a reward that draws are made with, in quarters; 1.2 suits production',
      ),
    learningRate: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe("length of the first steps of an arm's outcome model; 0.08 suits production"),
    decay: z
      .number()
      .min(0)
      .max(1)
      .default(0.999)
      .describe('what each reward of an arm leaves of that length; 0.999 suits production'),
    maxWeight: z
      .number()
      .min(1)
      .max(1e6)
      .default(3)
      .describe('a reward weighs 1 / propensity, and at most this much; 3 suits production'),
    history: z
      .int()
      .min(10)
      .max(100_000)
      .default(10_000)
      .describe(
        'rewards that a bucket learns from; when there are more the oldest 20 % are dropped, and the rest is learned anew; ' +
          '5,000 suits production',
      ),
  })
  .describe('Thompson sampling with a linear model for every arm, learned from doubly robust estimates of its rewards');

const BootstrapBagSpec = z
  .strictObject({
    name: z.literal('bootstrap_bag'),
    replicas: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe('how many learners choose, each a linear model for every arm'),
    lambda,
  })
  .describe('the best arm of one learner of many, each of which learned from its own bootstrap of the rewards');

const RandUcbSpec = z
  .strictObject({
    name: z.literal('rand_ucb'),
    alpha: z
      .number()
      .min(0)
      .max(100)
      .default(1.6)
      .describe('standard deviations of optimism, in the middle of the band'),
    spread: z
      .number()
      .min(0)
      .max(100)
      .default(0.5)
      .describe('half the width of the band that optimism is drawn from; 0 draws nothing'),
    armRidge: z
      .number()
      .min(1e-6)
      .max(1e6)
      .default(1)
      .describe('pulls of an arm after which what it is in general counts half'),
    categoryRidge: z
      .number()
      .min(1e-6)
      .max(1e6)
      .default(5)
      .describe("pulls with a category, or a boolean that is true, after which the arm's own effect there counts half"),
    numberRidge: z
      .number()
      .min(1e-6)
      .max(1e6)
      .default(0.25)
      .describe('ridge of the coefficients of numbers, which are divided by the root of how many there are'),
    discount: linearDiscount,
  })
  .describe(
    'a linear model of the features for every arm, leaning on one of all arms together, and the highest upper confidence bound ' +
      'of a randomly drawn width',
  );

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

function fadingOf({ discount, halfLifeHours, window }: Fadings): FadingParameters {
  return { discount: discountOf(discount), halfLifeHours, window };
}

function discountOf(discount: Fadings['discount']): number | undefined {
  if (discount === 'profile') throw new RangeError("a discount by 'profile' is that of a domain: give a number here");
  return discount;
}
