/** What each arm of a bucket was chosen for and earned, kept for conservative mode: folded from the bucket's events. */
import type { Interval } from '../../policies/beta-distribution.ts';
import { meanBounds } from '../../policies/conservative.ts';
import type { DecisionMade } from '../../proto/generated/events.ts';
import { BUDGET } from '../choice/terms/score-terms.ts';

export interface ArmEarnings {
  readonly arm: string;
  /** Decisions that chose it where the baseline could have been chosen. */
  decided: number;
  /** Shares of pulls that were rewarded, and their rewards. */
  pulls: number;
  sum: number;
  /** The bounds last asked for, until a reward moves them. */
  bounds: (Interval & { readonly delta: number }) | undefined;
}

/** By arm, in the order in which they were first named. */
export type Earnings = Map<string, ArmEarnings>;

export function earningsOf(entries: readonly Pick<ArmEarnings, 'arm' | 'decided' | 'pulls' | 'sum'>[]): Earnings {
  return new Map(entries.map(({ arm, decided, pulls, sum }) => [arm, { arm, decided, pulls, sum, bounds: undefined }]));
}

/** A copy that can be counted on without the original. */
export function copyOf(earnings: ReadonlyMap<string, ArmEarnings>): Earnings {
  return new Map([...earnings].map(([arm, entry]) => [arm, { ...entry }]));
}

/** Counts a decision, unless the baseline was no candidate of it: then nobody knows what it would have earned. */
export function countDecision(earnings: Earnings, decision: Held & { readonly arm: string }, baseline: string): void {
  if (wasHeldTo(decision, baseline)) entryOf(earnings, decision.arm).decided += 1;
}

/** What of a decision says who could be chosen. */
export type Held = Pick<DecisionMade, 'candidates' | 'excluded' | 'fallback'>;

/** Whether a decision was measured by its baseline. What the budget could not pay was a candidate until then. */
export function wasHeldTo({ candidates, excluded, fallback }: Held, baseline: string): boolean {
  if (fallback) return false;
  return candidates.includes(baseline) || excluded.some((one) => one.arm === baseline && one.constraint === BUDGET);
}

/** Counts a reward, or with a negative share one that was taken back. */
export function countReward(earnings: Earnings, arm: string, share: number, value: number): void {
  const entry = entryOf(earnings, arm);
  // Taking back what was added may leave a rounding error below zero.
  entry.pulls = Math.max(0, entry.pulls + share);
  entry.sum = Math.max(0, entry.sum + share * value);
  entry.bounds = undefined;
}

/** Bounds of the arm's mean reward, which hold with probability 1 − delta. */
export function boundsOf(earnings: ReadonlyMap<string, ArmEarnings>, arm: string, delta: number): Interval {
  const entry = earnings.get(arm);
  if (entry === undefined) return UNKNOWN;
  if (entry.bounds?.delta !== delta) entry.bounds = { ...meanBounds(entry.pulls, entry.sum, delta), delta };
  return entry.bounds;
}

const UNKNOWN: Interval = { lower: 0, upper: 1 };

function entryOf(earnings: Earnings, arm: string): ArmEarnings {
  const known = earnings.get(arm);
  if (known !== undefined) return known;
  const entry: ArmEarnings = { arm, decided: 0, pulls: 0, sum: 0, bounds: undefined };
  earnings.set(arm, entry);
  return entry;
}
