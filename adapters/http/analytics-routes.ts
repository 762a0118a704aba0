/** Analytics: the read models, page by page. */
import { z } from '@hono/zod-openapi';
import { ArmName, DomainName } from '../../actors/config/names.ts';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { type ErrorCode, ReckonerError } from '../../events/errors.ts';
import type { Analytics, AnalyticsAnswer, Question } from '../analytics/analytics.ts';
import { armMetrics, domainMetrics } from '../analytics/performance.ts';
import type { ReadingName } from '../analytics/readings.ts';
import * as answers from './analytics-answers.ts';
import * as examples from './analytics-examples.ts';
import { readQuery } from './read-query.ts';
import type { Answer, Call, Route } from './route.ts';

const GROUP = 'Analytics';

const example = (schema: z.ZodType, value: string) => schema.openapi({ param: { example: value } });
const copy = <Schema extends z.ZodType>(schema: Schema) => z.clone(schema);

const domain = example(copy(DomainName), examples.domain);
const arm = copy(ArmName).optional().describe('only this arm');
const bucket = z
  .string()
  .regex(/^[a-z2-7]{16}$/, 'a bucket’s id has 16 of a-z and 2-7')
  .optional()
  .describe('only this bucket, by its id');
const subject = z
  .string()
  .min(1)
  .max(256)
  .optional()
  .describe('only of this person, by the id that requests name; nothing is kept of ids that nobody knows');
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((text) => Date.parse(text))
  .optional();
const span = {
  from: moment.describe('at this time or later: ISO 8601, as 2026-03-01 or 2026-03-01T12:00:00Z'),
  to: moment.describe('before this time'),
};
const truth = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional();
const whole = z.coerce.number().int().min(0);
const paging = {
  limit: z.coerce.number().int().min(1).max(500).optional().describe('items at most; default 100'),
  cursor: z.string().max(2_048).optional().describe('`nextCursor` of the page before; the filters stay the same'),
};
const wait = {
  wait: z
    .union([z.literal('now'), z.string().regex(/^\d{1,16}$/, 'a position has 16 digits at most')])
    .transform((asked) => (asked === 'now' ? asked : asked.padStart(16, '0')))
    .optional()
    .describe(
      '`now`: answer once everything is in it that the log holds now, so that you read what you wrote; or the same for a position. Ten seconds at most',
    ),
};

const OF_DOMAINS: readonly ErrorCode[] = ['domain_unknown'];
const OF_READ_MODELS: readonly ErrorCode[] = ['projections_building', 'deadline_exceeded', 'overloaded'];

interface Declared {
  readonly name: ReadingName;
  readonly summary: string;
  readonly description: string;
  readonly query: z.ZodObject;
  readonly answer: z.ZodType;
  readonly example: unknown;
  readonly errors?: readonly ErrorCode[];
}

