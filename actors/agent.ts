/**
 * An agent carries an arm out: a model with a prompt, a tool, a workflow. This actor bounds it (so many calls at a time, so
 * long each, none while its breaker is open) and records how every call ended, never what was asked or answered.
 */
import { ReckonerError } from '../events/errors.ts';
import type { EventLog } from '../events/event-log.ts';
import type { AgentState, BreakerLimits } from './agent-breaker.ts';
import type { Clock } from './agent-clock.ts';
import { type AgentDraft, openAgentRecord } from './agent-record.ts';
import { agentStream } from './streams.ts';

/** Where an agent's answers come from; labels every event it writes. */
export type AgentSource = 'simulated' | 'recorded' | 'live';

/** timeout: too slow. overloaded: too busy. refused: declined, by the agent or by its open breaker. failed: anything else. */
export type FailureCategory = 'timeout' | 'overloaded' | 'refused' | 'failed';

export interface AgentLimits extends BreakerLimits {
  /** Calls at a time; one more is answered `overloaded`. */
  readonly concurrency: number;
  /** Longest time one call may take. */
  readonly timeoutMs: number;
  /** Outcomes that may wait for the log; beyond it calls are refused without a trace, so that memory stays bounded. */
  readonly pending: number;
}

export const defaultAgentLimits: AgentLimits = {
  concurrency: 32,
  timeoutMs: 30_000,
  degradedAfter: 1,
  openAfter: 5,
  cooldownMs: 10_000,
  pending: 4096,
};

export interface AgentCall<Q> {
  readonly decisionId: string;
  /** The request that set this off. */
  readonly correlationId: string;
  /** Id of the decision's event, where known. */
  readonly causationId?: string;
  /** Milliseconds since 1970 at which the caller stops waiting. */
  readonly deadline?: number;
  readonly question: Q;
}

/** How the agent itself says that a call ended. */
export type Outcome<A> =
  | {
      readonly ok: true;
      readonly answer: A;
      readonly costUsd: number;
      /** In [0, 1], where it is known at once. */
      readonly quality?: number;
      /** What a simulated or recorded agent says it took; default: what the clock says. */
      readonly latencyMs?: number;
      readonly inputTokens?: number;
      readonly outputTokens?: number;
    }
  | { readonly ok: false; readonly category: FailureCategory; readonly latencyMs?: number };

export type AgentResult<A> =
  | {
      readonly ok: true;
      readonly eventId: string;
      readonly source: AgentSource;
      readonly answer: A;
      readonly latencyMs: number;
      readonly costUsd: number;
      readonly quality: number | undefined;
    }
  | {
      readonly ok: false;
      readonly eventId: string;
      readonly source: AgentSource;
      readonly category: FailureCategory;
      readonly latencyMs: number;
      readonly state: AgentState;
      /** Milliseconds until an open breaker lets a probe through. */
      readonly retryAfterMs: number | undefined;
    };

export interface Agent<Q, A> {
  readonly id: string;
  readonly source: AgentSource;
  /**
   * Asks the agent. Settles when the outcome is durable.
   * @throws ReckonerError shutting_down, overloaded (the log lags behind), or what the log says: the outcome is not recorded
   */
  call(call: AgentCall<Q>): Promise<AgentResult<A>>;
  state(): AgentState;
  /** Takes no more calls, and settles when those under way are recorded. */
  stop(): Promise<void>;
}

export interface AgentOptions<Q, A> {
  readonly id: string;
  readonly node: string;
  readonly log: EventLog;
  readonly clock: Clock;
  /** A fresh UUID for every event. */
  readonly ids: () => string;
  readonly source: AgentSource;
  /** Does the work. Must end soon after the signal is aborted; a call that timed out no longer counts as under way. */
  readonly perform: (call: AgentCall<Q>, signal: AbortSignal) => Promise<Outcome<A>>;
  readonly limits?: Partial<AgentLimits>;
  /** Told what `perform` threw and what befell the breaker: the log keeps the category only. */
  readonly onFault?: (fault: unknown) => void;
}

type Ending<A> = Outcome<A> & { readonly latencyMs: number };

