/** Texts and embeddings over HTTP. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as answers from '../../../adapters/http/answers.ts';
import { expectProblem } from './expect-problem.ts';
import { openRealDoor, type TestDoor } from './open-door.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openRealDoor();
  const context = { prompt: { type: 'text' }, meaning: { type: 'embedding', size: 3 } };
  const made = await door.call('PUT', '/v1/domains/prompts', {
    ...{ arms: ['a', 'b'], policy: { name: 'lin_ts' }, context },
  });
  expect(made.status).toBe(201);
});
afterAll(() => door.close());

const decide = (context: unknown) => door.call('POST', '/v1/domains/prompts/decisions', { context });

test('the example context of such a domain is accepted', async () => {
  const shown = await door.call('GET', '/v1/domains/prompts');
  answers.DomainView.strict().parse(shown.json);
  expect((await decide(shown.json.exampleContext)).status).toBe(201);
});

test('an explanation has the numbers, and the text is not in it', async () => {
  const { json } = await decide({ prompt: 'Where is the quokka?', meaning: [0.5, -1, 2] });
  const told = await door.call('GET', `/v1/decisions/${json.decisionId}`);
  answers.Explanation.strict().parse(told.json);
  expect(told.json.context.meaning).toEqual([0.5, -1, 2]);
  expect(told.json.context.prompt).toHaveLength(32);
  expect(told.text).not.toMatch(/quokka/i);
});

test.each([
  [{ prompt: 'quokka', meaning: [1, 2] }, 'context.meaning'],
  [{ prompt: 'quokka', meaning: 'quokka' }, 'context.meaning'],
  [{ prompt: ['quokka'], meaning: [1, 2, 3] }, 'context.prompt'],
  [{ prompt: 'quokka', meaning: [1, 2, 'quokka'] }, 'context.meaning'],
  [{ prompt: 'quokka '.repeat(20_000), meaning: [1, 2, 3] }, 'context.prompt'],
  [{ meaning: [1, 2, 3] }, 'context.prompt'],
])('what does not fit is refused with its path and what to do, and not repeated: %#', async (context, path) => {
  const refused = await decide(context);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expectProblem(refused, refused.status, refused.json.code);
  expect(refused.json.details[0].path).toMatch(path);
  expect(refused.json.remedy).not.toBe('');
  expect(refused.text).not.toMatch(/quokka/);
});
