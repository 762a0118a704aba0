/** What the exact propensities of all kinds of scores have in common: panels are narrowed until the sum over the arms is 1. */

/** Mass that may be left out of all tails together, and how far a sum may be from 1. */
export const LEFT_OUT = 1e-10;
const SUM_TOLERANCE = 1e-9;

/**
 * The first panels, as a part of the widest that are sound. The sum cannot see all errors at lower ranks, which are not
 * on the path of every decision either: they get narrower ones.
 */
const FIRST_SCALE = 0.9;
const RANK_SCALE = 0.75;

/** P(first) of every arm, and P(place r) of the arms of a ranking; empty where none was asked for. */
export interface Probabilities {
  readonly first: number[];
  readonly ranked: number[];
}

/**
 * Sweeps until the probabilities sum to 1.
 * @param count of all arms @param alive those that can be among the wanted places
 * @param sweep walks all panels, whose width is a part `scale` of the widest: sets `sum` of every arm, adds to `ranked`
 * @param numbers what makes the scores, for the error
 */
export function untilConverged(
  count: number,
  alive: readonly { readonly index: number; readonly sum: number }[],
  ranking: readonly number[] | undefined,
  sweep: (ranked: number[], scale: number) => void,
  numbers: string,
): Probabilities {
  // Panels are wide enough for 1e-9 as a rule; where the sum says otherwise they are made narrower.
  for (let scale = ranking === undefined ? FIRST_SCALE : RANK_SCALE; scale > 0.01; scale *= 0.6) {
    const ranked = ranking?.map(() => 0) ?? [];
    sweep(ranked, scale);
    const first = new Array<number>(count).fill(0);
    let sum = 0;
    for (const arm of alive) {
      first[arm.index] = Math.max(0, arm.sum);
      sum += first[arm.index]!;
    }
    if (Math.abs(sum - 1) <= SUM_TOLERANCE) {
      return { first: first.map((p) => p / sum), ranked: ranked.map((p) => Math.min(1, Math.max(0, p))) };
    }
  }
  throw new Error(`exact propensities did not converge: please report the ${numbers} of this decision`);
}
