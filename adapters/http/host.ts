/**
 * DNS rebinding: a page of evil.example whose name suddenly resolves to 127.0.0.1 is, to the browser, still of the same origin,
 * and could read this node through it. Its requests carry `Host: evil.example`, so a door that listens on loopback answers
 * to loopback's names only.
 */
import type { IncomingMessage } from 'node:http';
import { ReckonerError } from '../../events/errors.ts';

/** Whether an address to bind to can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const ours = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * The path a request asks for, without its query, after a look at the authority it was sent to.
 * @throws ReckonerError host_not_allowed, or request_invalid for a target that is no path
 */
export function pathOf(request: IncomingMessage, loopbackOnly: boolean): string {
  let target = request.url ?? '/';
  let authority = request.headers.host;
  if (!target.startsWith('/')) {
    // A proxy's form, `GET http://host/path`: its authority counts, the Host header does not (RFC 9112, 3.2.2).
    const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
    if (absolute === null) {
      throw new ReckonerError('request_invalid', 'The request target is not a path.', {
        remedy: 'Ask for a path that begins with a slash; GET /openapi.json lists them.',
      });
    }
    authority = absolute[1] ?? '';
    target = absolute[2]?.startsWith('/') ? absolute[2] : `/${absolute[2] ?? ''}`;
  }
  if (loopbackOnly && (authority === undefined || !ours.test(authority))) {
    throw new ReckonerError('host_not_allowed', 'This node listens on loopback and was asked under another name.');
  }
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}
