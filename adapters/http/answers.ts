/**
 * The answers as schemas, for the documentation: the types of `actors/messages/` bind them both ways, so that a field that is
 * added there and not described here does not compile. Nothing is validated on the way out.
 */
import { z } from '@hono/zod-openapi';
import type { DomainConfig } from '../../actors/config/domain-config.ts';
import type * as decide from '../../actors/messages/decide.ts';
import type * as domainMessages from '../../actors/messages/domain.ts';
import type * as explanation from '../../actors/messages/explanation.ts';
import type * as health from '../../actors/messages/health.ts';
import type * as items from '../../actors/messages/items.ts';
import type * as reward from '../../actors/messages/reward.ts';
import { type ErrorCode, errorCodes } from '../../events/errors.ts';
import type { ProblemJson } from './problem.ts';

const decisionId = z.string().describe('address of the decision in the log; at most 64 URL-safe characters');
const rewardId = z.uuid().describe('id of the reward’s event');
const unit = z.number().min(0).max(1);
const revision = z.int().min(0);
const features = z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.array(z.number())]));
const repeated = z.boolean().describe('true where it had been recorded before');

const decision = {
  decisionId,
  domain: z.string(),
  requestId: z.string().describe('the request’s own id, or the one it was given'),
  arm: z.string().describe('the chosen arm'),
  propensity: unit
    .nullable()
    .describe('exact probability of the arm; null where it is left to be computed from the log'),
  bucket: z.string().describe('id of the bucket that chose'),
  bucketLabel: z.string().describe('the bucket’s values in words'),
  policy: z.string(),
  confidence: unit.describe('1 less the width of the arm’s 95 % credible interval'),
  mode: z.enum(['autonomous', 'supervised', 'escalated']).nullable().describe('null where the domain does not gate'),
  expectedReward: z.number().describe('posterior mean of the arm'),
  expectedCostUsd: z.number().nullable().describe('US dollars a call, as the domain declares them'),
  expectedLatencyMs: z.number().nullable().describe('milliseconds a call, as the domain declares them'),
  fallback: z.boolean().describe('true where no candidate met the constraints and the fallback arm was taken'),
  slate: z
    .array(z.object({ arm: z.string(), weight: z.number(), rankPropensity: unit.nullable() }))
    .readonly()
    .optional()
    .describe('the k best arms, where k was given'),
};

export const Decision = z.object(decision).openapi('Decision') satisfies z.ZodType<decide.Decision>;

export const RewardReceipt = z
  .object({
    rewardId,
    decisionId,
    arm: z.string().describe('the arm the reward went to'),
    value: unit,
    share: unit.describe('the part of one pull it counts as; 0 for neutral feedback'),
    kind: z.string(),
    learned: z.boolean().describe('false where the domain is frozen: recorded, but it moved nothing'),
    repeated,
  })
  .openapi('RewardReceipt') satisfies z.ZodType<reward.RewardReceipt>;

export const RetractionReceipt = z
  .object({
    rewardId,
    decisionId,
    retracted: z.literal(true),
    repeated,
  })
  .openapi('RetractionReceipt') satisfies z.ZodType<reward.RetractionReceipt>;

export const ItemsReceipt = z
  .object({
    decisionId,
    items: z.int().describe('how many were recorded'),
    repeated,
  })
  .openapi('ItemsReceipt') satisfies z.ZodType<items.ItemsReceipt>;

const shownItems = z.array(z.object({ item: z.string(), arm: z.string(), position: z.int() })).readonly();

export const Blend = z
  .object({
    decisionId,
    items: shownItems.describe('what to show, in this order, and the arm that each item came from'),
    repeated,
  })
  .openapi('Blend') satisfies z.ZodType<items.Blend>;

const belief = {
  mean: z.number().describe('posterior mean of the reward'),
  lower: z.number().describe('lower end of the 95 % credible interval'),
  upper: z.number().describe('upper end of the 95 % credible interval'),
  pulls: z.number().describe('pulls learned in this bucket'),
};

