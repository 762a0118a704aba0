/** The table of all routes. */
import type { Analytics } from '../analytics/analytics.ts';
import { analyticsRoutes } from './analytics-routes.ts';
import type { ApiDocument } from './api-document.ts';
import { decisionRoutes } from './decision-routes.ts';
import { renderDocsPage } from './docs-page.ts';
import { domainRoutes } from './domain-routes.ts';
import { type Documentation, nodeRoutes } from './node-routes.ts';
import { posteriorRoutes } from './posterior-routes.ts';
import { rollbackRoutes } from './rollback-routes.ts';
import type { Route } from './route.ts';

/**
 * @param version Reckoner's, as /healthz shows it
 * @param describe makes the OpenAPI document, when somebody first asks for it: it describes these routes too
 * @param analytics the read models, where there are any
 * @param origin where the door listens, for the commands of the API page; asked when the page is first asked for
 */
export function createRoutes(
  version: string,
  describe: () => ApiDocument,
  origin: () => string,
  analytics?: Analytics,
): readonly Route<unknown>[] {
  let made: Documentation | undefined;
  const documentation = () => {
    made ??= documentationOf(describe(), origin());
    return made;
  };
  return [
    ...decisionRoutes,
    ...domainRoutes,
    ...rollbackRoutes,
    ...posteriorRoutes,
    ...analyticsRoutes(analytics),
    ...nodeRoutes(version, documentation),
  ];
}

function documentationOf(api: ApiDocument, origin: string): Documentation {
  return { openapi: JSON.stringify(api), ...renderDocsPage(api, origin) };
}
