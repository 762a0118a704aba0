/**
 * The offset tree on line (Beygelzimer & Langford 2009, section 4): a binary tree over the arms in the order in which they were met, and at
 * each inner node a logistic regression that says which side's winner is better. An arm that comes later is one more leaf.
 *
 * The inner node j stands between arm j - 1 and arm j. Its left side is the L = (lowest bit of j) arms before j, its right side up to L arms
 * from j on: so the tree is balanced, and no node ever loses an arm, or gets another to its left side.
 */

import { type BetaCounts, emptyCounts } from './beta-counts.ts';
import type { Encoder, Standardisation } from './encoding.ts';
import { offsetExample } from './offset-transform.ts';
import { logistic } from './sampling.ts';

/** The log-odds that the right side's winner is better: linear in the vector of the context. */
export interface OffsetRegression {
  /** Length d. */
  readonly theta: Float64Array;
  /** Sums of squared slopes, which the steps shrink with: AdaGrad (Duchi, Hazan & Singer 2011). Length d. */
  readonly squares: Float64Array;
  /** Sum of the pairs' importance, (p + p') / p. */
  importance: number;
  /** Sum of the examples' weights. */
  weight: number;
}

export interface OffsetTree {
  /** What every arm earned. The order of its arms is that of the leaves. */
  readonly counts: BetaCounts;
  readonly seen: Standardisation;
  /** Node j is at j - 1: one less than there are arms. */
  readonly nodes: OffsetRegression[];
  /** What a reward is expected to be, of any arm: the offset, where it is not 1/2. */
  readonly offset: OffsetRegression;
}

export function emptyOffsetTree(encoder: Encoder): OffsetTree {
  return { counts: emptyCounts(), seen: encoder.begin(), nodes: [], offset: emptyRegression(encoder.dimension) };
}

export function emptyRegression(dimension: number): OffsetRegression {
  return { theta: new Float64Array(dimension), squares: new Float64Array(dimension), importance: 0, weight: 0 };
}

/** A subtree: the leaves from..to-1. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** The inner node of a subtree of two leaves or more: its right side begins at the largest power of 2 below its size. */
function nodeOf({ from, to }: Range): number {
  let left = 1;
  while (2 * left < to - from) left *= 2;
  return from + left;
}

/** What the tree says of one context. */
export interface Verdict {
  /** The arm that wins a subtree. O(d log K). */
  winner(range: Range): number;
  /** How much better the right side's winner is than the left side's at a node, in units of reward. 0 where nothing was learned. */
  advantage(node: number): number;
}

/** @param x the vector of the context */
export function verdictOf({ nodes }: OffsetTree, x: Float64Array): Verdict {
  // Of 0/1 rewards the odds of the votes are those of better and worse, and their mean weight is 1/2: see `offsetExample`.
  const advantage = (node: number) => {
    const { theta, importance, weight } = nodes[node - 1]!;
    return importance === 0 ? 0 : (2 * weight * (2 * logistic(dot(theta, x)) - 1)) / importance;
  };
  return {
    advantage,
    winner(range) {
      let { from, to } = range;
      while (to - from > 1) {
        const node = nodeOf({ from, to });
        if (advantage(node) > 0) from = node;
        else to = node;
      }
      return from;
    },
  };
}

/**
 * The leaves that take part, best first: the winner of the tree, then the winner without it, and so on. What is known of a
 * leaf beforehand (its shift) counts on top of the advantage of its side; where neither is better, the older arm wins.
 * O(places * leaves).
 * @param takesPart of every leaf
 * @param shifts of every leaf, in units of reward
 * @param places how many are wanted
 */
