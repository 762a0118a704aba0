import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecideBody, QuickDecideBody } from '../../actors/messages/decide.ts';

const value = fc.oneof(
  fc.double(),
  fc.boolean(),
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    null,
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    10n,
    [],
    {},
    'x'.repeat(1024),
    'x'.repeat(1025),
  ),
);
const name = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('constructor', 'x'.repeat(64), 'x'.repeat(65)));
const context = fc.oneof(
  fc.dictionary(name, value, { maxKeys: 4 }),
  fc.constantFrom(null, undefined, 'text', 7, true, [], [1], new Date(0), new Map([['a', 1]])),
);
const strange = fc.record(
  { context, k: fc.constantFrom(1, 0, 'two'), requestId: fc.constantFrom('r', ''), other: fc.constant(1) },
  { requiredKeys: [] },
);
const body = fc.oneof(strange, fc.record({ context: fc.dictionary(name, value, { maxKeys: 2 }) }));

test('what the quick schema of a decide command takes, the full one takes, and gives the same', () => {
  let taken = 0;
  fc.assert(
    fc.property(body, (given) => {
      const quick = QuickDecideBody.safeParse(given);
      const full = DecideBody.safeParse(given);
      if (!quick.success) return;
      taken += 1;
      expect(full).toEqual(quick);
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(50);
});

test('the full schema says where a context is wrong', () => {
  expect(DecideBody.safeParse({ context: { a: 1, b: null } }).error?.issues[0]?.path).toEqual(['context', 'b']);
});
