/** What arms did over time: summed up by arm, and as series of one metric. */
import { EXPLORATION } from '../../projections/exploration-tables.ts';
import { PERFORMANCE } from '../../projections/performance-tables.ts';
import { DAY_MS, type Period } from '../../projections/period.ts';
import type { Row } from '../../projections/projection.ts';
import { meanInterval, ratio } from '../../projections/reward-mean.ts';
import { FOREVER, keyPart, type Reading, rowsOf, sliced } from './reading.ts';

/** Arms of which a sum is told, at most. */
export const ARMS = 10_000;

/** Columns of which an arm is told the sum… */
export const armSums = [
  ...['decisions', 'fallbacks', 'rewards', 'retracted', 'voided', 'shares', 'reward_sum', 'calls', 'failures'],
  ...['timeouts', 'overloads', 'refusals', 'faults', 'cost_usd'],
] as const;
/** …and what is made of sums. */
export const armMeans = ['reward_mean', 'reward_lower', 'reward_upper', 'ips_mean'] as const;

const SUMS = [...armSums, 'shares_squared', 'ips_weights', 'ips_sum'] as const;

export const armsSql = `SELECT arm, ${SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM performance_days
  WHERE tenant = @tenant AND domain = @domain AND start >= @from AND start < @to
  GROUP BY arm ORDER BY sum(decisions) DESC, arm LIMIT ${ARMS}`;

export const arms: Reading = {
  projection: 'outcomes',
  tables: ['performance_days'],
  read(database, { tenant, domain = '', arm, from = 0, to = FOREVER }) {
    const first = Math.floor(from / DAY_MS) * DAY_MS;
    const found = [...rowsOf(database, armsSql, { tenant, domain, from: first, to })];
    const all = found.reduce((sum, { decisions }) => sum + Number(decisions), 0);
    const rows = found.filter((row) => arm === undefined || row.arm === arm).map((row) => summed(row, all));
    return { rows, next: undefined };
  },
};

function summed(row: Row, all: number): Row {
  const { shares_squared, ips_weights, ips_sum, ...told } = row;
  const { mean, lower, upper } = meanInterval(Number(row.shares), Number(shares_squared), Number(row.reward_sum));
  return {
    ...told,
    decision_share: ratio(Number(row.decisions), all),
    reward_mean: mean,
    reward_lower: lower,
    reward_upper: upper,
    ips_mean: ratio(Number(ips_sum), Number(ips_weights)),
    failure_share: ratio(Number(row.failures), Number(row.calls)),
  };
}

/** Columns that make no series. */
const NO_METRICS = ['tenant', 'domain', 'start', 'arm', 'best_arm'];

/** What a series can be of: of each arm… */
export const armMetrics = Object.keys(PERFORMANCE.hour.columns).filter((name) => !NO_METRICS.includes(name));
/** …or of the whole domain. */
export const domainMetrics = Object.keys(EXPLORATION.hour.columns).filter(
  (name) => !NO_METRICS.includes(name) && !armMetrics.includes(name),
);

const TABLES = {
  hour: { arm: PERFORMANCE.hour.name, domain: EXPLORATION.hour.name },
  day: { arm: PERFORMANCE.day.name, domain: EXPLORATION.day.name },
} as const;

/** @param metric one of `armMetrics` or `domainMetrics`: it becomes a part of the statement */
export function seriesSql(period: Period, metric: string): string {
  const isArms = armMetrics.includes(metric);
  if (!isArms && !domainMetrics.includes(metric)) throw new Error(`there is no metric ${metric}`);
  const table = TABLES[period][isArms ? 'arm' : 'domain'];
  const bounds = metric === 'reward_mean' ? ', reward_lower AS lower, reward_upper AS upper' : '';
  const span = 'tenant = @tenant AND domain = @domain AND start < @to';
  return isArms
    ? `SELECT start, arm, ${metric} AS value${bounds} FROM ${table} WHERE ${span} AND (start, arm) > (@start, @arm) AND start >= @start
        ORDER BY start, arm LIMIT @rows`
    : `SELECT start, NULL AS arm, ${metric} AS value FROM ${table} WHERE ${span} AND start > @start ORDER BY start LIMIT @rows`;
}

const ONE_MORE = 5_001;

export const series: Reading = {
  projection: 'outcomes',
  tables: Object.values(TABLES).flatMap((table) => Object.values(table)),
  read(
    database,
    { tenant, domain = '', arm, period = 'day', metric = 'reward_mean', limit, after, from = 0, to = FOREVER },
  ) {
    // Just before the first, which `from` belongs to.
    const [start, last] = after ?? [from - 0.5, ''];
    const values = { tenant, domain, to, start: start ?? 0, arm: last ?? '', rows: ONE_MORE };
    const rows = rowsOf(database, seriesSql(period, metric), values);
    const keyOf = (row: Row) => [keyPart(row.start), keyPart(row.arm)];
    return sliced(rows, limit, keyOf, (row) => arm === undefined || row.arm === arm);
  },
};
