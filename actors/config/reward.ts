/** What a reward is made of, and how feedback becomes one. */
import { z } from 'zod';

const unit = z.number().min(0).max(1);

export const rewardKinds = ['explicit', 'implicit', 'behavioural', 'outcome'] as const;
export type RewardKind = (typeof rewardKinds)[number];

const Outcome = z.enum(['success', 'failure', 'neutral']);

export const RewardDefinition = z.strictObject({
  weights: z
    .strictObject({
      quality: unit.default(0),
      cost: unit.default(0),
      latency: unit.default(0),
      feedback: unit.default(0),
    })
    .default({ quality: 1, cost: 0, latency: 0, feedback: 1 })
    .describe('how measured components make one reward; those that are missing leave their weight to the others'),
  shares: z
    .partialRecord(z.enum(rewardKinds), unit)
    .optional()
    .describe('the part of one pull that each kind of reward is; must sum to 1. Not given: each kind is a whole pull'),
});

export const FeedbackMapping = z.strictObject({
  click: Outcome.default('success'),
  thumbs_up: Outcome.default('success'),
  thumbs_down: Outcome.default('failure'),
  successRating: z.number().default(4).describe('ratings at or above it are successes'),
  failureRating: z
    .number()
    .default(2)
    .describe('ratings at or below it are failures; between them neutral, which moves nothing'),
});
