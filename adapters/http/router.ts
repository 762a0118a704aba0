/** Which route a method and a path mean. Hono's router matches; what did not match is told apart as 404 or 405. */
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { ReckonerError } from '../../events/errors.ts';
import type { Method, PathValues, Route } from './route.ts';

const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE'];

export interface Match {
  readonly route: Route<unknown>;
  readonly path: PathValues;
}

/** A path that exists, asked by a method it does not have. */
export class MethodNotAllowed extends ReckonerError {
  /** Value of the Allow header. */
  readonly allow: string;

  constructor(allow: string) {
    super('method_not_allowed', `This route does not have that method; it has ${allow}.`);
    this.allow = allow;
  }
}

/**
 * @returns a function of method and path
 * @throws (that function) ReckonerError route_unknown, method_not_allowed, or request_invalid for broken percent-encoding
 */
export function createRouter(routes: readonly Route<unknown>[]): (method: string, path: string) => Match {
  const router = new RegExpRouter<Route<unknown>>();
  for (const route of routes) router.add(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), route);

  return (method, path) => {
    const [matches, stash] = router.match(method === 'HEAD' ? 'GET' : method, path);
    const first = matches[0];
    if (first === undefined) {
      const found = methods.filter((known) => router.match(known, path)[0].length > 0);
      if (found.length === 0) throw new ReckonerError('route_unknown', 'There is no route of this path.');
      throw new MethodNotAllowed(found.map((known) => (known === 'GET' ? 'GET, HEAD' : known)).join(', '));
    }
    const [route, values] = first;
    const value = (name: keyof PathValues): string => {
      const found = values[name];
      return found === undefined ? '' : decoded(typeof found === 'number' ? (stash?.[found] ?? '') : found);
    };
    return { route, path: { domain: value('domain'), id: value('id'), rewardId: value('rewardId') } };
  };
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ReckonerError('request_invalid', 'The path has a percent sign that begins no valid UTF-8 escape.', {
      remedy: 'Percent-encode the parts of the path as UTF-8.',
    });
  }
}
