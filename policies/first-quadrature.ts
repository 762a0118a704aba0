/** The first-place part of the exact propensities: products of distribution functions at the nodes of a panel. */

import { NODE_COUNT, WEIGHTS } from './gauss-legendre.ts';

let prefixes = new Float64Array(0);
const suffix = new Float64Array(NODE_COUNT);

/** Makes room for `count` arms. */
export function roomForFirst(count: number): void {
  if (prefixes.length < count * NODE_COUNT) prefixes = new Float64Array(count * NODE_COUNT);
}

/**
 * Adds the panel to every arm's probability of being first. Products of the others by prefix and suffix: dividing would
 * fail at F = 0.
 *
 * @param densities density of arm k at node i, at [8 k + i]
 * @param below P(score of arm k < node i), likewise
 * @param half half the width of the panel
 * @returns P(no arm is above the lowest node), which bounds all that is still to come
 */
export function addFirst(
  arms: readonly { sum: number }[],
  densities: Float64Array,
  below: Float64Array,
  half: number,
): number {
  for (let i = 0; i < NODE_COUNT; i++) prefixes[i] = half * WEIGHTS[i]!;
  for (let row = NODE_COUNT; row < arms.length * NODE_COUNT; row++) {
    prefixes[row] = prefixes[row - NODE_COUNT]! * below[row - NODE_COUNT]!;
  }
  suffix.fill(1);
  for (let k = arms.length - 1; k >= 0; k--) {
    const row = k * NODE_COUNT;
    let sum = 0;
    for (let i = 0; i < NODE_COUNT; i++) {
      sum += densities[row + i]! * prefixes[row + i]! * suffix[i]!;
      suffix[i]! *= below[row + i]!;
    }
    arms[k]!.sum += sum;
  }
  return suffix[0]!;
}
