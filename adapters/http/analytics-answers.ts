/** The answers of analytics as schemas: a member for each column of the table behind it, with the column's own words. */
import { z } from '@hono/zod-openapi';
import { AGENT_CALLS } from '../../projections/agent-call-tables.ts';
import { CONFIG_HISTORY } from '../../projections/config-tables.ts';
import { DECISIONS } from '../../projections/decision-rows.ts';
import { PERFORMANCE } from '../../projections/performance-tables.ts';
import { posteriorTables } from '../../projections/posteriors-tables.ts';
import type { Column, Table } from '../../projections/projection.ts';
import { REWARDS } from '../../projections/reward-rows.ts';
import { ROLLBACK_POINTS } from '../../projections/rollback-tables.ts';
import { agentSums } from '../analytics/agents.ts';
import { camelCase } from '../analytics/camel-case.ts';
import { armMeans, armSums } from '../analytics/performance.ts';
import { columnKind } from '../analytics/told.ts';

const time = z.iso.datetime();
const decisionId = z.string().describe('the decision, as its own answer named it');
const numeric = (about: string) => z.number().nullable().describe(about);

const asOf = z
  .object({
    position: z.string().describe('position of the log up to which everything is in the answer'),
    time: time.nullable().describe('when the last event that is in it was recorded'),
    behind: z.int().min(0).describe('events that the log held beyond it'),
  })
  .describe('how far the answer has got');

function answer(name: string, item: z.ZodRawShape) {
  const nextCursor = z.string().nullable().describe('asks for the next page; null after the last one');
  return z.object({ asOf, items: z.array(z.object(item)), nextCursor }).openapi(name);
}

function notIn({ columns }: Table, wanted: readonly string[]): string[] {
  return Object.keys(columns).filter((name) => !wanted.includes(name));
}

/** Members for the columns of a table, as `told` writes them. */
function membersOf({ columns }: Table, leftOut: readonly string[] = []): z.ZodRawShape {
  const hidden = ['stream', 'tenant', ...leftOut];
  return Object.fromEntries(
    Object.entries(columns)
      .filter(([name]) => !hidden.includes(name))
      .map(([name, column]) => [camelCase(name), memberOf(name, column)]),
  );
}

function memberOf(name: string, { type, nullable, about }: Column): z.ZodType {
  const kind = columnKind(name);
  const plain = type === 'text' ? z.string() : z.number();
  const schema = { time, flag: z.boolean(), json: z.unknown(), plain }[kind];
  const words = kind === 'time' ? about.replace(/,? milliseconds since 1970[^;.]*/, '') : about;
  return (nullable === true && kind !== 'json' ? schema.nullable() : schema).describe(words);
}

const [posterior, bucket] = posteriorTables;
if (posterior === undefined || bucket === undefined) throw new Error('the posteriors have no tables');

export const PosteriorList = answer('PosteriorList', {
  ...membersOf(posterior),
  label: z.string().nullable().describe('values of the bucket in words'),
  context: z.record(z.string(), z.string()).nullable().describe('the same, feature by feature; of a number its span'),
});
export const DecisionList = answer('DecisionList', { decisionId, ...membersOf(DECISIONS) });
export const RewardList = answer('RewardList', { decisionId, ...membersOf(REWARDS, ['decision_revision']) });
export const ConfigHistory = answer('ConfigHistory', {
  ...membersOf(CONFIG_HISTORY, ['config']),
  config: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('the whole configuration, where one revision was asked for'),
});
export const RollbackPointPage = answer('RollbackPointPage', membersOf(ROLLBACK_POINTS));

export const ArmList = answer('ArmList', {
  ...membersOf(PERFORMANCE.day, notIn(PERFORMANCE.day, ['arm', ...armSums, ...armMeans])),
  decisionShare: numeric('its part of all decisions of the span, in [0, 1]'),
  failureShare: numeric('failures / calls'),
});
export const AgentList = answer('AgentList', {
  ...membersOf(AGENT_CALLS, notIn(AGENT_CALLS, ['agent', ...agentSums])),
  latencyMeanMs: numeric('mean milliseconds of the calls that succeeded'),
  latencyP95WorstHourMs: numeric('the 95th percentile of the hour in which it was highest'),
  failureShare: numeric('failed / calls'),
});
export const Series = answer('Series', {
  start: time.describe('start of the hour or day (UTC)'),
  arm: z.string().nullable().describe('null where the metric is of the whole domain'),
  value: numeric('the metric; null where there was nothing to make it of'),
  lower: numeric('of reward_mean: lower end of its 95 % interval').optional(),
  upper: numeric('of reward_mean: its upper end').optional(),
});
