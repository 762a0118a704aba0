/** Tells a listener of every request, for its metrics. */
import type { DoorContext, DoorHandler } from './context.ts';
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

export function observe(
  onRequest: (seen: SeenRequest) => void,
  answerFailure: (c: DoorContext, thrown: unknown) => Response,
  log?: DoorLog,
): (c: DoorContext, handler: DoorHandler) => Promise<Response> {
  return async (c, handler) => {
    const started = performance.now();
    let response: Response;
    try {
      response = await handler(c);
    } catch (thrown) {
      // Answered here, so that its status is seen.
      response = answerFailure(c, thrown);
    }
    const { outgoing } = c.env;
    // The client went away before it could be answered.
    if (!outgoing.headersSent) return response;
    const seconds = (performance.now() - started) / 1000;
    const correlationId = c.get('correlationId');
    const route = c.get('route') ?? 'unmatched';
    try {
      onRequest({ method: c.req.method, route, status: outgoing.statusCode, seconds, correlationId });
    } catch (thrown) {
      // The answer has left: a listener that fails is the operator's matter, not the caller's, and no reason to end the process.
      log?.error({ correlationId, ...framesOf(thrown) }, 'a listener to requests failed');
    }
    return response;
  };
}
