/** Many decisions in one request: each is decided on its own, so that a bad one spoils no other. */
import { setImmediate as turn } from 'node:timers/promises';
import { z } from '@hono/zod-openapi';
import { inOurWords, invalid } from '../../actors/config/invalid.ts';
import type { DecideBody } from '../../actors/messages/decide.ts';
import type { Answer, Call } from './route.ts';

/** The envelope of a batch, over what its items are. */
export function batchOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item).min(1).max(1000).describe('1 to 1000 requests, each as it would be sent alone'),
  });
}

/** The items are whatever they are until each meets the Reckoner, which validates it: z.custom lets all pass. */
const envelope = batchOf(z.custom<DecideBody>());

/** So many items are under way together: enough for one commit of the log, few enough that others are answered in between. */
const TOGETHER = 32;
/** And no more once their texts have so many characters. */
const TEXT_TOGETHER = 20_000;

/**
 * Decides every item, a group at a time.
 * @throws ReckonerError request_invalid for the envelope, domain_unknown for the domain; items fail in their results
 */
export async function decideBatch({ reckoner, path, body, caller, problem }: Call<unknown>): Promise<Answer> {
  const parsed = envelope.safeParse(body, inOurWords);
  if (!parsed.success) throw invalid('request_invalid', 'The batch is not valid.', parsed.error);
  // Asked first: a thousand results that say the domain is unknown would help less than one answer.
  await reckoner.domain(path.domain, caller);
  const { items } = parsed.data;
  const decided = async (item: DecideBody) => {
    try {
      return { ok: true, decision: await reckoner.decide(path.domain, item, caller) };
    } catch (thrown) {
      return { ok: false, error: problem(thrown) };
    }
  };
  const results = [];
  for (let at = 0; at < items.length; ) {
    const group = groupFrom(items, at);
    results.push(...(await Promise.all(group.map(decided))));
    at += group.length;
    await turn();
  }
  return { status: 200, json: { results } };
}

/** The items from there on that are decided together: fewer where their texts are long, which are read at once. */
function groupFrom(items: readonly DecideBody[], from: number): readonly DecideBody[] {
  let characters = 0;
  let end = from;
  while (end < items.length && end < from + TOGETHER && characters < TEXT_TOGETHER) {
    characters += charactersOf(items[end]);
    end += 1;
  }
  return items.slice(from, end);
}

/** Of whatever was sent as an item: nobody has validated it yet. */
function charactersOf(item: DecideBody | undefined): number {
  let characters = 0;
  for (const value of Object.values(item?.context ?? {})) if (typeof value === 'string') characters += value.length;
  return characters;
}
