/** Example answers of analytics, of the domain that the other examples are about. */
import { CONFIG_HISTORY } from '../../projections/config-tables.ts';
import { DECISIONS } from '../../projections/decision-rows.ts';
import type { Table } from '../../projections/projection.ts';
import { REWARDS } from '../../projections/reward-rows.ts';
import { ROLLBACK_POINTS } from '../../projections/rollback-tables.ts';
import { camelCase } from '../analytics/camel-case.ts';
import { columnKind } from '../analytics/told.ts';
import { pathExamples } from './examples.ts';

export const domain = pathExamples.domain;

const asOf = { position: '0000000000184220', time: '2026-03-14T15:09:26.535Z', behind: 0 };
const page = (...items: object[]) => ({ asOf, items, nextCursor: null });

/** An item with a member for every column of its table; those that are not told hold nothing. */
function itemOf(table: Table, told: Readonly<Record<string, unknown>>): object {
  const empty = Object.entries(table.columns).map(([name, { type, nullable }]) => {
    const nothing = columnKind(name) === 'flag' ? false : type === 'text' ? '' : 0;
    return [camelCase(name), nullable === true ? null : nothing];
  });
  const { tenant: _tenant, stream: _stream, ...item } = { ...Object.fromEntries(empty), ...told };
  return item;
}
const bucket = '4f7kq2m9x1c8r5tz';
const label = 'prompt_tokens 500 to 4000, task=code';

export const posteriors = page({
  ...{
    domain,
    bucket,
    label,
    context: { prompt_tokens: '500 to 4000', task: 'code' },
    arm: 'code',
    policy: 'beta_thompson/1',
    configured: true,
  },
  ...{ mean: 0.78, lower: 0.71, upper: 0.84, pulls: 131, parameters: { alpha: 103.2, beta: 29.8 } },
  ...{ revision: 1834, changedAt: '2026-03-14T15:08:51.204Z' },
});

export const arms = page({
  ...{ domain, arm: 'code', decisions: 1834, fallbacks: 0, rewards: 1702, retracted: 3, voided: 0, shares: 1702 },
  ...{ rewardSum: 1293.5, rewardMean: 0.76, rewardLower: 0.739, rewardUpper: 0.78, ipsMean: 0.752, calls: 1834 },
  ...{ failures: 12, timeouts: 9, overloads: 2, refusals: 0, faults: 1, costUsd: 7.34 },
  ...{ decisionShare: 0.41, failureShare: 0.0065 },
});

export const series = page(
  { start: '2026-03-13T00:00:00.000Z', arm: 'code', value: 0.75, lower: 0.69, upper: 0.8 },
  { start: '2026-03-14T00:00:00.000Z', arm: 'code', value: 0.78, lower: 0.7, upper: 0.84 },
);

export const decisions = page(
  itemOf(DECISIONS, {
    ...{ decisionId: pathExamples.id, revision: 12, domain, bucket, time: '2026-03-14T15:08:50.020Z', arm: 'code' },
    ...{ subject: null, requestId: 'order-1834-reply', taskType: null, experiment: null, policy: 'beta_thompson' },
    ...{
      policyVersion: 1,
      domainRevision: 4,
      configuredAt: 2,
      candidates: 4,
      slate: 0,
      propensity: 0.4127,
      floor: 0.05,
    },
    ...{ expectedReward: 0.78, expectedCostUsd: 0.004, expectedLatencyMs: 1800, confidence: 0.71, mode: null },
    ...{ fallback: false, run: false, rewards: 1, shares: 1, rewardSum: 1, retracted: 0, voided: 0 },
    ...{ lastRewardAt: '2026-03-14T15:08:51.204Z', calls: 0, costUsd: null, latencyMs: null },
    ...{ agentOutcome: null, answeredBy: null },
  }),
);

export const rewards = page(
  itemOf(REWARDS, {
    ...{ decisionId: pathExamples.id, revision: 13, rewardId: pathExamples.rewardId, domain, bucket },
    ...{ time: '2026-03-14T15:08:51.204Z', hour: '2026-03-14T15:00:00.000Z', domainRevision: 4, arm: 'code', value: 1 },
    ...{ share: 1, kind: 'explicit', feedback: 'thumbs_up', item: null, subject: 'Zx0c1vQmT7yWb2kLr9sUpA' },
    ...{ propensity: 0.4127, costUsd: null, outdated: false, retractedAt: null, voidedAt: null },
  }),
);

export const agents = page({
  ...{ agent: 'code', calls: 1834, succeeded: 1822, failed: 12, timeouts: 9, overloads: 2, refusals: 0, faults: 1 },
  ...{ turnedAway: 0, costUsd: 7.34, inputTokens: 1203441, outputTokens: 402118 },
  ...{ latencyP95WorstHourMs: 3120, latencyMeanMs: 1744, failureShare: 0.0065 },
});

export const config = page(
  itemOf(CONFIG_HISTORY, {
    ...{ domain, revision: 2, time: '2026-03-12T09:00:00.000Z', by: 'http', reason: '', broughtBackFrom: null },
    ...{ relearn: false, policy: 'beta_thompson', changes: 1, config: undefined },
    diff: [{ path: 'exploration', was: 0.1, is: 0.05 }],
  }),
);

export const rollbackPoints = page(
  itemOf(ROLLBACK_POINTS, {
    ...{
      domain,
      revision: 2,
      time: '2026-03-12T09:00:00.000Z',
      kind: 'marked',
      name: 'config',
      cause: 'config',
      by: 'http',
    },
    ...{ reason: '', toRevision: 1, decisionsBefore: 812, rewardsBefore: 760, sharesBefore: 760 },
    ...{
      rewardMeanBefore: 0.74,
      pricedBefore: 812,
      costUsdBefore: 3.21,
      decisionsAfter: 840,
      rewardsAfter: 779,
      sharesAfter: 779,
      rewardMeanAfter: 0.76,
      pricedAfter: 840,
      costUsdAfter: 3.02,
    },
  }),
);