const declared: readonly Declared[] = [
  {
    name: 'posteriors',
    summary: 'What was learned',
    description:
      'What every bucket has learned of each arm: mean, 95 % interval, pulls, parameters. By bucket and arm; with `arm`, the buckets that ' +
      'know it best first.',
    query: z.strictObject({ domain, bucket, arm, ...paging, ...wait }),
    answer: answers.PosteriorList,
    example: examples.posteriors,
  },
  {
    name: 'arms',
    summary: 'What arms earned',
    description:
      'One item for each arm of a domain, summed up over whole days (UTC): decisions, rewards with their mean and its interval, what the ' +
      'arm alone would have earned (ipsMean), calls and costs. The most chosen first.',
    query: z.strictObject({ domain, arm, ...span, ...wait }),
    answer: answers.ArmList,
    example: examples.arms,
  },
  {
    name: 'series',
    summary: 'A metric over time',
    description:
      'One metric by hour or day, of each arm or of the whole domain, oldest first; hours in which nothing happened are left out. Of arms: ' +
      `${armMetrics.join(', ')}. Of the domain: ${domainMetrics.join(', ')}.`,
    query: z.strictObject({
      domain,
      metric: z
        .enum([...armMetrics, ...domainMetrics])
        .default('reward_mean')
        .describe('what is told'),
      period: z.enum(['hour', 'day']).default('day').describe('how long a point is'),
      ...{ arm, ...span, ...paging, ...wait },
    }),
    answer: answers.Series,
    example: examples.series,
  },
  {
    name: 'decisions',
    summary: 'Find decisions',
    description:
      'Decisions of a domain with what came back for them, newest first; those of one bucket in the order of its stream, backwards. Pages ' +
      'do not shift when new decisions come in. With filters a page may be short, or empty, though more follow: `nextCursor` says so.',
    query: z.strictObject({
      ...{ domain, bucket, arm, subject, ...span },
      policy: z.string().max(64).optional().describe('only those that this policy made'),
      policyVersion: whole.optional().describe('only those of this version of the policy'),
      experiment: z.string().max(64).optional().describe('only those made in this experiment'),
      mode: z.enum(['autonomous', 'supervised', 'escalated']).optional().describe('only those in this mode'),
      fallback: truth.describe('only those of the fallback arm, or none of them'),
      rewarded: truth.describe('only those that have a reward that counts, or have none'),
      ...paging,
      ...wait,
    }),
    answer: answers.DecisionList,
    example: examples.decisions,
  },
  {
    name: 'rewards',
    summary: 'Find rewards',
    description:
      'Rewards of a domain, the newest hours first; those of one decision in the order in which they came. What was taken back is among them ' +
      'and says when. Give `domain` or `decisionId`.',
    query: z
      .strictObject({
        domain: domain.optional(),
        decisionId: z.string().max(64).optional().describe('only those of this decision'),
        ...{ bucket, arm, subject, ...span },
        kind: z.enum(['explicit', 'implicit', 'behavioural', 'outcome']).optional().describe('only this kind'),
        ...paging,
        ...wait,
      })
      .refine(({ domain: of, decisionId }) => of !== undefined || decisionId !== undefined, {
        path: ['domain'],
        message: 'is missing: give it, or decisionId',
      }),
    answer: answers.RewardList,
    example: examples.rewards,
    errors: ['decision_id_invalid'],
  },
  {
    name: 'agents',
    summary: 'How agents did',
    description:
      'How the calls of each agent ended, what they cost and how long they took, over a span of whole hours (UTC).',
    query: z.strictObject({
      agent: z.string().max(64).optional().describe('only this agent'),
      ...{ ...span, ...paging, ...wait },
    }),
    answer: answers.AgentList,
    example: examples.agents,
  },
  {
    name: 'config',
    summary: 'How a domain was configured',
    description:
      'Every configuration that came into force, newest first, and in which places it differs from the one before. With `revision` the one ' +
      'that was in force at that revision of the domain, in full.',
    query: z.strictObject({
      domain,
      revision: whole.optional().describe('a revision of the domain'),
      ...{ ...paging, ...wait },
    }),
    answer: answers.ConfigHistory,
    example: examples.config,
  },
  {
    name: 'rollback-points',
    summary: 'What a domain can be returned to',
    description:
      'Rollback points and rollbacks, newest first, each with what was decided, earned and paid in the day before it and after.',
    query: z.strictObject({ domain, ...paging, ...wait }),
    answer: answers.RollbackPointPage,
    example: examples.rollbackPoints,
  },
];

/** @param analytics absent: the routes say that there are no read models */
export function analyticsRoutes(analytics: Analytics | undefined): readonly Route<unknown>[] {
  return declared.map(({ name, query, answer, example: shown, errors = [], ...words }) => ({
    method: 'GET',
    path: `/v1/analytics/${name}`,
    group: GROUP,
    ...words,
    query,
    answers: { 200: { description: 'The page.', schema: answer, example: shown } },
    errors: [...('domain' in query.shape ? OF_DOMAINS : []), ...errors, ...OF_READ_MODELS],
    async handle(call: Call<unknown>): Promise<Answer> {
      // What the schemas of all of them give is a question.
      const question = readQuery(query, call.search()) as Question;
      return { status: 200, json: await answerOf(analytics, name, call, question) };
    },
  }));
}

function answerOf(
  analytics: Analytics | undefined,
  name: ReadingName,
  { caller }: Call<unknown>,
  question: Question,
): Promise<AnalyticsAnswer> {
  if (analytics === undefined)
    throw new ReckonerError('projections_building', 'This node keeps no read models: it has no data directory.');
  return analytics.ask(name, caller?.tenant ?? DEFAULT_TENANT, question);
}
