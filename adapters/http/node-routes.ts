/** The node itself: whether it lives, whether it is ready, and its own documentation. */
import * as answers from './answers.ts';
import * as examples from './examples.ts';
import type { Route } from './route.ts';

/** The documentation, as texts. */
export interface Documentation {
  readonly openapi: string;
  readonly page: string;
  /** Content-Security-Policy of the page. */
  readonly policy: string;
}

const GROUP = 'Node';

/** @param documentation called when it is first asked for */
export function nodeRoutes(version: string, documentation: () => Documentation): readonly Route<unknown>[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      group: GROUP,
      summary: 'Is the process alive?',
      description: 'Answers as long as the process does; restart it when this stops answering.',
      answers: { 200: { description: 'Alive.', schema: answers.Alive, example: { status: 'alive', version } } },
      errors: [],
      handle: () => ({ status: 200, json: { status: 'alive', version } }),
    },
    {
      method: 'GET',
      path: '/readyz',
      group: GROUP,
      summary: 'Is the node ready?',
      description:
        'Send requests while this answers 200; 503 while it starts or drains, and while its log takes no appends: `problem` then says why.',
      answers: {
        200: { description: 'Ready.', schema: answers.Health, example: examples.healthAnswer },
        503: { description: 'Not ready (or a problem, where its state cannot be told).', schema: answers.Health },
      },
      errors: [],
      async handle({ reckoner }) {
        const health = await reckoner.health();
        return health.ready
          ? { status: 200, json: health }
          : { status: 503, json: health, headers: { 'retry-after': '1' } };
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      group: GROUP,
      summary: 'This API as OpenAPI 3.1',
      description: 'For generating clients, and for reading by machines.',
      answers: { 200: { description: 'The document.' } },
      errors: [],
      handle: () => ({ status: 200, text: documentation().openapi }),
    },
    {
      method: 'GET',
      path: '/docs',
      group: GROUP,
      summary: 'This page',
      description: 'The same, for reading by people.',
      answers: { 200: { description: 'The page.' } },
      errors: [],
      handle() {
        const { page, policy } = documentation();
        const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy };
        return { status: 200, text: page, headers };
      },
    },
    {
      method: 'GET',
      path: '/',
      group: GROUP,
      summary: 'Start page',
      description: 'Redirects to this page.',
      answers: { 307: { description: 'To /docs.' } },
      errors: [],
      handle: () => ({ status: 307, text: '', headers: { location: '/docs', 'content-type': 'text/plain' } }),
    },
  ];
}
