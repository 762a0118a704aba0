/** How the calls of agents ended. */
import { AGENT_CALLS, AGENT_LATENCIES, type AgentCallRow, uncalled } from './agent-call-tables.ts';
import { latencySketches } from './latency-sketches.ts';
import { failureColumn } from './performance.ts';
import { startOf } from './period.ts';
import type { Projection } from './projection.ts';
import { rowsOf } from './rows.ts';
import { bounded, textOrNull, timeOf } from './told.ts';

export const agentCalls: Projection = {
  name: 'agent-calls',
  version: 1,
  about: 'How the calls of each agent ended, what they cost and how long they took, by hour.',
  tables: [AGENT_CALLS, AGENT_LATENCIES],
  types: ['AgentCallSucceeded', 'AgentCallFailed'],
  open(tables) {
    const rows = rowsOf<AgentCallRow>(tables, AGENT_CALLS);
    const latencies = latencySketches(tables, AGENT_LATENCIES, rows);
    return {
      apply({ decoded }) {
        const event = decoded();
        if (event?.type !== 'AgentCallSucceeded' && event?.type !== 'AgentCallFailed') return;
        const { agent, turnedAway } = event.data;
        const start = startOf('hour', timeOf(event));
        const row = rows.find(agent, start) ?? rows.insert(uncalled(agent, start));
        rows.changed(row);
        row.calls += 1;
        row.turned_away += turnedAway;
        if (event.type === 'AgentCallFailed') {
          row.failed += 1;
          row[failureColumn(event.data.category)] += 1;
          row.last_state = textOrNull(event.data.state);
          return;
        }
        const latencyMs = bounded(event.data.latencyMs);
        row.succeeded += 1;
        row.cost_usd += bounded(event.data.costUsd);
        row.input_tokens += event.data.inputTokens;
        row.output_tokens += event.data.outputTokens;
        row.latency_sum_ms += latencyMs;
        latencies.accept(latencyMs, agent, start);
      },
      flush() {
        latencies.flush();
        rows.flush();
      },
      reset() {
        latencies.reset();
        rows.reset();
      },
    };
  },
};
