/** The random numbers of projections: functions of where they stand, so that nothing has to be kept or sent for them. */

import { mixed } from './murmur3.ts';

/** 2^32 over the golden ratio: an odd step that spreads a counter over all 32 bits (Knuth 1998, section 6.4). */
const STEP = 0x9e3779b9;

/** 32 random bits for a row of a matrix and a block of its columns. Unsigned. @param row any 32 bits */
export function bitsAt(row: number, block: number): number {
  return mixed(mixed(row) + Math.imul(block + 1, STEP));
}
