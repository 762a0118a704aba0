/** The tables of rewards: one row each, and how many there were of each kind. */
import type { DecodedEvent } from '../events/catalogue.ts';
import type { Owner } from '../events/streams.ts';
import { DOMAIN, integer, orNull, real, TENANT, TIME, text } from './columns.ts';
import { startOf } from './period.ts';
import type { Table, Tables } from './projection.ts';
import { type Rows, rowsOf } from './rows.ts';
import { boundedOrNull, flag, probability, textOrNull, timeOf, within } from './told.ts';

export const REWARDS: Table = {
  name: 'rewards',
  about: 'One reward that came back for a decision, and whether it was taken back.',
  columns: {
    stream: text('Stream of the bucket of its decision; with the revision it names the reward.'),
    revision: integer('Its place in that stream, after its decision.'),
    reward_id: text('Id of its event: what a retraction names.'),
    tenant: TENANT,
    domain: DOMAIN,
    bucket: text('Id of the bucket.'),
    time: TIME,
    hour: integer('Start of the hour of that time: who asks for a span names it, too, and is answered from an index.'),
    decision_revision: integer('Place of its decision in the same stream.'),
    domain_revision: integer('Revision of the domain that it was recorded under.'),
    arm: text('The arm that it is for: the chosen one, the one that answered, or the one an item came from.'),
    value: real(
      'The reward, in [0, 1], as it was recorded: another definition of what rewards are worth, by which a domain learned anew, does not change it here (reckoner export --as-relearned tells that).',
    ),
    share: real('The part of one pull that it is, in [0, 1], as it was recorded; 0 for what moves nothing.'),
    kind: text('explicit, implicit, behavioural or outcome.'),
    feedback: orNull(
      text(
        'click, thumbs_up, thumbs_down, rating:<n>; failed where the agent did not answer; silence where nothing came; null where a value was given.',
      ),
    ),
    item: orNull(text('The item that it was for.')),
    subject: orNull(text('Pseudonym of the person it came from; null where none was named.')),
    propensity: orNull(real('Propensity of its decision, where the event has it; null for an arm that stood in.')),
    cost_usd: orNull(real('Dollars that it said the decision had cost.')),
    outdated: integer('1 where its decision is from before a change that restarted the bucket: it moved nothing.'),
    set_aside: integer(
      '1 where its decision had been set aside by a rollback, and the domain ignores what comes late: it moved nothing.',
    ),
    retracted_at: orNull(integer('When it was taken back alone; null where it was not.')),
    voided_at: orNull(
      integer('When it was taken out together with others; null where it was not, or that was rolled back.'),
    ),
    voided_by: orNull(integer('Revision of the domain that took it out.')),
  },
  key: ['stream', 'decision_revision', 'revision'],
  indexes: [
    ['tenant', 'domain', 'hour', 'time', 'stream', 'revision'],
    ['tenant', 'domain', 'subject', 'time', 'stream', 'revision'],
  ],
};

export const REWARD_COUNTS: Table = {
  name: 'reward_counts',
  about: 'The rewards of one kind and source that came to a domain within an hour.',
  columns: {
    tenant: TENANT,
    domain: DOMAIN,
    start: integer('Start of the hour, milliseconds since 1970-01-01 UTC.'),
    kind: text('explicit, implicit, behavioural or outcome.'),
    source: text('What was given: value, click, thumbs_up, thumbs_down, rating:<n>, failed or silence.'),
    observed: integer('How many came, whatever became of them.'),
    neutral: integer('Of those: with a share of 0, which move nothing.'),
    outdated: integer('Of those: of decisions from before a change that restarted their bucket.'),
    set_aside: integer('Of those: of decisions that a rollback had set aside, where the domain ignores such.'),
    retracted: integer('Of those: taken back alone since.'),
    voided: integer('Of those: taken out together with others since.'),
    rewards: integer('Of those: with a share above 0, and not taken back.'),
    shares: real('Sum of the shares of the latter.'),
    reward_sum: real('Sum of share times reward over them, as they were recorded.'),
  },
  key: ['tenant', 'domain', 'start', 'kind', 'source'],
};

export type RewardRow = {
  readonly stream: string;
  readonly revision: number;
  readonly reward_id: string;
  readonly tenant: string;
  readonly domain: string;
  readonly bucket: string;
  readonly time: number;
  readonly hour: number;
  readonly decision_revision: number;
  readonly domain_revision: number;
  readonly arm: string;
  readonly value: number;
  readonly share: number;
  readonly kind: string;
  readonly feedback: string | null;
  readonly item: string | null;
  readonly subject: string | null;
  readonly propensity: number | null;
  readonly cost_usd: number | null;
  readonly outdated: number;
  readonly set_aside: number;
  retracted_at: number | null;
  voided_at: number | null;
  voided_by: number | null;
};

/** What changes after the reward. */
const TAKEN_BACK = ['retracted_at', 'voided_at', 'voided_by'] as const satisfies readonly (keyof RewardRow)[];

export function rewardRows(tables: Tables): Rows<RewardRow> {
  return rowsOf<RewardRow>(tables, REWARDS, { changing: TAKEN_BACK });
}

/** The row of a reward that stands. One literal, as that of a decision. */
export function rewardRow(
  event: Extract<DecodedEvent, { type: 'RewardObserved' }>,
  { tenant, domain, bucket }: Owner,
): RewardRow {
  const { data } = event;
  const time = timeOf(event);
  return {
    stream: event.stream,
    revision: event.revision,
    reward_id: event.id,
    tenant,
    domain,
    bucket,
    time,
    hour: startOf('hour', time),
    decision_revision: data.decisionRevision,
    domain_revision: data.domainRevision,
    arm: data.arm,
    value: within(0, data.value, 1),
    share: within(0, data.share, 1),
    kind: data.kind,
    feedback: textOrNull(data.feedback),
    item: textOrNull(data.item),
    subject: textOrNull(data.subject),
    propensity: probability(data.propensity),
    cost_usd: boundedOrNull(data.costUsd),
    outdated: flag(data.outdated),
    set_aside: flag(data.setAside),
    retracted_at: null,
    voided_at: null,
    voided_by: null,
  };
}

/** How many rewards of one kind and source came within an hour. */
export type RewardCount = ReturnType<typeof noRewards>;

export function rewardCounts(tables: Tables): Rows<RewardCount> {
  return rowsOf<RewardCount>(tables, REWARD_COUNTS);
}

/** The count that a reward belongs to. */
export function countFor(counts: Rows<RewardCount>, reward: RewardRow): RewardCount {
  const { tenant, domain, hour, kind, feedback } = reward;
  const source = feedback ?? 'value';
  return counts.find(tenant, domain, hour, kind, source) ?? counts.insert(noRewards(reward, source));
}

function noRewards({ tenant, domain, hour, kind }: RewardRow, source: string) {
  const none = {
    observed: 0,
    neutral: 0,
    outdated: 0,
    set_aside: 0,
    retracted: 0,
    voided: 0,
    rewards: 0,
    shares: 0,
    reward_sum: 0,
  };
  return { tenant, domain, start: hour, kind, source, ...none };
}
