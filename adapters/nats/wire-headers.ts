/** Headers of the bus as headers of NATS, and back: names without regard to case, one value each. */
import { type Msg, type MsgHdrs, headers as newHeaders } from 'nats';
import { ReckonerError } from '../../events/errors.ts';

export type Headers = Readonly<Record<string, string>>;

export const CONTENT_TYPE = 'content-type';
/** How a micro service says that a reply is none: tools count it as an error. */
export const ERROR = { code: 'Nats-Service-Error-Code', text: 'Nats-Service-Error' } as const;

const NONE: Headers = Object.freeze({});

/**
 * @param contentType '' where it need not be said
 * @throws ReckonerError request_invalid where a name or a value cannot be a header
 */
export function toWire(given: Headers, contentType: string): MsgHdrs | undefined {
  let made: MsgHdrs | undefined;
  try {
    for (const name in given) {
      made ??= newHeaders();
      made.append(name, given[name] ?? '');
    }
    if (contentType !== '') {
      made ??= newHeaders();
      made.append(CONTENT_TYPE, contentType);
    }
  } catch {
    throw new ReckonerError('request_invalid', 'A header has a line break in it, or a name that no header can have.');
  }
  return made;
}

/** @returns the headers but for the content type, and that; of several values of one name the first */
export function fromWire({ headers }: Pick<Msg, 'headers'>): {
  readonly headers: Headers;
  readonly contentType: string;
} {
  if (headers === undefined) return { headers: NONE, contentType: '' };
  const read: Record<string, string> = {};
  let contentType = '';
  for (const [name, [value = '']] of headers) {
    const lower = name.toLowerCase();
    if (lower === CONTENT_TYPE) contentType = value;
    else if (lower !== '__proto__') read[lower] = value;
  }
  return { headers: read, contentType };
}
