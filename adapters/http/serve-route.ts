/** Puts a route into the application: its description into the registry of zod-openapi, its handler behind Hono's router. */
import type { IncomingHttpHeaders } from 'node:http';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Caller, Reckoner } from '../../actors/reckoner.ts';
import type { DoorContext, DoorEnv, DoorHandler } from './context.ts';
import type { Failures } from './failures.ts';
import { describeRoute } from './openapi.ts';
import type { BodyRoom } from './read-body.ts';
import { readJson } from './read-json.ts';
import { reply } from './reply.ts';
import type { PathValues, Route } from './route.ts';

export interface ServeOptions {
  readonly reckoner: Reckoner;
  readonly maxBodyBytes: number;
  /** What the bodies that arrive at the same time share. */
  readonly bodyRoom: BodyRoom;
  /** Who asks, by the headers; absent: the default tenant. A ReckonerError it throws is the answer. */
  readonly caller?: (headers: IncomingHttpHeaders) => Caller | undefined;
  readonly failures: Failures;
  /** Puts before a handler what every request passes. */
  readonly enter: (handler: DoorHandler) => DoorHandler;
}

/**
 * `app.openapi` would validate each body with its schema, and the Reckoner behind the route validates it again, because it has
 * other doors too. So the description is registered by itself, and the handler passes on what was parsed.
 * @returns the path as Hono writes it
 */
export function serveRoute(app: OpenAPIHono<DoorEnv>, route: Route<unknown>, options: ServeOptions): string {
  const { reckoner, maxBodyBytes, bodyRoom, caller, failures, enter } = options;
  const { path, request } = route;
  const described = describeRoute(route);
  const routingPath = described.getRoutingPath();
  app.openAPIRegistry.registerPath(described);
  const serve = async (c: DoorContext): Promise<Response> => {
    c.set('route', path);
    const body =
      request === undefined ? undefined : await readJson(c, maxBodyBytes, request.optional === true, bodyRoom);
    const answer = await route.handle({
      reckoner,
      path: valuesOf(c),
      body,
      search: () => searchOf(c),
      caller: caller?.(c.env.incoming.headers),
      prefers: (preference) => prefers(c.env.incoming.headers.prefer, preference),
      problem: (thrown) => failures.problem(thrown, c.get('correlationId')),
    });
    return reply(c, answer);
  };
  app.on(route.method, routingPath, enter(serve));
  return routingPath;
}

function prefers(header: string | string[] | undefined, preference: string): boolean {
  const asked = [header ?? []].flat().join(',').split(',');
  return asked.some((one) => one.split(';')[0]?.trim().toLowerCase() === preference);
}

function searchOf(c: DoorContext): URLSearchParams {
  const { url = '' } = c.env.incoming;
  const at = url.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : url.slice(at + 1));
}

function valuesOf(c: DoorContext): PathValues {
  return { domain: c.req.param('domain') ?? '', id: c.req.param('id') ?? '', rewardId: c.req.param('rewardId') ?? '' };
}
