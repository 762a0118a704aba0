/** The table of all routes. */
import { decisionRoutes } from './decision-routes.ts';
import { renderDocsPage } from './docs-page.ts';
import { domainRoutes } from './domain-routes.ts';
import { type Documentation, nodeRoutes } from './node-routes.ts';
import { describeApi } from './openapi.ts';
import type { Route } from './route.ts';

/** @param version Reckoner's, as the documentation shows it */
export function createRoutes(version: string): readonly Route<unknown>[] {
  // The documentation documents itself too, so it is made from the finished table, when somebody first asks for it.
  let made: Documentation | undefined;
  const routes: readonly Route<unknown>[] = [
    ...decisionRoutes,
    ...domainRoutes,
    ...nodeRoutes(version, () => {
      made ??= document(routes, version);
      return made;
    }),
  ];
  return routes;
}

function document(routes: readonly Route<unknown>[], version: string): Documentation {
  const openapi = describeApi(routes, version);
  return { openapi: JSON.stringify(openapi), ...renderDocsPage(openapi) };
}
