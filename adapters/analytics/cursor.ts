/** Where a page ended, as a text that a caller hands back: opaque, and good for the same question only. */
import { hash } from 'node:crypto';
import { ReckonerError } from '../../events/errors.ts';
import type { Key } from './reading.ts';

/** @param question what was asked, without cursor and limit */
export function cursorOf(question: object, key: Key): string {
  return Buffer.from(JSON.stringify([markOf(question), ...key])).toString('base64url');
}

/** @throws ReckonerError request_invalid where it is no cursor, or another question's */
export function keyOfCursor(question: object, cursor: string): Key {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parts = undefined;
  }
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string' || typeof part === 'number'))
    throw new ReckonerError('request_invalid', 'The cursor is none that was given out here.');
  const [mark, ...key] = parts;
  if (mark !== markOf(question))
    throw new ReckonerError('request_invalid', 'The cursor belongs to another question.', {
      remedy: 'Go on with the same filters, or begin anew without a cursor.',
    });
  return key;
}

function markOf(question: object): string {
  const said = Object.entries(question).filter(([, value]) => value !== undefined);
  return hash('sha256', JSON.stringify(said.sort(([one], [other]) => (one < other ? -1 : 1)))).slice(0, 8);
}
