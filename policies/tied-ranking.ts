/** Ranking by scores of which some are equal: a tie is shared evenly at every rank. */

import { rankBy, uniformRanking } from './ranking.ts';
import type { Randomness } from './sampling.ts';

/** The first `size` candidates by score, best first. Sorting a shuffled order, with the shuffle to break ties, shares them evenly. */
export function rankWithTies(random: Randomness, scores: ArrayLike<number>, size: number): number[] {
  const shuffled = uniformRanking(random, scores.length, scores.length);
  const ranking = rankBy(scores.length, size, (i, j) => scores[shuffled[j]!]! - scores[shuffled[i]!]!);
  return ranking.map((i) => shuffled[i]!);
}

/** The same law, where ties are rare: nothing is shuffled unless there is one. @param size 1..K */
export function rankSeldomTied(random: Randomness, scores: readonly number[], size: number): number[] {
  const count = scores.length;
  const order = rankBy(count, size === 1 ? 1 : count, (i, j) => scores[j]! - scores[i]!);
  const best = order[0]!;
  const tied = size === 1 ? scores.some((score, i) => score === scores[best] && i !== best) : hasTie(order, scores);
  if (tied) return rankWithTies(random, scores, size);
  order.length = size;
  return order;
}

/** @param order of all candidates, by score */
function hasTie(order: readonly number[], scores: readonly number[]): boolean {
  return order.some((i, place) => place > 0 && scores[i] === scores[order[place - 1]!]);
}

/** P(`rankWithTies` puts candidate i at `rank`), from 0: it is anywhere among its ties with equal probability. */
export function placeWithTies(scores: ArrayLike<number>, i: number, rank: number): number {
  const score = scores[i]!;
  let better = 0;
  let equal = 0;
  for (let other = 0; other < scores.length; other++) {
    if (scores[other]! > score) better++;
    else if (scores[other] === score) equal++;
  }
  return rank >= better && rank < better + equal ? 1 / equal : 0;
}

/** Who may be first: the candidates of the highest score. */
export function bestOf(scores: ArrayLike<number>): number[] {
  let best: number[] = [];
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (score > highest) [best, highest] = [[i], score];
    else if (score === highest) best.push(i);
  }
  return best;
}
