/**
 * One list from several ranked ones, by smooth weighted round-robin (as nginx balances its servers since 1.3.1, Dounin 2012): at each place every
 * list earns its weight, the one with the most credit gives its best item and pays what all of them earned together. So
 * a list has the share of the places that its weight has of the weights, spread as evenly as can be, from the first place on.
 */

/** What is blended: items best first, and how much of the blend they shall be. */
export interface RankedList {
  /** >= 0 and finite; only ratios count. Lists of weight 0 give, in turn, what the others have left to fill. */
  readonly weight: number;
  readonly items: readonly string[];
}

/** One place of a blend. */
export interface Blended {
  readonly item: string;
  /** Index of the list that gave it. */
  readonly list: number;
}

/**
 * The first `size` places. No item comes twice: a list whose best item is taken already gives its next one for the same turn.
 * A list that has nothing left takes no more part, and the others go on by their weights. A tie goes to the list given first.
 * @param size places at most, an integer >= 0; the blend is shorter where all lists end before
 * @param taken items that must not come, such as those that were shown before
 * @throws RangeError for a weight that is negative or not finite
 */
export function blend(lists: readonly RankedList[], size: number, taken: Iterable<string> = []): Blended[] {
  for (const { weight } of lists) {
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a list of weight ${weight}: give a finite number of at least 0`);
    }
  }
  const seen = new Set(taken);
  const largest = Math.max(0, ...lists.map(({ weight }) => weight));
  // Scaled, so that sums of the largest doubles stay finite.
  const sources = lists.map(({ weight, items }, list) => {
    return { list, items, weight: largest === 0 ? 0 : weight / largest, next: 0, credit: 0 };
  });
  const blended: Blended[] = [];
  while (blended.length < size) {
    const live = sources.filter((source) => skipTaken(source, seen));
    const [first, ...others] = live;
    if (first === undefined) break;
    // Only lists without weight are left: they have equal ones.
    if (live.every(({ weight }) => weight === 0)) for (const source of live) source.weight = 1;
    let total = 0;
    for (const source of live) {
      source.credit += source.weight;
      total += source.weight;
    }
    const turn = others.reduce((best, source) => (source.credit > best.credit ? source : best), first);
    turn.credit -= total;
    const item = turn.items[turn.next++]!; // skipTaken has seen it
    seen.add(item);
    blended.push({ item, list: turn.list });
  }
  return blended;
}

/** Moves on to the next item that is not taken; false where there is none. */
function skipTaken(source: { readonly items: readonly string[]; next: number }, seen: ReadonlySet<string>): boolean {
  while (source.next < source.items.length && seen.has(source.items[source.next]!)) source.next++;
  return source.next < source.items.length;
}
