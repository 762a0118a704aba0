import { expect, test } from 'vitest';
import { openDoorOn } from './open-door.ts';
import { stubReckoner } from './stub-reckoner.ts';

async function decidedTogether(items: readonly object[]) {
  let under = 0;
  let most = 0;
  const door = await openDoorOn(
    stubReckoner({
      domain: async () => ({}) as never, // nothing of it is looked at
      decide: async (_, body) => {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setTimeout(resolve, 1));
        under--;
        return { requestId: body.requestId } as never; // as far as the test reads it
      },
    }),
  );
  const { json } = await door.call('POST', '/v1/domains/any/decisions/batch', { items });
  await door.close();
  return { most, decided: json.results.map((result: { decision: object }) => result.decision) };
}

test('a large batch is decided in order, a group at a time, so that others are answered in between', async () => {
  const items = Array.from({ length: 100 }, (_, at) => ({ requestId: `r${at}` }));
  expect(await decidedTogether(items)).toEqual({ most: 32, decided: items });
});

test('fewer are decided together where their texts are long', async () => {
  const ids = Array.from({ length: 20 }, (_, at) => ({ requestId: `r${at}` }));
  const long = ids.map((id) => ({ ...id, context: { prompt: 'x'.repeat(15_000), other: 'y', n: 1 } }));
  expect(await decidedTogether(long)).toEqual({ most: 2, decided: ids });
});
