/** Reads what stands behind the question mark of a request, as a schema says. */
import type { z } from '@hono/zod-openapi';
import { inOurWords, invalid } from '../../actors/config/invalid.ts';
import { ReckonerError } from '../../events/errors.ts';

/**
 * @param schema of an object whose members take strings
 * @throws ReckonerError request_invalid where it does not fit, or says a thing twice
 */
export function readQuery<Schema extends z.ZodObject>(schema: Schema, search: URLSearchParams): z.output<Schema> {
  const given: Record<string, string> = {};
  for (const [name, value] of search) {
    if (Object.hasOwn(given, name))
      throw new ReckonerError('request_invalid', `The query says ${name.slice(0, 64)} more than once.`);
    // Not assigned: a name may be __proto__.
    Object.defineProperty(given, name, { value, enumerable: true });
  }
  const parsed = schema.safeParse(given, inOurWords);
  if (!parsed.success) throw invalid('request_invalid', 'The query is not right.', parsed.error);
  return parsed.data;
}
