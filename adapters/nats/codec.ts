/**
 * Bodies as payloads and back, by subject. What a message of `proto/messages.proto` tells to the last detail goes as that; all else,
 * and whatever does not fit into its message, goes as JSON: nothing is lost on the way, and who gets it judges it.
 */
import protobuf from 'protobufjs/minimal.js';
import { type ErrorCode, errorCodes, type Problem, problemOf, ReckonerError } from '../../events/errors.ts';
import type { Reply } from '../../events/message-bus.ts';
import { encode } from '../../proto/encode.ts';
import * as wire from '../../proto/generated/messages.ts';
import { parseStrictJson } from '../http/strict-json.ts';

export type Form = 'protobuf' | 'json';

export interface Payload {
  readonly form: Form;
  readonly bytes: Uint8Array;
}

export const CONTENT_TYPES: Readonly<Record<Form, string>> = {
  protobuf: 'application/protobuf',
  json: 'application/json',
};

interface Wire<T> {
  readonly name: string;
  readonly fits: (body: unknown) => body is T;
  readonly write: (body: T, w: protobuf.Writer) => protobuf.Writer;
  readonly read: (r: protobuf.Reader, end: number) => T;
}

interface Kind {
  readonly request: Coder;
  readonly answer: Coder;
}

/** Both undefined where it cannot be told, or the payload is not of this message. */
interface Coder {
  readonly name: string;
  /** Undefined where the body does not fit. */
  encode(body: unknown): Uint8Array | undefined;
  decode(bytes: Uint8Array): unknown;
}

function coder<T>({ name, fits, write, read }: Wire<T>): Coder {
  return {
    name,
    encode: (body) => (fits(body) ? encode(body, write) : undefined),
    decode: (bytes) => read(readerOf(bytes), bytes.length),
  };
}

function readerOf(bytes: Uint8Array): protobuf.Reader {
  // Texts are read several times faster from a Buffer.
  return protobuf.Reader.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** A JSON document: no message of its own, so it is written as JSON, and read from `Json` too. */
const document: Coder = {
  name: 'Json',
  encode: () => undefined,
  decode(bytes) {
    const reader = readerOf(bytes);
    if (bytes.length === 0) return {};
    if (reader.uint32() !== 10) throw new RangeError('Json has one field, 1.');
    const text = reader.string();
    if (reader.pos !== bytes.length) throw new RangeError('Json has one field, 1.');
    return text === '' ? {} : parseStrictJson(text, 'The JSON in the payload');
  },
};

/** Bytes of an event, as the log has them. */
const bytesAsTheyAre: Coder = {
  name: 'bytes',
  encode: (body) => (body instanceof Uint8Array ? body : undefined),
  decode: (bytes) => bytes,
};

const documents: Kind = { request: document, answer: document };

const kinds = new Map<string, Kind>([
  [
    'decide',
    {
      request: coder<wire.DecideRequest>({
        name: 'DecideRequest',
        ...{ fits: wire.fitsDecideRequest, write: wire.writeDecideRequest, read: wire.readDecideRequest },
      }),
      answer: coder<wire.Decision>({
        name: 'Decision',
        ...{ fits: wire.fitsDecision, write: wire.writeDecision, read: wire.readDecision },
      }),
    },
  ],
  [
    'run',
    {
      request: coder<wire.RunRequest>({
        name: 'RunRequest',
        ...{ fits: wire.fitsRunRequest, write: wire.writeRunRequest, read: wire.readRunRequest },
      }),
      answer: coder<wire.Run>({ name: 'Run', ...{ fits: wire.fitsRun, write: wire.writeRun, read: wire.readRun } }),
    },
  ],
  [
    'reward',
    {
      request: coder<wire.RewardRequest>({
        name: 'RewardRequest',
        ...{ fits: wire.fitsRewardRequest, write: wire.writeRewardRequest, read: wire.readRewardRequest },
      }),
      answer: coder<wire.RewardReceipt>({
        name: 'RewardReceipt',
        ...{ fits: wire.fitsRewardReceipt, write: wire.writeRewardReceipt, read: wire.readRewardReceipt },
      }),
    },
  ],
  [
    'retract',
    {
      request: coder<wire.RetractRequest>({
        name: 'RetractRequest',
        ...{ fits: wire.fitsRetractRequest, write: wire.writeRetractRequest, read: wire.readRetractRequest },
      }),
      answer: coder<wire.RetractionReceipt>({
        name: 'RetractionReceipt',
        ...{ fits: wire.fitsRetractionReceipt, write: wire.writeRetractionReceipt, read: wire.readRetractionReceipt },
      }),
    },
  ],
  [
    'items',
    {
      request: coder<wire.ItemsRequest>({
        name: 'ItemsRequest',
        ...{ fits: wire.fitsItemsRequest, write: wire.writeItemsRequest, read: wire.readItemsRequest },
      }),
      answer: coder<wire.ItemsReceipt>({
        name: 'ItemsReceipt',
        ...{ fits: wire.fitsItemsReceipt, write: wire.writeItemsReceipt, read: wire.readItemsReceipt },
      }),
    },
  ],
  [
    'blend',
    {
      request: coder<wire.BlendRequest>({
        name: 'BlendRequest',
        ...{ fits: wire.fitsBlendRequest, write: wire.writeBlendRequest, read: wire.readBlendRequest },
      }),
      answer: coder<wire.Blend>({
        name: 'Blend',
        ...{ fits: wire.fitsBlend, write: wire.writeBlend, read: wire.readBlend },
      }),
    },
  ],
  ['events', { request: bytesAsTheyAre, answer: document }],
]);

const problems = coder<wire.Problem>({
  name: 'Problem',
  ...{ fits: wire.fitsProblem, write: wire.writeProblem, read: wire.readProblem },
});

/** Kinds by subject: callers may choose subjects, so that there must be an end. */
const REMEMBERED = 10_000;
const known = new Map<string, Kind>();

function kindOf(subject: string): Kind {
  const found = known.get(subject);
  if (found !== undefined) return found;
  const words = subject.split('.');
  // What one node forwards to another is what it was asked itself.
  const word = words[0] === 'node' ? words[2] : words[0];
  const kind = kinds.get(word ?? '') ?? documents;
  if (known.size >= REMEMBERED) known.clear();
  known.set(subject, kind);
  return kind;
}

/** What a subject takes and gives, for those who look it up. */
export function messagesOf(subject: string): { readonly request: string; readonly answer: string } {
  const { request, answer } = kindOf(subject);
  return { request: `reckoner.v1.${request.name}`, answer: `reckoner.v1.${answer.name}` };
}

/** @throws ReckonerError request_invalid where the body has no JSON: a bigint, a circle */
export function encodeRequest(subject: string, body: unknown): Payload {
  try {
    const bytes = kindOf(subject).request.encode(body);
    if (bytes !== undefined) return { form: 'protobuf', bytes };
    return json(body);
  } catch {
    throw new ReckonerError('request_invalid', 'The body of the request cannot be put into a message.', {
      remedy: 'Send plain JSON values: no bigints, functions, or objects that hold themselves.',
    });
  }
}

/**
 * @param contentType as the header has it; '' where there is none: then it is protobuf, or the JSON that it can only be
 * @throws ReckonerError request_invalid, media_type_unsupported
 */
export function decodeRequest(subject: string, bytes: Uint8Array, contentType: string) {
  const { request } = kindOf(subject);
  const form = formOf(contentType) ?? (looksLikeJson(bytes, request) ? 'json' : 'protobuf');
  return { form, body: decode(request, bytes, form) };
}

function decode({ name, decode }: Coder, bytes: Uint8Array, form: Form): unknown {
  if (form === 'json') return parseJson(bytes);
  try {
    return decode(bytes);
  } catch (thrown) {
    if (thrown instanceof ReckonerError) throw thrown;
    // The reader's own words name fields and lengths; a parser's would quote what it read.
    const why = thrown instanceof RangeError ? `: ${thrown.message}` : '.';
    throw new ReckonerError('request_invalid', `The payload cannot be read as reckoner.v1.${name}${why}`, {
      remedy: `Encode it as ${name} of proto/messages.proto, or send JSON with the header content-type: application/json.`,
    });
  }
}

function formOf(contentType: string): Form | undefined {
  if (contentType === '') return undefined;
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === CONTENT_TYPES.json) return 'json';
  if (type === CONTENT_TYPES.protobuf || type === 'application/x-protobuf') return 'protobuf';
  throw new ReckonerError('media_type_unsupported', 'The payload is of a type that is not taken here.', {
    remedy: 'Send application/json or application/protobuf, and say which in the header content-type.',
  });
}

