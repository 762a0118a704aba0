/** The tables of agents' calls. */
import { integer, orNull, real, text } from './columns.ts';
import type { Table } from './projection.ts';

const AGENT = text('The agent that was called.');
const START = integer('Start of the hour (UTC), milliseconds since 1970-01-01 UTC.');

export const AGENT_CALLS: Table = {
  name: 'agent_calls',
  about: 'How the calls of one agent ended within one hour, by each event’s own time, over all domains and nodes.',
  columns: {
    agent: AGENT,
    start: START,
    calls: integer('Calls that were recorded: succeeded + failed.'),
    succeeded: integer('Calls that were answered.'),
    failed: integer('Calls that were not.'),
    timeouts: integer('Failures: too slow.'),
    overloads: integer('Failures: too busy.'),
    refusals: integer('Failures: declined.'),
    faults: integer('Failures: anything else.'),
    turned_away: integer('Calls that its open breaker turned away; they are counted where the next call is recorded.'),
    cost_usd: real('Dollars of the calls that succeeded.'),
    input_tokens: integer('Tokens that went in, where it said so.'),
    output_tokens: integer('Tokens that came out, where it said so.'),
    latency_p50_ms: orNull(real('Median milliseconds of calls that succeeded, within 1 %; null without any.')),
    latency_p95_ms: orNull(real('95th percentile of the same.')),
    latency_sum_ms: real('Sum of the same: divided by `succeeded` it is the mean.'),
    last_state: orNull(
      text('The state that its last failure of the hour left it in: healthy, degraded or open; null without one.'),
    ),
  },
  key: ['agent', 'start'],
};

export const AGENT_LATENCIES: Table = {
  name: 'agent_call_latencies',
  about: 'Latencies of an agent’s calls that succeeded within an hour.',
  columns: {
    agent: AGENT,
    start: START,
    sketch: { type: 'blob', about: 'How many there were of each size (quantile-sketch.ts).' },
  },
  key: ['agent', 'start'],
  internal: true,
};

export type AgentCallRow = ReturnType<typeof uncalled>;

/** An agent that was not called within an hour. */
export function uncalled(agent: string, start: number) {
  return {
    ...{ agent, start },
    ...{ calls: 0, succeeded: 0, failed: 0, timeouts: 0, overloads: 0, refusals: 0, faults: 0, turned_away: 0 },
    ...{ cost_usd: 0, input_tokens: 0, output_tokens: 0, latency_sum_ms: 0 },
    ...UNKNOWN,
  };
}

interface Unknown {
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
  last_state: string | null;
}

const UNKNOWN: Unknown = { latency_p50_ms: null, latency_p95_ms: null, last_state: null };
