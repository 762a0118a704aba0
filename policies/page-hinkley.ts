/**
 * The Page-Hinkley test (Page 1954; Hinkley 1971), two-sided: U_t = U_{t-1} + (x_t - mean_t - tolerance) drifts down as long as the
 * mean of the rewards stays, and rises when it rises; what fires is how far U stands above its lowest point. For falling
 * means the same with the sign turned. mean_t is that of all rewards up to t. O(1) a reward, in time and memory.
 */

import type { Change, ChangeDetector } from './change-detector.ts';

/** Parameters of `pageHinkley`. */
export interface PageHinkleyParameters {
  /** How far the sum may stand above its lowest point, in units of reward, > 0. */
  readonly threshold: number;
  /** A change of the mean that is let pass, in units of reward, > 0. About twice of it is found soonest. */
  readonly tolerance: number;
  /** Sum of shares before which nothing is said, >= 1. */
  readonly minPulls: number;
}

/** Where in the numbers what is kept. */
const PULLS = 0;
const SUM = 1;
const LABEL = 2;
/** Of each side: the sum U, its lowest point, and pulls, sum and label as they stood there. */
const RISING = 3;
const FALLING = 8;
const LENGTH = 13;

/** The detector `page_hinkley`. */
export function pageHinkley({ threshold, tolerance, minPulls }: PageHinkleyParameters): ChangeDetector {
  /** How far the sum of one side stands above its lowest point, after a reward that lies so far from the mean. */
  function risen(seen: number[], side: number, off: number, share: number): number {
    const sum = seen[side]! + share * (off - tolerance);
    seen[side] = sum;
    if (sum > seen[side + 1]!) return sum - seen[side + 1]!;
    seen[side + 1] = sum;
    seen[side + 2] = seen[PULLS]!;
    seen[side + 3] = seen[SUM]!;
    seen[side + 4] = seen[LABEL]!;
    return 0;
  }

  function changeAt(seen: readonly number[], side: number, statistic: number): Change {
    const [pulls, sum, label] = [seen[side + 2]!, seen[side + 3]!, seen[side + 4]!];
    return {
      statistic,
      threshold,
      before: pulls > 0 ? sum / pulls : 0,
      after: (seen[SUM]! - sum) / (seen[PULLS]! - pulls),
      pulls: seen[PULLS]!,
      lastBefore: label,
    };
  }

  return {
    name: 'page_hinkley',
    begin() {
      const seen = new Array<number>(LENGTH).fill(0);
      for (const at of [LABEL, RISING + 4, FALLING + 4]) seen[at] = -1;
      return seen;
    },
    observe(seen, value, share, label) {
      seen[PULLS]! += share;
      seen[SUM]! += share * value;
      seen[LABEL] = Math.max(seen[LABEL]!, label);
      const off = value - seen[SUM]! / seen[PULLS]!;
      const rising = risen(seen, RISING, off, share);
      const falling = risen(seen, FALLING, -off, share);
      const statistic = Math.max(rising, falling);
      if (seen[PULLS]! < minPulls || !(statistic > threshold)) return undefined;
      return changeAt(seen, rising >= falling ? RISING : FALLING, statistic);
    },
  };
}
