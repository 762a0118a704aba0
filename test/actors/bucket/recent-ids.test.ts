import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oldestFirst, recentIds, remember, remembers, WINDOW } from '../../../actors/bucket/recent-ids.ts';

test('the last ids are remembered, oldest first, also where they were written down in between', () => {
  fc.assert(
    // Where all begin alike, only the whole id tells one from another.
    fc.property(fc.nat({ max: 3 * WINDOW }), fc.nat({ max: 3 * WINDOW }), fc.boolean(), (count, restart, alike) => {
      let recent = recentIds();
      const all = Array.from({ length: count }, (_, at) => (alike ? `all alike ${at}` : `${at}-id`));
      for (const [at, id] of all.entries()) {
        if (at === restart) recent = recentIds(oldestFirst(recent));
        remember(recent, id);
      }
      expect(oldestFirst(recent)).toEqual(all.slice(-WINDOW));
      for (const id of all) expect(remembers(recent, id)).toBe(all.slice(-WINDOW).includes(id));
    }),
  );
});
