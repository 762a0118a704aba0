/**
 * What a route is: one declaration, from which serving, the OpenAPI document and the API page follow.
 */
import type { z } from '@hono/zod-openapi';
import type { Caller, Reckoner } from '../../actors/reckoner.ts';
import type { ErrorCode } from '../../events/errors.ts';
import type { ProblemJson } from './problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The values of the braces in a route's path, percent-decoded; those that its path does not have are empty. */
export interface PathValues {
  readonly domain: string;
  readonly id: string;
  readonly rewardId: string;
}

/** One request, as a route sees it. */
export interface Call<Body> {
  readonly reckoner: Reckoner;
  readonly path: PathValues;
  readonly body: Body;
  /** What stands behind the question mark, as it was sent. */
  readonly search: () => URLSearchParams;
  readonly caller: Caller | undefined;
  /** Whether the `Prefer` header asks for this (RFC 7240). */
  readonly prefers: (preference: string) => boolean;
  /** What was thrown as a problem of this request, for answers that carry several; what is not ours is logged by it. */
  problem(thrown: unknown): ProblemJson;
}

/** What a route answers: a value that becomes JSON, or a text with its own media type. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AnswerDescription {
  readonly description: string;
  /** Without one the answer is no JSON of ours: a page, a redirection. */
  readonly schema?: z.ZodType;
  readonly example?: unknown;
}

export interface Route<Body> {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/domains/{domain}`. */
  readonly path: string;
  readonly group: 'Decisions' | 'Domains' | 'Analytics' | 'Node';
  readonly summary: string;
  /** A paragraph for the reader of the documentation. */
  readonly description: string;
  /** What may stand behind the question mark; `readQuery` reads it. Absent: nothing there is looked at. */
  readonly query?: z.ZodObject;
  /** Absent: the route reads no body. An optional body may be empty, and counts as `{}` then. */
  readonly request?: { readonly schema: z.ZodType; readonly optional?: boolean; readonly example: unknown };
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** The errors that belong to this route; those of every route are added to the documentation. */
  readonly errors: readonly ErrorCode[];
  /**
   * The body is the parsed JSON and nothing more: the Reckoner behind it validates, and validating twice would cost the hot
   * route. A method rather than a property: methods compare bivariantly, so a table of `Route<unknown>` takes them all.
   */
  handle(call: Call<Body>): Promise<Answer> | Answer;
}
