/** Problems as RFC 9457 has them on the wire. */
import type { ErrorCode, Problem } from '../../events/errors.ts';

/** An `application/problem+json` body. */
export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What happened. */
  readonly detail: string;
  readonly code: ErrorCode;
  /** What to do. */
  readonly remedy: string;
  /** Paths into the request and what is wrong there. */
  readonly details?: readonly { readonly path: string; readonly message: string }[];
  /** Seconds. */
  readonly retryAfter?: number;
  readonly correlationId: string;
}

/** Key order is reading order: what it is, what happened, what to do, how to speak of it. */
export function problemJson(problem: Problem, correlationId: string): ProblemJson {
  return {
    type: `urn:reckoner:error:${problem.code}`,
    title: titleOf(problem.code),
    status: problem.status,
    detail: clipped(problem.message, 500),
    code: problem.code,
    remedy: problem.remedy,
    ...(problem.details === undefined ? {} : { details: problem.details.map(clippedDetail) }),
    ...(problem.retryAfter === undefined ? {} : { retryAfter: problem.retryAfter }),
    correlationId,
  };
}

/** Paths name keys as the caller wrote them, and a key may be as long as a body. */
function clippedDetail({ path, message }: { readonly path: string; readonly message: string }) {
  return { path: clipped(path, 160), message: clipped(message, 300) };
}

function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** `request_id_reused` as a title: the same for every occurrence, as the RFC wants it. */
export function titleOf(code: ErrorCode): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ');
}

/** Headers that belong to a problem. */
export function problemHeaders(problem: Problem): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    ...(problem.retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(problem.retryAfter))) }),
  };
}
