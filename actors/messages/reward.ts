import { z } from 'zod';
import { rewardKinds } from '../config/reward.ts';
import { RequestId, Subject, unit } from './fields.ts';

const Feedback = z.union([
  z.enum(['click', 'thumbs_up', 'thumbs_down']),
  z.strictObject({
    rating: z
      .number()
      .min(-1e6)
      .max(1e6)
      .describe('on the domain’s scale: its feedback.successRating and failureRating'),
  }),
]);

export const RewardBody = z
  .strictObject({
    value: unit.optional().describe('the reward itself'),
    feedback: Feedback.optional().describe('mapped to success, failure or neutral by the domain'),
    components: z
      .strictObject({ quality: unit, cost: unit, latency: unit, feedback: unit })
      .partial()
      .optional()
      .describe(
        'what was measured, each from 0 (worst) to 1 (best); the domain’s reward.weights make one reward of them',
      ),
    kind: z.enum(rewardKinds).optional().describe('default: explicit for feedback, else outcome'),
    item: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('the shown item it is for: the reward goes to that item’s arm'),
    costUsd: z
      .number()
      .min(0)
      .max(1e6)
      .optional()
      .describe(
        'dollars that the call has cost, for the domain’s budget; the first one of a decision counts. An agent that Reckoner itself calls tells it',
      ),
    subject: Subject.optional(),
    requestId: RequestId.optional(),
  })
  .refine(
    (body) => body.value !== undefined || body.feedback !== undefined || Object.keys(body.components ?? {}).length > 0,
    {
      message: 'Give a value, a feedback or components',
    },
  );

export type RewardBody = z.input<typeof RewardBody>;

export type RewardCommand = z.output<typeof RewardBody>;

export interface RewardReceipt {
  readonly rewardId: string;
  readonly decisionId: string;
  readonly arm: string;
  readonly value: number;
  /** The part of one pull it counts as; 0 for neutral feedback. */
  readonly share: number;
  readonly kind: string;
  /** False where the domain is frozen: recorded, but it moved nothing. */
  readonly learned: boolean;
  /** True where it had been recorded before. */
  readonly repeated: boolean;
}

export interface RetractionReceipt {
  readonly rewardId: string;
  readonly decisionId: string;
  readonly retracted: true;
  readonly repeated: boolean;
}
