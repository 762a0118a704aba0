/** Policies that know of an arm the mean of its rewards in a bucket, and how sure that is. */
import { z } from 'zod';
import { atMostOneFading, fadingKeys, oneFading } from './fading-keys.ts';
import { shrinkage } from './shrinkage.ts';

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

const varianceScaling = z
  .number()
  .min(1)
  .max(1e4)
  .optional()
  .describe(
    "how many times at most a pull of an arm is taken whose rewards vary less than a coin's: " +
      'as many as makes up for it, learned from the rewards; never more than once where left out',
  );

export const BetaThompsonSpec = z
  .strictObject({
    name: z.literal('beta_thompson'),
    shrinkage,
    sharpness,
    bucketEffect,
    varianceScaling,
    ...fadingKeys,
  })
  .refine(atMostOneFading, oneFading)
  .describe('Thompson sampling with Beta posteriors, shrunk towards the domain');

export const NigThompsonSpec = z
  .strictObject({
    name: z.literal('nig_thompson'),
    shrinkage,
    a0: z.number().min(0.5).max(1e6).default(1).describe("half the pulls that the prior of an arm's variance is worth"),
    b0: z.number().min(1e-9).max(1e6).default(0.02).describe('that prior variance times a0'),
    sharpness,
    bucketEffect,
    ...fadingKeys,
  })
  .refine(atMostOneFading, oneFading)
  .describe("Thompson sampling with Normal-Inverse-Gamma posteriors: learns how much an arm's rewards vary");

export const EpsilonGreedySpec = z
  .strictObject({
    name: z.literal('epsilon_greedy'),
    epsilon: z.number().min(0).max(1).default(0.1).describe('probability of a uniformly random ranking'),
    shrinkage,
  })
  .describe('the best posterior mean, or with probability epsilon any arm');

export const SoftmaxSpec = z
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

export const FixedSpec = z
  .strictObject({ name: z.literal('fixed'), arm: z.string().min(1).describe('the arm that is always first') })
  .describe('always the same arm');
