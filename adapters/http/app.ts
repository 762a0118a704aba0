/** The door as a Hono application: its middleware in their order, its routes, and what it says where there is none. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { ReckonerError } from '../../events/errors.ts';
import type { DoorEnv } from './context.ts';
import { createFailures, MethodNotAllowed } from './failures.ts';
import { guardAddress } from './host.ts';
import { identify } from './identify.ts';
import { type ObserveOptions, observe } from './observe.ts';
import { describeApi } from './openapi.ts';
import { createRoutes } from './routes.ts';
import { type ServeOptions, serveRoute } from './serve-route.ts';

export interface AppOptions extends Omit<ServeOptions, 'failures'>, ObserveOptions {
  /** Refuse requests that were sent to another name than this machine's own. */
  readonly loopbackOnly: boolean;
  /** Reckoner's version, for the documentation and /healthz. */
  readonly version: string;
  /** Where the door listens, once it does: for the commands of the API page. */
  readonly origin: () => string;
}

export function createApp(options: AppOptions): OpenAPIHono<DoorEnv> {
  const { loopbackOnly, version, origin, log } = options;
  const failures = createFailures(log);
  const app = new OpenAPIHono<DoorEnv>();
  app.onError((thrown, c) => failures.answer(c, thrown));
  app.notFound((c) => failures.answer(c, new ReckonerError('route_unknown', 'There is no route of this path.')));

  app.use(identify);
  if (options.onRequest !== undefined) app.use(observe(options.onRequest, log));
  app.use(guardAddress(loopbackOnly));

  const routes = createRoutes(version, () => describeApi(app, version), origin);
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = serveRoute(app, route, { ...options, failures });
    methods.set(path, [...(methods.get(path) ?? []), route.method === 'GET' ? 'GET, HEAD' : route.method]);
  }
  // Hono asks these last: they meet the methods that no route above took.
  for (const [path, found] of methods) {
    app.all(path, (c) => failures.answer(c, new MethodNotAllowed(found.sort().join(', '))));
  }
  return app;
}
