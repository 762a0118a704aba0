import type { z } from 'zod';
import { ReckonerError } from '../events/errors.ts';

/** So many of the things that are wrong are told at once. */
const TOLD = 20;

/** A zod error as one of ours: the paths and what is wrong there, never the values. */
export function invalid(code: 'config_invalid' | 'request_invalid', message: string, error: z.ZodError): ReckonerError {
  const details = error.issues.slice(0, TOLD).map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const first = details[0];
  const what = first === undefined ? '' : first.path === '' ? ` ${first.message}` : ` ${first.path}: ${first.message}`;
  return new ReckonerError(code, `${message}${what}`, { details });
}
