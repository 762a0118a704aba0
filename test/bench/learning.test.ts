import { expect, test } from 'vitest';
import { type Entrant, type Figure, startRecord } from '../../bench/learning/experiment.ts';
import { fixedArms } from '../../bench/learning/fixed-arms.ts';
import type { Problem } from '../../bench/learning/problem.ts';
import { areaUnder, curveOf, hindsightArea, leastShare } from '../../bench/learning/sweep.ts';
import { add, estimateOf, noMoments } from '../../bench/learning/welford.ts';

const problem: Problem = {
  name: 'two buckets',
  arms: ['weak', 'strong'],
  costs: [0, 0.1],
  context: { task: { type: 'categorical', values: ['easy', 'hard'] } },
  bucketBy: ['task'],
  rows: [
    { context: { task: 'easy' }, rewards: [1, 1] },
    { context: { task: 'easy' }, rewards: [1, 0] },
    { context: { task: 'hard' }, rewards: [0, 1] },
    { context: { task: 'hard' }, rewards: [0, 1] },
  ],
};

function figure(given: Partial<Figure>): Figure {
  const unknown = { bestSingleArm: null, perBucketHindsight: null, oracle: null };
  return { name: 'utility', better: 'higher', scale: 1, ...unknown, ...given };
}

test('what routers without learning earn is counted less what their calls cost', () => {
  const fixed = fixedArms(problem);
  expect(fixed.best).toBe(1);
  expect(fixed.perArm[0]).toBeCloseTo(0.5, 12);
  expect(fixed.perArm[1]).toBeCloseTo(0.65, 12);
  expect(fixed.perBucket).toBeCloseTo((1 + 0.9) / 2, 12);
  expect(fixed.oracle).toBeCloseTo((1 + 1 + 0.9 + 0.9) / 4, 12);
});

test('a straight curve has half the area, and one through a point what its trapezoids have', () => {
  expect(areaUnder(curveOf([]))).toBeCloseTo(0.5, 12);
  const curve = curveOf([
    { strong: 0.5, recovered: 1 },
    { strong: 0.25, recovered: 0.5 },
  ]);
  expect(areaUnder(curve)).toBeCloseTo(0.75, 12);
  expect(leastShare(curve, 0.5)).toBeCloseTo(0.25, 12);
  expect(leastShare(curve, 0.8)).toBeCloseTo(0.4, 12);
});

test('hindsight buys the strong arm where a bucket is worth its price', () => {
  // Strong gains -1/2 a request on the easy task and 1 on the hard one: the hard half alone recovers twice the gap.
  expect(hindsightArea({ ...problem, costs: [0, 0] }, 1)).toBeCloseTo((0.5 * 2) / 2 + (0.5 * (2 + 1)) / 2, 12);
  expect(hindsightArea({ ...problem, bucketBy: [] }, 1)).toBe(null);
});

test('the interval of a stream is the t interval of its values', () => {
  const moments = noMoments();
  for (const value of [1, 2, 3, 4]) add(moments, value);
  const { mean, standardError, interval } = estimateOf(moments);
  expect(mean).toBeCloseTo(2.5, 12);
  expect(standardError).toBeCloseTo(Math.sqrt(5 / 3 / 4), 12);
  expect(interval?.[1]).toBeCloseTo(2.5 + 3.182446305 * Math.sqrt(5 / 12), 6);
});

test('differences are paired: what both share of a shuffle is not in their interval', () => {
  const entrant = (name: string, reference: boolean): Entrant => ({
    name,
    reference,
    make: () => {
      throw new Error('nobody plays here');
    },
  });
  const record = startRecord([figure({ name: 'earned' })], [entrant('ours', false), entrant('theirs', true)]);
  for (const both of [5, -3, 8]) record.add([[both + 1], [both]]);
  const [finding] = record.findings();
  const [ours, theirs] = finding!.entrants;
  expect(ours?.differences.theirs).toEqual({ mean: 1, standardError: 0, interval: [1, 1] });
  expect(theirs?.differences).toEqual({});
  expect(ours?.interval?.[0]).toBeLessThan(0);
});
