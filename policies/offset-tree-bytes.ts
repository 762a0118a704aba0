/**
 * An offset tree as bytes: 'ROT1', the counts as `writeCounts` writes them, then the weight, means and squares of the
 * standardisation, and theta, squares, importance and weight of the offset and of every node.
 */

import { readCounts, writeCounts } from './beta-counts-bytes.ts';
import { emptyRegression, type OffsetRegression, type OffsetTree } from './offset-nodes.ts';
import { openPosterior, writePosterior } from './posterior-bytes.ts';
import { putStandardisation, standardisationSize, takeStandardisation } from './standardisation-bytes.ts';

/** The bytes of a tree. */
export function writeOffsetTree({ counts, seen, nodes, offset }: OffsetTree): Uint8Array {
  const count = standardisationSize(seen) + (nodes.length + 1) * doublesOf(offset.theta.length);
  return writePosterior('ROT1', writeCounts(counts), count, (put) => {
    putStandardisation(seen, put);
    for (const { theta, squares, importance, weight } of [offset, ...nodes]) {
      theta.forEach(put);
      squares.forEach(put);
      put(importance);
      put(weight);
    }
  });
}

/**
 * The tree that `writeOffsetTree` wrote.
 * @param empty a tree without arms, whose standardisation is filled
 * @param dimension d of its regressions
 * @throws RangeError for bytes that it cannot have written, or of another dimension
 */
export function readOffsetTree(bytes: Uint8Array, { seen }: OffsetTree, dimension: number): OffsetTree {
  const reader = openPosterior('ROT1', bytes, 'an offset tree');
  const counts = readCounts(reader.head);
  const inner = Math.max(0, counts.arms.length - 1);
  reader.expect(standardisationSize(seen) + (inner + 1) * doublesOf(dimension));
  takeStandardisation(seen, reader);
  const regression = (): OffsetRegression => {
    const read = emptyRegression(dimension);
    reader.fill(read.theta);
    reader.fill(read.squares);
    read.importance = reader.take();
    read.weight = reader.take();
    return read;
  };
  const offset = regression();
  return { counts, seen, offset, nodes: Array.from({ length: inner }, regression) };
}

/** Numbers a regression. */
function doublesOf(dimension: number): number {
  return 2 * dimension + 2;
}
