import { describe, expect, it } from 'vitest';
import { atBucketLevel } from '../../policies/bucket-effect.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import type { Situation } from '../../policies/policy.ts';

const lent: Situation = { candidates: ['a', 'b'], shifts: [], prior: [6, 4, 3, 7], features: [], floor: 0 };
const logOdds = (p: number) => Math.log(p / (1 - p));
const meansOf = ({ prior }: Situation) => [prior[0]! / 10, prior[1 + 1]! / 10];

describe('the level of a bucket', () => {
  it('moves the log-odds of all lent means alike, and no weight', () => {
    const moved = atBucketLevel(lent, [40, 0], [8, 0], 2);
    const [a, b] = meansOf(moved);
    expect(logOdds(a!) - logOdds(0.6)).toBeCloseTo(logOdds(b!) - logOdds(0.3), 12);
    expect(b).toBeLessThan(0.3);
    expect(moved.prior[0]! + moved.prior[1]!).toBeCloseTo(10, 12);
    // The condition that defines it: 40 pulls beside a prior of 10 weigh 8.
    expect(8 * (0.2 - a!)).toBeCloseTo(0.5 * (logOdds(a!) - logOdds(0.6)), 10);
  });

  it('is that of the domain where nothing was pulled, or what was pulled is as expected, or nobody asks for it', () => {
    for (const [pulls, sums, strength] of [
      [[0, 0], [0, 0], 2],
      [[10, 20], [6, 6], 2],
      [[40, 0], [8, 0], 0],
    ] as const) {
      for (const [i, number] of atBucketLevel(lent, pulls, sums, strength).prior.entries()) {
        expect(number).toBeCloseTo(lent.prior[i]!, 12);
      }
    }
  });

  it('stays inside of 0 and 1 whatever was seen', () => {
    for (const value of [0, 1]) {
      for (const strength of [1e-9, 1, 1e6]) {
        const { prior } = atBucketLevel(lent, [1e9, 1e9], [1e9 * value, 1e9 * value], strength);
        expect(prior.every((number) => number > 0 && number < 10)).toBe(true);
      }
    }
  });

  it('lets an arm that was never tried look no better than it can be in a hard bucket', () => {
    const plain = createPolicy({ name: 'beta_thompson', shrinkage: 10 });
    const levelled = createPolicy({ name: 'beta_thompson', shrinkage: 10, bucketEffect: 2 });
    const lessons = Array.from({ length: 30 }, (_, i) => ({
      arm: 'a',
      value: i % 5 === 0 ? 1 : 0,
      share: 1,
      features: [],
      propensity: undefined,
      seed: 0,
      time: 0,
    }));
    const posterior = lessons.reduce((seen, one) => plain.learn(seen, one), plain.init());
    expect(plain.belief(posterior, lent, 1).mean).toBeCloseTo(0.3, 12);
    expect(plain.propensities(posterior, lent)[1]).toBeGreaterThan(0.4);
    expect(levelled.belief(posterior, lent, 1).mean).toBeLessThan(0.2);
    expect(levelled.propensities(posterior, lent)[1]).toBeLessThan(0.25);
  });

  it('and sharpness leave the policy as it was where they are left out or neutral', () => {
    const plain = createPolicy({ name: 'beta_thompson', shrinkage: 10 });
    const neutral = createPolicy({ name: 'beta_thompson', shrinkage: 10, sharpness: 1, bucketEffect: 0 });
    for (let seed = 0; seed < 200; seed++) {
      expect(neutral.choose(neutral.init(), lent, seed, 2)).toEqual(plain.choose(plain.init(), lent, seed, 2));
    }
  });
});
