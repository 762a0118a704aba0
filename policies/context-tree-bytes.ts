/** A context tree as bytes: 'RCT1', its structure as JSON, then every number that the structure leaves out. */

import { z } from 'zod';
import type { BetaCounts } from './beta-counts.ts';
import type { ContextTree, Inner, Leaf } from './context-tree-nodes.ts';
import {
  indexOf,
  jsonHead,
  openPosterior,
  type PosteriorReader,
  readJsonHead,
  writePosterior,
} from './posterior-bytes.ts';
import { CELL } from './split-statistics.ts';

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
  return writePosterior('RCT1', jsonHead(shape), numbers.length, (put) => numbers.forEach(put));
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
  const reader = openPosterior('RCT1', bytes, 'a context tree');
  const shape = readShape(reader);
  const nodes = shape.map((node, i): Inner | Leaf => {
    if (!('split' in node)) return readLeaf(node, reader);
    if (node.left <= i || node.right <= i || Math.max(node.left, node.right) >= shape.length) {
      throw reader.broken('a node has no children');
    }
    return node;
  });
  reader.end();
  return { nodes };
}

function readShape(reader: PosteriorReader): z.infer<typeof TreeShape> {
  const shape = TreeShape.safeParse(readJsonHead(reader));
  if (!shape.success) throw reader.broken('its structure cannot be read');
  return shape.data;
}

function readLeaf(shape: z.infer<typeof LeafShape>, reader: PosteriorReader): Leaf {
  const { take, takeCount } = reader;
  const many = (length: number) => Array.from({ length }, take);
  const pulls = take();
  const { depth, arms } = shape;
  const index = indexOf(arms, reader);
  const [successes, failures, tried] = [arms.map(takeCount), arms.map(takeCount), arms.map(takeCount)];
  const counts: BetaCounts = { arms, index, successes, failures, pulls: tried };
  const first = shape.first.map((arm) => ({ arm, value: take(), share: take(), features: many(shape.features) }));
  const cells = (splits: number) => Float64Array.from(many(CELL * (1 + splits)));
  const statistics =
    shape.splits === null
      ? undefined
      : { splits: shape.splits, arms: new Map(shape.counted.map((arm) => [arm, cells(shape.splits?.length ?? 0)])) };
  return { depth, counts, first, statistics, pulls };
}
