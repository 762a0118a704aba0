/** The policies that a domain can name, with their parameters and defaults: the one place where both are declared. */

import { z } from 'zod';
import { betaThompson } from './beta-thompson.ts';
import { epsilonGreedy } from './epsilon-greedy.ts';
import { fixed } from './fixed.ts';
import type { AnyPolicy } from './policy.ts';

const shrinkage = z
  .number()
  .min(0)
  .max(1e6)
  .default(10)
  .describe("pseudo-pulls that the domain's mean of an arm lends to a bucket at most; 0 turns shrinkage off");

const BetaThompsonSpec = z
  .strictObject({ name: z.literal('beta_thompson'), shrinkage })
  .describe('Thompson sampling with Beta posteriors, shrunk towards the domain');

const EpsilonGreedySpec = z
  .strictObject({
    name: z.literal('epsilon_greedy'),
    epsilon: z.number().min(0).max(1).default(0.1).describe('probability of a uniformly random ranking'),
    shrinkage,
  })
  .describe('the best posterior mean, or with probability epsilon any arm');

const FixedSpec = z
  .strictObject({ name: z.literal('fixed'), arm: z.string().min(1).describe('the arm that is always first') })
  .describe('always the same arm');

/** A policy as configuration: its name and parameters. Parsing fills in the defaults and refuses unknown keys. */
export const PolicySpec = z.discriminatedUnion('name', [BetaThompsonSpec, EpsilonGreedySpec, FixedSpec]);
export type PolicySpec = z.infer<typeof PolicySpec>;

/** The names a domain can use. */
export const policyNames: readonly PolicySpec['name'][] = PolicySpec.options.map((spec) => spec.shape.name.value);

/** What a domain gets that names no policy. */
export const defaultPolicy: PolicySpec = PolicySpec.parse({ name: 'beta_thompson' });

/** The policy that a specification describes. */
export function createPolicy(spec: PolicySpec): AnyPolicy {
  switch (spec.name) {
    case 'beta_thompson':
      return betaThompson(spec) as AnyPolicy;
    case 'epsilon_greedy':
      return epsilonGreedy(spec) as AnyPolicy;
    case 'fixed':
      return fixed(spec) as AnyPolicy;
  }
}
