/**
 * An agent carries an arm out: a model with a prompt, a tool, a workflow. This actor bounds it (so many calls at a time, so
 * long each, none while its breaker is open) and records how every call ended, never what was asked or answered. Calls that the
 * open breaker turns away are counted, and told with the next call that ends: an outage of a busy agent would fill the log else.
 */
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { agentStream } from '../../events/streams.ts';
import type { Environment } from '../environment.ts';
import type { AgentState, BreakerLimits } from './agent-breaker.ts';
import { type FailureCategory, type Outcome, soundOutcome } from './agent-outcome.ts';
import { type AgentDraft, openAgentRecord } from './agent-record.ts';

/** Where an agent's answers come from; labels every event it writes. */
export type AgentSource = 'simulated' | 'recorded' | 'live';

export interface AgentLimits extends BreakerLimits {
  /** Calls at a time; one more is answered `overloaded`. */
  readonly concurrency: number;
  /** Longest time one call may take. */
  readonly timeoutMs: number;
  /** Outcomes that may wait for the log; beyond it calls are refused without a trace, so that memory stays bounded. */
  readonly pending: number;
}

const defaultAgentLimits: AgentLimits = {
  concurrency: 32,
  timeoutMs: 30_000,
  degradedAfter: 1,
  openAfter: 5,
  cooldownMs: 10_000,
  pending: 4096,
};

export interface AgentCall {
  readonly decisionId: string;
  /** The arm that is carried out. */
  readonly arm: string;
  /** The request that set this off. */
  readonly correlationId: string;
  /** Id of the decision's event, where known. */
  readonly causationId?: string;
  /** Id of the event that says that it succeeded, where the log shall find it by that; default a fresh one. */
  readonly successId?: string;
  /** Milliseconds since 1970 at which the caller stops waiting. */
  readonly deadline?: number;
  /** What the caller asks. An agent that cannot make sense of it answers `refused`. */
  readonly question: unknown;
}

export type AgentResult =
  | {
      readonly ok: true;
      readonly eventId: string;
      readonly source: AgentSource;
      readonly answer: unknown;
      readonly latencyMs: number;
      readonly costUsd: number;
      readonly quality: number | undefined;
    }
  | {
      readonly ok: false;
      /** Undefined where the open breaker turned it away, which is counted and not recorded. */
      readonly eventId: string | undefined;
      readonly source: AgentSource;
      readonly category: FailureCategory;
      /** False where it was turned away before: by the open breaker, the bound, or a deadline that had passed. */
      readonly asked: boolean;
      readonly latencyMs: number;
      readonly state: AgentState;
      /** Milliseconds until an open breaker lets a probe through. */
      readonly retryAfterMs: number | undefined;
    };

/** What there is to say of an agent. */
export interface AgentDefinition {
  readonly id: string;
  readonly source: AgentSource;
  /** Does the work. The signal is aborted when nobody waits for it any more: it must end soon after, it no longer counts as under way. */
  readonly perform: (call: AgentCall, signal: AbortSignal) => Promise<Outcome>;
  readonly limits?: Partial<AgentLimits>;
}

export interface AgentDependencies {
  readonly env: Environment;
  readonly log: EventLog;
  /** Told what `perform` threw, or that it gave back what is no outcome: the log keeps the category only. */
  readonly onFault?: (id: string, fault: unknown) => void;
  /** Told when the actor failed and was brought back. */
  readonly onFailure?: (stream: string, thrown: unknown) => void;
}

export interface Agent {
  /**
   * Asks the agent. Settles when the outcome is durable, or at once where the open breaker turns the call away.
   * @throws ReckonerError shutting_down, overloaded (the log lags behind), or what the log says: the outcome is not recorded
   */
  call(call: AgentCall): Promise<AgentResult>;
  state(): AgentState;
  /** Takes no more calls, cuts off those under way, and settles when what had ended is recorded. */
  stop(): Promise<void>;
}

/** Why signals are aborted. Given, because the error that stands for no reason costs as much as a call. */
const OVER = 'over';

type Ending = Outcome & { readonly latencyMs: number };