export const Explanation = z
  .object({
    ...decision,
    time: z.iso.datetime(),
    stream: z.string(),
    revision,
    domainRevision: revision,
    posteriorRevision: z.int().min(-1).describe('last event of the bucket that moved the posterior; -1: none had'),
    policyVersion: z.int(),
    seed: z.int().describe('with it the choice can be made again'),
    floor: unit.describe('probability spread evenly over the candidates'),
    explored: z.boolean().describe('true when the floor, not the posterior, drew the arm'),
    context: features.describe('of a text or an embedding the numbers that were made of it'),
    path: z.array(z.string()).describe('what the policy parted this context from others by; empty where it parts none'),
    taskType: z.string().nullable(),
    complexity: unit.nullable(),
    tokens: z.int().nullable(),
    verified: z
      .boolean()
      .describe('whether computing the choice again from the log gave the recorded arm and propensity'),
    restart: z
      .object({
        revision,
        time: z.iso.datetime(),
        arm: z.string(),
        detector: z.string(),
        statistic: z.number(),
        threshold: z.number().describe('what the statistic had to exceed'),
        meanBefore: unit.describe('mean reward of the arm before the change'),
        meanAfter: unit.describe('mean reward of the arm after it'),
        pulls: z.number().describe('pulls of the arm that were looked at'),
      })
      .nullable()
      .describe('why the bucket had begun to learn from nothing again; null where no change had made it'),
    arms: z
      .array(
        z.object({
          arm: z.string(),
          ...belief,
          shift: z.number().describe('added to the score: a known cost is negative'),
          terms: z
            .record(z.string(), z.number())
            .describe('what the shift is the sum of, by name; empty where nothing shifts any candidate'),
          sample: z.number().nullable().describe('the score it drew; null where the floor drew'),
          propensity: unit,
          chosen: z.boolean(),
        }),
      )
      .readonly()
      .describe('what every candidate looked like at that moment'),
    excluded: z
      .array(
        z.object({
          arm: z.string(),
          constraint: z.string(),
          limit: z.string().describe('what it was: a number, the missing capability, the tenant; empty in old logs'),
        }),
      )
      .readonly()
      .describe('arms that were set aside, by the first constraint that they broke'),
    budget: z
      .object({
        perRequestUsd: z.number().describe('the ceiling: dollars a request on average'),
        chargedUsd: z.number().describe('what the decision was charged with until its cost was known'),
        balanceUsd: z
          .number()
          .nullable()
          .describe('what was left before it; null where it was the first of its bucket'),
        price: z.number().describe('what a dollar was worth, in units of reward'),
        arms: z
          .array(
            z.object({
              arm: z.string(),
              expectedUsd: z.number(),
              heldReports: z.int().describe('reports in a row that were more than ten times off: five are believed'),
            }),
          )
          .readonly(),
      })
      .nullable()
      .describe('what the domain’s budget said; null where it had none'),
    conservative: z
      .object({
        baseline: z.string(),
        risk: unit,
        earned: z.number().describe('what the bucket’s decisions so far earned at least, in units of reward'),
        owed: z.number().describe('1 - risk of what the baseline would have earned at most, with this decision'),
        held: z.boolean().describe('whether arms were set aside because they might have earned less than is owed'),
      })
      .nullable()
      .describe('null where the domain is not conservative, or the baseline was no candidate'),
    items: shownItems,
    rewards: z
      .array(
        z.object({
          rewardId,
          time: z.iso.datetime(),
          arm: z.string(),
          value: unit,
          share: unit,
          kind: z.string(),
          feedback: z.string().nullable(),
          item: z.string().nullable(),
          components: z.object({ quality: unit, cost: unit, latency: unit, feedback: unit }).partial(),
          costUsd: z.number().nullable().describe('dollars that the call has cost'),
          retracted: z.boolean(),
          outdated: z.boolean().describe('whether it told of what was before a change, and moved nothing'),
          setAside: z
            .boolean()
            .describe('whether a rollback had set its decision aside before it came, so that it moved nothing'),
        }),
      )
      .readonly(),
  })
  .openapi('Explanation') satisfies z.ZodType<explanation.Explanation>;

