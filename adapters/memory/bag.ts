/**
 * What is under way: things that come and go by the thousand, in no order.
 *
 * A Set would do, but for its memory: when it grows out of its table it leaves the old one behind, which points to the new. An
 * old table that the collector has already moved to the old generation keeps all that follow alive until the next full
 * collection, and through them everything that was ever in the set: half of what a request left behind was kept by two such sets.
 */

const PLACE = Symbol('place');

export interface Bag<T extends object> {
  readonly size: number;
  /** An item can be in one bag at a time. */
  add(item: T): void;
  /** False where it was not in here. */
  remove(item: T): boolean;
  /** A copy, safe to go through while things come and go. */
  all(): T[];
}

export function createBag<T extends object>(): Bag<T> {
  const items: (T & { [PLACE]?: number })[] = [];

  return {
    get size() {
      return items.length;
    },
    add(item) {
      const placed: (typeof items)[number] = item;
      placed[PLACE] = items.push(placed) - 1;
    },
    remove(item) {
      const placed: (typeof items)[number] = item;
      const place = placed[PLACE];
      if (place === undefined || items[place] !== item) return false;
      placed[PLACE] = undefined;
      const last = items.pop();
      if (last !== undefined && last !== item) {
        items[place] = last;
        last[PLACE] = place;
      }
      return true;
    },
    all: () => items.slice(),
  };
}
