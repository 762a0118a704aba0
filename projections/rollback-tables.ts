/** The tables of rollback points, with the performance around them. */
import { DOMAIN, integer, orNull, real, TENANT, TIME, text } from './columns.ts';
import type { Table } from './projection.ts';

const BEFORE = 'in the 24 whole hours before the hour of the point, and in that hour before it';
const AFTER = 'in the rest of its hour, and in the 24 whole hours that follow';

export const ROLLBACK_POINTS: Table = {
  name: 'rollback_points',
  about:
    'One revision of a domain that was marked as one to return to, or one that a rollback made, with the performance around it: what was decided and came back in the day before and the day after, whatever was taken back later.',
  columns: {
    tenant: TENANT,
    domain: DOMAIN,
    revision: integer('Revision of the domain at which it was recorded.'),
    time: TIME,
    kind: text('marked or rolled_back.'),
    name: text('Its name; empty for a rollback.'),
    cause: text('Why it was marked: config, policy, thaw, daily, manual, rollback or void.'),
    by: text('Who asked for it.'),
    reason: text('Why.'),
    to_revision: integer(
      'What a rollback is told to return to: the revision that a mark ended with. For rolled_back: the one that was returned to.',
    ),
    decisions_before: integer(`Decisions ${BEFORE}.`),
    rewards_before: integer(`Rewards with a share above 0 that came ${BEFORE}.`),
    shares_before: real('Sum of their shares of one pull.'),
    reward_mean_before: orNull(real('Their mean as recorded, by share; null without any.')),
    priced_before: integer(`Calls and reports that told what a decision had cost, ${BEFORE}.`),
    cost_usd_before: real('Dollars that they told: the sum.'),
    decisions_after: integer(`Decisions ${AFTER}.`),
    rewards_after: integer(`Rewards with a share above 0 that came ${AFTER}.`),
    shares_after: real('Sum of their shares of one pull.'),
    reward_mean_after: orNull(real('Their mean as recorded, by share; null without any.')),
    priced_after: integer(`Calls and reports that told what a decision had cost, ${AFTER}.`),
    cost_usd_after: real('Dollars that they told: the sum.'),
  },
  key: ['tenant', 'domain', 'revision'],
  indexes: [['tenant', 'domain', 'time']],
};

export const POINT_HOURS: Table = {
  name: 'rollback_point_hours',
  about: 'What a domain did within an hour, as far as the points around it ask.',
  columns: {
    tenant: TENANT,
    domain: DOMAIN,
    start: integer('Start of the hour.'),
    decisions: integer('Decisions.'),
    rewards: integer('Rewards with a share above 0.'),
    shares: real('Sum of their shares.'),
    reward_sum: real('Sum of share times reward.'),
    priced: integer('Calls and reports that told a cost.'),
    cost_usd: real('Dollars that they told.'),
  },
  key: ['tenant', 'domain', 'start'],
  internal: true,
};

export const POINT_STARTS: Table = {
  name: 'rollback_point_starts',
  about: 'Where a point lies in its hour.',
  columns: {
    tenant: TENANT,
    domain: DOMAIN,
    start: integer('Start of its hour.'),
    revision: integer('Revision of the point.'),
    decisions: integer('What the hour had come to before it: decisions.'),
    rewards: integer('Rewards with a share above 0.'),
    shares: real('Sum of their shares.'),
    reward_sum: real('Sum of share times reward.'),
    priced: integer('Calls and reports that told a cost.'),
    cost_usd: real('Dollars that they told.'),
  },
  key: ['tenant', 'domain', 'start', 'revision'],
  internal: true,
};

/** What a domain did within some time. */
export type Sums = {
  decisions: number;
  rewards: number;
  shares: number;
  reward_sum: number;
  priced: number;
  cost_usd: number;
};

export type HourRow = Sums & { readonly tenant: string; readonly domain: string; readonly start: number };

export type PointStart = HourRow & { readonly revision: number };

export function nothingDone(): Sums {
  return { decisions: 0, rewards: 0, shares: 0, reward_sum: 0, priced: 0, cost_usd: 0 };
}

/** Adds to sums, or takes from them. */
export function did(sums: Sums, more: Sums | undefined, sign: 1 | -1): void {
  if (more === undefined) return;
  sums.decisions += sign * more.decisions;
  sums.rewards += sign * more.rewards;
  sums.shares += sign * more.shares;
  sums.reward_sum += sign * more.reward_sum;
  sums.priced += sign * more.priced;
  sums.cost_usd += sign * more.cost_usd;
}
