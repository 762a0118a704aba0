import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decisionId, parseDecisionId } from '../../../actors/identity/decision-id.ts';

const key = Buffer.alloc(32, 1);
const longest = { domain: 'abcdefghij_klmnopqrst_01', bucketId: 'abcdefghijklmn27', revision: 36 ** 8 - 1 };

const addresses = fc.record({
  domain: fc.stringMatching(/^[a-z0-9_]{1,24}$/),
  bucketId: fc.stringMatching(/^[a-z2-7]{16}$/),
  revision: fc.nat({ max: 2 ** 31 }),
});

test('a decision id is at most 64 characters, none of which a URL has to escape', () => {
  const id = decisionId(key, 'default', longest);
  expect(id).toHaveLength(64);
  expect(encodeURIComponent(id)).toBe(id);
});

test('a decision id says where the decision is', () => {
  fc.assert(
    fc.property(addresses, (address) => {
      expect(parseDecisionId(key, 'default', decisionId(key, 'default', address))).toEqual(address);
    }),
  );
});

test('a decision id in which any one character was changed, added or left out is refused', () => {
  const id = decisionId(key, 'default', { ...longest, revision: 1234 });
  const refused = (text: string) => {
    expect(text).not.toBe(id);
    expect(() => parseDecisionId(key, 'default', text), text).toThrow(/not a decision id/);
  };
  for (let at = 0; at < id.length; at++) {
    for (const digit of 'abcdefghijklmnopqrstuvwxyz0123456789_.-% \n\u0000A') {
      if (id[at] !== digit) refused(id.slice(0, at) + digit + id.slice(at + 1));
      if (id[at] !== digit) refused(id.slice(0, at) + digit + id.slice(at));
    }
    refused(id.slice(0, at) + id.slice(at + 1));
  }
  for (const digit of 'a\n .0') refused(id + digit);
});

test('a decision id of another installation or another tenant is refused', () => {
  const id = decisionId(key, 'default', longest);
  expect(() => parseDecisionId(Buffer.alloc(32, 2), 'default', id)).toThrow();
  expect(() => parseDecisionId(key, 'other', id)).toThrow();
});

test('what is no decision id at all is refused as one', () => {
  for (const text of ['', '.', '...', 'a.b.c.d', '__proto__', '\ud800', 'x'.repeat(10_000)])
    expect(() => parseDecisionId(key, 'default', text)).toThrow(/not a decision id/);
});
