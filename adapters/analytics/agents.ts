/** How the calls of each agent ended, summed up over a span of hours. */
import type Database from 'better-sqlite3';
import { HOUR_MS } from '../../projections/period.ts';
import { ratio } from '../../projections/reward-mean.ts';
import { FOREVER, type Reading, rowsOf } from './reading.ts';

export const agentSums = [
  ...['calls', 'succeeded', 'failed', 'timeouts', 'overloads', 'refusals', 'faults', 'turned_away'],
  ...['cost_usd', 'input_tokens', 'output_tokens'],
] as const;

const SUMS = [...agentSums, 'latency_sum_ms'] as const;

export const agentsSql = {
  /** One agent after the other by its first row: there are few of them, and many hours of each. */
  next: 'SELECT agent FROM agent_calls WHERE agent > @agent ORDER BY agent LIMIT 1',
  sums: `SELECT ${SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')}, max(latency_p95_ms) AS latency_p95_worst_hour_ms
    FROM agent_calls WHERE agent = @agent AND start >= @from AND start < @to`,
} as const;

export const agents: Reading = {
  projection: 'agent-calls',
  tables: ['agent_calls'],
  read(database, { agent, limit, after, from = 0, to = FOREVER }) {
    const span = { from: Math.floor(from / HOUR_MS) * HOUR_MS, to };
    const rows = [];
    for (const name of agent === undefined ? namesAfter(database, String(after?.[0] ?? '')) : [agent]) {
      if (rows.length === limit) return { rows, next: [String(rows.at(-1)?.agent)] };
      const [sums] = rowsOf(database, agentsSql.sums, { agent: name, ...span });
      if (sums?.calls === null || sums === undefined) continue;
      const { latency_sum_ms, ...told } = sums;
      const mean = ratio(Number(latency_sum_ms), Number(sums.succeeded));
      rows.push({
        agent: name,
        ...told,
        latency_mean_ms: mean,
        failure_share: ratio(Number(sums.failed), Number(sums.calls)),
      });
    }
    return { rows, next: undefined };
  },
};

function* namesAfter(database: Database.Database, name: string): Generator<string> {
  for (let at = name; ; ) {
    const [found] = rowsOf(database, agentsSql.next, { agent: at });
    if (found === undefined) return;
    at = String(found.agent);
    yield at;
  }
}
