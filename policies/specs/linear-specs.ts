/** Policies over linear models of the features, one an arm. */
import { z } from 'zod';
import { linearDiscount } from './fading-keys.ts';

const lambda = z
  .number()
  .min(1e-6)
  .max(1e6)
  .default(1)
  .describe('ridge: how many observations at coefficients of 0 every direction begins with');

export const LinUcbSpec = z
  .strictObject({
    name: z.literal('lin_ucb'),
    alpha: z.number().min(0).max(100).default(0.5).describe('standard deviations of optimism'),
    lambda,
    discount: linearDiscount,
  })
  .describe('a linear model of the features for every arm, and the highest upper confidence bound');

export const LinTsSpec = z
  .strictObject({
    name: z.literal('lin_ts'),
    v: z.number().min(1e-6).max(100).default(0.25).describe('standard deviation of a reward that draws are made with'),
    lambda,
    discount: linearDiscount,
  })
  .describe('Thompson sampling with a linear model of the features for every arm');

export const SquareCbSpec = z
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

export const DoublyRobustSpec = z
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

export const BootstrapBagSpec = z
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

export const RandUcbSpec = z
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