export function rankLeaves(
  verdict: Verdict,
  takesPart: boolean[],
  shifts: readonly number[],
  places: number,
): number[] {
  const left = [...takesPart];
  const advantages = new Map<number, number>();
  const advantage = (node: number) => {
    const known = advantages.get(node) ?? verdict.advantage(node);
    advantages.set(node, known);
    return known;
  };
  const best = (range: Range): number => {
    if (range.to - range.from === 1) return left[range.from] ? range.from : -1;
    const node = nodeOf(range);
    const one = best({ from: range.from, to: node });
    const other = best({ from: node, to: range.to });
    if (one < 0 || other < 0) return one < 0 ? other : one;
    return advantage(node) + shifts[other]! - shifts[one]! > 0 ? other : one;
  };
  const ranking: number[] = [];
  while (ranking.length < places) {
    const winner = left.length === 0 ? -1 : best({ from: 0, to: left.length });
    if (winner < 0) break;
    left[winner] = false;
    ranking.push(winner);
  }
  return ranking;
}

/** A reward on its way up the tree. */
export interface OffsetLesson {
  readonly leaf: number;
  readonly value: number;
  /** The part of one pull that it is. */
  readonly share: number;
  /** With which the arm was chosen, in (0, 1]. */
  readonly propensity: number;
  /** Exploration by which the pairs are weighed, in (0, 1]. */
  readonly epsilon: number;
  /** What the reward is compared with. */
  readonly offset: number;
  readonly rate: number;
}

/** What a node was taught: for tests and explanations. */
export interface Taught {
  readonly node: number;
  /** The winner of the other side. */
  readonly other: number;
  readonly weight: number;
  /** Whether the example votes for the right side. */
  readonly right: boolean;
}

/**
 * Teaches the nodes above the leaf, from the lowest up, as long as the arm is the winner of its own side: the winner filter.
 *
 * The log has p(a) of the arm that was tried, and not p(a') of the arm it is compared with. Their sum weighs the contexts of a node
 * and must not depend on which of the two was tried; so it is taken from the tree as it stands, by the law by which it
 * chooses. The rest of the weight is the logged p(a). So votes stay unbiased when the tree has moved on since the decision,
 * when some arms were no candidates, and when the domain's floor explored as well.
 */
export function teachTree(tree: OffsetTree, x: Float64Array, lesson: OffsetLesson): Taught[] {
  const { leaf, propensity, epsilon, share, rate } = lesson;
  const count = tree.counts.arms.length;
  const verdict = verdictOf(tree, x);
  const champion = verdict.winner({ from: 0, to: count });
  const law = (arm: number) => epsilon / count + (arm === champion ? 1 - epsilon : 0);
  const taught: Taught[] = [];
  for (const { own, other, node, right } of pathUp(leaf, count)) {
    if (verdict.winner(own) !== leaf) break;
    const opponent = verdict.winner(other);
    const pair = law(leaf) + law(opponent);
    const { forTried, weight } = offsetExample(lesson.value, propensity, pair, lesson.offset);
    const votesRight = forTried === right;
    const model = tree.nodes[node - 1]!;
    model.importance += (share * pair) / propensity;
    model.weight += share * weight;
    const miss = (votesRight ? 1 : 0) - logistic(dot(model.theta, x));
    step(model, x, share * weight * miss, rate);
    taught.push({ node, other: opponent, weight: share * weight, right: votesRight });
  }
  return taught;
}

/** The nodes above a leaf, the lowest first, with the side that the leaf is on and the other one. */
function pathUp(leaf: number, count: number) {
  const path: { readonly node: number; readonly right: boolean; readonly own: Range; readonly other: Range }[] = [];
  let range: Range = { from: 0, to: count };
  while (range.to - range.from > 1) {
    const node = nodeOf(range);
    const sides = [
      { from: range.from, to: node },
      { from: node, to: range.to },
    ] as const;
    const right = leaf >= node;
    const [own, other] = right ? [sides[1], sides[0]] : sides;
    path.unshift({ node, right, own, other });
    range = own;
  }
  return path;
}

/** One step uphill: as long as the slope is new, shorter the more has been climbed that way. In place. */
export function step({ theta, squares }: OffsetRegression, x: Float64Array, slope: number, rate: number): void {
  for (let i = 0; i < x.length; i++) {
    const part = slope * x[i]!;
    if (part === 0) continue;
    squares[i]! += part * part;
    // A square below the smallest double moves nothing.
    if (squares[i]! > 0) theta[i]! += (rate * part) / Math.sqrt(squares[i]!);
  }
}

export function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}
