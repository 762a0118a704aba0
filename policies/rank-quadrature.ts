/** The rank part of the exact propensities: Poisson-binomial probabilities at the nodes of a panel. */

import type { PanelArm } from './beta-panels.ts';
import { NODE_COUNT, WEIGHTS } from './gauss-legendre.ts';

/** suffixes[k * depth + n]: P(exactly n of the arms k, k + 1, .. are above the node), n < depth. */
let suffixes = new Float64Array(0);
let prefix = new Float64Array(0);

/** Makes room for `count` arms and `depth` ranks. */
export function roomForRanks(count: number, depth: number): void {
  if (suffixes.length < (count + 1) * depth) suffixes = new Float64Array((count + 1) * depth);
  if (prefix.length < depth) prefix = new Float64Array(depth);
}

/**
 * Adds a panel to `ranked[r]` = P(arm ranking[r] has exactly r others above it), and to every `arm.sum` = P(none is).
 *
 * Leaving one arm out of a Poisson-binomial law by dividing it out is unstable; joining the law of the arms before it
 * with that of the arms after it adds only positive terms. Costs O(K * depth) a node.
 *
 * @param densities density of arm k at node i, at [8 k + i]
 * @param below P(score of arm k < node i), likewise
 * @param half half the width of the panel
 */
export function addRanked(
  arms: readonly PanelArm[],
  densities: Float64Array,
  below: Float64Array,
  half: number,
  ranking: readonly number[],
  ranked: number[],
): void {
  const depth = ranking.length;
  const count = arms.length;
  const rankOf = new Map(ranking.map((index, rank) => [index, rank]));
  const ranks = arms.map((arm) => rankOf.get(arm.index) ?? -1);
  for (let i = 0; i < NODE_COUNT; i++) {
    const weight = half * WEIGHTS[i]!;
    suffixes.fill(0, count * depth, (count + 1) * depth);
    suffixes[count * depth] = 1;
    for (let k = count - 1; k >= 0; k--) {
      const f = below[k * NODE_COUNT + i]!;
      const [row, next] = [k * depth, (k + 1) * depth];
      suffixes[row] = f * suffixes[next]!;
      for (let n = 1; n < depth; n++) suffixes[row + n] = f * suffixes[next + n]! + (1 - f) * suffixes[next + n - 1]!;
    }
    prefix.fill(0, 0, depth);
    prefix[0] = 1;
    for (let k = 0; k < count; k++) {
      const f = below[k * NODE_COUNT + i]!;
      const density = densities[k * NODE_COUNT + i]!;
      if (density > 0) {
        const next = (k + 1) * depth;
        arms[k]!.sum += weight * density * prefix[0]! * suffixes[next]!;
        const rank = ranks[k]!;
        if (rank >= 0) {
          let exactly = 0;
          for (let n = 0; n <= rank; n++) exactly += prefix[n]! * suffixes[next + rank - n]!;
          ranked[rank]! += weight * density * exactly;
        }
      }
      for (let n = depth - 1; n > 0; n--) prefix[n] = f * prefix[n]! + (1 - f) * prefix[n - 1]!;
      prefix[0]! *= f;
    }
  }
}
