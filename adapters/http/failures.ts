/** What was thrown, as the answer to its request: a problem for the caller, and a line for the operator where it is our fault. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type ErrorCode, type Problem, problemOf, ReckonerError } from '../../events/errors.ts';
import type { DoorContext } from './context.ts';
import { type ProblemJson, problemHeaders, problemJson } from './problem.ts';
import { reply } from './reply.ts';

/** As much of pino as the door needs. */
export interface DoorLog {
  error(fields: object, message: string): void;
}

/** A path that exists, asked by a method it does not have. */
export class MethodNotAllowed extends ReckonerError {
  /** Value of the Allow header. */
  readonly allow: string;

  constructor(allow: string) {
    super('method_not_allowed', `This route does not have that method; it has ${allow}.`);
    this.allow = allow;
  }
}

export interface Failures {
  /** Answers a request with what was thrown. */
  answer(c: DoorContext, thrown: unknown): Response;
  /** What was thrown as a problem; what should not have been thrown is logged on the way. */
  problem(thrown: unknown, correlationId: string): ProblemJson;
}

/** A disk that is full fails every request: its operator is told once in so many milliseconds. */
const STORE_TOLD_EVERY_MS = 10_000;

export function createFailures(log: DoorLog | undefined): Failures {
  const told = new Map<ErrorCode, number>();
  const problemWith = (thrown: unknown, correlationId: string): Problem => {
    const { code, message } = problemOf(thrown);
    const now = performance.now();
    if (ofStore[code] !== undefined && now - (told.get(code) ?? -Infinity) >= STORE_TOLD_EVERY_MS) {
      told.set(code, now);
      log?.error({ correlationId, code, detail: message }, 'the log failed a request');
    }
    return reported(thrown, correlationId, log);
  };
  return {
    answer(c, thrown) {
      const { incoming } = c.env;
      // The client went away before its request had arrived: there is nobody to answer, and nothing failed.
      if (incoming.destroyed && !incoming.complete) return RESPONSE_ALREADY_SENT;
      const correlationId = c.get('correlationId');
      const problem = problemWith(thrown, correlationId);
      const headers = problemHeaders(problem);
      if (thrown instanceof MethodNotAllowed) headers.allow = thrown.allow;
      return reply(c, { status: problem.status, json: problemJson(problem, correlationId), headers });
    },
    problem: (thrown, correlationId) => problemJson(problemWith(thrown, correlationId), correlationId),
  };
}

/** What was thrown as a problem; what should not have been thrown is logged on the way. */
export function reported(thrown: unknown, correlationId: string, log: DoorLog | undefined): Problem {
  const problem = problemOf(thrown);
  if (problem.code === 'internal') log?.error({ correlationId, ...framesOf(thrown) }, 'a request failed inside');
  const message = ofStore[problem.code];
  return message === undefined ? problem : { ...problem, message };
}

/** What callers are told of the store's failures: which file it is, and where, is the operator's matter. */
const ofStore: Partial<Record<ErrorCode, string>> = {
  log_locked: 'Another process holds the log.',
  log_unreachable: 'The store of the log does not answer.',
  log_full: 'The log has no space left.',
  disk_nearly_full: 'The disk of the log is nearly full: nothing is recorded, everything can be read.',
  segment_missing: 'What is asked for was archived, and the archive is not there.',
  log_corrupt: 'The log is damaged.',
  log_newer: 'A newer version wrote the log.',
  log_unusable: 'The log cannot be used.',
  keys_invalid: 'The keys of this installation cannot be used.',
};

/** Where it was thrown, without the error's message: that may quote what a caller sent. */
export function framesOf(thrown: unknown): { readonly error: string; readonly frames: readonly string[] } {
  if (!(thrown instanceof Error)) return { error: typeof thrown, frames: [] };
  const lines = thrown.stack?.split('\n') ?? [];
  return { error: thrown.name, frames: lines.filter((line) => /^ {4}at /.test(line)).map((line) => line.trim()) };
}
