import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultEntrant, policyEntrant } from '../../bench/learning/entrants.ts';
import { flatThompson } from '../../bench/learning/flat-thompson.ts';
import { meanUtility, playShuffle } from '../../bench/learning/play.ts';
import type { Problem } from '../../bench/learning/problem.ts';
import { referenceFeatures } from '../../bench/learning/reference-features.ts';
import { ridgeLinUcb } from '../../bench/learning/ridge-linucb.ts';

/** Two tasks, and in each another arm that is always right. */
const opposite: Problem = {
  name: 'opposite',
  arms: ['left', 'right'],
  costs: [0, 0],
  context: { task: { type: 'categorical', values: ['l', 'r'] } },
  bucketBy: ['task'],
  rows: Array.from({ length: 400 }, (_, i) =>
    i % 2 === 0 ? { context: { task: 'l' }, rewards: [1, 0] } : { context: { task: 'r' }, rewards: [0, 1] },
  ),
};

test('numbers are standardised by what has come so far, clipped, and scaled with their number', () => {
  const problem: Problem = {
    ...opposite,
    context: { size: { type: 'numeric' }, age: { type: 'numeric' } },
    bucketBy: [],
    rows: [1, 3, 1000].map((size) => ({ context: { size, age: 7 }, rewards: [1, 0] })),
  };
  const { size, begin } = referenceFeatures(problem);
  const encode = begin();
  const x = new Float64Array(size);
  const rows = [0, 1, 2].map((row) => {
    encode(row, x);
    return [...x];
  });
  // The first row has no deviation yet; of 1 and 3 the second is one deviation above the mean.
  expect(rows[0]).toEqual([0, 0, 1]);
  expect(rows[1]![0]).toBeCloseTo(1 / Math.SQRT2, 12);
  const mean = (1 + 3 + 1000) / 3;
  const deviation = Math.sqrt(((1 - mean) ** 2 + (3 - mean) ** 2 + (1000 - mean) ** 2) / 3);
  expect(rows[2]![0]).toBeCloseTo((1000 - mean) / deviation / Math.SQRT2, 12);
  expect(rows[2]!.slice(1)).toEqual([0, 1]);
});

test('one of each category is on, and together they are of length one', () => {
  const { size, begin } = referenceFeatures({
    ...opposite,
    context: { task: { type: 'categorical', values: ['l', 'r'] }, day: { type: 'categorical', values: ['mo', 'su'] } },
    rows: [{ context: { task: 'r', day: 'mo' }, rewards: [1, 0] }],
  });
  const x = new Float64Array(size);
  begin()(0, x);
  expect([...x]).toEqual([0, 1 / Math.SQRT2, 1 / Math.SQRT2, 0, 1]);
});

test('ridge LinUCB chooses as a direct solve of its equations does', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          task: fc.constantFrom('l', 'r'),
          rewards: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })),
        }),
        { minLength: 1, maxLength: 30 },
      ),
      (given) => {
        const problem: Problem = {
          ...opposite,
          rows: given.map(({ task, rewards }) => ({ context: { task }, rewards: rewards.map((r) => r / 4) })),
        };
        const pass = ridgeLinUcb(problem, 'linucb', { alpha: 0.7, lambda: 2 }).begin(0);
        const seen: { x: number[]; arm: number; reward: number }[] = [];
        for (const [row, { context, rewards }] of problem.rows.entries()) {
          const x = [context.task === 'l' ? 1 : 0, context.task === 'r' ? 1 : 0, 1];
          const scores = [0, 1].map((arm) =>
            directScore(
              seen.filter((one) => one.arm === arm),
              x,
              0.7,
              2,
            ),
          );
          const arm = pass.choose(row);
          // Equal scores may be rounded apart by the two ways of computing them.
          expect(scores[arm]).toBeGreaterThanOrEqual(Math.max(...scores) - 1e-9);
          pass.learn(row, arm, rewards[arm]!);
          seen.push({ x, arm, reward: rewards[arm]! });
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('by bucket every learner finds the two arms, in one bucket Thompson sampling cannot', () => {
  const circumstances = { floor: 0.01, buckets: true };
  const utilities = playShuffle(
    opposite,
    [
      defaultEntrant(circumstances).make(opposite),
      policyEntrant('{"name":"epsilon_greedy","epsilon":0.05}', circumstances).make(opposite),
      flatThompson(opposite, 'flat', true),
      ridgeLinUcb(opposite, 'linucb', { alpha: 1, lambda: 1 }),
      flatThompson(opposite, 'one bucket', false),
      policyEntrant('beta_thompson', { ...circumstances, buckets: false }).make(opposite),
    ],
    0,
  ).map(meanUtility);
  for (const utility of utilities.slice(0, 4)) expect(utility).toBeGreaterThan(0.85);
  for (const utility of utilities.slice(4)) expect(utility).toBeLessThan(0.65);
});

test('who else plays changes nothing, and one seed gives one result', () => {
  const made = () => defaultEntrant({ floor: 0.01, buckets: true }).make(opposite);
  const [alone] = playShuffle(opposite, [made()], 3);
  const [, beside] = playShuffle(opposite, [flatThompson(opposite, 'flat', true), made()], 3);
  expect(beside).toEqual(alone);
  expect(playShuffle(opposite, [made()], 4)).not.toEqual([alone]);
});

/** x'theta + alpha sqrt(x' A^-1 x), by Gauss and Jordan. */
function directScore(
  seen: readonly { x: number[]; reward: number }[],
  x: number[],
  alpha: number,
  lambda: number,
): number {
  const size = x.length;
  const matrix = Array.from({ length: size }, (_, i) =>
    Array.from(
      { length: size },
      (_, j) => (i === j ? lambda : 0) + seen.reduce((sum, one) => sum + one.x[i]! * one.x[j]!, 0),
    ),
  );
  const b = Array.from({ length: size }, (_, i) => seen.reduce((sum, one) => sum + one.reward * one.x[i]!, 0));
  const theta = solve(matrix, b);
  const spread = solve(matrix, x);
  const dot = (one: number[], other: number[]) => one.reduce((sum, value, i) => sum + value * other[i]!, 0);
  return dot(x, theta) + alpha * Math.sqrt(dot(x, spread));
}

function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let pivot = 0; pivot < rows.length; pivot++) {
    const at = rows[pivot]!;
    const divisor = at[pivot]!;
    for (let j = 0; j < at.length; j++) at[j]! /= divisor;
    for (const [i, row] of rows.entries()) {
      if (i === pivot) continue;
      const factor = row[pivot]!;
      for (let j = 0; j < row.length; j++) row[j]! -= factor * at[j]!;
    }
  }
  return rows.map((row) => row.at(-1)!);
}
