/**
 * Exact probabilities of rankings by scores that share one draw: score_i = location_i + z width_i, with z uniform on a band. The scores are
 * lines over z, so a candidate is first where its line is the upper envelope, and at place r where r lines are above it.
 * Lines that are the same share their places evenly; lines that only cross do so at one z, which has no probability.
 */

import { placeWithTies } from './tied-ranking.ts';

/** K lines over the band. */
export interface Lines {
  /** Values at z = 0, shifts included. Length K. */
  readonly location: ArrayLike<number>;
  /** Slopes, >= 0. Length K. */
  readonly width: ArrayLike<number>;
  /** K >= 1. */
  readonly count: number;
}

/** The band that z is drawn from, lowest <= highest; one point where they are equal. */
export interface Band {
  readonly lowest: number;
  readonly highest: number;
}

/** P(candidate is first). Sums to 1. O(K) for each line that can be. */
export function firstBandPropensities(lines: Lines, band: Band): number[] {
  const { location, width, count } = lines;
  const first = new Array<number>(count).fill(0);
  const length = band.highest - band.lowest;
  if (!(length > 0)) {
    const scores = scoresAt(lines, band.lowest);
    return scores.map((_, i) => placeWithTies(scores, i, 0));
  }
  let top = highestAt(lines, band.lowest);
  for (let z = band.lowest; z < band.highest; ) {
    let next = top;
    let until = band.highest;
    for (let j = 0; j < count; j++) {
      const steeper = width[j]! - width[top]!;
      if (!(steeper > 0)) continue;
      const crossing = Math.max(z, (location[top]! - location[j]!) / steeper);
      // Of lines that cross at one point the steepest is above the others from there on.
      if (crossing < until || (crossing === until && next !== top && width[j]! > width[next]!)) {
        until = crossing;
        next = j;
      }
    }
    share(lines, top, (until - z) / length, first);
    if (next === top) break;
    z = until;
    top = next;
  }
  return first;
}

/** The highest line at z, and of those that meet there the steepest. */
function highestAt({ location, width, count }: Lines, z: number): number {
  let top = 0;
  for (let i = 1; i < count; i++) {
    const ahead = location[i]! + z * width[i]! - (location[top]! + z * width[top]!);
    if (ahead > 0 || (ahead === 0 && width[i]! > width[top]!)) top = i;
  }
  return top;
}

/** Adds the probability to the candidate, or evenly to those that have the same line. */
function share({ location, width }: Lines, top: number, probability: number, first: number[]): void {
  const same = [...first.keys()].filter((i) => location[i] === location[top] && width[i] === width[top]);
  for (const i of same) first[i]! += probability / same.length;
}

function scoresAt({ location, width, count }: Lines, z: number): number[] {
  return Array.from({ length: count }, (_, i) => location[i]! + z * width[i]!);
}

/** P(candidate ranking[r] is at place r) for r = 0..ranking.length-1. O(K log K) each. */
export function rankBandPropensities(lines: Lines, band: Band, ranking: readonly number[]): number[] {
  const length = band.highest - band.lowest;
  if (length > 0) return ranking.map((arm, place) => lengthAtPlace(lines, band, arm, place) / length);
  const scores = scoresAt(lines, band.lowest);
  return ranking.map((arm, place) => placeWithTies(scores, arm, place));
}

/** Length of the z at which the candidate is at the place; of a length at which it shares places, its part. */
function lengthAtPlace(
  { location, width, count }: Lines,
  { lowest, highest }: Band,
  arm: number,
  place: number,
): number {
  let higher = 0;
  let alike = 1;
  const changes: { readonly at: number; readonly by: number }[] = [];
  for (let j = 0; j < count; j++) {
    if (j === arm) continue;
    const steeper = width[j]! - width[arm]!;
    const ahead = location[j]! - location[arm]!;
    if (steeper === 0) {
      if (ahead > 0) higher += 1;
      else if (ahead === 0) alike += 1;
      continue;
    }
    const crossing = -ahead / steeper;
    // A steeper line is above after the crossing, a flatter one before it.
    if (steeper > 0 ? crossing <= lowest : crossing > lowest) higher += 1;
    if (crossing > lowest && crossing < highest) changes.push({ at: crossing, by: steeper > 0 ? 1 : -1 });
  }
  changes.sort((one, other) => one.at - other.at);
  const isThere = () => place >= higher && place < higher + alike;
  let z = lowest;
  let sum = 0;
  for (const { at, by } of changes) {
    if (isThere()) sum += at - z;
    higher += by;
    z = at;
  }
  if (isThere()) sum += highest - z;
  return sum / alike;
}
