/** A tree that parts the contexts: every leaf believes of the arms what was learned of contexts like it, and may split. */

import { type BetaCounts, emptyCounts, learnCounts } from './beta-counts.ts';
import type { DoubleKind } from './encoding.ts';
import type { Lesson } from './policy.ts';
import { checkLesson } from './situation.ts';
import {
  bestSplit,
  CELL,
  candidateSplits,
  countLesson,
  emptyStatistics,
  goesRight,
  type Split,
  type SplitLesson,
  type SplitStatistics,
} from './split-statistics.ts';

/** Where contexts are parted. `left` and `right` are indices of nodes. */
export interface Inner {
  readonly split: Split;
  readonly left: number;
  readonly right: number;
}

export interface Leaf {
  /** 0 at the root. */
  readonly depth: number;
  /** What is believed here. */
  readonly counts: BetaCounts;
  /** The first lessons, until they are enough to choose the candidate splits by. */
  readonly first: SplitLesson[];
  /** Undefined until then. */
  statistics: SplitStatistics | undefined;
  /** Pulls learned here, without what the leaf began with. */
  pulls: number;
}

/** The nodes, the root first; children come after their parent. */
export interface ContextTree {
  readonly nodes: (Inner | Leaf)[];
}

/** How a tree grows. */
export interface Growth {
  /** Levels of splits at most. */
  readonly depth: number;
  /** Lessons that a leaf needs before it splits. */
  readonly minSplit: number;
  /** Share of the variance that a split must explain, in [0, 1]. */
  readonly threshold: number;
  /** Nodes at most, inner ones and leaves. */
  readonly maxNodes: number;
}

/** Pulls that a child needs. */
const LEAST_A_CHILD = 5;
/** Pulls between two searches: a search costs as much as many lessons. */
const SEARCH_EVERY = 5;

export function emptyTree(): ContextTree {
  return { nodes: [leafAt(0, emptyCounts())] };
}

function leafAt(depth: number, counts: BetaCounts): Leaf {
  return { depth, counts, first: [], statistics: undefined, pulls: 0 };
}

/** The leaf of a context. O(depth). */
export function leafOf(tree: ContextTree, features: readonly number[]): Leaf {
  return follow(tree, features).leaf;
}

/** The splits on the way to a context's leaf, from the root, and on which side it is of each. */
export function pathOf(
  tree: ContextTree,
  features: readonly number[],
): { readonly split: Split; readonly right: boolean }[] {
  return follow(tree, features).path;
}

function follow({ nodes }: ContextTree, features: readonly number[]) {
  const path: { readonly split: Split; readonly right: boolean }[] = [];
  let at = 0;
  let node = nodes[0]!;
  while ('split' in node) {
    const right = goesRight(node.split, features);
    path.push({ split: node.split, right });
    at = right ? node.right : node.left;
    node = nodes[at]!;
  }
  return { path, at, leaf: node };
}

/**
 * Learns a reward at the leaf of its context, in place, and splits the leaf where that explains enough. A reward of a context
 * with another number of features was decided under another schema: nobody knows its leaf, and nothing is learned.
 * @throws RangeError unless value and share are in [0, 1]
 */
export function learnTree(
  tree: ContextTree,
  lesson: Lesson,
  kinds: readonly DoubleKind[],
  growth: Growth,
): ContextTree {
  if (lesson.features.length !== kinds.length) {
    checkLesson(lesson);
    return tree;
  }
  const { at, leaf } = follow(tree, lesson.features);
  learnCounts(leaf.counts, lesson);
  if (lesson.share === 0 || leaf.depth >= growth.depth || kinds.length === 0) return tree;
  const searched = Math.floor(leaf.pulls / SEARCH_EVERY);
  leaf.pulls += lesson.share;
  note(leaf, lesson, kinds, growth);
  if (leaf.statistics === undefined || leaf.pulls < growth.minSplit) return tree;
  const due = Math.floor(leaf.pulls / SEARCH_EVERY) > searched;
  if (due && tree.nodes.length + 2 <= growth.maxNodes) grow(tree, at, leaf, leaf.statistics, growth);
  return tree;
}

function note(leaf: Leaf, lesson: Lesson, kinds: readonly DoubleKind[], { minSplit }: Growth): void {
  if (leaf.statistics !== undefined) {
    countLesson(leaf.statistics, lesson);
    return;
  }
  const { arm, value, share, features } = lesson;
  leaf.first.push({ arm, value, share, features: kinds.map((_, i) => features[i] ?? 0) });
  if (leaf.first.length < minSplit) return;
  leaf.statistics = emptyStatistics(candidateSplits(leaf.first, kinds));
  for (const one of leaf.first) countLesson(leaf.statistics, one);
  leaf.first.length = 0;
}

function grow({ nodes }: ContextTree, at: number, leaf: Leaf, statistics: SplitStatistics, growth: Growth): void {
  const found = bestSplit(statistics, LEAST_A_CHILD);
  if (found === undefined || !found.significant || found.reduction < growth.threshold) return;
  const left = childCounts(leaf, statistics, found.index, false, growth.minSplit);
  const right = childCounts(leaf, statistics, found.index, true, growth.minSplit);
  nodes[at] = { split: statistics.splits[found.index]!, left: nodes.length, right: nodes.length + 1 };
  nodes.push(leafAt(leaf.depth + 1, left), leafAt(leaf.depth + 1, right));
}

/**
 * What a child begins with: the leaf's own lessons that fell on its side, exactly. What the leaf itself began with was
 * learned before, and nobody knows on which side: the children share it by their pulls, and get no more than `most` pulls
 * of it, because it says little of them. An arm that fell on the other side only has no counts.
 */
function childCounts(leaf: Leaf, { arms }: SplitStatistics, index: number, right: boolean, most: number): BetaCounts {
  const child = emptyCounts();
  const at = CELL * (index + 1);
  const sideOf = (cells: Float64Array, i: number) => Math.max(0, right ? cells[i]! - cells[at + i]! : cells[at + i]!);
  let pulls = 0;
  let inherited = 0;
  for (const cells of arms.values()) pulls += sideOf(cells, 0);
  for (const [slot, arm] of leaf.counts.arms.entries()) {
    inherited += Math.max(0, leaf.counts.pulls[slot]! - (arms.get(arm)?.[0] ?? 0));
  }
  const part = inherited > 0 ? Math.min(pulls / leaf.pulls, most / inherited) : 0;
  for (const [slot, arm] of leaf.counts.arms.entries()) {
    const cells = arms.get(arm) ?? new Float64Array(at + CELL);
    const own = [sideOf(cells, 0), sideOf(cells, 1)] as const;
    const before = Math.max(0, leaf.counts.pulls[slot]! - cells[0]!);
    const earned = Math.min(before, Math.max(0, leaf.counts.successes[slot]! - cells[1]!));
    const count = own[0] + part * before;
    const successes = Math.min(count, own[1] + part * earned);
    child.index.set(arm, child.arms.push(arm) - 1);
    child.pulls.push(count);
    child.successes.push(successes);
    child.failures.push(count - successes);
  }
  return child;
}
