/** A stage for agents: a clock that is turned by hand, an agent that does as it is told, and a log that can be told to fail. */
import { randomUUID } from 'node:crypto';
import { type AgentCall, type AgentLimits, createAgent } from '../../actors/agents/agent.ts';
import type { Outcome } from '../../actors/agents/agent-outcome.ts';
import type { Environment } from '../../actors/environment.ts';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import type { AppendResult, EventLog } from '../../events/event-log.ts';
import { decodedOf } from './given.ts';

export interface SimulatedClock {
  readonly now: Environment['now'];
  readonly sleep: Environment['sleep'];
  /** Turns the clock forward and wakes, in order, whoever is due. */
  advance(ms: number): void;
}

export function simulatedClock(start = 1_700_000_000_000): SimulatedClock {
  let now = start;
  let waiting: { time: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((wake) => {
        const entry = { time: now + ms, wake };
        waiting.push(entry);
        signal?.addEventListener('abort', () => {
          waiting = waiting.filter((other) => other !== entry);
          wake();
        });
      }),
    advance(ms) {
      now += ms;
      const due = waiting.filter(({ time }) => time <= now).sort((left, right) => left.time - right.time);
      waiting = waiting.filter(({ time }) => time > now);
      for (const { wake } of due) wake();
    },
  };
}

/** The log, but its next appends answer what the script says: an answer instead, or first something else and then the log. */
export function scripted(log: EventLog, script: (() => Promise<AppendResult | undefined>)[]): EventLog {
  return {
    ...log,
    async append(stream, expected, events) {
      const answer = await script.shift()?.();
      return answer ?? log.append(stream, expected, events);
    },
  };
}

export const good: Outcome = { ok: true, answer: 'secret answer', costUsd: 0.01 };

export function agentStage(
  limits: Partial<AgentLimits> = {},
  log: EventLog = openSqliteEventLog({ file: ':memory:' }),
) {
  const clock = simulatedClock();
  const faults: unknown[] = [];
  const failures: { readonly stream: string; readonly thrown: unknown }[] = [];
  const stage = {
    clock,
    log,
    faults,
    failures,
    /** What the agent does when it is asked. */
    perform: async (_call: AgentCall, _signal: AbortSignal): Promise<Outcome> => good,
    start: (overLog: EventLog = log) =>
      createAgent(
        {
          id: 'sim-small',
          source: 'simulated',
          limits: { openAfter: 3, cooldownMs: 10_000, timeoutMs: 1_000, concurrency: 2, ...limits },
          perform: (call, signal) => stage.perform(call, signal),
        },
        {
          env: { node: 'node-a', now: clock.now, uuid: randomUUID, seed: () => 0, sleep: clock.sleep },
          log: overLog,
          onFault: (_, fault) => faults.push(fault),
          onFailure: (stream, thrown) => failures.push({ stream, thrown }),
        },
      ),
    recorded: () => decodedOf(log.readStream('agent-sim-small-node-a')),
    /** The recorded events in a few words each. */
    async told(): Promise<string[]> {
      return (await stage.recorded()).map((event) =>
        event.type === 'AgentCallFailed' ? `${event.data.category} → ${event.data.state}` : event.type,
      );
    },
  };
  return stage;
}

let asked = 0;
export function question(text = 'secret question'): AgentCall {
  asked++;
  return { decisionId: `demo.${asked}`, arm: 'small', correlationId: `request-${asked}`, question: text };
}

export async function failing(): Promise<Outcome> {
  throw new Error('the provider answered 500');
}

/** Lets everything that is ready to go on do so. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
