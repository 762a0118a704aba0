import { expect, test } from 'vitest';
import { openDoorOn } from './open-door.ts';
import { stubReckoner } from './stub-reckoner.ts';

test('a large batch is decided in order, a group at a time, so that others are answered in between', async () => {
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
  const items = Array.from({ length: 100 }, (_, at) => ({ requestId: `r${at}` }));
  const { json } = await door.call('POST', '/v1/domains/any/decisions/batch', { items });
  expect(json.results.map((result: { decision: object }) => result.decision)).toEqual(items);
  expect(most).toBe(32);
  await door.close();
});
