import { expect, test } from 'vitest';
import { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { inOurWords, invalid } from '../../../actors/config/invalid.ts';
import { DecideBody } from '../../../actors/messages/decide.ts';
import { ItemsBody } from '../../../actors/messages/items.ts';
import { RewardBody } from '../../../actors/messages/reward.ts';
import { RollbackBody, VoidBody } from '../../../actors/messages/rollback.ts';
import { policyNames } from '../../../policies/catalogue.ts';

function told(
  schema:
    | typeof DomainConfigInput
    | typeof RewardBody
    | typeof DecideBody
    | typeof ItemsBody
    | typeof RollbackBody
    | typeof VoidBody,
  body: unknown,
) {
  const parsed = schema.safeParse(body, inOurWords);
  if (parsed.success) throw new Error('it is valid');
  const { problem } = invalid('request_invalid', 'No.', parsed.error);
  return (problem.details ?? []).map(({ path, message }) => `${path}: ${message}`);
}

const arms = ['red'];

test.each([
  [RewardBody, { feedback: 'nice' }, 'feedback: must be one of click, thumbs_up, thumbs_down, or an object of rating'],
  [RewardBody, { feedback: { rating: 'high' } }, 'feedback.rating: must be a number'],
  [RewardBody, { value: 2 }, 'value: must be at most 1'],
  [RewardBody, { value: 'much' }, 'value: must be a number'],
  [RewardBody, { value: 1, kind: 'x' }, 'kind: must be one of explicit, implicit, behavioural, outcome'],
  [RewardBody, { value: 1, valeu: 1 }, /^: "valeu" is not known here; known are value, feedback, components, /],
  [
    RewardBody,
    { value: 1, components: { qualty: 1 } },
    'components: "qualty" is not known here; known are quality, cost, latency, feedback',
  ],
  [RewardBody, [], /^: must be an object of value, feedback, /],
  [DecideBody, { k: 0.5 }, 'k: must be a whole number'],
  [DecideBody, { requestId: '' }, 'requestId: must not be empty'],
  [DecideBody, { context: { a: {} } }, 'context.a: must be a number, or true or false, or a string, or an array'],
  [DecideBody, { context: { a: ['x'] } }, 'context.a.0: must be a number'],
  [DecideBody, { context: { a: 'x'.repeat(100_001) } }, 'context.a: must have at most 100000 characters'],
  [ItemsBody, {}, 'items: is missing: must be an array'],
  [ItemsBody, { items: [] }, 'items: must not be empty'],
  [RollbackBody, {}, 'to: is missing: must be a number, or a string'],
  [VoidBody, { from: 'monday' }, 'from: must be a time as 2026-03-01T12:00:00Z'],
  [DomainConfigInput, { arms: [7] }, /^arms\.0: must be a string, or an object of name, shift, costUsd, /],
  [DomainConfigInput, { arms: ['a b'] }, /^arms\.0: an arm name is 1 to 64 of /],
  [DomainConfigInput, { arms: [{ nam: 'a' }] }, 'arms.0.name: is missing: must be a string'],
  [DomainConfigInput, { arms, policy: { name: 'x' } }, `policy.name: must be one of ${policyNames.join(', ')}`],
  [DomainConfigInput, { arms, context: { a: {} } }, /^context\.a\.type: must be one of numeric, boolean, /],
  [
    DomainConfigInput,
    { arms, context: { 'a b': { type: 'boolean' } } },
    /^context\.a b: a feature name is 1 to 64 of /,
  ],
  [DomainConfigInput, { arms, prior: { alpha: 0, beta: 1 } }, 'prior.alpha: must be at least 0.001'],
  [
    DomainConfigInput,
    { arms, reward: { shares: { explict: 1 } } },
    /^reward\.shares: "explict" is not known here; known are explicit, /,
  ],
])('it is said what is expected, and which names are known: %#', (schema, body, words) => {
  expect(told(schema, body)[0]).toEqual(typeof words === 'string' ? words : expect.stringMatching(words));
});

test('what was sent is not repeated but for unknown names, and of those little', () => {
  const secret = 'secret'.repeat(500);
  const bodies = [{ value: secret }, { feedback: secret }, { kind: secret }, { components: secret }, secret];
  for (const body of bodies) expect(told(RewardBody, body).join()).not.toContain('secret');
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`${at}${'x'.repeat(1000)}`, at]));
  const [line = ''] = told(RewardBody, many);
  expect(line.length).toBeLessThan(400);
  expect(line).toContain('and 4997 more are not known here');
});
