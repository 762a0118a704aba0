/**
 * What a call of an arm costs: a running mean of the dollars that were reported, begun at the declared price and moved with it. A
 * report that is more than ten times the mean, or less than a tenth of it, is held: it moves the mean as ten times (a tenth) would until
 * five in a row say the same. It is paid all the same, up to a hundred times the mean: single calls do cost so much more than
 * others, and a ceiling of dollars is one of those that were spent.
 */

/** What is known of one arm's costs. */
export interface ArmCost {
  /** Reports that the mean is made of, at most `MEMORY`. */
  reports: number;
  /** Dollars a call. */
  mean: number;
  /** The declared dollars a call at the last report; 0 where none were declared. */
  basis: number;
  /** Reports in a row that were held: above 0 for too high ones, below for too low ones. */
  held: number;
  /** Sum of those reports. */
  heldUsd: number;
}

/** A report that is further from the mean than this factor is held. */
export const HELD_BEYOND = 10;
/** So many held reports in a row are believed. */
export const CONFIRMED_AFTER = 5;
/** What a report counts as is at most so many times the mean: one that is wrong altogether is not paid back for ever. */
const PAID_AT_MOST = 100;
/** Reports that a declared price is worth. */
const DECLARED_WORTH = 5;
/** The mean runs over about so many reports: an arm that became dearer is known as such soon. */
const MEMORY = 300;

/**
 * What a call of the arm is expected to cost: the mean of what was reported, scaled by what the declared price has done since.
 * @param declared dollars a call, undefined where nothing is declared
 * @returns undefined where nothing at all is known
 */
export function expectedCost(cost: ArmCost | undefined, declared: number | undefined): number | undefined {
  if (cost === undefined) return declared;
  return cost.basis > 0 && declared !== undefined && declared > 0 ? cost.mean * (declared / cost.basis) : cost.mean;
}

/**
 * The costs of an arm after one report.
 * @param declared as the decision that was reported on was told
 * @returns the costs, and what the report counts as, in dollars
 */
export function reportCost(
  before: ArmCost | undefined,
  declared: number | undefined,
  usd: number,
): { readonly cost: ArmCost; readonly counted: number } {
  const basis = declared ?? before?.basis ?? 0;
  const mean = expectedCost(before, declared);
  if (mean === undefined) return { cost: { reports: 1, mean: usd, basis, held: 0, heldUsd: 0 }, counted: usd };
  const reports = before?.reports ?? (declared === undefined ? 0 : DECLARED_WORTH);
  const counted = mean > 0 ? Math.min(usd, PAID_AT_MOST * mean) : usd;
  const side = usd > mean * HELD_BEYOND ? 1 : usd < mean / HELD_BEYOND ? -1 : 0;
  // Nothing is far from a price of 0: it was free until now.
  if (side === 0 || mean === 0) return { cost: learned(reports, mean, basis, usd), counted };
  const same = before !== undefined && before.held * side > 0;
  const held = side + (same ? before.held : 0);
  const heldUsd = usd + (same ? before.heldUsd : 0);
  const times = Math.abs(held);
  if (times >= CONFIRMED_AFTER)
    return { cost: { reports: times, mean: heldUsd / times, basis, held: 0, heldUsd: 0 }, counted };
  const limit = side > 0 ? mean * HELD_BEYOND : mean / HELD_BEYOND;
  return { cost: { ...learned(reports, mean, basis, limit), held, heldUsd }, counted };
}

function learned(reports: number, mean: number, basis: number, usd: number): ArmCost {
  const count = Math.min(MEMORY, reports + 1);
  return { reports: count, mean: mean + (usd - mean) / count, basis, held: 0, heldUsd: 0 };
}
