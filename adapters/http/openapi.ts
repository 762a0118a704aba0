/** Describes the routes to zod-openapi, and has it write the OpenAPI 3.1 document. */
import { createRoute, type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { type ErrorCode, errorCodes, remedyOf } from '../../events/errors.ts';
import { Problem } from './answers.ts';
import type { ApiDocument } from './api-document.ts';
import type { DoorEnv } from './context.ts';
import { pathExamples, problemAnswer } from './examples.ts';
import { titleOf } from './problem.ts';
import type { PathValues, Route } from './route.ts';

/** A route as zod-openapi takes it. */
export function describeRoute(route: Route<unknown>) {
  const { request } = route;
  return createRoute({
    method: methods[route.method],
    path: route.path,
    operationId: camelCase(route.summary),
    tags: [route.group],
    summary: route.summary,
    description: route.description,
    request: {
      params: z.object(Object.fromEntries(namesIn(route.path).map((name) => [name, pathValues[name]]))),
      headers: z.object({ 'x-request-id': requestId }),
      ...(route.query === undefined ? {} : { query: route.query }),
      ...(request === undefined
        ? {}
        : {
            body: {
              required: request.optional !== true,
              content: { 'application/json': { schema: request.schema, example: request.example } },
            },
          }),
    },
    responses: { ...answersOf(route), ...problemsOf(route) },
  });
}

/** The document of all routes that were registered with the application. */
export function describeApi(app: OpenAPIHono<DoorEnv>, version: string): ApiDocument {
  const document = app.getOpenAPI31Document(
    {
      openapi: '3.1.0',
      info: {
        title: 'Reckoner',
        version,
        description:
          'Routes every request to the best of a domain’s arms, learns from rewards, and keeps every decision in an append-only ' +
          'log from which it can be explained and made again. Answers are JSON and leave only after they are durable. Errors are ' +
          'problem+json (RFC 9457): `detail` says what happened, `remedy` what to do. New here? The command of Decide works as it ' +
          'stands; put the `decisionId` that it answers into those of Reward and Explain.',
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'Decisions', description: 'Choose an arm, tell how it went, see why.' },
        { name: 'Domains', description: 'The decision problems: their arms, contexts and policies.' },
        { name: 'Analytics', description: 'What was decided and learned: read models, made from the log.' },
        { name: 'Node', description: 'The process itself, and this documentation.' },
      ],
      'x-errors': errorCodes
        .map((code) => ({ code, ...remedyOf(code) }))
        .sort((one, other) => one.status - other.status || one.code.localeCompare(other.code)),
    },
    { sortComponents: 'alphabetically' },
  );
  // Its type is wider than what is in it: through JSON it is what it says. On the way the flags go that zod-to-openapi leaves
  // behind a pattern (`^a$/u` for /^a$/u), with which it would match nothing.
  return JSON.parse(JSON.stringify(document), (key, value) =>
    key === 'pattern' && typeof value === 'string' ? value.replace(/\/[dgimsuvy]+$/, '') : value,
  );
}

/** Errors that any route can answer. */
const everywhere: readonly ErrorCode[] = ['host_not_allowed', 'internal'];
/** Those of a route that reads a body. */
const reading: readonly ErrorCode[] = [
  'request_invalid',
  'request_timeout',
  'overloaded',
  'payload_too_large',
  'media_type_unsupported',
];
/** Those of a route that writes to the log. */
const writing: readonly ErrorCode[] = [
  'outcome_unknown',
  'shutting_down',
  'log_locked',
  'log_unreachable',
  'log_full',
  'disk_nearly_full',
];

const methods = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

function pathValue(description: string, example: string) {
  return z.string().openapi({ param: { description, example } });
}

const pathValues: Readonly<Record<keyof PathValues, z.ZodString>> = {
  domain: pathValue('name of the domain: 1 to 24 of a-z, 0-9 and _', pathExamples.domain),
  id: pathValue('a decisionId, exactly as it was returned', pathExamples.id),
  rewardId: pathValue('a rewardId of that decision', pathExamples.rewardId),
};

function namesIn(path: string): readonly (keyof PathValues)[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    if (name === 'domain' || name === 'id' || name === 'rewardId') return name;
    throw new Error(`the path value {${name}} is not described`);
  });
}

const requestId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/)
  .optional()
  .openapi({
    param: {
      description:
        'your id for this exchange; it comes back in the answer and in errors. Another one is made where it is absent',
    },
  });

const requestIdHeader = {
  'x-request-id': { description: 'id of this exchange', schema: { type: 'string' } },
} as const;

const retryAfterHeader = {
  'retry-after': { description: 'seconds to wait', schema: { type: 'integer' } },
} as const;

type Responses = RouteConfig['responses'];

function answersOf(route: Route<unknown>): Responses {
  const responses: Responses = {};
  for (const [status, { description, schema, example }] of Object.entries(route.answers)) {
    const media = schema && { schema, ...(example === undefined ? {} : { example }) };
    const content = media && { 'application/json': media };
    responses[status] = { description, headers: requestIdHeader, ...(content && { content }) };
  }
  return responses;
}

function problemsOf(route: Route<unknown>): Responses {
  const writes = route.method !== 'GET';
  const asked: readonly ErrorCode[] =
    route.query !== undefined && route.request === undefined ? ['request_invalid'] : [];
  const read = route.request === undefined ? asked : reading;
  const codes = [...route.errors, ...everywhere, ...read, ...(writes ? writing : [])];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = remedyOf(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Responses = {};
  for (const [status, found] of byStatus) {
    const examples = Object.fromEntries(found.map((code) => [code, { value: problemOfCode(code) }]));
    responses[status] = {
      description: found.map(titleOf).join('; '),
      headers: status === 503 ? { ...requestIdHeader, ...retryAfterHeader } : requestIdHeader,
      content: { 'application/problem+json': { schema: Problem, examples } },
    };
  }
  return responses;
}

function problemOfCode(code: ErrorCode): object {
  if (code === problemAnswer.code) return problemAnswer;
  const { status, remedy } = remedyOf(code);
  const type = `urn:reckoner:error:${code}`;
  return { type, title: titleOf(code), status, detail: '…', code, remedy, correlationId: problemAnswer.correlationId };
}

/** `Explain a decision` as `explainADecision`: summaries are unique, so are these. */
function camelCase(summary: string): string {
  const words = summary.replaceAll(/[^A-Za-z0-9 ]/g, '').split(' ');
  return words
    .map((word, at) => (at === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}
