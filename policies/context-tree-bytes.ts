/**
 * A context tree as bytes: 'RCT1', the length of the structure (uint32), the structure as JSON in UTF-8, then every number
 * that the structure leaves out, as float64. Little-endian throughout; not a bit is lost.
 */

import { z } from 'zod';
import type { BetaCounts } from './beta-counts.ts';
import type { ContextTree, Inner, Leaf } from './context-tree-nodes.ts';
import { CELL } from './split-statistics.ts';

const MAGIC = [0x52, 0x43, 0x54, 0x31];
const HEADER = 8;

const count = z.int().min(0);
const SplitShape = z.strictObject({ feature: count, test: z.enum(['above', 'is']), value: z.number() });
const InnerShape = z.strictObject({ split: SplitShape, left: count, right: count });
const LeafShape = z.strictObject({
  depth: count,
  arms: z.array(z.string()),
  /** The arms of the first lessons, and how many features each has. */
  first: z.array(z.string()),
  features: count,
  splits: z.array(SplitShape).nullable(),
  /** The arms that the statistics know, in their order. */
  counted: z.array(z.string()),
});
const TreeShape = z.array(z.union([InnerShape, LeafShape])).min(1);

/** The bytes of a tree. */
export function writeTree({ nodes }: ContextTree): Uint8Array {
  const numbers: number[] = [];
  const shape = nodes.map((node) => ('split' in node ? node : leafShape(node, numbers)));
  const text = new TextEncoder().encode(JSON.stringify(shape));
  const bytes = new Uint8Array(HEADER + text.length + 8 * numbers.length);
  bytes.set(MAGIC);
  bytes.set(text, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, text.length, true);
  for (const [i, number] of numbers.entries()) view.setFloat64(HEADER + text.length + 8 * i, number, true);
  return bytes;
}

function leafShape({ depth, counts, first, statistics, pulls }: Leaf, numbers: number[]): z.infer<typeof LeafShape> {
  numbers.push(pulls, ...counts.successes, ...counts.failures, ...counts.pulls);
  for (const { value, share, features } of first) numbers.push(value, share, ...features);
  for (const cells of statistics?.arms.values() ?? []) numbers.push(...cells);
  return {
    depth,
    arms: counts.arms,
    first: first.map(({ arm }) => arm),
    features: first[0]?.features.length ?? 0,
    splits: statistics === undefined ? null : [...statistics.splits],
    counted: [...(statistics?.arms.keys() ?? [])],
  };
}

/**
 * The tree that `writeTree` wrote.
 * @throws RangeError for bytes that it cannot have written
 */
export function readTree(bytes: Uint8Array): ContextTree {
  if (bytes.length < HEADER || MAGIC.some((byte, i) => bytes[i] !== byte)) throw broken('it does not begin as one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = HEADER + view.getUint32(4, true);
  if (start > bytes.length || (bytes.length - start) % 8 !== 0) throw broken('it is cut off');
  const shape = readShape(bytes.subarray(HEADER, start));
  let at = start;
  const take = (): number => {
    if (at >= bytes.length) throw broken('it has too few numbers');
    const value = view.getFloat64(at, true);
    if (!Number.isFinite(value)) throw broken(`a number is ${value}`);
    at += 8;
    return value;
  };
  const nodes = shape.map((node, i): Inner | Leaf => {
    if (!('split' in node)) return readLeaf(node, take);
    if (node.left <= i || node.right <= i || Math.max(node.left, node.right) >= shape.length) {
      throw broken('a node has no children');
    }
    return node;
  });
  if (at !== bytes.length) throw broken('it has too many numbers');
  return { nodes };
}

function readShape(bytes: Uint8Array): z.infer<typeof TreeShape> {
  try {
    return TreeShape.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    throw broken('its structure cannot be read');
  }
}

function readLeaf(shape: z.infer<typeof LeafShape>, take: () => number): Leaf {
  const many = (length: number) => Array.from({ length }, take);
  const pulls = take();
  const { depth, arms } = shape;
  const index = new Map(arms.map((arm, i) => [arm, i]));
  if (index.size !== arms.length) throw broken('an arm is there twice');
  const [successes, failures, tried] = [many(arms.length), many(arms.length), many(arms.length)];
  if ([...successes, ...failures, ...tried].some((number) => number < 0)) throw broken('a count is negative');
  const counts: BetaCounts = { arms, index, successes, failures, pulls: tried };
  const first = shape.first.map((arm) => ({ arm, value: take(), share: take(), features: many(shape.features) }));
  const cells = (splits: number) => Float64Array.from(many(CELL * (1 + splits)));
  const statistics =
    shape.splits === null
      ? undefined
      : { splits: shape.splits, arms: new Map(shape.counted.map((arm) => [arm, cells(shape.splits?.length ?? 0)])) };
  return { depth, counts, first, statistics, pulls };
}

function broken(why: string): RangeError {
  return new RangeError(`this is not a context tree: ${why}. Drop the snapshot and refold the log.`);
}
