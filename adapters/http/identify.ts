/** The id of an exchange, under which its answer, its log lines and its caller speak of it. */
import { randomUUID } from 'node:crypto';
import type { DoorContext } from './context.ts';

/** The caller's own id where it can be written to a header and a log as it is, else a new one. */
export function identify(c: DoorContext): void {
  const given = c.env.incoming.headers['x-request-id'];
  c.set('correlationId', typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID());
}
