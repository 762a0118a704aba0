/** The body of a request as JSON, refused for what can be told from its headers before a byte is read. */
import { ReckonerError } from '../../events/errors.ts';
import type { DoorContext } from './context.ts';
import { type BodyRoom, readBody, tooLarge } from './read-body.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * Reads and parses a JSON body.
 * @param limit bytes
 * @param optional whether an empty body counts as `{}`
 * @param room what all bodies share
 * @throws ReckonerError media_type_unsupported, payload_too_large, overloaded or request_invalid; what the stream throws where it breaks off
 */
export async function readJson(c: DoorContext, limit: number, optional: boolean, room: BodyRoom): Promise<unknown> {
  const { headers } = c.env.incoming;
  const declared = headers['content-length'];
  const chunked = headers['transfer-encoding'] !== undefined;
  if (!chunked && (declared === undefined || Number(declared) === 0)) return nothing(optional);
  if (!isJson(headers['content-type'])) {
    throw new ReckonerError('media_type_unsupported', 'The content-type of the body is not application/json in UTF-8.');
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new ReckonerError('media_type_unsupported', 'The body is compressed.', {
      remedy: 'Send the body as it is, without a content-encoding.',
    });
  }
  if (Number(declared) > limit) throw tooLarge(limit);
  // Hono has two ways to read it, and neither will do: `text()` puts U+FFFD where bytes are no UTF-8, and `arrayBuffer()` makes a
  // copy that is a tenth of what a request costs.
  const bytes = await readBody(c.env.incoming, limit, room);
  return bytes.byteLength === 0 ? nothing(optional) : parseStrictJson(textOf(bytes));
}

/** Refuses bytes that are no UTF-8. A BOM stays, and is no JSON. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ReckonerError('request_invalid', 'The body is not UTF-8.', { remedy: 'Encode the body as UTF-8.' });
  }
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
