/**
 * An offset tree as bytes: 'ROT1', the length of the counts (uint32), the counts as `writeCounts` writes them, then float64s:
 * the weight, means and squares of the standardisation, and theta, squares, importance and weight of the offset and of every node.
 * Little-endian throughout; not a bit is lost.
 */

import { readCounts, writeCounts } from './beta-counts-bytes.ts';
import { emptyRegression, type OffsetRegression, type OffsetTree } from './offset-nodes.ts';

const MAGIC = [0x52, 0x4f, 0x54, 0x31];
const HEADER = 8;

/** The bytes of a tree. */
export function writeOffsetTree({ counts, seen, nodes, offset }: OffsetTree): Uint8Array {
  const written = writeCounts(counts);
  const dimension = offset.theta.length;
  const doubles = 1 + 2 * seen.means.length + (nodes.length + 1) * (2 * dimension + 2);
  const bytes = new Uint8Array(HEADER + written.length + 8 * doubles);
  bytes.set(MAGIC);
  bytes.set(written, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, written.length, true);
  let at = HEADER + written.length;
  const put = (value: number) => {
    view.setFloat64(at, value, true);
    at += 8;
  };
  put(seen.weight);
  seen.means.forEach(put);
  seen.squares.forEach(put);
  for (const { theta, squares, importance, weight } of [offset, ...nodes]) {
    theta.forEach(put);
    squares.forEach(put);
    put(importance);
    put(weight);
  }
  return bytes;
}

/**
 * The tree that `writeOffsetTree` wrote.
 * @param empty a tree without arms, whose standardisation is filled
 * @param dimension d of its regressions
 * @throws RangeError for bytes that it cannot have written, or of another dimension
 */
export function readOffsetTree(bytes: Uint8Array, { seen }: OffsetTree, dimension: number): OffsetTree {
  if (bytes.length < HEADER || MAGIC.some((byte, i) => bytes[i] !== byte)) throw broken('it does not begin as one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = HEADER + view.getUint32(4, true);
  if (at > bytes.length) throw broken('its counts are cut off');
  const counts = readCounts(bytes.subarray(HEADER, at));
  const inner = Math.max(0, counts.arms.length - 1);
  const doubles = 1 + 2 * seen.means.length + (inner + 1) * (2 * dimension + 2);
  if (bytes.length !== at + 8 * doubles) throw broken(`it has the wrong length for ${counts.arms.length} arms`);
  const take = () => {
    const value = view.getFloat64(at, true);
    if (!Number.isFinite(value)) throw broken(`a number is ${value}`);
    at += 8;
    return value;
  };
  const fill = (array: Float64Array) => {
    for (let i = 0; i < array.length; i++) array[i] = take();
  };
  seen.weight = take();
  fill(seen.means);
  fill(seen.squares);
  const regression = (): OffsetRegression => {
    const read = emptyRegression(dimension);
    fill(read.theta);
    fill(read.squares);
    read.importance = take();
    read.weight = take();
    return read;
  };
  const offset = regression();
  return { counts, seen, offset, nodes: Array.from({ length: inner }, regression) };
}

function broken(why: string): RangeError {
  return new RangeError(`this is not an offset tree: ${why}. Drop the snapshot and refold the log.`);
}