const BRACE = 0x7b;
const BRACKET = 0x5b;
const FIRST_FIELD = 0x0a;

/** No message begins with a brace or bracket: those would be groups. A document begins with its one field, or is JSON. */
function looksLikeJson(bytes: Uint8Array, { name }: Coder): boolean {
  if (bytes.length === 0) return false;
  if (name === 'bytes') return false;
  return bytes[0] === BRACE || bytes[0] === BRACKET || (name === 'Json' && bytes[0] !== FIRST_FIELD);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new ReckonerError('request_invalid', 'The payload is not UTF-8.', { remedy: 'Send JSON in UTF-8.' });
  }
  return parseStrictJson(text, 'The payload');
}

function json(body: unknown): Payload {
  // What is not there is nothing: an empty payload.
  return { form: 'json', bytes: Buffer.from(JSON.stringify(body) ?? '') };
}

/** The reply as its request was: protobuf where that was, as far as there is a message for it. */
export function encodeReply(subject: string, reply: Reply, form: Form): Payload {
  try {
    const [coder, body] = reply.ok ? [kindOf(subject).answer, reply.body] : [problems, reply.problem];
    const bytes = form === 'protobuf' ? coder.encode(body) : undefined;
    return bytes === undefined ? json(body) : { form: 'protobuf', bytes };
  } catch (thrown) {
    return json(problemOf(thrown)); // an answer that has no JSON: told as what it is
  }
}

/**
 * @param failed whether the reply says that it holds a problem
 * @throws ReckonerError outcome_unknown where it cannot be read: what was asked for may have happened
 */
export function decodeReply(subject: string, bytes: Uint8Array, contentType: string, failed: boolean): Reply {
  const coder = failed ? problems : kindOf(subject).answer;
  let body: unknown;
  try {
    body = decode(coder, bytes, formOf(contentType) ?? 'protobuf');
  } catch {
    throw new ReckonerError('outcome_unknown', `The answer to ${subject} cannot be read.`);
  }
  if (!failed) return { ok: true, body };
  if (!wire.fitsProblem(body)) throw new ReckonerError('outcome_unknown', `The answer to ${subject} cannot be read.`);
  return { ok: false, problem: problemFrom(body) };
}

const codes: ReadonlySet<string> = new Set(errorCodes);

/** A newer node may know problems that this one does not. */
function problemFrom({ code, status, message, remedy, details, retryAfter }: wire.Problem): Problem {
  return {
    code: codes.has(code) ? (code as ErrorCode) : 'internal', // just looked up
    ...{ status, message, remedy },
    ...(details === undefined ? {} : { details }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
