import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configDiff } from '../../events/config-diff.ts';

describe('the diff of configurations', () => {
  test('finds named items wherever they are, others by place, and says where only the order changed', () => {
    const [a, b] = [{ name: 'a', x: 1 }, { name: 'b' }];
    expect(configDiff({ arms: [a, b] }, { arms: [b, a] })).toEqual([{ path: 'arms', was: ['a', 'b'], is: ['b', 'a'] }]);
    expect(configDiff({ list: [1, 2] }, { list: [1, 3, 4] })).toEqual([
      { path: 'list.1', was: 2, is: 3 },
      { path: 'list.2', is: 4 },
    ]);
    expect(configDiff({ x: { y: 1 } }, { x: [1] })).toEqual([{ path: 'x', was: { y: 1 }, is: [1] }]);
  });

  test('is empty exactly where both are the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(configDiff(one, JSON.parse(JSON.stringify(one)))).toEqual([]);
        expect(configDiff(one, other).length === 0).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});
