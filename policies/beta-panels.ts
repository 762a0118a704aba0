/**
 * Where the scores of Beta arms lie and how wide a quadrature panel may be there.
 *
 * An arm's score is t = z + shift with z ~ Beta(alpha, beta). An interval of scores is mapped onto the real line by
 * t = start + width * logistic(u): a density that is singular at an end of the interval (a shape below 1, or any that
 * is not an integer) becomes smooth, and 1e-400 is a place like any other.
 */

import { logPeak } from './beta-distribution.ts';
import { logistic } from './sampling.ts';

/** An arm prepared for integration. v is the log-odds of z. */
export interface PanelArm {
  /** Index among the candidates. */
  readonly index: number;
  readonly alpha: number;
  readonly beta: number;
  readonly shift: number;
  /** Mean of z, and 1 less it. */
  readonly mean: number;
  readonly complement: number;
  /** log of the density of v at its peak, and log 1 / B(alpha, beta). */
  readonly peak: number;
  readonly scale: number;
  /** True where counts are so large that logarithms shared between arms have too few digits. */
  readonly large: boolean;
  /** The v outside which the mass is below the tolerance, on either side. */
  readonly low: number;
  readonly high: number;
  /** The same two as u of the interval at hand; infinite where the arm reaches beyond it. */
  from: number;
  to: number;
  /** P(score above the top of the panel at hand). */
  above: number;
  /** The integral so far. */
  sum: number;
}

/** An interval of scores [start, start + width] seen through u. */
export interface Interval {
  readonly start: number;
  readonly width: number;
  /** The part of it that is to be integrated. */
  readonly bottom: number;
  readonly top: number;
  /** True where the end of the interval is that of the map, u = -infinity or infinity: an arm may go deeper there than bottom or top. */
  readonly bentBottom: boolean;
  readonly bentTop: boolean;
}

/** Ends closer than this are one: scores cannot tell them apart. */
const SAME_PLACE = 1e-12;

/** An arm whose range comes closer than this to 0 or 1 has an end that wants the map. */
const NEAR_END = 0.01;

/** Prepares an arm; `tail` is the mass that may be left out at each end. */
export function panelArm(index: number, alpha: number, beta: number, shift: number, tail: number): PanelArm {
  const total = alpha + beta;
  const mean = alpha / total;
  const complement = beta / total;
  const peak = logPeak(alpha, beta);
  const offset = alpha * Math.log(mean) + beta * Math.log(complement);
  return {
    index,
    alpha,
    beta,
    shift,
    mean,
    complement,
    peak,
    scale: peak - offset,
    large: offset < -3e4,
    low: tailBound(alpha, beta, peak - offset, tail),
    high: -tailBound(beta, alpha, peak - offset, tail),
    from: 0,
    to: 0,
    above: 0,
    sum: 0,
  };
}

/**
 * A v with P(log-odds < v) <= tail. The density g is log-concave, so the mass below v is at most g(v) over the slope of
 * log g there, and Newton's method comes to the root from outside after its first step: stopping early is safe.
 */
function tailBound(alpha: number, beta: number, scale: number, tail: number): number {
  const target = Math.log(tail);
  let v = Math.log(alpha / beta) - 6.5 * Math.sqrt(1 / alpha + 1 / beta);
  for (let round = 0; round < 5; round++) {
    const e = Math.exp(-Math.abs(v));
    const log = -Math.log1p(e);
    const small = e / (1 + e);
    const slope = v < 0 ? alpha * (1 - small) - beta * small : alpha * small - beta * (1 - small);
    const density = scale + (v < 0 ? alpha * (v + log) + beta * log : alpha * log + beta * (log - v));
    const excess = density - Math.log(slope) - target;
    v -= excess / slope;
    if (excess < 0.7 && excess > -0.7) break;
  }
  return v;
}

/** The score of an arm at the low or high end of its range. */
export function lowScore(arm: PanelArm): number {
  return arm.shift + logistic(arm.low);
}
export function highScore(arm: PanelArm): number {
  return arm.shift + logistic(arm.high);
}

interface Break {
  at: number;
  /** Some arm starts, or ends, here and reaches its end: the map must bend on the side where that arm is. */
  starts: boolean;
  ends: boolean;
}

/** The intervals between the ends that matter, highest first. Sets nothing in the arms. */
export function scoreIntervals(arms: readonly PanelArm[]): Interval[] {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let counts = 0;
  const breaks: Break[] = [];
  for (const arm of arms) {
    lowest = Math.min(lowest, arm.shift);
    highest = Math.max(highest, arm.shift + 1);
    counts = Math.max(counts, arm.alpha + arm.beta);
    if (logistic(arm.low) < NEAR_END) breaks.push({ at: arm.shift, starts: true, ends: false });
    if (logistic(-arm.high) < NEAR_END) breaks.push({ at: arm.shift + 1, starts: false, ends: true });
  }
  breaks.push({ at: lowest, starts: true, ends: false }, { at: highest, starts: false, ends: true });
  breaks.sort((one, other) => other.at - one.at);
  const intervals: Interval[] = [];
  // A smooth density that crosses a bent end counts for nothing below this distance from it.
  const depth = 27 + Math.log(1 + counts);
  let upper = breaks[0]!;
  for (const lower of breaks) {
    if (upper.at - lower.at < SAME_PLACE) {
      upper.ends ||= lower.ends;
      upper.starts ||= lower.starts;
      continue;
    }
    const length = upper.at - lower.at;
    const start = lower.starts ? lower.at : lower.at - length - 0.25;
    const end = upper.ends ? upper.at : upper.at + length + 0.25;
    intervals.push({
      start,
      width: end - start,
      bottom: lower.starts ? -depth : Math.log((lower.at - start) / (end - lower.at)),
      bentBottom: lower.starts,
      bentTop: upper.ends,
      top: upper.ends ? depth : Math.log((upper.at - start) / (end - upper.at)),
    });
    upper = lower;
  }
  return intervals;
}

/** How the arms of one shift lie in an interval: z = fromStart + width * y and 1 - z = fromEnd + width * (1 - y), y = logistic(u). */
export interface Place {
  readonly fromStart: number;
  readonly fromEnd: number;
}

/** 0 says that the two ends are the same place, and then no digits of z are lost near it. */
export function place(interval: Interval, shift: number): Place {
  const fromStart = interval.start - shift;
  const fromEnd = shift + 1 - (interval.start + interval.width);
  return {
    fromStart: Math.abs(fromStart) < SAME_PLACE ? 0 : fromStart,
    fromEnd: Math.abs(fromEnd) < SAME_PLACE ? 0 : fromEnd,
  };
}

/** The u of an arm's log-odds v: infinite where it lies outside the interval. */
export function intervalCoordinate(v: number, where: Place, width: number): number {
  if (where.fromStart === 0 && where.fromEnd === 0) return v;
  const e = Math.exp(-Math.abs(v));
  const log = -Math.log1p(e);
  const small = e / (1 + e);
  const y = ((v < 0 ? small : 1 - small) - where.fromStart) / width;
  const rest = ((v < 0 ? 1 - small : small) - where.fromEnd) / width;
  if (y <= 0 && where.fromStart !== 0) return Number.NEGATIVE_INFINITY;
  if (rest <= 0 && where.fromEnd !== 0) return Number.POSITIVE_INFINITY;
  const logWidth = Math.log(width);
  const logY = where.fromStart === 0 ? Math.min(v, 0) + log - logWidth : Math.log(y);
  return logY - (where.fromEnd === 0 ? Math.min(-v, 0) + log - logWidth : Math.log(rest));
}
