/**
 * One request to one answer. The door calls this for every request, so it does little: find the route, read the body, let the
 * route ask the Reckoner, write what it said.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Caller, Reckoner } from '../../actors/reckoner.ts';
import { type Problem, problemOf } from '../../events/errors.ts';
import { ClientGone, readJson } from './body.ts';
import { pathOf } from './host.ts';
import { problemHeaders, problemJson } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { createRouter, MethodNotAllowed } from './router.ts';

/** As much of pino as the door needs. */
export interface DoorLog {
  error(fields: object, message: string): void;
}

/** What is told of every request after its answer was handed to the socket. */
export interface SeenRequest {
  readonly method: string;
  /** The route's path with its braces, or `unmatched`: a bounded set, as a metric's label must be. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  readonly correlationId: string;
}

export interface ExchangeOptions {
  readonly reckoner: Reckoner;
  readonly routes: readonly Route<unknown>[];
  /** Refuse requests that were sent to another name than this machine's own. */
  readonly loopbackOnly: boolean;
  readonly maxBodyBytes: number;
  /** Who asks, by the headers; absent: the default tenant. A ReckonerError it throws is the answer. */
  readonly caller?: (headers: IncomingHttpHeaders) => Caller | undefined;
  readonly log?: DoorLog;
  readonly onRequest?: (seen: SeenRequest) => void;
}

export type Exchange = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createExchange(options: ExchangeOptions): Exchange {
  const { reckoner, loopbackOnly, maxBodyBytes, caller, log, onRequest } = options;
  const find = createRouter(options.routes);

  return async (request, response) => {
    const correlationId = correlationOf(request.headers);
    const started = onRequest === undefined ? 0 : performance.now();
    const method = request.method ?? 'GET';
    let matched: Route<unknown> | undefined;
    try {
      const match = find(method, pathOf(request, loopbackOnly));
      matched = match.route;
      const wants = matched.request;
      const body = wants === undefined ? undefined : await readJson(request, maxBodyBytes, wants.optional === true);
      const asking = caller?.(request.headers);
      const problem = (thrown: unknown) => problemJson(reported(thrown, correlationId, log), correlationId);
      const answer = await matched.handle({ reckoner, path: match.path, body, caller: asking, problem });
      send(response, answer, correlationId);
    } catch (thrown) {
      if (thrown instanceof ClientGone) return;
      sendProblem(response, thrown, reported(thrown, correlationId, log), correlationId);
    }
    if (onRequest === undefined) return;
    const seconds = (performance.now() - started) / 1000;
    const route = matched?.path ?? 'unmatched';
    try {
      onRequest({ method, route, status: response.statusCode, seconds, correlationId });
    } catch (thrown) {
      // The answer has left: a listener that fails is the operator's matter, not the caller's, and no reason to end the process.
      log?.error({ correlationId, ...framesOf(thrown) }, 'a listener to requests failed');
    }
  };
}

/** The caller's own id where it can be written to a header and a log as it is, else a new one. */
function correlationOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}

function send(response: ServerResponse, answer: Answer, correlationId: string): void {
  const body = answer.text ?? JSON.stringify(answer.json);
  write(response, answer.status, body, correlationId, { 'content-type': 'application/json', ...answer.headers });
}

/** What was thrown as a problem; what should not have been thrown is logged on the way. */
function reported(thrown: unknown, correlationId: string, log: DoorLog | undefined): Problem {
  const problem = problemOf(thrown);
  if (problem.code === 'internal') log?.error({ correlationId, ...framesOf(thrown) }, 'a request failed inside');
  return problem;
}

function sendProblem(response: ServerResponse, thrown: unknown, problem: Problem, correlationId: string): void {
  const headers: OutgoingHttpHeaders = problemHeaders(problem);
  if (thrown instanceof MethodNotAllowed) headers.allow = thrown.allow;
  write(response, problem.status, JSON.stringify(problemJson(problem, correlationId)), correlationId, headers);
}

function write(
  response: ServerResponse,
  status: number,
  body: string,
  correlationId: string,
  more: OutgoingHttpHeaders,
) {
  if (response.headersSent) return;
  response.writeHead(status, {
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': correlationId,
    ...more,
  });
  response.end(body);
}

/** Where it was thrown, without the error's message: that may quote what a caller sent. */
function framesOf(thrown: unknown): { readonly error: string; readonly frames: readonly string[] } {
  if (!(thrown instanceof Error)) return { error: typeof thrown, frames: [] };
  const lines = thrown.stack?.split('\n') ?? [];
  return { error: thrown.name, frames: lines.filter((line) => /^ {4}at /.test(line)).map((line) => line.trim()) };
}
