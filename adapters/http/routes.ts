/** The table of all routes. */
import type { ApiDocument } from './api-document.ts';
import { decisionRoutes } from './decision-routes.ts';
import { renderDocsPage } from './docs-page.ts';
import { domainRoutes } from './domain-routes.ts';
import { type Documentation, nodeRoutes } from './node-routes.ts';
import type { Route } from './route.ts';

/**
 * @param version Reckoner's, as /healthz shows it
 * @param describe makes the OpenAPI document, when somebody first asks for it: it describes these routes too
 */
export function createRoutes(version: string, describe: () => ApiDocument): readonly Route<unknown>[] {
  let made: Documentation | undefined;
  const documentation = () => {
    made ??= documentationOf(describe());
    return made;
  };
  return [...decisionRoutes, ...domainRoutes, ...nodeRoutes(version, documentation)];
}

function documentationOf(api: ApiDocument): Documentation {
  return { openapi: JSON.stringify(api), ...renderDocsPage(api) };
}
