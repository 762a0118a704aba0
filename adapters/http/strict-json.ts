/**
 * JSON as it should have been written: `JSON.parse`, less what it lets pass. A key that is there twice, a key that reaches for
 * a prototype and half a surrogate pair have no one meaning, so a log that is kept for ever should not hold a guess at it.
 */
import { ReckonerError } from '../../events/errors.ts';

/** Levels of objects and arrays. Nothing that Reckoner takes is nested deeper than a domain's configuration: six. */
const DEEPEST = 32;

/**
 * @param what has the text, as the errors begin
 * @throws ReckonerError request_invalid, saying what is wrong and at which character, never quoting the text
 */
export function parseStrictJson(text: string, what = 'The body'): unknown {
  const members = measure(text, what);
  const value = parse(text, what);
  const half = /\\u[dD][89a-fA-F]/.test(text);
  if (keysOf(value, half, what) !== members) {
    throw new ReckonerError('request_invalid', `${what} has an object in which a key is there twice.`, {
      remedy: 'Give every key of an object once.',
    });
  }
  return value;
}

/** Counts the members (the colons outside strings) of all objects, and refuses what is nested too deep before it is parsed. */
function measure(text: string, what: string): number {
  let members = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (quoted) {
      if (unit === 0x5c) at++;
      else if (unit === 0x22) quoted = false;
    } else if (unit === 0x22) quoted = true;
    else if (unit === 0x3a) members++;
    else if (unit === 0x7b || unit === 0x5b) {
      depth++;
      if (depth > DEEPEST) {
        throw new ReckonerError('request_invalid', `${what} is nested more than ${DEEPEST} levels deep.`, {
          remedy: 'Send the shape that GET /openapi.json shows; nothing in it is nested that deep.',
        });
      }
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return members;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    // The engine's message quotes the text, which may hold what nobody should read: only the position leaves.
    const position = thrown instanceof SyntaxError ? /at position (\d+)/.exec(thrown.message)?.[1] : undefined;
    const where = position === undefined ? '' : ` It stops being JSON at character ${position}.`;
    throw new ReckonerError('request_invalid', `${what} is not valid JSON.${where}`, {
      remedy: 'Send JSON as RFC 8259 has it: double quotes, no trailing commas, no NaN or Infinity.',
    });
  }
}

/** Counts the keys that parsing kept, and looks at keys (and strings, where the text has escapes that may be half a pair). */
function keysOf(value: unknown, half: boolean, what: string): number {
  if (typeof value !== 'object' || value === null) {
    if (half && typeof value === 'string') refuseHalfPair(value, what);
    return 0;
  }
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += keysOf(item, half, what);
    return keys;
  }
  // Not Object.entries: every body comes through here, and a list of pairs for each object of it would be thrown away at once.
  for (const key in value) {
    if (key === '__proto__' || key === 'constructor') {
      throw new ReckonerError('request_invalid', `${what} has a key that would reach for a prototype.`, {
        remedy: 'Rename the keys __proto__ and constructor: no object may have them.',
      });
    }
    if (half) refuseHalfPair(key, what);
    keys += 1 + keysOf(value[key as keyof typeof value], half, what); // a key it was just asked for
  }
  return keys;
}

function refuseHalfPair(text: string, what: string): void {
  // With the u flag a whole pair is one character, so only a half one is a surrogate.
  if (!/\p{Surrogate}/u.test(text)) return;
  throw new ReckonerError('request_invalid', `${what} has a string with half of a surrogate pair.`, {
    remedy: 'Escape characters above U+FFFF as two \\u escapes, or send them as UTF-8.',
  });
}