/** Starts the actor of one agent on this node: reads the tail of `agent-{id}-{node}`, so that a restart forgets no open breaker. */
export async function createAgent(definition: AgentDefinition, dependencies: AgentDependencies): Promise<Agent> {
  const { id, source } = definition;
  const { env, log, onFault, onFailure } = dependencies;
  const limits = { ...defaultAgentLimits, ...definition.limits };
  const record = await openAgentRecord({ stream: agentStream(id, env.node), log, env, limits, onFailure });
  const underWay = new Set<Promise<unknown>>();
  const cuts = new Set<() => void>();
  let stopping = false;

  async function answer(call: AgentCall): Promise<AgentResult> {
    const since = env.now();
    const refusal = admission(since, call.deadline);
    if (refusal === 'refused' && record.turnAway()) return turnedAway(since);
    if (refusal !== undefined) return recorded(call, { ok: false, category: refusal, latencyMs: 0 }, false);
    const probing = record.state() === 'halfOpen';
    try {
      const outcome = await perform(call, Math.min(limits.timeoutMs, (call.deadline ?? Infinity) - since));
      return await recorded(call, { ...outcome, latencyMs: outcome.latencyMs ?? env.now() - since }, true);
    } finally {
      // A probe that was declined, cut off, or whose outcome could not be recorded, has shown nothing: the next caller probes again.
      if (probing && record.state() === 'halfOpen') record.send({ type: 'undecided' });
    }
  }

  function admission(now: number, deadline = Infinity): FailureCategory | undefined {
    if (now >= deadline) return 'timeout';
    if (cuts.size >= limits.concurrency) return 'overloaded';
    // Whoever moves the breaker to half open is its probe; the others wait for what it finds.
    if (record.state() === 'halfOpen') return 'refused';
    if (record.state() === 'open') record.send({ type: 'asked', now });
    return record.state() === 'open' ? 'refused' : undefined;
  }

  function perform(call: AgentCall, patienceMs: number): Promise<Outcome> {
    const over = new AbortController();
    return new Promise<Outcome>((resolve, reject) => {
      const cut = () => {
        reject(goingDown());
        over.abort(OVER);
      };
      const end = (outcome: Outcome) => {
        resolve(outcome);
        over.abort(OVER);
        cuts.delete(cut);
      };
      cuts.add(cut);
      void env.sleep(patienceMs, over.signal).then(() => end({ ok: false, category: 'timeout' }));
      Promise.resolve()
        .then(() => definition.perform(call, over.signal))
        .then(soundOutcome)
        .catch((fault): Outcome => {
          if (!over.signal.aborted) onFault?.(id, fault);
          return { ok: false, category: 'failed' };
        })
        .then(end);
    });
  }

  async function recorded(call: AgentCall, ending: Ending, asked: boolean): Promise<AgentResult> {
    const draft = draftOf(id, source, call, ending, env.uuid);
    const { correlationId, causationId = '' } = call;
    const time = env.now();
    const { id: eventId, state } = await record.append(draft, { correlationId, causationId, time, writer: env.node });
    const { latencyMs } = ending;
    if (ending.ok) {
      const { answer, costUsd, quality } = ending;
      return { ok: true, eventId, source, answer, latencyMs, costUsd, quality };
    }
    const retryAfterMs = state === 'open' ? Math.max(0, record.retryAt() - time) : undefined;
    return { ok: false, eventId, source, category: ending.category, asked, latencyMs, state, retryAfterMs };
  }

  function turnedAway(now: number): AgentResult {
    const state = record.state();
    const retryAfterMs = state === 'open' ? Math.max(0, record.retryAt() - now) : undefined;
    const refused = { ok: false, category: 'refused', asked: false, latencyMs: 0 } as const;
    return { ...refused, eventId: undefined, source, state, retryAfterMs };
  }

  function goingDown(): ReckonerError {
    return new ReckonerError('shutting_down', `The agent ${id} takes no more calls.`);
  }

  return {
    state: record.state,
    async call(call) {
      if (stopping) throw goingDown();
      if (record.pending() >= limits.pending) {
        throw new ReckonerError('overloaded', `The log lags behind the calls of the agent ${id}.`);
      }
      const promise = answer(call);
      underWay.add(promise);
      try {
        return await promise;
      } finally {
        underWay.delete(promise);
      }
    },
    async stop() {
      stopping = true;
      for (const cut of cuts) cut();
      record.hurry();
      await Promise.allSettled(underWay);
      await record.stop();
    },
  };
}

/** The event of one ended call. The breaker's state after it, and what was turned away before, are filled in when it is sealed. */
function draftOf(
  agent: string,
  source: AgentSource,
  { decisionId, arm, successId }: AgentCall,
  ending: Ending,
  uuid: () => string,
): AgentDraft {
  const { latencyMs } = ending;
  if (!ending.ok) {
    return {
      id: uuid(),
      type: 'AgentCallFailed',
      data: { agent, decisionId, latencyMs, category: ending.category, source, state: '', arm, turnedAway: 0 },
    };
  }
  const { costUsd, quality, inputTokens = 0, outputTokens = 0 } = ending;
  return {
    id: successId ?? uuid(),
    type: 'AgentCallSucceeded',
    data: { agent, decisionId, latencyMs, costUsd, quality, source, inputTokens, outputTokens, arm, turnedAway: 0 },
  };
}