/** Starts the actor of one agent on this node: reads the tail of `agent-{id}-{node}`, so that a restart forgets no open breaker. */
export async function createAgent<Q, A>(options: AgentOptions<Q, A>): Promise<Agent<Q, A>> {
  const { id, node, log, clock, source } = options;
  const limits = { ...defaultAgentLimits, ...options.limits };
  const stream = agentStream(id, node);
  const record = await openAgentRecord({ stream, log, clock, limits, onFault: options.onFault });
  const underWay = new Set<Promise<unknown>>();
  let performing = 0;
  let stopping = false;

  async function answer(call: AgentCall<Q>): Promise<AgentResult<A>> {
    const asked = clock.now();
    const refusal = admission(asked);
    if (refusal !== undefined) return recorded(call, { ok: false, category: refusal, latencyMs: 0 });
    const probing = record.state() === 'halfOpen';
    performing++;
    const outcome = await perform(call, Math.min(asked + limits.timeoutMs, call.deadline ?? Infinity));
    performing--;
    try {
      return await recorded(call, { ...outcome, latencyMs: outcome.latencyMs ?? clock.now() - asked });
    } finally {
      // A probe that was declined, or whose outcome could not be recorded, has shown nothing: the next caller probes again.
      if (probing && record.state() === 'halfOpen') record.send({ type: 'undecided' });
    }
  }

  function admission(now: number): FailureCategory | undefined {
    if (performing >= limits.concurrency) return 'overloaded';
    const before = record.state();
    record.send({ type: 'asked', now });
    const after = record.state();
    // Whoever moves the breaker to half open is its probe; the others wait for what it finds.
    return after === 'open' || (after === 'halfOpen' && before === 'halfOpen') ? 'refused' : undefined;
  }

  function perform(call: AgentCall<Q>, deadline: number): Promise<Outcome<A>> {
    if (clock.now() >= deadline) return Promise.resolve({ ok: false, category: 'timeout' });
    const abort = new AbortController();
    return new Promise((resolve) => {
      const cancel = clock.wakeAt(deadline, () => {
        resolve({ ok: false, category: 'timeout' });
        abort.abort();
      });
      Promise.resolve()
        .then(() => options.perform(call, abort.signal))
        .catch((fault): Outcome<A> => {
          if (!abort.signal.aborted) options.onFault?.(fault);
          return { ok: false, category: 'failed' };
        })
        .then((outcome) => {
          cancel();
          resolve(outcome);
        });
    });
  }

  async function recorded(call: AgentCall<Q>, ending: Ending<A>): Promise<AgentResult<A>> {
    const draft = draftOf(id, options.ids(), source, call.decisionId, ending);
    const { correlationId, causationId = '' } = call;
    const time = clock.now();
    const state = await record.append(draft, { correlationId, causationId, time, writer: node });
    const { latencyMs } = ending;
    if (ending.ok) {
      const { answer, costUsd, quality } = ending;
      return { ok: true, eventId: draft.id, source, answer, latencyMs, costUsd, quality };
    }
    const retryAfterMs = state === 'open' ? Math.max(0, record.retryAt() - time) : undefined;
    return { ok: false, eventId: draft.id, source, category: ending.category, latencyMs, state, retryAfterMs };
  }

  return {
    id,
    source,
    state: record.state,
    async call(call) {
      if (stopping) throw new ReckonerError('shutting_down', `The agent ${id} takes no more calls.`);
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
      await Promise.allSettled(underWay);
      await record.stop();
    },
  };
}

/** The event of one ended call. The breaker's state after it is filled in when it is sealed. */
function draftOf<A>(agent: string, id: string, source: AgentSource, decisionId: string, ending: Ending<A>): AgentDraft {
  const { latencyMs } = ending;
  if (!ending.ok) {
    return {
      id,
      type: 'AgentCallFailed',
      data: { agent, decisionId, latencyMs, category: ending.category, source, state: '' },
    };
  }
  const { costUsd, quality, inputTokens = 0, outputTokens = 0 } = ending;
  return {
    id,
    type: 'AgentCallSucceeded',
    data: { agent, decisionId, latencyMs, costUsd, quality, source, inputTokens, outputTokens },
  };
}
