/** First and second moments of the rewards of arms: the posterior of policies that learn how much an arm's rewards vary. */

import { fadeColumns, readColumns, writeColumns } from './arm-columns.ts';
import type { Lesson, Parameters } from './policy.ts';
import { checkLesson } from './situation.ts';

/**
 * What was learned, by arm in the order of first lessons; one number an arm. Sums, not running means: a lesson is then
 * forgotten as exactly as it was learned, in any order. Rewards lie in [0, 1], so that a variance keeps the digits that matter.
 */
export interface ArmMoments {
  readonly arms: string[];
  readonly index: Map<string, number>;
  /** Sum of shares. */
  readonly pulls: number[];
  /** Sum of share * value. */
  readonly sums: number[];
  /** Sum of share * value^2. */
  readonly squares: number[];
}

/** Nothing learned. */
export function noArmMoments(): ArmMoments {
  return { arms: [], index: new Map(), pulls: [], sums: [], squares: [] };
}

/**
 * Adds one reward, in place. O(1).
 * @throws RangeError unless value and share are in [0, 1]
 */
export function learnMoments(moments: ArmMoments, lesson: Lesson): ArmMoments {
  checkLesson(lesson);
  const { arm, value, share } = lesson;
  let at = moments.index.get(arm);
  if (at === undefined) {
    at = moments.arms.push(arm) - 1;
    moments.index.set(arm, at);
    for (const column of [moments.pulls, moments.sums, moments.squares]) column.push(0);
  }
  moments.pulls[at]! += share;
  moments.sums[at]! += share * value;
  moments.squares[at]! += share * value * value;
  return moments;
}

/**
 * Takes one reward back, in place. What rounding leaves below zero becomes zero; an arm never learned stays unknown.
 * @throws RangeError unless value and share are in [0, 1]
 */
export function forgetMoments(moments: ArmMoments, lesson: Lesson): ArmMoments {
  checkLesson(lesson);
  const { arm, value, share } = lesson;
  const at = moments.index.get(arm);
  if (at === undefined) return moments;
  moments.pulls[at] = Math.max(0, moments.pulls[at]! - share);
  moments.sums[at] = Math.max(0, moments.sums[at]! - share * value);
  moments.squares[at] = Math.max(0, moments.squares[at]! - share * value * value);
  return moments;
}

/** What the moments are of one arm. */
export function momentParameters({ index, pulls, sums, squares }: ArmMoments, arm: string): Parameters | undefined {
  const at = index.get(arm);
  return at === undefined ? undefined : { pulls: pulls[at]!, sum: sums[at]!, squares: squares[at]! };
}

/** What was learned times a factor in [0, 1], in place; see `fading.ts`. */
export function fadeMoments({ pulls, sums, squares }: ArmMoments, factor: number): void {
  fadeColumns([pulls, sums, squares], factor);
}

/** 'RAM1', then all pulls, all sums and all squares. */
export function writeMoments({ arms, pulls, sums, squares }: ArmMoments): Uint8Array {
  return writeColumns('RAM1', arms, [pulls, sums, squares]);
}

/**
 * The moments that `writeMoments` wrote.
 * @throws RangeError for bytes that it cannot have written
 */
export function readMoments(bytes: Uint8Array): ArmMoments {
  const { arms, index, columns } = readColumns('RAM1', 3, bytes, 'a posterior of moments');
  return { arms, index, pulls: columns[0]!, sums: columns[1]!, squares: columns[2]! };
}
