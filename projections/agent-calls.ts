/** How the calls of agents ended. */
import { AGENT_CALLS, AGENT_LATENCIES } from './agent-call-tables.ts';

export const agentCalls = {
  name: 'agent-calls',
  version: 1,
  about: 'How the calls of each agent ended, what they cost and how long they took, by hour.',
  tables: [AGENT_CALLS, AGENT_LATENCIES],
};
