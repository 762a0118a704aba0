/** How soon a router has taken to a world that changed, from what it did request by request. */

/** Requests of a trailing window, of the levels before and after, and of a newcomer's share: as published. */
export const WINDOW = 50;
export const LEVEL = 100;
export const SHARE_WINDOW = 100;
/** A newcomer is adopted from the first window that holds this share of calls, for so many windows in a row. */
export const ADOPTED_SHARE = 0.1;
export const ADOPTED_FOR = 50;

/** What is a tenth on paper may lie a rounding below it. */
const ROUNDING = 1e-9;

/** Mean over the rows, place by place. */
export function meanCurve(curves: readonly (readonly number[])[]): number[] {
  const [first = []] = curves;
  return first.map((_, step) => mean(curves.map((curve) => curve[step] ?? 0)));
}

/** The mean of the last `window` values at every place; of fewer at the beginning. */
export function trailing(values: readonly number[], window: number): number[] {
  let sum = 0;
  return values.map((value, place) => {
    sum += value - (values[place - window] ?? 0);
    return sum / Math.min(window, place + 1);
  });
}

/**
 * Adaptation as ParetoBandit reckons it (experiment 03): the trailing mean reward over 50 requests, averaged over the shuffles,
 * falls after a change and rises again. The step at which, from its lowest point on, it first reaches 95 % of the level that it
 * ends at, the mean of the last 100 steps. (They look at every 20th step only.)
 * @param curve the mean reward of every request, changed at `from`; read up to `to`
 * @returns steps after the change, 1 for the first; null where it never does
 */
export function adaptationStep(curve: readonly number[], from: number, to: number): number | null {
  const windows = trailing(curve.slice(0, to), WINDOW);
  const after = windows.slice(from);
  const steady = mean(after.slice(-LEVEL));
  const trough = after.indexOf(Math.min(...after));
  const step = after.findIndex((value, place) => place >= trough && value >= 0.95 * steady);
  return step === -1 ? null : step + 1;
}

/** Less of a move than this is none. */
const LEAST_MOVE = 0.05;

/**
 * The stricter measure: the step at which the trailing share of calls of the arm that changed, averaged over the shuffles, has
 * made 90 % of its way from its level before the change to its level at the end of it.
 * @param shares the part of the shuffles that called the arm, at every request
 * @returns steps after the change; null where the share moves by less than 0.05
 */
export function movedStep(shares: readonly number[], from: number, to: number): number | null {
  const windows = trailing(shares.slice(0, to), WINDOW);
  const before = mean(shares.slice(Math.max(0, from - LEVEL), from));
  const after = mean(shares.slice(to - LEVEL, to));
  if (Math.abs(after - before) < LEAST_MOVE) return null;
  const made = (value: number) => (value - before) / (after - before) >= 0.9 - ROUNDING;
  const step = windows.slice(from).findIndex(made);
  return step === -1 ? null : step + 1;
}

/**
 * Sustained adoption as ParetoBandit reckons it (experiment 04): the first step from which the share of calls in a trailing
 * window of 100 is at least 10 % for 50 steps in a row. The first 100 steps do not count, nor do there the 20 calls that it is forced
 * to make before: the earliest is step 101 here, step 121 there.
 * @param called whether the newcomer was called, at every request since it appeared
 * @returns null where it was not adopted
 */
export function adoptionStep(called: readonly boolean[]): number | null {
  const windows = trailing(
    called.map((was) => (was ? 1 : 0)),
    SHARE_WINDOW,
  );
  let held = 0;
  for (let place = SHARE_WINDOW; place < windows.length; place++) {
    held = (windows[place] ?? 0) >= ADOPTED_SHARE - ROUNDING ? held + 1 : 0;
    if (held === ADOPTED_FOR) return place - ADOPTED_FOR + 2;
  }
  return null;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
