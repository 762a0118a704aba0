/**
 * DNS rebinding: a page of evil.example whose name suddenly resolves to 127.0.0.1 is, to the browser, still of the same origin,
 * and could read this node through it. Its requests carry `Host: evil.example`, so a door that listens on loopback answers
 * to loopback's names only.
 */
import { ReckonerError } from '../../events/errors.ts';
import type { DoorContext } from './context.ts';

/** Refuses requests that were sent to another name than this machine's own, or to two at once, and paths that say nothing. */
export function guardAddress(loopbackOnly: boolean): (c: DoorContext) => void {
  return (c) => {
    refuseTwoHosts(c.env.incoming.rawHeaders);
    if (loopbackOnly && !OURS.test(authorityOf(c))) {
      throw new ReckonerError('host_not_allowed', 'This node listens on loopback and was asked under another name.');
    }
    if (c.env.incoming.url?.includes('%')) refuseBrokenEscapes(c.env.incoming.url);
  };
}

const OURS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whether an address to bind to can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function authorityOf(c: DoorContext): string {
  const { url, headers } = c.env.incoming;
  // A proxy's form, `GET http://host/path`: its authority counts, the Host header does not (RFC 9112, 3.2.2).
  return url?.startsWith('/') ? (headers.host ?? '') : new URL(c.req.url).host;
}

/** Node keeps the first and forgets the others, while a proxy before it may have gone by another one (RFC 9112, 3.2: 400). */
function refuseTwoHosts(rawHeaders: readonly string[]): void {
  let hosts = 0;
  // Names and values in turn.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts < 2) return;
  throw new ReckonerError('request_invalid', 'The request has more than one Host header.', {
    remedy: 'Send one Host header.',
  });
}

/** Hono would pass them on as they are; a name that two readers decode differently should not come that far. */
function refuseBrokenEscapes(target: string): void {
  try {
    decodeURIComponent(target.replace(/[?#].*$/s, ''));
  } catch {
    throw new ReckonerError('request_invalid', 'The path has a percent sign that begins no valid UTF-8 escape.', {
      remedy: 'Percent-encode the parts of the path as UTF-8.',
    });
  }
}
