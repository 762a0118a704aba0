/** A standardisation among the numbers of a stored posterior: its weight, its means, its squares. */

import type { Standardisation } from './encoding.ts';
import type { PosteriorReader, Put } from './posterior-bytes.ts';

/** How many numbers that is. */
export function standardisationSize({ means, squares }: Standardisation): number {
  return 1 + means.length + squares.length;
}

export function putStandardisation({ weight, means, squares }: Standardisation, put: Put): void {
  put(weight);
  means.forEach(put);
  squares.forEach(put);
}

/** Fills a standardisation of as many numbers. @throws RangeError where a weight or a square is below zero */
export function takeStandardisation(seen: Standardisation, reader: PosteriorReader): void {
  seen.weight = reader.takeCount();
  reader.fill(seen.means);
  for (let i = 0; i < seen.squares.length; i++) seen.squares[i] = reader.takeCount();
}
