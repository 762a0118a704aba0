/**
 * The offset tree learned from a finished log (Beygelzimer & Langford 2009, algorithm 2, "Offset_tree"): off-policy
 * learning by K - 1 binary regressions, of which a prediction asks O(log K).
 */

import { fitLogistic, logOddsOf } from './logistic-regression.ts';
import { offsetExample } from './offset-transform.ts';

/** A log. n requests with d features, one tried arm each, K arms. */
export interface OffsetLog {
  /** n rows of length d. Scaled by the caller: the ridge takes all columns as equals. */
  readonly rows: readonly ArrayLike<number>[];
  /** The arm that was tried, 0..K-1. Length n. */
  readonly arms: readonly number[];
  /** In [0, 1]. Length n. */
  readonly rewards: readonly number[];
  /** With which probability request n would have tried an arm: > 0 for the one it tried. */
  readonly propensity: (request: number, arm: number) => number;
}

/** How the tree is learned. */
export interface OffsetTreeOptions {
  /** Ridge of the regressions, > 0. Default 1. */
  readonly ridge?: number;
  /** What a reward is compared with, of request n. Default 1/2. */
  readonly offset?: (request: number) => number;
  /**
   * Default true. False trains every node on all arms below it: no offset tree, and much worse, because a node then learns
   * which side is better on average and not which side's winner is.
   */
  readonly winnerFilter?: boolean;
}

/** A learned tree: leaves are arms, an inner node has the coefficients of the log-odds of its right side. */
export type OffsetNode =
  | { readonly arm: number }
  | { readonly left: OffsetNode; readonly right: OffsetNode; readonly theta: Float64Array };

/**
 * Learns a balanced tree over the arms in their order, from the leaves up. A request teaches a node only if the arm that it tried
 * is the one which the node's own side now predicts for it: the winner filter.
 * @param arms K >= 1
 */
export function learnOffsetTree(log: OffsetLog, arms: number, options: OffsetTreeOptions = {}): OffsetNode {
  if (!(Number.isInteger(arms) && arms >= 1)) throw new RangeError(`a tree needs at least one arm, not ${arms}`);
  const { ridge = 1, offset = () => 0.5, winnerFilter = true } = options;
  const columns = log.rows[0]?.length ?? 0;
  return grow(0, arms).node;

  /** The subtree over arms from..to-1, and what it predicts for every request. */
  function grow(from: number, to: number): { readonly node: OffsetNode; readonly winners: Int32Array } {
    if (to - from === 1) return { node: { arm: from }, winners: new Int32Array(log.rows.length).fill(from) };
    const middle = from + Math.floor((to - from) / 2);
    const left = grow(from, middle);
    const right = grow(middle, to);
    const rows: ArrayLike<number>[] = [];
    const positive: boolean[] = [];
    const weights: number[] = [];
    for (const [n, arm] of log.arms.entries()) {
      if (arm < from || arm >= to) continue;
      const [own, other] = arm < middle ? [left, right] : [right, left];
      if (winnerFilter && own.winners[n] !== arm) continue;
      const p = log.propensity(n, arm);
      const pair = p + log.propensity(n, other.winners[n]!);
      const { forTried, weight } = offsetExample(log.rewards[n]!, p, pair, offset(n));
      rows.push(log.rows[n]!);
      positive.push(forTried === arm >= middle);
      weights.push(weight);
    }
    const theta = fitLogistic({ rows, positive, weights }, columns, ridge);
    const winners = left.winners.map((winner, n) => (logOddsOf(theta, log.rows[n]!) > 0 ? right.winners[n]! : winner));
    return { node: { left: left.node, right: right.node, theta }, winners };
  }
}

/** The arm that the tree predicts. O(d log K). */
export function predictArm(tree: OffsetNode, row: ArrayLike<number>): number {
  let node = tree;
  while ('theta' in node) node = logOddsOf(node.theta, row) > 0 ? node.right : node.left;
  return node.arm;
}
