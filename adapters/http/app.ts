/** The door as a Hono application: what every request passes, its routes, and what it says where there is none. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { METHOD_NAME_ALL } from 'hono/router';
import { TrieRouter } from 'hono/router/trie-router';
import { ReckonerError } from '../../events/errors.ts';
import type { Analytics } from '../analytics/analytics.ts';
import type { DoorEnv, DoorHandler } from './context.ts';
import { createFailures, MethodNotAllowed } from './failures.ts';
import { guardAddress } from './host.ts';
import { identify } from './identify.ts';
import { type ObserveOptions, observe } from './observe.ts';
import { describeApi } from './openapi.ts';
import { createRoutes } from './routes.ts';
import { type ServeOptions, serveRoute } from './serve-route.ts';

export interface AppOptions extends Omit<ServeOptions, 'failures' | 'enter'>, ObserveOptions {
  /** Refuse requests that were sent to another name than this machine's own. */
  readonly loopbackOnly: boolean;
  /** Reckoner's version, for the documentation and /healthz. */
  readonly version: string;
  /** The read models; absent: their routes say that there are none. */
  readonly analytics?: Analytics | undefined;
  /** Where the door listens, once it does: for the commands of the API page. */
  readonly origin: () => string;
}

export function createApp(options: AppOptions): OpenAPIHono<DoorEnv> {
  const { loopbackOnly, version, origin, log, onRequest } = options;
  const failures = createFailures(log);
  const guard = guardAddress(loopbackOnly);
  const seen = onRequest === undefined ? undefined : observe(onRequest, failures.answer, log);
  const app = new OpenAPIHono<DoorEnv>();
  app.onError((thrown, c) => failures.answer(c, thrown));

  /**
   * What every request passes before its handler. Not as middleware: where exactly one handler fits a request, Hono calls it,
   * and needs no chain of promises for it.
   */
  const enter = (handler: DoorHandler): DoorHandler => {
    const entered: DoorHandler = (c) => {
      guard(c);
      return handler(c);
    };
    return (c) => {
      identify(c);
      return seen === undefined ? entered(c) : seen(c, entered);
    };
  };

  const routes = createRoutes(version, () => describeApi(app, version), origin, options.analytics);
  // By path, for those that were asked by another method.
  const known = new TrieRouter<string[]>();
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = serveRoute(app, route, { ...options, failures, enter });
    const found = methods.get(path) ?? [];
    if (found.length === 0) known.add(METHOD_NAME_ALL, path, found);
    found.push(route.method === 'GET' ? 'GET, HEAD' : route.method);
    methods.set(path, found);
  }
  app.notFound(
    enter((c) => {
      const [[found] = []] = known.match(METHOD_NAME_ALL, c.req.path);
      if (found !== undefined) return failures.answer(c, new MethodNotAllowed(found[0].sort().join(', ')));
      return failures.answer(c, new ReckonerError('route_unknown', 'There is no route of this path.'));
    }),
  );
  return app;
}
