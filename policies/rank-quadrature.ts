/** The rank part of the exact propensities: Poisson-binomial probabilities at the nodes of a panel. */

import { NODE_COUNT, WEIGHTS } from './gauss-legendre.ts';

/** Terms below this are left out: of 1,000 ranks only those within a few standard deviations of the mean are worked on. */
const NEGLIGIBLE = 1e-17;

/**
 * Scratch. suffixes[k * (depth + 2) + 1 + n] = P(exactly n of the arms k, k + 1, .. are above the node) for n in
 * first[k] .. last[k]; just outside of that range it is as good as 0. The prefix is the same of the arms before k.
 */
let suffixes = new Float64Array(0);
let prefix = new Float64Array(0);
let first = new Int32Array(0);
let last = new Int32Array(0);

/** Makes room for `count` arms and `depth` ranks. */
export function roomForRanks(count: number, depth: number): void {
  const size = (count + 1) * (depth + 2);
  if (suffixes.length < size) suffixes = new Float64Array(size);
  if (prefix.length < depth + 2) prefix = new Float64Array(depth + 2);
  if (first.length < count + 1) {
    first = new Int32Array(count + 1);
    last = new Int32Array(count + 1);
  }
}

/**
 * Adds a panel to `ranked[r]` = P(arm ranking[r] has exactly r others above it), and to every `arm.sum` = P(none is).
 *
 * Leaving one arm out of a Poisson-binomial law by dividing it out is unstable; joining the law of the arms before it
 * with that of the arms after it adds only positive terms. Costs at most O(K * depth) a node.
 *
 * @param densities density of arm k at node i, at [8 k + i]
 * @param below P(score of arm k < node i), likewise
 * @param half half the width of the panel
 * @returns P(fewer than `depth` arms are above the lowest node): what is still to come below the panel
 */
export function addRanked(
  arms: readonly { readonly index: number; sum: number }[],
  densities: Float64Array,
  below: Float64Array,
  half: number,
  ranking: readonly number[],
  ranked: number[],
): number {
  const depth = ranking.length;
  const count = arms.length;
  const width = depth + 2;
  const rankOf = new Map(ranking.map((index, rank) => [index, rank]));
  const ranks = arms.map((arm) => rankOf.get(arm.index) ?? -1);
  let remaining = 0;
  for (let i = 0; i < NODE_COUNT; i++) {
    const weight = half * WEIGHTS[i]!;
    fillSuffixes(below, i, count, depth);
    // Nodes ascend: the first is the lowest.
    if (i === 0) for (let n = first[0]!; n <= last[0]!; n++) remaining += suffixes[1 + n]!;
    let low = 0;
    let high = 0;
    prefix[0] = 0;
    prefix[1] = 1;
    prefix[2] = 0;
    for (let k = 0; k < count && low <= high; k++) {
      const f = below[k * NODE_COUNT + i]!;
      const density = densities[k * NODE_COUNT + i]!;
      if (density > 0) {
        const next = (k + 1) * width + 1;
        const [from, to] = [first[k + 1]!, last[k + 1]!];
        if (low === 0 && from === 0 && to >= 0) arms[k]!.sum += weight * density * prefix[1]! * suffixes[next]!;
        const rank = ranks[k]!;
        if (rank >= 0) {
          let exactly = 0;
          const end = Math.min(high, rank - from);
          for (let n = Math.max(low, rank - to); n <= end; n++) exactly += prefix[1 + n]! * suffixes[next + rank - n]!;
          ranked[rank]! += weight * density * exactly;
        }
      }
      if (f === 1) continue;
      if (high < depth - 1) {
        high++;
        prefix[2 + high] = 0;
      }
      for (let n = high + 1; n > low; n--) prefix[n] = f * prefix[n]! + (1 - f) * prefix[n - 1]!;
      while (low <= high && Math.abs(prefix[1 + low]!) < NEGLIGIBLE) prefix[1 + low++] = 0;
      while (high >= low && Math.abs(prefix[1 + high]!) < NEGLIGIBLE) prefix[1 + high--] = 0;
    }
  }
  return remaining;
}

/** The laws of the arms k, k + 1, .. at node i, for all k, from the last arm to the first. */
function fillSuffixes(below: Float64Array, i: number, count: number, depth: number): void {
  const width = depth + 2;
  const end = count * width;
  suffixes[end] = 0;
  suffixes[end + 1] = 1;
  suffixes[end + 2] = 0;
  first[count] = 0;
  last[count] = 0;
  for (let k = count - 1; k >= 0; k--) {
    const f = below[k * NODE_COUNT + i]!;
    const row = k * width + 1;
    const next = row + width;
    let low = first[k + 1]!;
    let high = last[k + 1]!;
    if (high < depth - 1 && f !== 1) high++;
    for (let n = low; n <= high; n++) suffixes[row + n] = f * suffixes[next + n]! + (1 - f) * suffixes[next + n - 1]!;
    while (low <= high && Math.abs(suffixes[row + low]!) < NEGLIGIBLE) low++;
    while (high >= low && Math.abs(suffixes[row + high]!) < NEGLIGIBLE) high--;
    suffixes[row + low - 1] = 0;
    suffixes[row + high + 1] = 0;
    first[k] = low;
    last[k] = high;
  }
}
