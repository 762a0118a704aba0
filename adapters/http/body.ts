/**
 * The body of a request: read within bounds, and refused for what can be told from its headers before a byte is read.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ReckonerError } from '../../events/errors.ts';
import { parseStrictJson } from './strict-json.ts';

/** The client went away before its request had arrived: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/**
 * Reads and parses a JSON body.
 * @param limit bytes; no more than that (and what the kernel had read ahead) is ever held
 * @param optional whether an empty body counts as `{}`
 * @throws ReckonerError media_type_unsupported, payload_too_large or request_invalid; ClientGone
 */
export async function readJson(request: IncomingMessage, limit: number, optional: boolean): Promise<unknown> {
  const { headers } = request;
  const declared = headers['content-length'];
  const empty = declared === undefined ? headers['transfer-encoding'] === undefined : Number(declared) === 0;
  if (empty) return nothing(optional);
  if (!isJson(headers['content-type'])) {
    throw new ReckonerError('media_type_unsupported', 'The content-type of the body is not application/json in UTF-8.');
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new ReckonerError('media_type_unsupported', 'The body is compressed.', {
      remedy: 'Send the body as it is, without a content-encoding.',
    });
  }
  if (declared !== undefined && Number(declared) > limit) throw tooLarge(limit);
  const bytes = await read(request, limit);
  if (bytes.length === 0) return nothing(optional);
  if (!isUtf8(bytes)) {
    throw new ReckonerError('request_invalid', 'The body is not UTF-8.', { remedy: 'Encode the body as UTF-8.' });
  }
  return parseStrictJson(bytes.toString('utf8'));
}

function nothing(optional: boolean): unknown {
  if (optional) return {};
  throw new ReckonerError('request_invalid', 'The body is empty.', {
    remedy: 'Send a JSON object as the body; GET /openapi.json shows its shape, and {} is the smallest.',
  });
}

function isJson(type: string | undefined): boolean {
  if (type === undefined) return false;
  return type === 'application/json' || /^application\/json *(?:; *charset *= *"?utf-?8"? *)?;? *$/i.test(type);
}

function tooLarge(limit: number): ReckonerError {
  return new ReckonerError('payload_too_large', `The body is larger than ${limit} bytes.`);
}

function read(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let length = 0;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      // What is still coming is read and dropped rather than left in the socket: closing on unread bytes resets the
      // connection, and the client would never see why. The server's request timeout bounds how long that takes.
      chunks.length = 0;
      request.removeAllListeners('data');
      request.resume();
      reject(tooLarge(limit));
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', () => reject(new ClientGone()));
    // Also told after every whole request: an error made for nothing would be the dearest part of reading it.
    request.on('close', () => {
      if (!request.complete) reject(new ClientGone());
    });
  });
}
