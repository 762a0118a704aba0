/** Fewer numbers for many, with inner products about as they were. */

import { bitsAt } from './random-signs.ts';

/** Takes a vector to fewer dimensions. @param vector of the length that the projection is for */
export type VectorProjection = (vector: readonly number[]) => number[];

/**
 * The sparse random projection of Achlioptas (2003, theorem 1.1): of the entries of its matrix two in three are 0, the others
 * +-sqrt(3 / dimensions). Sparser ones (Li, Hastie & Church 2006) are quicker, but an embedding often has a few entries that
 * outweigh the others, and those they may miss. It needs about size * dimensions / 3 additions.
 * @param size length of what is projected; at most `dimensions`: nothing is changed
 */
export function vectorProjection(size: number, dimensions: number): VectorProjection {
  if (size <= dimensions) return (vector) => [...vector];
  let entries: Int32Array | undefined;
  const scale = Math.sqrt(3 / dimensions);
  return (vector) => {
    // Made when first needed: configurations are read far more often than used.
    entries ??= entriesOf(size, dimensions);
    const projected: number[] = [];
    let at = 0;
    for (let d = 0; d < dimensions; d++) {
      let sum = 0;
      // Positive ones first, then negative ones, each list ended by -1.
      for (; entries[at]! >= 0; at++) sum += vector[entries[at]!]!;
      for (at++; entries[at]! >= 0; at++) sum -= vector[entries[at]!]!;
      at++;
      projected.push(sum * scale);
    }
    return projected;
  };
}

/** For each dimension the places with a positive entry, -1, those with a negative one, -1. */
function entriesOf(size: number, dimensions: number): Int32Array {
  const entries: number[] = [];
  for (let d = 0; d < dimensions; d++) {
    const negative: number[] = [];
    for (let i = 0; i < size; i++) {
      // 2^32 is not a multiple of 6: one side in a thousand million is a chance off.
      const side = bitsAt(i, d) % 6;
      if (side === 0) entries.push(i);
      else if (side === 1) negative.push(i);
    }
    entries.push(-1, ...negative, -1);
  }
  return Int32Array.from(entries);
}
