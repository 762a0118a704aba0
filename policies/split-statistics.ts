/**
 * What a leaf of a context tree counts to find its next split: for every candidate split and arm the pulls, rewards and
 * squared rewards on its left side. Bounded: no lesson is kept once the candidates are known.
 */

import type { DoubleKind } from './encoding.ts';

/** A test of one feature. Right where it holds: above the value, or equal to the category. */
export interface Split {
  readonly feature: number;
  /** `above`: numeric; `is`: a category or a boolean against the rest. */
  readonly test: 'above' | 'is';
  readonly value: number;
}

/** Pulls, sum of rewards and sum of squared rewards: three numbers a cell. */
export const CELL = 3;

export interface SplitStatistics {
  readonly splits: readonly Split[];
  /** By arm: the totals (one cell), then the left side of every split (one cell each). */
  readonly arms: Map<string, Float64Array>;
}

/** A lesson as far as splits are concerned. */
export interface SplitLesson {
  readonly arm: string;
  readonly value: number;
  readonly share: number;
  readonly features: readonly number[];
}

/** Split points of a numeric feature: its deciles among the lessons that choose the candidates. */
const POINTS = 9;

/** Whether the features go to the right of a split. What is missing goes left. */
export function goesRight({ feature, test, value }: Split, features: readonly number[]): boolean {
  return test === 'is' ? features[feature] === value : features[feature]! > value;
}

/** The candidate splits that a leaf's first lessons suggest: nine points a numeric feature, every category seen against the rest. */
export function candidateSplits(lessons: readonly SplitLesson[], kinds: readonly DoubleKind[]): Split[] {
  return kinds.flatMap((kind, feature) => {
    const values = Float64Array.from(lessons, ({ features }) => features[feature] ?? Number.NaN)
      .filter(Number.isFinite)
      .sort();
    const distinct = [...new Set(values)];
    if (distinct.length < 2) return [];
    if (kind.type === 'number') {
      return splitPoints(values).map((value): Split => ({ feature, test: 'above', value }));
    }
    // With two categories, one against the rest is the other against the rest.
    const tested = distinct.length === 2 || kind.type === 'boolean' ? distinct.slice(-1) : distinct;
    return tested.map((value): Split => ({ feature, test: 'is', value }));
  });
}

/** Deciles, each once; none above which nothing lies. @param values ascending */
function splitPoints(values: Float64Array): number[] {
  const points = new Set<number>();
  for (let point = 1; point <= POINTS; point++) {
    const at = Math.min(values.length - 1, Math.max(1, Math.round((point * values.length) / (POINTS + 1))));
    const value = values[at - 1]! / 2 + values[at]! / 2;
    // Between neighbours that a double cannot part, the middle is one of them: it still has the other above it, or is no split.
    if (value < values.at(-1)!) points.add(value);
  }
  return [...points];
}

export function emptyStatistics(splits: readonly Split[]): SplitStatistics {
  return { splits, arms: new Map() };
}

/** Adds a lesson, in place. O(splits). */
export function countLesson({ splits, arms }: SplitStatistics, { arm, value, share, features }: SplitLesson): void {
  let cells = arms.get(arm);
  if (cells === undefined) {
    cells = new Float64Array(CELL * (1 + splits.length));
    arms.set(arm, cells);
  }
  addTo(cells, 0, value, share);
  for (let i = 0; i < splits.length; i++) {
    if (!goesRight(splits[i]!, features)) addTo(cells, CELL * (i + 1), value, share);
  }
}

function addTo(cells: Float64Array, at: number, value: number, share: number): void {
  cells[at]! += share;
  cells[at + 1]! += share * value;
  cells[at + 2]! += share * value * value;
}

/** A split and the share of the variance that it explains. */
export interface FoundSplit {
  /** Index into the splits. */
  readonly index: number;
  /** 1 - variance within the children / variance within the leaf, at most 1. */
  readonly reduction: number;
  /** Whether the best of so many splits would seldom explain as much of rewards that no split explains. */
  readonly significant: boolean;
}

/**
 * The split that most reduces the variance of the rewards around their arm's mean; undefined where none leaves enough
 * pulls on both sides or there is no variance. Around the arm's mean: a split on which the arms trade places shows there,
 * and not in the rewards taken together. Variances are the unbiased estimates (a degree of freedom for every mean),
 * because more means fit any noise better. O(splits * arms).
 * @param least pulls that a side needs
 */
export function bestSplit({ splits, arms }: SplitStatistics, least: number): FoundSplit | undefined {
  const all = [...arms.values()];
  const total: Within = { pulls: 0, squares: 0, means: 0 };
  for (const cells of all) addCell(total, cells[0]!, cells[1]!, cells[2]!);
  const before = varianceOf(total);
  if (!(before > 0)) return undefined;
  let best: FoundSplit | undefined;
  for (let index = 0; index < splits.length; index++) {
    const within: Within = { pulls: 0, squares: 0, means: 0 };
    let left = 0;
    let right = 0;
    for (const cells of all) {
      const at = CELL * (index + 1);
      left += cells[at]!;
      right += cells[0]! - cells[at]!;
      addCell(within, cells[at]!, cells[at + 1]!, cells[at + 2]!);
      addCell(within, cells[0]! - cells[at]!, cells[1]! - cells[at + 1]!, cells[2]! - cells[at + 2]!);
    }
    if (left < least || right < least) continue;
    const reduction = 1 - varianceOf(within) / before;
    if (Number.isNaN(reduction) || (best !== undefined && reduction <= best.reduction)) continue;
    best = { index, reduction, significant: isSignificant(total, within, splits.length) };
  }
  return best;
}

/** Chance that noise passes for a split, at a search. */
const ALPHA = 0.01;

/**
 * Where a split explains nothing, the log-ratio of squares is chi-squared with a degree of freedom for every mean more
 * (Wilks 1938). The best of so many is held against the upper bound of Laurent & Massart (2000, lemma 1), and needs two
 * pulls a mean: with fewer, means fit anything.
 */
function isSignificant(total: Within, within: Within, splits: number): boolean {
  const more = within.means - total.means;
  if (more <= 0 || within.pulls < 2 * within.means) return false;
  const odds = Math.log(splits / ALPHA);
  const ratio = Math.log(total.squares / Math.max(within.squares, 1e-12 * within.pulls));
  return (within.pulls - within.means) * ratio > more + 2 * Math.sqrt(more * odds) + 2 * odds;
}

/** Squares of the rewards around the means of their cells. */
interface Within {
  pulls: number;
  squares: number;
  means: number;
}

/** What rounding leaves of a share that was taken away again. */
const NOTHING = 1e-9;

/** Adds a cell to the sum. */
function addCell(sum: Within, pulls: number, rewards: number, squares: number): void {
  if (pulls < NOTHING) return;
  sum.pulls += pulls;
  sum.squares += Math.max(0, squares - (rewards * rewards) / pulls);
  sum.means += 1;
}

/** NaN where there are as many means as pulls. Below 1e-12 the squares are what rounding left of equal rewards. */
function varianceOf({ pulls, squares, means }: Within): number {
  if (pulls <= means) return Number.NaN;
  return squares < 1e-12 * pulls ? 0 : squares / (pulls - means);
}
