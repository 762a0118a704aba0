/**
 * The generalised likelihood ratio test for a change of the mean (Besson & Kaufmann 2019, "The generalized likelihood ratio test meets
 * klUCB", equation 5): over all places s at which the n rewards can be split, how much better two means explain them than one,
 *
 *   sup_s  s d(mean_1:s, mean_1:n) + (n - s) d(mean_s+1:n, mean_1:n)  >=  ln(3 n sqrt(n) / delta),
 *
 * with d the Kullback-Leibler divergence of two Bernoulli laws, which holds for any reward in [0, 1], or (x - y)^2 / (2 sd^2) where
 * their standard deviation is known to be sd at most. The threshold is the one that they use in practice; it grows so slowly that
 * a change is found soon, and fast enough that in all of a stream without one the test fires with a probability of about delta at most.
 *
 * Not every place is looked at: those of the last 16 rewards, and of older ones fewer and fewer, so that a place lies off by an
 * eighth of its age at most. That is O(log n) numbers an arm and O(log n) steps a reward.
 */

import type { Change, ChangeDetector } from './change-detector.ts';

/** Parameters of `glr`. */
export interface GlrParameters {
  /** Probability of firing at all where nothing changes, in (0, 1): delta. */
  readonly falseAlarm: number;
  /** Standard deviation that the rewards of an arm have at most, in (0, 0.5]; undefined: whatever values in [0, 1] can have. */
  readonly deviation?: number | undefined;
  /** Sum of shares before which nothing is said, >= 1. */
  readonly minPulls: number;
}

/** Where in the numbers what is kept; the places follow. */
const PULLS = 0;
const SUM = 1;
const LABEL = 2;
const COUNT = 3;
const HEAD = 4;
/** Of each place: pulls, sum, label and count of what lies before it. */
const PLACE = 4;
/** Places to a doubling of age. */
const PLACES_AN_OCTAVE = 8;

/** The detector `glr`. */
export function glr({ falseAlarm, deviation, minPulls }: GlrParameters): ChangeDetector {
  const known = deviation === undefined ? undefined : 2 * deviation * deviation;

  return {
    name: 'glr',
    begin: () => [0, 0, -1, 0],
    observe(seen, value, share, label) {
      if (seen[COUNT]! > 0) seen.push(seen[PULLS]!, seen[SUM]!, seen[LABEL]!, seen[COUNT]!);
      const pulls = seen[PULLS]! + share;
      const sum = seen[SUM]! + share * value;
      seen[PULLS] = pulls;
      seen[SUM] = sum;
      seen[LABEL] = Math.max(seen[LABEL]!, label);
      seen[COUNT]! += 1;
      thin(seen);
      if (pulls < minPulls) return undefined;

      const threshold = Math.log((3 * pulls * Math.sqrt(pulls)) / falseAlarm);
      const mean = sum / pulls;
      const variance = mean * (1 - mean);
      let statistic = 0;
      let best = 0;
      for (let at = HEAD; at < seen.length; at += PLACE) {
        const before = seen[at]!;
        const apart = seen[at + 1]! - before * mean;
        // s (m_1:s - m)^2 + (n - s) (m_s+1:n - m)^2
        const squares = (apart * apart * pulls) / (before * (pulls - before));
        // A divergence of coins is at most their chi-squared distance: most places need no logarithm.
        if (known === undefined && !(squares >= threshold * variance)) continue;
        const better = known === undefined ? likelier(pulls, sum, before, seen[at + 1]!) : squares / known;
        if (better > statistic) {
          statistic = better;
          best = at;
        }
      }
      if (!(statistic >= threshold)) return undefined;
      return changeAt(seen, best, statistic, threshold);
    },
  };
}

function changeAt(seen: readonly number[], at: number, statistic: number, threshold: number): Change {
  const [pulls, sum, label] = [seen[at]!, seen[at + 1]!, seen[at + 2]!];
  return {
    statistic,
    threshold,
    before: sum / pulls,
    after: (seen[SUM]! - sum) / (seen[PULLS]! - pulls),
    pulls: seen[PULLS]!,
    lastBefore: label,
  };
}

/** s d(m_1:s, m) + (n - s) d(m_s+1:n, m) for coins. */
function likelier(pulls: number, sum: number, before: number, sumBefore: number): number {
  return likelihood(before, sumBefore) + likelihood(pulls - before, sum - sumBefore) - likelihood(pulls, sum);
}

/** Logarithm of the likelihood that their own mean gives to so many coins. */
function likelihood(pulls: number, sum: number): number {
  return scaledLog(sum, pulls) + scaledLog(pulls - sum, pulls);
}

/** part * ln(part / whole), 0 where the part is 0. */
function scaledLog(part: number, whole: number): number {
  return part > 0 ? part * Math.log(part / whole) : 0;
}

/** Keeps, of the places of age a, those whose count is a multiple of the largest power of 2 that is a / 8 at most. */
function thin(seen: number[]): void {
  const count = seen[COUNT]!;
  let kept = HEAD;
  for (let at = HEAD; at < seen.length; at += PLACE) {
    const place = seen[at + 3]!;
    let apart = 1;
    while (2 * apart * PLACES_AN_OCTAVE <= count - place) apart *= 2;
    if (place % apart !== 0) continue;
    if (kept !== at) for (let i = 0; i < PLACE; i++) seen[kept + i] = seen[at + i]!;
    kept += PLACE;
  }
  seen.length = kept;
}
