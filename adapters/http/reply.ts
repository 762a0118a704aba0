/** Writes an answer. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { DoorContext } from './context.ts';
import type { Answer } from './route.ts';

/**
 * Writes to Node's response and tells the adapter so. A web Response instead would double what a request costs: without
 * the adapter's own class in place of the global one, which is not ours to replace, its body is a stream that is read back.
 */
export function reply(c: DoorContext, answer: Answer): Response {
  const { outgoing } = c.env;
  if (outgoing.headersSent) return RESPONSE_ALREADY_SENT;
  const body = answer.text ?? JSON.stringify(answer.json);
  outgoing.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': c.get('correlationId'),
    ...answer.headers,
  });
  outgoing.end(body);
  return RESPONSE_ALREADY_SENT;
}
