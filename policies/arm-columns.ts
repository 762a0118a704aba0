/** Numbers by arm as bytes: the names as JSON, then column after column. */

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
