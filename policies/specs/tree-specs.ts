/** Policies over trees: of contexts, and of arms. */
import { z } from 'zod';
import { shrinkage } from './shrinkage.ts';

export const ContextTreeSpec = z
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

export const OffsetTreeSpec = z
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
