/**
 * Success and failure counts of arms: the posterior of every policy here that believes in Beta distributions. A reward
 * may be fractional: S += r, F += 1 - r has the mean of Agrawal & Goyal's (2012) Bernoulli coin without its noise.
 */

import { fadeColumns } from './arm-columns.ts';
import { credibleInterval } from './beta-distribution.ts';
import type { Belief, Lesson, Parameters, PriorSource, Situation } from './policy.ts';
import { checkLesson, checkSituation } from './situation.ts';

/** What was learned, by arm in the order of first lessons. The three arrays have one number an arm. */
export interface BetaCounts {
  readonly arms: string[];
  /** Where in the arrays an arm is. */
  readonly index: Map<string, number>;
  /** Sum of share * value. */
  readonly successes: number[];
  /** Sum of share * (1 - value). */
  readonly failures: number[];
  /** Sum of shares. */
  readonly pulls: number[];
}

/** Prior numbers a candidate: the alpha and beta that its counts are added to. */
export const BETA_PRIOR_WIDTH = 2;

/** Nothing learned. */
export function emptyCounts(): BetaCounts {
  return { arms: [], index: new Map(), successes: [], failures: [], pulls: [] };
}

/**
 * Adds one reward, in place. O(1).
 * @throws RangeError unless value and share are in [0, 1]
 */
export function learnCounts(counts: BetaCounts, lesson: Lesson): BetaCounts {
  checkLesson(lesson);
  const at = slot(counts, lesson.arm);
  counts.successes[at]! += lesson.share * lesson.value;
  counts.failures[at]! += lesson.share * (1 - lesson.value);
  counts.pulls[at]! += lesson.share;
  return counts;
}

/**
 * Takes one reward back, in place. What rounding leaves below zero becomes zero; an arm never learned stays unknown.
 * @throws RangeError unless value and share are in [0, 1]
 */
export function forgetCounts(counts: BetaCounts, lesson: Lesson): BetaCounts {
  checkLesson(lesson);
  const at = counts.index.get(lesson.arm);
  if (at === undefined) return counts;
  counts.successes[at] = Math.max(0, counts.successes[at]! - lesson.share * lesson.value);
  counts.failures[at] = Math.max(0, counts.failures[at]! - lesson.share * (1 - lesson.value));
  counts.pulls[at] = Math.max(0, counts.pulls[at]! - lesson.share);
  return counts;
}

/** What was learned times a factor in [0, 1], in place; see `fading.ts`. */
export function fadeCounts({ successes, failures, pulls }: BetaCounts, factor: number): void {
  fadeColumns([successes, failures, pulls], factor);
}

function slot(counts: BetaCounts, arm: string): number {
  const known = counts.index.get(arm);
  if (known !== undefined) return known;
  const at = counts.arms.push(arm) - 1;
  counts.index.set(arm, at);
  counts.successes.push(0);
  counts.failures.push(0);
  counts.pulls.push(0);
  return at;
}

/** The posterior Beta(alpha[i], beta[i]) of every candidate. Both of length K. */
export interface BetaShapes {
  readonly alpha: number[];
  readonly beta: number[];
}

/**
 * Prior plus counts, for every candidate.
 * @throws RangeError for a situation whose lengths do not fit, or a prior that is not positive and finite
 */
export function betaShapes(counts: BetaCounts, situation: Situation): BetaShapes {
  checkSituation(situation, BETA_PRIOR_WIDTH);
  const { candidates, prior } = situation;
  const alpha: number[] = [];
  const beta: number[] = [];
  for (let i = 0; i < candidates.length; i++) {
    const a = prior[2 * i]!;
    const b = prior[2 * i + 1]!;
    if (!(a > 0 && b > 0 && a < Number.POSITIVE_INFINITY && b < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`the prior of arm '${candidates[i]}' is Beta(${a}, ${b}): both must be positive and finite`);
    }
    const at = counts.index.get(candidates[i]!);
    alpha.push(at === undefined ? a : a + counts.successes[at]!);
    beta.push(at === undefined ? b : b + counts.failures[at]!);
  }
  return { alpha, beta };
}

/** Mean, 95 % interval and pulls of one candidate. */
export function betaBelief(counts: BetaCounts, situation: Situation, candidate: number): Belief {
  const arm = situation.candidates[candidate];
  if (arm === undefined) throw new RangeError(`there is no candidate ${candidate}`);
  const at = counts.index.get(arm);
  const alpha = situation.prior[2 * candidate]! + (at === undefined ? 0 : counts.successes[at]!);
  const beta = situation.prior[2 * candidate + 1]! + (at === undefined ? 0 : counts.failures[at]!);
  const { lower, upper } = credibleInterval(alpha, beta);
  return { mean: alpha / (alpha + beta), lower, upper, pulls: at === undefined ? 0 : counts.pulls[at]! };
}

/** What the counts are of one arm. */
export function countParameters(counts: BetaCounts, arm: string): Parameters | undefined {
  const at = counts.index.get(arm);
  if (at === undefined) return undefined;
  return { successes: counts.successes[at]!, failures: counts.failures[at]!, pulls: counts.pulls[at]! };
}

/**
 * Alpha and beta of every candidate, shrunk towards what the domain knows of the arm: Beta(m g, m (1 - g)) with
 * g = (alpha0 + sum) / (alpha0 + beta0 + pulls) and m = min(max(strength, alpha0 + beta0), alpha0 + beta0 + pulls), so
 * that a domain which has seen little lends little. With strength 0, or nothing shared, it is the configured prior.
 * @param strength pseudo-pulls that the domain's mean is worth at most, >= 0
 */
export function betaPrior(candidates: readonly string[], source: PriorSource, strength: number): number[] {
  const prior: number[] = [];
  for (const arm of candidates) {
    const { alpha, beta } = source.configured(arm);
    const shared = strength > 0 ? source.shared?.get(arm) : undefined;
    if (shared === undefined) {
      prior.push(alpha, beta);
      continue;
    }
    const own = alpha + beta;
    const mean = (alpha + shared.sum) / (own + shared.pulls);
    const worth = Math.min(Math.max(strength, own), own + shared.pulls);
    prior.push(worth * mean, worth * (1 - mean));
  }
  return prior;
}
