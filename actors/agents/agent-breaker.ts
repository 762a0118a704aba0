/**
 * The circuit breaker of one agent as a state machine. It is moved by recorded outcomes and by the time at which somebody
 * asks, never by a timer: a deadline is a number in its context, so that folding the same events gives the same state.
 */
import { assign, setup } from 'xstate';

export interface BreakerLimits {
  /** Consecutive failures after which the agent counts as degraded: it is still asked. */
  readonly degradedAfter: number;
  /** Consecutive failures after which it is left alone. */
  readonly openAfter: number;
  /** Milliseconds it is left alone before one call may probe it. */
  readonly cooldownMs: number;
}

interface BreakerContext {
  readonly limits: BreakerLimits;
  readonly failures: number;
  /** Milliseconds since 1970 at which an open breaker lets a probe through. */
  readonly retryAt: number;
}

export type BreakerEvent =
  /** Somebody wants to call: after its rest an open breaker becomes half open, and that caller is the probe. */
  | { readonly type: 'asked'; readonly now: number }
  /** A call succeeded, and that is recorded. */
  | { readonly type: 'succeeded' }
  /** A call failed in a way that says something about the agent's health, and that is recorded. */
  | { readonly type: 'failed'; readonly time: number }
  /** A call ended in a way that says nothing about its health: a probe that ends so has to be repeated. */
  | { readonly type: 'undecided' };

export type AgentState = 'healthy' | 'degraded' | 'open' | 'halfOpen';

export const breaker = setup({
  types: {
    context: {} as BreakerContext, // XState's way to declare types: the values are never read
    events: {} as BreakerEvent,
    input: {} as BreakerLimits,
  },
  actions: {
    count: assign(({ context, event }) =>
      event.type === 'failed'
        ? { failures: context.failures + 1, retryAt: event.time + context.limits.cooldownMs }
        : { failures: context.failures },
    ),
    forgive: assign({ failures: 0, retryAt: 0 }),
  },
  guards: {
    opens: ({ context }) => context.failures + 1 >= context.limits.openAfter,
    degrades: ({ context }) => context.failures + 1 >= context.limits.degradedAfter,
    rested: ({ context, event }) => event.type === 'asked' && event.now >= context.retryAt,
  },
}).createMachine({
  id: 'agent',
  context: ({ input }) => ({ limits: input, failures: 0, retryAt: 0 }),
  initial: 'healthy',
  on: { succeeded: { target: '.healthy', actions: 'forgive' } },
  states: {
    healthy: {
      on: {
        failed: [
          { guard: 'opens', target: 'open', actions: 'count' },
          { guard: 'degrades', target: 'degraded', actions: 'count' },
          { actions: 'count' },
        ],
      },
    },
    degraded: {
      on: { failed: [{ guard: 'opens', target: 'open', actions: 'count' }, { actions: 'count' }] },
    },
    open: {
      on: {
        asked: { guard: 'rested', target: 'halfOpen' },
        // A call that began before the breaker opened: the rest begins anew.
        failed: { actions: 'count' },
      },
    },
    halfOpen: {
      on: { failed: { target: 'open', actions: 'count' }, undecided: { target: 'open' } },
    },
  },
});
