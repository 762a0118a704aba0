/** What routes of posteriors answer, as schemas. */
import { z } from '@hono/zod-openapi';
import type * as messages from '../../actors/messages/posterior.ts';

const number = z.number().nullable();

const belief = {
  mean: number.describe(
    'posterior mean of the reward, of what the bucket itself learned; of policies that learn about features in the context of the bucket: ' +
      'its own categories and booleans, numbers at their means in it, and of other features all values alike; null for a tree that parts contexts by ' +
      'what the bucket does not say',
  ),
  lower: number.describe('lower end of the 95 % interval of that mean'),
  upper: number.describe('upper end of it'),
  pulls: number.describe('shares of pulls that are learned'),
  parameters: z
    .record(z.string(), z.union([z.number(), z.array(z.number()).readonly()]))
    .nullable()
    .describe('the numbers that the posterior holds of the arm; null where they cannot be told alone'),
};

const moment = z.object({
  asked: z.string(),
  domainRevision: z.int().describe('newest revision of the domain at that moment'),
  policy: z.string().describe('name and version of the policy in force'),
});

const bucket = {
  bucket: z.string().describe('its id'),
  label: z.string().nullable().describe('its values in words; null where it had no decision'),
  context: z
    .record(z.string(), z.string())
    .nullable()
    .describe('the same, feature by feature; of a number the span that it lies in'),
};

export const Posterior = z
  .object({
    domain: z.string(),
    at: moment,
    total: z.int().describe('how many buckets there were'),
    buckets: z
      .array(
        z.object({
          ...bucket,
          events: z.int().describe('events of its stream at that moment'),
          posteriorRevision: z.int().describe('revision of the last event that had moved the posterior; -1: none had'),
          arms: z.array(z.object({ arm: z.string(), ...belief })).readonly(),
        }),
      )
      .readonly(),
  })
  .openapi('Posterior') satisfies z.ZodType<messages.PosteriorView>;

const either = z.object(belief).nullable().describe('null: the domain had no such arm');

export const PosteriorDiff = z
  .object({
    domain: z.string(),
    from: moment,
    to: moment,
    total: z.int().describe('how many buckets there were at one of them'),
    buckets: z
      .array(
        z.object({
          ...bucket,
          events: z.object({ from: z.int(), to: z.int() }).describe('events of its stream'),
          changed: z.boolean().describe('false: the posterior is the same to the bit, and so is the policy'),
          arms: z.array(z.object({ arm: z.string(), from: either, to: either })).readonly(),
        }),
      )
      .readonly(),
  })
  .openapi('PosteriorDiff') satisfies z.ZodType<messages.PosteriorDiff>;
