/** Tells a listener of every request, for its metrics. */
import type { MiddlewareHandler } from 'hono';
import type { DoorEnv } from './context.ts';
import { type DoorLog, framesOf } from './failures.ts';

/** What is told of every request after its answer was handed to the socket. */
export interface SeenRequest {
  readonly method: string;
  /** The route's path with its braces, or `unmatched`: a bounded set, as a metric's label must be. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  readonly correlationId: string;
}

export interface ObserveOptions {
  readonly onRequest?: (seen: SeenRequest) => void;
  readonly log?: DoorLog;
}

export function observe(onRequest: (seen: SeenRequest) => void, log?: DoorLog): MiddlewareHandler<DoorEnv> {
  return async (c, next) => {
    const started = performance.now();
    await next();
    const { outgoing } = c.env;
    // The client went away before it could be answered.
    if (!outgoing.headersSent) return;
    const seconds = (performance.now() - started) / 1000;
    const correlationId = c.get('correlationId');
    const route = c.get('route') ?? 'unmatched';
    try {
      onRequest({ method: c.req.method, route, status: outgoing.statusCode, seconds, correlationId });
    } catch (thrown) {
      // The answer has left: a listener that fails is the operator's matter, not the caller's, and no reason to end the process.
      log?.error({ correlationId, ...framesOf(thrown) }, 'a listener to requests failed');
    }
  };
}
