/** The tables of rewards: one row each, and how many there were of each kind. */
import { DOMAIN, integer, orNull, real, TENANT, TIME, text } from './columns.ts';
import type { Table } from './projection.ts';

export const REWARDS: Table = {
  name: 'rewards',
  about: 'One reward that came back for a decision, and whether it was taken back.',
  columns: {
    stream: text('Stream of the bucket of its decision; with the revision it names the reward.'),
    revision: integer('Its place in that stream.'),
    reward_id: text('Id of its event: what a retraction names.'),
    tenant: TENANT,
    domain: DOMAIN,
    bucket: text('Id of the bucket.'),
    time: TIME,
    hour: integer('Start of the hour of that time.'),
    decision_revision: integer('Place of its decision in the same stream.'),
    domain_revision: integer('Revision of the domain that it was recorded under.'),
    arm: text('The arm that it is for: the chosen one, the one that answered, or the one an item came from.'),
    value: real('The reward, in [0, 1].'),
    share: real('The part of one pull that it is, in [0, 1]; 0 for what moves nothing.'),
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
    retracted_at: orNull(integer('When it was taken back alone; null where it was not.')),
    voided_at: orNull(integer('When it was taken out together with others; null where it was not.')),
  },
  key: ['stream', 'revision'],
  indexes: [
    ['stream', 'decision_revision'],
    ['tenant', 'domain', 'hour'],
    ['tenant', 'domain', 'subject', 'time'],
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
    retracted: integer('Of those: taken back alone since.'),
    voided: integer('Of those: taken out together with others since.'),
    rewards: integer('Of those: with a share above 0, and not taken back.'),
    shares: real('Sum of the shares of the latter.'),
    reward_sum: real('Sum of share times reward over them.'),
  },
  key: ['tenant', 'domain', 'start', 'kind', 'source'],
};
