/**
 * What calls of an arm cost in one kind of context, as a part of what they cost on average: a running mean that begins at 1 and is
 * worth two reports there, so that an arm is expected to cost in a context what it costs anywhere until some reports say otherwise.
 * A report so far off that the arm's own mean holds it says nothing here: it may be wrong, or the arm may have another price.
 */

import { type ArmCost, HELD_BEYOND } from './arm-cost.ts';

/** What is known of one arm in one context. */
export interface ContextCost {
  readonly context: string;
  readonly arm: string;
  /** Reports that the mean is made of, those that it begins with among them, at most `MEMORY`. */
  reports: number;
  /** Cost of a call as a part of the arm's mean, in [0, 10]. */
  relative: number;
}

/** Reports that a relative cost of 1 is worth. */
const AVERAGE_WORTH = 2;
/** The mean runs over about so many reports. */
const MEMORY = 300;
/** So many arms in contexts are known; of others the one that was not reported on for longest is forgotten. */
export const KNOWN_AT_MOST = 1024;

/** @returns 1 where nothing is known of the context */
export function relativeCost(
  contexts: ReadonlyMap<string, ContextCost> | undefined,
  context: string,
  arm: string,
): number {
  if (contexts === undefined || context === '') return 1;
  return contexts.get(keyOf(context, arm))?.relative ?? 1;
}

/**
 * Takes in what a call has cost in a context.
 * @param contexts changed in place; the one that was reported on last is the last of them
 * @param context empty: there is nothing to learn about
 * @param cost of the arm, the report among it
 * @param usd >= 0
 */
export function learnContext(
  contexts: Map<string, ContextCost>,
  context: string,
  arm: string,
  { mean, held }: ArmCost,
  usd: number,
): void {
  if (context === '' || held !== 0 || !(mean > 0)) return;
  const key = keyOf(context, arm);
  const known = contexts.get(key) ?? { context, arm, reports: AVERAGE_WORTH, relative: 1 };
  known.reports = Math.min(MEMORY, known.reports + 1);
  known.relative += (Math.min(HELD_BEYOND, usd / mean) - known.relative) / known.reports;
  contexts.delete(key);
  contexts.set(key, known);
  if (contexts.size <= KNOWN_AT_MOST) return;
  // A map iterates in the order of insertion.
  for (const oldest of contexts.keys()) {
    contexts.delete(oldest);
    return;
  }
}

/** The key of a `ContextCost`. Names of arms hold no space. */
export function keyOf(context: string, arm: string): string {
  return `${arm} ${context}`;
}
