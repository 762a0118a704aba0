import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decisionRoutes } from '../../../adapters/http/decision-routes.ts';
import { domainRoutes } from '../../../adapters/http/domain-routes.ts';
import { expectAnyProblem } from './expect-problem.ts';
import { openRealDoor, type TestDoor } from './open-door.ts';

let door: TestDoor;
let decisionId: string;
beforeAll(async () => {
  door = await openRealDoor();
  await door.call('PUT', '/v1/domains/fuzzed', {
    arms: ['a', 'b'],
    context: { topic: { type: 'categorical', values: ['x', 'y'] }, size: { type: 'numeric', min: 0 } },
  });
  const made = await door.call('POST', '/v1/domains/fuzzed/decisions', { context: { topic: 'x', size: 1 } });
  decisionId = made.json.decisionId;
});
afterAll(() => door.close());

const reading = [...decisionRoutes, ...domainRoutes].filter((route) => route.request !== undefined);
const target = (path: string) =>
  path
    .replace('{domain}', 'fuzzed')
    .replace('{id}', decisionId)
    .replace('{rewardId}', '5b0f6a44-6c1e-5f0e-9a57-0d3c2b1a4f68');

/** A value that no error may repeat. */
const secret = 'hunter2-is-the-secret';

/** Values that type checks forget: huge, empty, deep, foreign. */
const odd = fc.oneof(
  fc.constantFrom(null, true, -0, 1e308, -1e308, 2 ** 53, 1e-320, '', '\u0000', secret, 'a'.repeat(5000), [], {}, [[]]),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '../../etc/passwd',
    "' OR 1=1 --",
    '<script>alert(1)</script>',
    '\u202e',
    '💥',
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.double({ noNaN: true }),
  fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }),
);

/** Objects that are nearly right: known keys, odd values. */
const known = [
  'requestId',
  'context',
  'candidates',
  'subject',
  'k',
  'constraints',
  'tokens',
  'propensity',
  'value',
  'feedback',
].concat([
  'components',
  'kind',
  'item',
  'items',
  'lists',
  'size',
  'reason',
  'arms',
  'bucketBy',
  'policy',
  'reward',
  'timezone',
  'sharing',
]);
const nearly = fc.dictionary(fc.constantFrom(...known), odd, { minKeys: 1, maxKeys: 5 });

async function survives(method: string, path: string, body: unknown): Promise<void> {
  const answer = await door.call(method, target(path), body);
  if (answer.status < 300) return;
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
  expect(answer.status, answer.text).toBeLessThan(500);
  expectAnyProblem(answer);
  expect(answer.text).not.toContain(secret);
}

describe.each(reading.map((route) => [route.method, route.path] as const))('%s %s', (method, path) => {
  const options = { numRuns: 40 };

  test('takes nearly right JSON or says what to do', () =>
    fc.assert(
      fc.asyncProperty(nearly, (body) => survives(method, path, body)),
      options,
    ));

  test('takes any JSON or says what to do', () =>
    fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), (body) => survives(method, path, body)),
      options,
    ));

  test('takes any bytes or says what to do', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), (body) => survives(method, path, body)),
      options,
    ));
});

test('any path and any method get an answer with a remedy', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
      fc.array(fc.oneof(fc.constantFrom('v1', 'domains', 'decisions', 'rewards', '%', '..', ''), fc.webSegment())),
      async (method, segments) => {
        const answer = await door.call(method, `/${segments.join('/')}`);
        if (answer.status < 400) return;
        expect(answer.status).toBeLessThan(500);
        expectAnyProblem(answer);
      },
    ),
    { numRuns: 200 },
  ));

test('after all that, the node decides, knows its old decision, and no actor had to be brought back', async () => {
  const made = await door.call('POST', '/v1/domains/model_after/decisions', {});
  expect(made.status).toBe(404);
  await door.call('PUT', '/v1/domains/model_after', { arms: ['a'] });
  expect((await door.call('POST', '/v1/domains/model_after/decisions', {})).status).toBe(201);
  expect((await door.call('GET', `/v1/decisions/${decisionId}`)).json.verified).toBe(true);
  expect((await door.call('GET', '/readyz')).json).toMatchObject({ ready: true, restarts: 0 });
  expect(Object.keys(Object.prototype)).toEqual([]);
});
