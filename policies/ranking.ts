/** Rankings of candidates: by score, or uniformly at random. */

import type { Choice } from './policy.ts';
import { drawIndex, type Randomness } from './sampling.ts';

/**
 * The first `size` places of a uniformly random permutation of 0..count-1 (Fisher & Yates; Durstenfeld 1964).
 * @param size 1..count
 */
export function uniformRanking(random: Randomness, count: number, size: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let place = 0; place < size; place++) {
    const other = place + drawIndex(random, count - place);
    const taken = order[other]!;
    order[other] = order[place]!;
    order[place] = taken;
  }
  order.length = size;
  return order;
}

/**
 * The first `size` of 0..count-1, best first.
 * @param before negative when the first candidate goes before the second; a tie goes to the lower index
 */
export function rankBy(count: number, size: number, before: (one: number, other: number) => number): number[] {
  if (size === 1) {
    let best = 0;
    for (let i = 1; i < count; i++) if (before(i, best) < 0) best = i;
    return [best];
  }
  const order = Array.from({ length: count }, (_, i) => i);
  order.sort((one, other) => before(one, other) || one - other);
  order.length = size;
  return order;
}

/** NaN for every candidate: the scores of a ranking that no score decided. */
function noScores(count: number): number[] {
  return new Array<number>(count).fill(Number.NaN);
}

/** The choice that a floor draws: any ranking, and no scores. */
export function exploredChoice(random: Randomness, count: number, size: number): Choice {
  return { ranking: uniformRanking(random, count, size), scores: noScores(count), explored: true };
}
