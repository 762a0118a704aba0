/** What every policy demands of a situation before it chooses, and of a lesson before it learns. */

import type { Lesson, Situation } from './policy.ts';

/**
 * @param priorWidth numbers of prior a candidate
 * @throws RangeError when there is no candidate, or lengths and ranges do not fit each other
 */
export function checkSituation(situation: Situation, priorWidth: number): void {
  const { candidates, shifts, prior, floor } = situation;
  const count = candidates.length;
  if (count === 0) throw new RangeError('a choice needs at least one candidate');
  if (shifts.length !== 0 && shifts.length !== count) {
    throw new RangeError(`${shifts.length} shifts for ${count} candidates: give one each, or none`);
  }
  if (prior.length !== count * priorWidth) {
    throw new RangeError(`${prior.length} prior numbers for ${count} candidates: give ${priorWidth} each`);
  }
  if (!(floor >= 0 && floor <= 1)) throw new RangeError(`the floor must be in [0, 1], not ${floor}`);
}

/** @throws RangeError unless size is an integer in 1..count */
export function checkSize(size: number, count: number): void {
  if (!(Number.isInteger(size) && size >= 1 && size <= count)) {
    throw new RangeError(`${size} ranks were asked of ${count} candidates`);
  }
}

/** The shift of a candidate; 0 where none are given. */
export function shiftOf(situation: Situation, candidate: number): number {
  return situation.shifts.length === 0 ? 0 : situation.shifts[candidate]!;
}

/** Mixes the floor, spread evenly over `count` candidates, into a probability. */
export function withFloor(probability: number, floor: number, count: number): number {
  return (1 - floor) * probability + floor / count;
}

/** @throws RangeError unless value and share are in [0, 1] */
export function checkLesson({ arm, value, share }: Lesson): void {
  if (!(value >= 0 && value <= 1 && share >= 0 && share <= 1)) {
    throw new RangeError(`a reward of ${value} with share ${share} for arm '${arm}': both must be in [0, 1]`);
  }
}
