import { expect, test } from 'vitest';
import { agentCalls } from '../../projections/agent-calls.ts';
import { failed, HOUR, logOf, NOON, succeeded } from './history.ts';
import { project } from './project.ts';

test('how an agent’s calls ended is told by the hour, over all its nodes', async () => {
  const { log } = await logOf(
    ...[succeeded({ latencyMs: 100, costUsd: 0.5 }), succeeded({ latencyMs: 300, stream: 'agent-small-other' })],
    ...[
      failed({ category: 'timeout', state: 'degraded' }),
      failed({ category: 'failed', state: 'open', turnedAway: 2 }),
    ],
    ...[failed({ category: 'refused', agent: 'large', state: '' }), succeeded({ time: NOON + HOUR, turnedAway: 3 })],
  );
  const rows = (await project([agentCalls], log)).rows('agent_calls');
  expect(rows).toMatchObject([
    { agent: 'large', calls: 1, refusals: 1, latency_p50_ms: null, last_state: null },
    {
      ...{ agent: 'small', start: NOON, calls: 4, succeeded: 2, failed: 2, timeouts: 1, faults: 1, overloads: 0 },
      ...{
        turned_away: 2,
        cost_usd: 0.51,
        input_tokens: 20,
        output_tokens: 40,
        latency_sum_ms: 400,
        last_state: 'open',
      },
    },
    { agent: 'small', start: NOON + HOUR, calls: 1, turned_away: 3, last_state: null },
  ]);
  expect(Math.abs(Number(rows[1]?.latency_p95_ms) / 100 - 1)).toBeLessThan(0.02); // the lower of the two, by rank
});
