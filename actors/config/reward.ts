/** What a reward is made of, and how feedback becomes one. */
import { z } from 'zod';

const unit = z.number().min(0).max(1);

export const rewardKinds = ['explicit', 'implicit', 'behavioural', 'outcome'] as const;
export type RewardKind = (typeof rewardKinds)[number];

const Outcome = z.enum(['success', 'failure', 'neutral']);

/** What is recorded for a decision that no reward came for in time. A year is the longest that anybody need wait. */
const RewardWindow = z.strictObject({
  seconds: z
    .number()
    .min(0.001)
    .max(366 * 86_400)
    .describe('how long after its decision a reward is waited for'),
  silence: z
    .union([unit, Outcome])
    .describe('what it means that none came: a reward, or success, failure, or neutral, which moves nothing'),
  kind: z
    .enum(rewardKinds)
    .optional()
    .describe(
      'wait for rewards of this kind only; what silence means is then recorded as one. Not given: any reward will do, and silence is an outcome',
    ),
});
export type RewardWindow = z.output<typeof RewardWindow>;

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
  window: RewardWindow.optional().describe(
    'record once what silence means where no reward came in time; one that still comes takes its place. ' +
      'A reward that is taken back is no silence. A policy with models of the features can only take silence back by learning its bucket ' +
      'anew, during which the bucket waits: let few rewards miss the window there',
  ),
});

/** The kind that silence is recorded as. */
export function kindOfSilence({ kind }: RewardWindow): RewardKind {
  return kind ?? 'outcome';
}

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
