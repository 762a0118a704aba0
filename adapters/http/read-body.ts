/** The bytes of a request, read within two bounds: what one body may hold, and what all that have not come whole may hold together. */
import type { IncomingMessage } from 'node:http';
import { ReckonerError } from '../../events/errors.ts';

/** Room for the bodies that are on their way: a thousand callers that stall must not fill the memory. */
export interface BodyRoom {
  /** Bytes. */
  readonly limit: number;
  taken: number;
}

/**
 * Reads a body to its end. A chunk that completes it takes no room: a small body, which comes in one, is never refused for others.
 * @param limit bytes
 * @throws ReckonerError payload_too_large, overloaded; what the stream throws where it breaks off
 */
export function readBody(request: IncomingMessage, limit: number, room: BodyRoom): Promise<Buffer> {
  // Not a number where its length was not declared. Declared, it is no longer than that: Node sees to it.
  const declared = Number(request.headers['content-length']);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let taken = 0;
    const settle = () => {
      room.taken -= taken;
      taken = 0;
    };
    const stop = (thrown: unknown) => {
      settle();
      request.off('data', onData);
      request.off('end', onEnd);
      request.pause();
      reject(thrown);
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) return stop(tooLarge(limit));
      chunks.push(chunk);
      if (length === declared) return;
      taken += chunk.length;
      room.taken += chunk.length;
      if (room.taken > room.limit)
        stop(new ReckonerError('overloaded', 'Too many requests with large bodies arrive at once.'));
    };
    const onEnd = () => {
      settle();
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    };
    request.on('data', onData);
    request.on('end', onEnd);
    request.on('error', stop);
  });
}

export function tooLarge(limit: number): ReckonerError {
  return new ReckonerError('payload_too_large', `The body is larger than ${limit} bytes.`);
}
