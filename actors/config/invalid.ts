/** What a schema refuses, in our words: what is expected there and which names are known, never a value that was sent. */
import { z } from 'zod';
import { ReckonerError } from '../../events/errors.ts';

/** So many of the things that are wrong are told at once. */
const TOLD = 20;

/** So many allowed names or values are listed; more would bury the rest. */
const LISTED = 24;

/** So many unknown names are repeated, and so much of each. */
const REPEATED = 3;
const REPEATED_LENGTH = 40;

/** A zod error as one of ours. Parse with `inOurWords`, for its messages to be ours too. */
export function invalid(code: 'config_invalid' | 'request_invalid', message: string, error: z.ZodError): ReckonerError {
  const details = error.issues
    .flatMap((issue) => innermost(issue))
    .slice(0, TOLD)
    .map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const first = details[0];
  return new ReckonerError(code, first === undefined ? message : `${message} ${sentence(first)}`, { details });
}

function sentence({ path, message }: { readonly path: string; readonly message: string }): string {
  if (path !== '') return `${path}: ${message}`;
  return message.startsWith('must ') ? `It ${message}` : message;
}

/** Second argument of `safeParse`. Where a schema has a message of its own, that one stays. */
export const inOurWords = { error: wordsOf } as const;

/**
 * Where only one alternative of a union has the right type, what is wrong is what that one says: `{"rating": "high"}` is a
 * rating with a wrong value, not neither of two things.
 */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.filter((alternative) => !alternative.some(isOtherType));
  const [only] = meant;
  if (only === undefined || meant.length > 1) return [issue];
  return only.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isOtherType({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = typeName(issue.expected, issue.inst);
      return issue.input === undefined ? `is missing: must be ${expected}` : `must be ${expected}`;
    }
    case 'too_small':
      return `must ${limit(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')}`;
    case 'too_big':
      return `must ${limit(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')}`;
    case 'invalid_value':
      return issue.input === undefined
        ? `is missing: must be ${choice(issue.values)}`
        : `must be ${choice(issue.values)}`;
    case 'invalid_union': {
      if (Array.isArray(issue.options)) return `must be ${choice(issue.options)}`;
      const alternatives = issue.errors.flatMap(([first]) => (first === undefined ? [] : [first.message]));
      return [...new Set(alternatives)].join(', or ').replaceAll(/, or (?:is missing: )?must be /g, ', or ');
    }
    case 'unrecognized_keys':
      return unknownNames(issue.keys, issue.inst);
    case 'invalid_key':
      return issue.issues[0]?.message;
    case 'invalid_format':
      return issue.format === 'datetime' || issue.format === 'date'
        ? 'must be a time as 2026-03-01T12:00:00Z'
        : 'is not written as it must be';
    default:
      return undefined;
  }
}

function typeName(expected: string, inst: unknown): string {
  switch (expected) {
    case 'int':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'an array';
    case 'record':
      return 'an object';
    case 'object': {
      const names = namesOf(inst);
      return names.length === 0 ? 'an object' : `an object of ${listed(names)}`;
    }
    default:
      return `a ${expected}`;
  }
}

function limit(origin: string, bound: number | bigint, comparison: string): string {
  if (origin === 'string')
    return bound === 1 && comparison === 'at least' ? 'not be empty' : `have ${comparison} ${bound} characters`;
  if (origin === 'array')
    return bound === 1 && comparison === 'at least' ? 'not be empty' : `have ${comparison} ${bound} items`;
  return `be ${comparison} ${bound}`;
}

function choice(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${listed(values)}`;
}

function unknownNames(given: readonly string[], inst: unknown): string {
  const some = given.slice(0, REPEATED).map((name) => JSON.stringify(clipped(name)));
  const unknown = `${some.join(', ')}${given.length > REPEATED ? ` and ${given.length - REPEATED} more` : ''}`;
  const known = namesOf(inst);
  return `${unknown} ${given.length === 1 ? 'is' : 'are'} not known here${known.length === 0 ? '' : `; known are ${listed(known)}`}`;
}

function clipped(name: string): string {
  return name.length <= REPEATED_LENGTH ? name : `${name.slice(0, REPEATED_LENGTH)}…`;
}

function namesOf(inst: unknown): readonly string[] {
  if (inst instanceof z.ZodObject) return Object.keys(inst.shape);
  return inst instanceof z.ZodRecord && inst.keyType instanceof z.ZodEnum ? inst.keyType.options.map(String) : [];
}

function listed(names: readonly unknown[]): string {
  const more = names.length > LISTED ? `, … (${names.length} in all)` : '';
  return `${names.slice(0, LISTED).join(', ')}${more}`;
}
