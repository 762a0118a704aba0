/** Numbers by arm: what fades together, and the form it is stored in: the names as JSON, then column after column. */

import { jsonHead, openPosterior, readArms, writePosterior } from './posterior-bytes.ts';

/** @param magic four ASCII letters @param columns each as long as `arms` */
export function writeColumns(
  magic: string,
  arms: readonly string[],
  columns: readonly (readonly number[])[],
): Uint8Array {
  return writePosterior(magic, jsonHead(arms), columns.length * arms.length, (put) => {
    for (const column of columns) column.forEach(put);
  });
}

/** What `writeColumns` wrote: distinct arms, and columns of numbers >= 0. */
export interface ArmColumns {
  readonly arms: string[];
  readonly index: Map<string, number>;
  readonly columns: number[][];
}

/**
 * @param what what should have been written, for the error
 * @throws RangeError for bytes that `writeColumns` cannot have written
 */
export function readColumns(magic: string, width: number, bytes: Uint8Array, what: string): ArmColumns {
  const reader = openPosterior(magic, bytes, what);
  const { arms, index } = readArms(reader);
  reader.expect(width * arms.length);
  return { arms, index, columns: Array.from({ length: width }, () => arms.map(reader.takeCount)) };
}

/** What has faded below this is gone: numbers so small are slow to reckon with and say nothing. */
const GONE = 1e-100;

/** The columns times a factor in [0, 1], in place. */
export function fadeColumns(columns: readonly number[][], factor: number): void {
  if (factor === 1) return;
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      const faded = column[i]! * factor;
      column[i] = faded < GONE ? 0 : faded;
    }
  }
}
