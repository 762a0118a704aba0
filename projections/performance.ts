/** What the arms of a domain did within one hour or day, and how much the domain explored: sums over the outcomes of its decisions. */
import type { DecisionRow } from './decision-rows.ts';
import { EXPLORATION, type ExplorationRow, PULLS_TO_COMPARE, quiet } from './exploration-tables.ts';
import { latencySketches } from './latency-sketches.ts';
import { idle, PERFORMANCE, PERFORMANCE_LATENCIES, type PerformanceRow } from './performance-tables.ts';
import { type Period, startOf } from './period.ts';
import type { Tables } from './projection.ts';
import { meanInterval, ratio } from './reward-mean.ts';
import type { RewardRow } from './reward-rows.ts';
import { rowsOf } from './rows.ts';

/** Whether a reward begins to count, or how it ceases to. */
export type Standing = 'counts' | 'retracted' | 'voided' | 'restored';

/** How a recorded call of an agent ended. */
export interface CallEnd {
  readonly time: number;
  readonly arm: string;
  /** succeeded, or the category of the failure. */
  readonly outcome: string;
  readonly latencyMs: number;
  readonly costUsd: number;
}

export interface Performance {
  decided(decision: DecisionRow): void;
  /** A reward with a share above 0 begins to count, or ceases to. */
  rewarded(reward: RewardRow, standing: Standing): void;
  /** A decision for an arm turned out to have cost so much, in dollars. */
  paid(tenant: string, domain: string, arm: string, time: number, costUsd: number): void;
  called(tenant: string, domain: string, call: CallEnd): void;
  flush(): void;
  reset(): void;
}

export function performanceBy(period: Period, tables: Tables): Performance {
  const arms = rowsOf<PerformanceRow>(tables, PERFORMANCE[period], { finish: estimate });
  const domains = rowsOf<ExplorationRow>(tables, EXPLORATION[period], { finish: compare });
  const latencies = latencySketches(tables, PERFORMANCE_LATENCIES[period], arms);
  /** Where the estimates of arms changed: who is best has to be looked at again. */
  const moved = new Set<ExplorationRow>();

  function armIn(tenant: string, domain: string, time: number, arm: string): PerformanceRow {
    const start = startOf(period, time);
    const row = arms.find(tenant, domain, start, arm) ?? arms.insert(idle(tenant, domain, start, arm));
    arms.changed(row);
    return row;
  }

  function domainIn(tenant: string, domain: string, time: number): ExplorationRow {
    const start = startOf(period, time);
    const row = domains.find(tenant, domain, start) ?? domains.insert(quiet(tenant, domain, start));
    domains.changed(row);
    return row;
  }

  function bestOf(row: ExplorationRow): void {
    const { tenant, domain, start } = row;
    row.best_arm = null;
    row.best_mean = null;
    for (const found of tables.select(PERFORMANCE[period].name, { tenant, domain, start })) {
      const { arm, ips_weights, ips_squares, ips_mean } = found as PerformanceRow; // as this file put it
      if (ips_mean === null || ips_weights * ips_weights < PULLS_TO_COMPARE * ips_squares) continue;
      if (row.best_mean !== null && ips_mean <= row.best_mean) continue;
      row.best_arm = arm;
      row.best_mean = ips_mean;
    }
  }

  return {
    decided({ tenant, domain, time, arm, fallback, propensity, floor, expected_reward, mode }) {
      const row = armIn(tenant, domain, time, arm);
      row.decisions += 1;
      row.fallbacks += fallback;
      const all = domainIn(tenant, domain, time);
      all.decisions += 1;
      all.fallbacks += fallback;
      all.floors += floor;
      all.expected_sum += expected_reward;
      if (mode === 'autonomous' || mode === 'supervised' || mode === 'escalated') all[mode] += 1;
      if (fallback === 1 || propensity === null) return;
      all.measured += 1;
      all.redraws += 1 - propensity;
    },
    rewarded(reward, standing) {
      const { tenant, domain, time, arm } = reward;
      const row = armIn(tenant, domain, time, arm);
      if (standing === 'retracted') row.retracted += 1;
      if (standing === 'voided') row.voided += 1;
      if (standing === 'restored') row.voided -= 1;
      const sign = standing === 'counts' || standing === 'restored' ? 1 : -1;
      addReward(row, reward, sign);
      const all = domainIn(tenant, domain, time);
      addShare(all, reward, sign);
      moved.add(all);
    },
    paid(tenant, domain, arm, time, costUsd) {
      armIn(tenant, domain, time, arm).cost_usd += costUsd;
    },
    called(tenant, domain, { time, arm, outcome, latencyMs, costUsd }) {
      const row = armIn(tenant, domain, time, arm);
      row.calls += 1;
      if (outcome === 'succeeded') {
        row.cost_usd += costUsd;
        latencies.accept(latencyMs, tenant, domain, row.start, arm);
        return;
      }
      row.failures += 1;
      row[failureColumn(outcome)] += 1;
    },
    flush() {
      latencies.flush();
      arms.flush();
      for (const row of moved) bestOf(row);
      moved.clear();
      domains.flush();
    },
    reset() {
      latencies.reset();
      arms.reset();
      moved.clear();
      domains.reset();
    },
  };
}

