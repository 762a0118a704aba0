/** The table of decisions: one row each, with what came back for it. */
import type { DecodedEvent } from '../events/catalogue.ts';
import type { Owner } from '../events/streams.ts';
import { DOMAIN, integer, orNull, real, TENANT, TIME, text } from './columns.ts';
import type { Table, Tables } from './projection.ts';
import { type Rows, rowsOf } from './rows.ts';
import { bounded, boundedOrNull, flag, probability, textOrNull, timeOf, within } from './told.ts';

export const DECISIONS: Table = {
  name: 'decisions',
  about:
    'One decision and what came back for it. Candidates, features and what was set aside stay in the log: `reckoner explain` reads them there.',
  columns: {
    stream: text('Stream of its bucket; with the revision it names the decision.'),
    revision: integer('Its place in that stream, from 0. Within a bucket decisions are in this order.'),
    tenant: TENANT,
    domain: DOMAIN,
    bucket: text('Id of its bucket: a hash of the values that the bucket shares.'),
    time: TIME,
    arm: text('The arm that was chosen; of a slate the first.'),
    subject: orNull(text('Pseudonym of the person it was for; null where none was named.')),
    request_id: text('Id of the request, as the caller gave it or as the door made it up.'),
    task_type: orNull(text('What kind of task it was, where the request said so.')),
    experiment: orNull(text('The experiment it was made in; null outside of experiments.')),
    policy: text('The policy that chose.'),
    policy_version: integer('Its version.'),
    domain_revision: integer('Revision of the domain that it was made under.'),
    configured_at: orNull(integer('Revision of the domain at which the configuration in force was recorded.')),
    candidates: integer('How many arms could be chosen, after filters.'),
    slate: integer('How many arms were ranked; 0 where one was asked for.'),
    propensity: orNull(
      real('Probability of the arm, in (0, 1], exact; null where it is left to be computed from the log.'),
    ),
    floor: real('Probability that was spread evenly over the candidates, in [0, 1].'),
    expected_reward: real('Mean reward that the posterior expected of the arm.'),
    expected_cost_usd: orNull(real('Dollars that the arm was declared to cost.')),
    expected_latency_ms: orNull(real('Milliseconds that the arm was declared to take.')),
    confidence: real('1 minus the width of the 95 % credible interval of the arm, in [0, 1].'),
    mode: orNull(text('autonomous, supervised or escalated; null where the domain does not gate.')),
    fallback: integer(
      '1 where no candidate met the constraints and the fallback arm was taken without asking the policy.',
    ),
    run: integer('1 where the arm was to be carried out too.'),
    rewards: integer('Rewards that count: those with a share above 0 that were not taken back.'),
    shares: real('Sum of the shares of one pull that they are.'),
    reward_sum: real(
      'Sum of share times reward over them, as they were recorded; divided by `shares` it is the mean reward.',
    ),
    retracted: integer('Rewards with a share above 0 that were taken back one by one.'),
    voided: integer('Rewards with a share above 0 that were taken out together.'),
    last_reward_at: orNull(
      integer('Time of the last reward that came, whether it counts or not; null where none came.'),
    ),
    calls: integer('Calls of agents that were recorded for it.'),
    cost_usd: orNull(
      real(
        'Dollars: what its calls cost; where none was recorded, what the first reward that named a cost said. Null: unknown.',
      ),
    ),
    latency_ms: orNull(real('Milliseconds that the call which succeeded took; null where none did.')),
    agent_outcome: orNull(
      text(
        'How its last recorded call ended: succeeded, timeout, overloaded, refused or failed; null where there was none.',
      ),
    ),
    answered_by: orNull(
      text('The arm whose agent answered: the chosen one, or one that stood in; null where none did.'),
    ),
  },
  key: ['stream', 'revision'],
  // None by request: ids at random would cost each batch as many pages as it has decisions.
  indexes: [
    ['tenant', 'domain', 'time'],
    ['tenant', 'domain', 'arm', 'time'],
    ['subject', 'time'],
  ],
};

/** A row of it: what was decided, and what came back since. */
export type DecisionRow = {
  readonly stream: string;
  readonly revision: number;
  readonly tenant: string;
  readonly domain: string;
  readonly bucket: string;
  readonly time: number;
  readonly arm: string;
  readonly subject: string | null;
  readonly request_id: string;
  readonly task_type: string | null;
  readonly experiment: null;
  readonly policy: string;
  readonly policy_version: number;
  readonly domain_revision: number;
  readonly configured_at: number | null;
  readonly candidates: number;
  readonly slate: number;
  readonly propensity: number | null;
  readonly floor: number;
  readonly expected_reward: number;
  readonly expected_cost_usd: number | null;
  readonly expected_latency_ms: number | null;
  readonly confidence: number;
  readonly mode: string | null;
  readonly fallback: number;
  readonly run: number;
  rewards: number;
  shares: number;
  reward_sum: number;
  retracted: number;
  voided: number;
  last_reward_at: number | null;
  calls: number;
  cost_usd: number | null;
  latency_ms: number | null;
  agent_outcome: string | null;
  answered_by: string | null;
};

/** What changes after the decision. */
const OUTCOME = [
  'rewards',
  'shares',
  'reward_sum',
  'retracted',
  'voided',
  'last_reward_at',
  'calls',
  'cost_usd',
  'latency_ms',
  'agent_outcome',
  'answered_by',
] as const satisfies readonly (keyof DecisionRow)[];

/** Most rewards come soon: their decisions need not be read again. */
const REMEMBERED = 10_000;

export function decisionRows(tables: Tables): Rows<DecisionRow> {
  return rowsOf<DecisionRow>(tables, DECISIONS, { changing: OUTCOME, remember: REMEMBERED });
}

/** The row of a decision for which nothing came back yet. One literal: there is one for each decision, and spreading is dear. */
export function decidedRow(
  event: Extract<DecodedEvent, { type: 'DecisionMade' }>,
  { tenant, domain, bucket }: Owner,
  configuredAt: number | null,
): DecisionRow {
  const { data } = event;
  return {
    stream: event.stream,
    revision: event.revision,
    tenant,
    domain,
    bucket,
    time: timeOf(event),
    arm: data.arm,
    subject: textOrNull(data.subject),
    request_id: data.requestId,
    task_type: textOrNull(data.taskType),
    experiment: null,
    policy: data.policy,
    policy_version: data.policyVersion,
    domain_revision: data.domainRevision,
    configured_at: configuredAt,
    candidates: data.candidates.length,
    slate: data.slate.length,
    propensity: probability(data.propensity),
    floor: within(0, data.floor, 1),
    expected_reward: bounded(data.expectedReward),
    expected_cost_usd: boundedOrNull(data.expectedCostUsd),
    expected_latency_ms: boundedOrNull(data.expectedLatencyMs),
    confidence: within(0, data.confidence, 1),
    mode: textOrNull(data.mode),
    fallback: flag(data.fallback),
    run: flag(data.run),
    rewards: 0,
    shares: 0,
    reward_sum: 0,
    retracted: 0,
    voided: 0,
    last_reward_at: null,
    calls: 0,
    cost_usd: null,
    latency_ms: null,
    agent_outcome: null,
    answered_by: null,
  };
}
