/** A symmetric matrix among the numbers of a stored posterior: its upper half by rows. */

import type { PosteriorReader, Put } from './posterior-bytes.ts';

/** How many numbers that is. */
export function halfSize(dimension: number): number {
  return (dimension * (dimension + 1)) / 2;
}

/** @param matrix by rows, length dimension * dimension */
export function putSymmetric(matrix: Float64Array, dimension: number, put: Put): void {
  for (let i = 0; i < dimension; i++) for (let j = i; j < dimension; j++) put(matrix[i * dimension + j]!);
}

/** @param matrix is filled, both halves. Length dimension * dimension */
export function takeSymmetric(matrix: Float64Array, dimension: number, reader: PosteriorReader): void {
  for (let i = 0; i < dimension; i++) {
    for (let j = i; j < dimension; j++) {
      const entry = reader.take();
      matrix[i * dimension + j] = entry;
      matrix[j * dimension + i] = entry;
    }
  }
}
