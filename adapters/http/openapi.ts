/** The API as an OpenAPI 3.1 document, made from the table of routes. */
import { type ErrorCode, errorCodes, remedyOf } from '../../events/errors.ts';
import { pathExamples, problemAnswer } from './examples.ts';
import { titleOf } from './problem.ts';
import type { PathValues, Route } from './route.ts';
import { type JsonSchema, jsonSchemas } from './schemas.ts';

export interface MediaType {
  readonly schema: JsonSchema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>;
}

export interface ApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: string;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

export interface ApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
  /** Every error code there is, in the order of their statuses. */
  readonly 'x-errors': readonly { readonly code: ErrorCode; readonly status: number; readonly remedy: string }[];
}

/** Errors that any route can answer. */
const everywhere: readonly ErrorCode[] = ['host_not_allowed', 'internal'];
/** Those of a route that reads a body. */
const reading: readonly ErrorCode[] = [
  'request_invalid',
  'request_timeout',
  'payload_too_large',
  'media_type_unsupported',
];
/** Those of a route that writes to the log. */
const writing: readonly ErrorCode[] = ['outcome_unknown', 'shutting_down', 'log_locked', 'log_full'];

export function describeApi(routes: readonly Route<unknown>[], version: string): ApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reckoner',
      version,
      description:
        'Routes every request to the best of a domain’s arms, learns from rewards, and keeps every decision in an append-only ' +
        'log from which it can be explained and made again. Answers are JSON and leave only after they are durable. Errors are ' +
        'problem+json (RFC 9457): `detail` says what happened, `remedy` what to do.',
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'Decisions', description: 'Choose an arm, tell how it went, see why.' },
      { name: 'Domains', description: 'The decision problems: their arms, contexts and policies.' },
      { name: 'Node', description: 'The process itself, and this documentation.' },
    ],
    paths,
    components: { schemas: jsonSchemas() },
    'x-errors': errorCodes
      .map((code) => ({ code, ...remedyOf(code) }))
      .sort((one, other) => one.status - other.status || one.code.localeCompare(other.code)),
  };
}

function operationOf(route: Route<unknown>): Operation {
  return {
    operationId: camelCase(route.summary),
    tags: [route.group],
    summary: route.summary,
    description: route.description,
    parameters: [
      ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => pathParameter(name)),
      requestIdParameter,
    ],
    ...(route.request === undefined
      ? {}
      : {
          requestBody: {
            required: route.request.optional !== true,
            content: {
              'application/json': { schema: reference(route.request.schema), example: route.request.example },
            },
          },
        }),
    responses: { ...answersOf(route), ...problemsOf(route) },
  };
}

const describedPath: Readonly<Record<keyof PathValues, string>> = {
  domain: 'name of the domain: 1 to 24 of a-z, 0-9 and _',
  id: 'a decisionId, exactly as it was returned',
  rewardId: 'a rewardId of that decision',
};

function pathParameter(name: string): Parameter {
  const known = name === 'domain' || name === 'id' || name === 'rewardId' ? name : undefined;
  if (known === undefined) throw new Error(`the path value {${name}} is not described`);
  return {
    name,
    in: 'path',
    required: true,
    description: describedPath[known],
    schema: { type: 'string' },
    example: pathExamples[known],
  };
}

const requestIdParameter: Parameter = {
  name: 'x-request-id',
  in: 'header',
  required: false,
  description:
    'your id for this exchange; it comes back in the answer and in errors. Another one is made where it is absent',
  schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
};

const requestIdHeader = {
  'x-request-id': { description: 'id of this exchange', schema: { type: 'string' } },
} as const;

function answersOf(route: Route<unknown>): Record<string, ApiResponse> {
  const responses: Record<string, ApiResponse> = {};
  for (const [status, { description, schema, example }] of Object.entries(route.answers)) {
    const media =
      schema === undefined ? undefined : { schema: reference(schema), ...(example === undefined ? {} : { example }) };
    responses[status] = {
      description,
      headers: requestIdHeader,
      ...(media === undefined ? {} : { content: { 'application/json': media } }),
    };
  }
  return responses;
}

function problemsOf(route: Route<unknown>): Record<string, ApiResponse> {
  const writes = route.method !== 'GET';
  const codes = [...route.errors, ...everywhere, ...(route.request ? reading : []), ...(writes ? writing : [])];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = remedyOf(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Record<string, ApiResponse> = {};
  for (const [status, found] of byStatus) {
    responses[status] = {
      description: found.map(titleOf).join('; '),
      headers:
        status === 503
          ? { ...requestIdHeader, 'retry-after': { description: 'seconds to wait', schema: { type: 'integer' } } }
          : requestIdHeader,
      content: {
        'application/problem+json': {
          schema: reference('Problem'),
          examples: Object.fromEntries(found.map((code) => [code, { value: problemOfCode(code) }])),
        },
      },
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

function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** `Explain a decision` as `explainADecision`: summaries are unique, so are these. */
function camelCase(summary: string): string {
  const words = summary.replaceAll(/[^A-Za-z0-9 ]/g, '').split(' ');
  return words
    .map((word, at) => (at === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}
