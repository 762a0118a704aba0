/** The tables of what the arms of a domain did, by hour and by day. */
import { DOMAIN, integer, orNull, real, TENANT, text } from './columns.ts';
import type { Period } from './period.ts';
import type { Table } from './projection.ts';

export const PERFORMANCE = { hour: performance('hour'), day: performance('day') };

/** Latencies behind the percentiles. */
export const PERFORMANCE_LATENCIES = { hour: latencies('hour'), day: latencies('day') };

function performance(period: Period): Table {
  return {
    name: `performance_${period}s`,
    about: `What one arm of a domain did within one ${period}, by each event’s own time. A reward counts when it came, not when its decision was made; one that is taken back later leaves the ${period} in which it came. What a rollback sets aside was still earned, and stays.`,
    columns: {
      ...keyOf(period),
      decisions: integer('Decisions that chose it; of a slate the first place.'),
      fallbacks: integer('Of those: taken without asking the policy, because no candidate met the constraints.'),
      rewards: integer('Rewards with a share above 0 that were not taken back.'),
      retracted: integer('Rewards with a share above 0 that came then and were taken back alone since.'),
      voided: integer('Rewards with a share above 0 that came then and were taken out together with others since.'),
      shares: real('Sum of the shares of one pull that the rewards are: pulls with a known outcome.'),
      shares_squared: real('Sum of their squares.'),
      reward_sum: real('Sum of share times reward, as they were recorded.'),
      reward_squares: real('Sum of share times the square of the reward.'),
      reward_mean: orNull(real('reward_sum / shares; null without rewards.')),
      reward_lower: orNull(
        real(
          'Lower end of the 95 % Wilson score interval of the mean (Wilson 1927), for shares² / shares_squared pulls (Kish 1965): right for rewards of 0 or 1, wider than need be for what is between.',
        ),
      ),
      reward_upper: orNull(real('Its upper end.')),
      ips_rewards: integer('Rewards whose event has the propensity of the decision; what follows is about them.'),
      ips_weights: real('Sum of share / propensity.'),
      ips_squares: real('Sum of the squares of share / propensity.'),
      ips_sum: real('Sum of share / propensity times reward.'),
      ips_mean: orNull(
        real(
          'ips_sum / ips_weights: what the arm alone would have earned on all of the requests, as far as the logged propensities tell (self-normalised inverse propensity score; Swaminathan and Joachims 2015). Null without them.',
        ),
      ),
      calls: integer('Calls of its agent that were recorded for decisions of the domain.'),
      failures: integer('Of those: not answered.'),
      timeouts: integer('Failures: too slow.'),
      overloads: integer('Failures: too busy.'),
      refusals: integer('Failures: declined.'),
      faults: integer('Failures: anything else.'),
      cost_usd: real(
        'Dollars that decisions for it cost: their calls; for those without one, what the first reward that named a cost said.',
      ),
      latency_p50_ms: orNull(real('Median milliseconds of calls that succeeded, within 1 %; null without any.')),
      latency_p95_ms: orNull(real('95th percentile of the same.')),
    },
    key: ['tenant', 'domain', 'start', 'arm'],
  };
}

function latencies(period: Period): Table {
  return {
    name: `performance_${period}_latencies`,
    about: 'Latencies of an arm’s calls that succeeded.',
    columns: {
      ...keyOf(period),
      sketch: { type: 'blob', about: 'How many there were of each size (quantile-sketch.ts).' },
    },
    key: ['tenant', 'domain', 'start', 'arm'],
    internal: true,
  };
}

function keyOf(period: Period) {
  return {
    tenant: TENANT,
    domain: DOMAIN,
    start: integer(`Start of the ${period} (UTC), milliseconds since 1970-01-01 UTC.`),
    arm: text('The arm.'),
  };
}

/** A row of what an arm did. */
export type PerformanceRow = ReturnType<typeof idle>;

/** What an arm did of which nothing is known yet. */
export function idle(tenant: string, domain: string, start: number, arm: string) {
  return {
    ...{ tenant, domain, start, arm },
    ...{ decisions: 0, fallbacks: 0 },
    ...{ rewards: 0, retracted: 0, voided: 0 },
    ...{ shares: 0, shares_squared: 0, reward_sum: 0, reward_squares: 0 },
    ...{ ips_rewards: 0, ips_weights: 0, ips_squares: 0, ips_sum: 0 },
    ...{ calls: 0, failures: 0, timeouts: 0, overloads: 0, refusals: 0, faults: 0, cost_usd: 0 },
    ...UNKNOWN,
  };
}

interface Estimates {
  reward_mean: number | null;
  reward_lower: number | null;
  reward_upper: number | null;
  ips_mean: number | null;
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
}

const UNKNOWN: Estimates = {
  ...{ reward_mean: null, reward_lower: null, reward_upper: null, ips_mean: null },
  ...{ latency_p50_ms: null, latency_p95_ms: null },
};
