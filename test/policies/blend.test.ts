import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blend, type RankedList } from '../../policies/blend.ts';

const named = (name: string, weight: number, count = 100): RankedList => ({
  weight,
  items: Array.from({ length: count }, (_, i) => `${name}${i}`),
});
const ordered = (lists: readonly RankedList[], size: number) => blend(lists, size).map(({ item }) => item);

describe('blending', () => {
  it('is the smooth sequence that nginx documents for weights 5, 1, 1', () => {
    const order = blend([named('a', 5), named('b', 1), named('c', 1)], 14).map(({ list }) => 'abc'[list]);
    expect(order.join('')).toBe('aabacaa'.repeat(2));
  });

  it('takes the best of each list in turn where weights are equal', () => {
    expect(ordered([named('a', 0.5), named('b', 0.5)], 5)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2']);
  });

  it('shows an item once, for the list whose turn came first, and the other list gives its next', () => {
    const lists = [
      { weight: 1, items: ['x', 'y', 'x', 'z'] },
      { weight: 1, items: ['x', 'y', 'w'] },
    ];
    expect(blend(lists, 10)).toEqual([
      { item: 'x', list: 0 },
      { item: 'y', list: 1 },
      { item: 'z', list: 0 },
      { item: 'w', list: 1 },
    ]);
    expect(blend(lists, 10, ['x', 'z'])).toEqual([
      { item: 'y', list: 0 },
      { item: 'w', list: 1 },
    ]);
  });

  it('fills what ends early from the others, and lists without weight come last', () => {
    const lists = [named('a', 0, 2), named('b', 3, 1), named('c', 1, 2), named('d', 0, 1)];
    expect(ordered(lists, 10)).toEqual(['b0', 'c0', 'c1', 'a0', 'd0', 'a1']);
    expect(ordered([named('a', 0), named('b', 0)], 3)).toEqual(['a0', 'b0', 'a1']);
    expect(blend([], 3)).toEqual([]);
    expect(blend([named('a', 1)], 0)).toEqual([]);
    expect(ordered([named('a', 1.7e308), named('b', 1.7e308)], 3)).toEqual(['a0', 'b0', 'a1']);
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => blend([named('a', weight)], 1)).toThrow(RangeError);
  });

  it('gives every list its exact share each time the weights come round, and never a place more than its share before', () => {
    const weights = fc
      .array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 })
      .filter((all) => all.some((w) => w > 0));
    fc.assert(
      fc.property(weights, (given) => {
        const round = given.reduce((sum, weight) => sum + weight);
        const lists = given.map((weight, i) => named(`${i}-`, weight, 200));
        const counts = given.map(() => 0);
        for (const [place, { list }] of blend(lists, 2 * round).entries()) {
          counts[list]! += 1;
          const fair = given.map((weight) => ((place + 1) * weight) / round);
          expect(counts.every((count, i) => count < fair[i]! + 1 + 1e-9)).toBe(true);
          if ((place + 1) % round === 0)
            expect(counts.every((count, i) => Math.abs(count - fair[i]!) < 1e-9)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('loses no item, doubles none, and keeps the order of every list', () => {
    const list = fc.record({
      weight: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e300, noNaN: true })),
      items: fc.array(fc.constantFrom(...'abcdefghij'), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(list, { maxLength: 6 }), fc.nat({ max: 12 }), (lists, size) => {
        const all = blend(lists, 1000);
        const items = all.map(({ item }) => item);
        expect([...items].sort()).toEqual([...new Set(lists.flatMap((one) => one.items))].sort());
        expect(blend(lists, size)).toEqual(all.slice(0, size));
        for (const [at, one] of lists.entries()) {
          const own = all.filter((place) => place.list === at).map(({ item }) => one.items.indexOf(item));
          expect(own).toEqual([...own].sort((left, right) => left - right));
          expect(own).not.toContain(-1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
