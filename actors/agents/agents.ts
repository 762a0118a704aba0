/**
 * The registry of this node's agents: actors, created when first asked for and kept until the node stops. One that cannot be
 * opened is counted, and tried anew by the next call.
 */
import { ReckonerError } from '../../events/errors.ts';
import { agentStream } from '../../events/streams.ts';
import {
  type Agent,
  type AgentCall,
  type AgentDefinition,
  type AgentDependencies,
  type AgentResult,
  createAgent,
} from './agent.ts';

export interface Agents {
  has(id: string): boolean;
  /** Asks the agent. @throws ReckonerError agent_unknown, and what `Agent.call` throws */
  call(id: string, call: AgentCall): Promise<AgentResult>;
  /** Takes no more calls, cuts off those under way, and settles when what had ended is recorded. */
  stop(): Promise<void>;
}

export interface AgentsDependencies extends AgentDependencies {
  readonly onFailure: (stream: string, thrown: unknown) => void;
}

export function createAgents(definitions: readonly AgentDefinition[], dependencies: AgentsDependencies): Agents {
  const { env, onFailure } = dependencies;
  const known = new Map(definitions.map((definition) => [definition.id, definition]));
  const opened = new Map<string, Promise<Agent>>();
  let stopping = false;

  const open = (id: string): Promise<Agent> => {
    const definition = known.get(id);
    if (definition === undefined) throw unknownAgent(id);
    if (stopping) throw new ReckonerError('shutting_down', 'This node is shutting down.');
    const opening = createAgent(definition, dependencies);
    opened.set(id, opening);
    opening.catch((thrown) => {
      opened.delete(id);
      onFailure(agentStream(id, env.node), thrown);
    });
    return opening;
  };

  return {
    has: (id) => known.has(id),
    async call(id, call) {
      const agent = await (opened.get(id) ?? open(id));
      return agent.call(call);
    },
    async stop() {
      stopping = true;
      await Promise.allSettled([...opened.values()].map(async (opening) => (await opening).stop()));
    },
  };
}

/** An arm that nobody here can carry out. */
export function unknownAgent(id: string): ReckonerError {
  return new ReckonerError('agent_unknown', `This node has no agent ${id}.`);
}