/** A filled in configuration is described where callers send one. */
const asSent = {
  type: 'object',
  $ref: '#/components/schemas/DomainConfig',
  description: 'the configuration with every default filled in',
} as const;
const configuration = z.custom<DomainConfig>((value) => typeof value === 'object').openapi(asSent);

const domain = {
  domain: z.string(),
  revision: revision.describe('of the domain’s stream'),
  frozen: z.boolean().describe('true: it decides, and learns nothing'),
  config: configuration,
  exampleContext: features.describe('a context that is valid for it'),
  shared: z
    .array(z.object({ arm: z.string(), pulls: z.number(), mean: z.number() }))
    .readonly()
    .describe('what all buckets together earned, as last shared'),
  counted: z.int().describe('rewards counted when it was last shared'),
  relearning: z
    .object({
      buckets: z.int().describe('those that learn before it takes over; 0 while they are counted'),
      done: z.int(),
      events: z.int().describe('that were learned from'),
      ofEvents: z.int().describe('about how many there are in all'),
    })
    .optional()
    .describe(
      'how far its buckets have learned anew for a configuration that takes over then; decisions go on meanwhile',
    ),
  refused: z
    .object({ code: z.string(), message: z.string(), remedy: z.string() })
    .optional()
    .describe('why the last configuration that nobody waited for did not take over'),
};

export const DomainView = z.object(domain).openapi('DomainView') satisfies z.ZodType<domainMessages.DomainView>;

export const ConfiguredDomain = z
  .object({
    ...domain,
    created: z.boolean().describe('false: it was there and is replaced'),
    accepted: z.literal(true).optional().describe('its buckets learn anew after this answer, and it takes over then'),
  })
  .openapi('ConfiguredDomain');

export const DomainList = z.object({ domains: z.array(DomainView).readonly() }).openapi('DomainList');

const code = z.enum(errorCodes as readonly [ErrorCode, ...ErrorCode[]]); // the table of errors is never empty

export const Health = z
  .object({
    ready: z.boolean(),
    state: z.string(),
    liveBuckets: z.int(),
    inFlight: z.int(),
    domains: z.int(),
    restarts: z.int().describe('actors that failed and were brought back since the start'),
    problem: z
      .object({ code, remedy: z.string().describe('what to do') })
      .optional()
      .describe('why the log takes no appends, where it does not'),
    projections: z
      .object({
        state: z
          .enum(['starting', 'standby', 'projecting', 'trouble', 'stopped'])
          .describe('standby: another process makes them; trouble: it is tried again'),
        secondsBehind: z.number().describe('for how long the oldest event that is not yet in them has been waiting'),
        problem: z.object({ code, remedy: z.string().describe('what to do') }).optional(),
      })
      .optional()
      .describe('how the read models are kept up; decisions do not depend on it'),
  })
  .openapi('Health') satisfies z.ZodType<health.Health>;

export const Alive = z.object({ status: z.literal('alive'), version: z.string() }).openapi('Alive');

export const Problem = z
  .object({
    type: z.string().describe('urn:reckoner:error:{code}'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('what happened'),
    code,
    remedy: z.string().describe('what to do'),
    details: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .readonly()
      .optional()
      .describe('paths into the request and what is wrong there'),
    retryAfter: z.number().optional().describe('seconds to wait before trying again'),
    correlationId: z.string().describe('the x-request-id of this exchange; name it when you report the error'),
  })
  .openapi('Problem') satisfies z.ZodType<ProblemJson>;

export const BatchAnswer = z
  .object({
    results: z
      .array(
        z.discriminatedUnion('ok', [
          z.object({ ok: z.literal(true), decision: Decision }),
          z.object({ ok: z.literal(false), error: Problem }),
        ]),
      )
      .readonly()
      .describe('one for each item, in the order of the items'),
  })
  .openapi('BatchAnswer');
