/** What is kept of runs that may be repeated: everything under way, and answers within two bounds. */
import { expect, test } from 'vitest';
import { createRuns } from '../../../actors/agents/runs.ts';
import type { Run } from '../../../actors/messages/run.ts';

/** Only the answer matters here. */
const answering = (answer: unknown) => ({ answer, repeated: false }) as Run;

/** Runs whose answers come at once; the ones that are begun are counted. */
function counted(options: Parameters<typeof createRuns>[0]) {
  const runs = createRuns(options);
  const begun: string[] = [];
  const run = (key: string, answer: unknown = key) =>
    runs.once(key, async () => {
      begun.push(key);
      return answering(answer);
    });
  return { runs, begun, run };
}

test('what is under way is never begun a second time, however much else is', async () => {
  const { runs, begun, run } = counted({ answers: 2 });
  let finish = () => {};
  const slow = runs.once('slow', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return answering('at last');
  });
  for (const key of ['a', 'b', 'c']) await run(key);
  const again = run('slow');
  finish();
  expect([await slow, await again]).toEqual([answering('at last'), { ...answering('at last'), repeated: true }]);
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('answers are kept up to a number, and up to a length of all of them', async () => {
  const { begun, run } = counted({ answers: 2, characters: 100 });
  for (const key of ['a', 'b', 'c', 'b', 'a']) await run(key);
  expect(begun).toEqual(['a', 'b', 'c', 'a']);
  begun.length = 0;
  for (const key of ['long', 'long']) await run(key, { text: 'x'.repeat(100) });
  for (const key of ['odd', 'odd']) await run(key, 1n);
  expect(begun).toEqual(['long', 'long', 'odd', 'odd']);
});

test('a run that failed is begun anew', async () => {
  const { runs, run } = counted({});
  await expect(runs.once('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await run('a')).toEqual(answering('a'));
});