const FAILURE_COLUMNS = { timeout: 'timeouts', overloaded: 'overloads', refused: 'refusals' } as const;

/** The column that counts failures of a category. */
export function failureColumn(category: string): 'timeouts' | 'overloads' | 'refusals' | 'faults' {
  return Object.hasOwn(FAILURE_COLUMNS, category)
    ? FAILURE_COLUMNS[category as keyof typeof FAILURE_COLUMNS]
    : 'faults'; // just found
}

/** What a reward adds to sums of shares, or takes from them. */
export function addShare(
  sums: { rewards: number; shares: number; reward_sum: number },
  { share, value }: Pick<RewardRow, 'share' | 'value'>,
  sign: 1 | -1,
): void {
  sums.rewards += sign;
  sums.shares += sign * share;
  sums.reward_sum += sign * share * value;
  if (sums.rewards > 0) return;
  // What rounding left over would be divided by.
  sums.shares = 0;
  sums.reward_sum = 0;
}

/** What was chosen with a smaller one would outweigh everything else that ever happened. */
const LEAST_PROPENSITY = 1e-12;

function addReward(row: PerformanceRow, reward: RewardRow, sign: 1 | -1): void {
  const { share, value, propensity } = reward;
  addShare(row, reward, sign);
  row.shares_squared = row.rewards > 0 ? row.shares_squared + sign * share * share : 0;
  row.reward_squares = row.rewards > 0 ? row.reward_squares + sign * share * value * value : 0;
  if (propensity === null || propensity < LEAST_PROPENSITY) return;
  const weight = share / propensity;
  row.ips_rewards += sign;
  const some = row.ips_rewards > 0;
  row.ips_weights = some ? row.ips_weights + sign * weight : 0;
  row.ips_squares = some ? row.ips_squares + sign * weight * weight : 0;
  row.ips_sum = some ? row.ips_sum + sign * weight * value : 0;
}

function estimate(row: PerformanceRow): void {
  const { mean, lower, upper } = meanInterval(row.shares, row.shares_squared, row.reward_sum);
  row.reward_mean = mean;
  row.reward_lower = lower;
  row.reward_upper = upper;
  row.ips_mean = ratio(row.ips_sum, row.ips_weights);
}

function compare(row: ExplorationRow): void {
  row.exploration = ratio(row.redraws, row.measured);
  row.floor_share = ratio(row.floors, row.decisions);
  row.expected_mean = ratio(row.expected_sum, row.decisions);
  row.reward_mean = ratio(row.reward_sum, row.shares);
  row.regret_proxy = row.best_mean === null || row.reward_mean === null ? null : row.best_mean - row.reward_mean;
}
