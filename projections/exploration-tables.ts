/** The tables of how much a domain explored and what that cost it, by hour and by day. */
import { DOMAIN, integer, orNull, real, TENANT, text } from './columns.ts';
import type { Period } from './period.ts';
import type { Table } from './projection.ts';

/** An arm’s estimate is taken for one from so many pulls on, in effective ones. */
export const PULLS_TO_COMPARE = 10;

export const EXPLORATION = { hour: exploration('hour'), day: exploration('day') };

function exploration(period: Period): Table {
  return {
    name: `exploration_${period}s`,
    about: `How much a domain explored within one ${period}, and what it earned beside its best single arm. Only what the events tell: what the other arms would have earned is not known, it is estimated from the logged propensities.`,
    columns: {
      tenant: TENANT,
      domain: DOMAIN,
      start: integer(`Start of the ${period} (UTC), milliseconds since 1970-01-01 UTC.`),
      decisions: integer('Decisions of the domain.'),
      fallbacks: integer('Of those: taken without asking the policy.'),
      autonomous: integer('Of those: in the mode autonomous. All modes are 0 where the domain does not gate.'),
      supervised: integer('Of those: in the mode supervised.'),
      escalated: integer('Of those: in the mode escalated.'),
      measured: integer('Of those: asked of the policy, and with their propensity in the event.'),
      redraws: real('Sum of 1 - propensity over the measured.'),
      exploration: orNull(
        real(
          'redraws / measured, in [0, 1): the chance that the same request, asked again at that moment, would have gone to another arm. Null where nothing was measured.',
        ),
      ),
      floors: real('Sum of the probability that the configuration had spread evenly, over all decisions.'),
      floor_share: orNull(
        real('floors / decisions: the part of the choices that was left to chance by configuration.'),
      ),
      expected_sum: real('Sum of the rewards that the posteriors expected of the chosen arms.'),
      expected_mean: orNull(
        real('expected_sum / decisions: beside reward_mean it tells how well the posteriors are calibrated.'),
      ),
      rewards: integer('Rewards that came, with a share above 0 and not taken back.'),
      shares: real('Sum of their shares of one pull.'),
      reward_sum: real('Sum of share times reward, as they were recorded.'),
      reward_mean: orNull(real('reward_sum / shares: what was obtained; null without rewards.')),
      best_arm: orNull(
        text(
          `The arm with the highest ips_mean of performance_${period}s, of those with at least ${PULLS_TO_COMPARE} pulls by its weights (ips_weights² / ips_squares); null where there is none.`,
        ),
      ),
      best_mean: orNull(real('Its ips_mean: what it alone would have earned.')),
      regret_proxy: orNull(
        real(
          'best_mean - reward_mean: what was missed, by pull, against the best single arm in hindsight. Below 0 where choosing by context and bucket beats every single arm. The best of several rough estimates is an optimistic one, so it errs upwards where rewards are few.',
        ),
      ),
    },
    key: ['tenant', 'domain', 'start'],
  };
}

/** A row of how much a domain explored. */
export type ExplorationRow = ReturnType<typeof quiet>;

/** A domain in which nothing has happened yet. */
export function quiet(tenant: string, domain: string, start: number) {
  return {
    ...{ tenant, domain, start },
    ...{ decisions: 0, fallbacks: 0, autonomous: 0, supervised: 0, escalated: 0 },
    ...{ measured: 0, redraws: 0, floors: 0, expected_sum: 0 },
    ...{ rewards: 0, shares: 0, reward_sum: 0 },
    ...UNKNOWN,
  };
}

interface Estimates {
  exploration: number | null;
  floor_share: number | null;
  expected_mean: number | null;
  reward_mean: number | null;
  best_arm: string | null;
  best_mean: number | null;
  regret_proxy: number | null;
}

const UNKNOWN: Estimates = {
  ...{ exploration: null, floor_share: null, expected_mean: null, reward_mean: null },
  ...{ best_arm: null, best_mean: null, regret_proxy: null },
};
