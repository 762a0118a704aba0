import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBag } from '../../../adapters/memory/bag.ts';

test('holds what a set would hold, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
      const things = Array.from({ length: 10 }, () => ({}));
      const bag = createBag<object>();
      const set = new Set<object>();
      for (const [comes, index] of steps) {
        const thing = things[index] as object; // there are ten
        if (!comes) expect(bag.remove(thing)).toBe(set.delete(thing));
        else if (!set.has(thing)) {
          bag.add(thing);
          set.add(thing);
        }
        expect(bag.size).toBe(set.size);
      }
      expect(new Set(bag.all())).toEqual(set);
      expect(bag.all()).toHaveLength(set.size);
    }),
  );
});
