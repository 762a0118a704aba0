import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../../adapters/http/strict-json.ts';

const refused = (text: string) => {
  try {
    parseStrictJson(text);
  } catch (thrown) {
    return String(thrown);
  }
  return 'taken';
};

describe('strict JSON', () => {
  test('reads whatever JSON.stringify writes', () => {
    const value = fc
      .jsonValue({ maxDepth: 6 })
      .filter((json) => !/"(?:__proto__|constructor)":/.test(JSON.stringify(json)));
    fc.assert(
      fc.property(value, (json) => {
        expect(parseStrictJson(JSON.stringify(json))).toEqual(JSON.parse(JSON.stringify(json)));
      }),
    );
  });

  test('refuses a key that is there twice, at any depth and however it is escaped', () => {
    expect(refused('{"a":1,"a":1}')).toContain('twice');
    expect(refused('[{"x":{"a":1,"b":":","a":2}}]')).toContain('twice');
    expect(refused('{"a":1,"\\u0061":2}')).toContain('twice');
    expect(refused('{"a":{"b":1},"c":{"b":1}}')).toBe('taken');
    expect(refused('{"a\\"":":{}[]","b\\\\":"\\":"}')).toBe('taken');
  });

  test('refuses keys that reach for a prototype, however they are escaped', () => {
    expect(refused('{"__proto__":{"admin":true}}')).toContain('prototype');
    expect(refused('{"a":[{"\\u005f_proto__":1}]}')).toContain('prototype');
    expect(refused('{"constructor":{"prototype":{}}}')).toContain('prototype');
    expect(refused('{"text":"__proto__ and constructor"}')).toBe('taken');
  });

  test('refuses what is nested deeper than anything that is taken, before parsing it', () => {
    expect(refused('['.repeat(33) + ']'.repeat(33))).toContain('levels');
    expect(refused('[{"a":'.repeat(200_000))).toContain('levels');
    expect(refused('['.repeat(32) + ']'.repeat(32))).toBe('taken');
    expect(refused(`["${'['.repeat(1000)}"]`)).toBe('taken');
  });

  test('refuses half a surrogate pair in a key or a string, and takes a whole one', () => {
    expect(refused('{"a":"\\ud83d"}')).toContain('surrogate');
    expect(refused('{"\\uDE00":1}')).toContain('surrogate');
    expect(refused('{"a":"\\ud83d\\ude00"}')).toBe('taken');
  });

  test.each([
    '',
    '{',
    '{"a":}',
    '[1,]',
    "{'a':1}",
    '{"a":NaN}',
    '[Infinity]',
    '[-Infinity]',
    '[01]',
    'undefined',
    '{}}',
    '\ufeff{}',
  ])('refuses %j, which is no JSON, and does not quote it', (text) => {
    expect(refused(text)).toMatch(/not valid JSON/);
  });

  test('does not quote the text in what it says', () => {
    expect(refused('{"password": hunter2}')).not.toContain('hunter2');
  });
});
