import { describe, expect, it } from 'vitest';
import { createPolicy, PolicySpec } from '../../policies/catalogue.ts';
import { drawNormal, randomness } from '../../policies/sampling.ts';
import { ARMS, learned, lesson, situation } from './every-policy.ts';

function scaled(varianceScaling?: number, rest: object = {}) {
  return createPolicy(PolicySpec.parse({ name: 'beta_thompson', shrinkage: 0, varianceScaling, ...rest }));
}

/** Scores of a judge: 0.7, give or take a tenth. */
const SCORES = (() => {
  const random = randomness(3);
  return Array.from({ length: 400 }, () => Math.min(1, Math.max(0, 0.7 + 0.1 * drawNormal(random))));
})();
const COIN = Array.from({ length: 400 }, (_, i) => (i % 10 < 7 ? 1 : 0));

function widthOf(policy: ReturnType<typeof scaled>, values: readonly number[]): number {
  const posterior = learned(
    policy,
    values.map((value) => lesson('a', value)),
  );
  const { lower, upper } = policy.belief(posterior, situation(policy, ['a']), 0);
  return upper - lower;
}

describe('variance scaling', () => {
  it('makes the interval of a mean as wide as the variance of its rewards says', () => {
    const mean = SCORES.reduce((a, b) => a + b) / 400;
    const variance = SCORES.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400;
    const byVariance = 2 * 1.959963984540054 * Math.sqrt(variance / 400);
    // The coin's two pulls that the variance begins with are worth a twentieth.
    expect(Math.abs(widthOf(scaled(1000), SCORES) / byVariance - 1)).toBeLessThan(0.08);
    expect(widthOf(scaled(), SCORES)).toBeGreaterThan(4 * byVariance);
  });

  it('leaves a coin as it is, and scales no further than it may', () => {
    expect(widthOf(scaled(1000), COIN) / widthOf(scaled(), COIN)).toBeCloseTo(1, 2);
    const constant = Array.from({ length: 40 }, () => 0.5);
    // Beta(1 + 4 * 20, 1 + 4 * 20), as after 160 pulls.
    const pulls160 = Array.from({ length: 160 }, () => 0.5);
    expect(widthOf(scaled(4), constant)).toBeCloseTo(widthOf(scaled(), pulls160), 12);
    expect(widthOf(scaled(1), SCORES)).toBeCloseTo(widthOf(scaled(), SCORES), 9);
  });

  it('takes counts kappa times: m (1 - m) / s^2, with two pulls of a coin in the variance', () => {
    const policy = scaled(1000);
    const values = [0.4, 0.5, 0.6, 0.8];
    const posterior = learned(
      policy,
      values.map((value) => lesson('a', value)),
    );
    const prior = [2, 1, 1, 1];
    const mean = (2 + 2.3) / (3 + 4);
    const apart = values.reduce((sum, value) => sum + (value - 2.3 / 4) ** 2, 0);
    const kappa = (mean * (1 - mean)) / ((2 * mean * (1 - mean) + apart) / 6);
    const plain = scaled();
    const counted = [2 + kappa * 2.3, 1 + kappa * 1.7, 1, 1];
    const expected = plain.propensities(plain.init(), situation(plain, ['a', 'b'], { prior: counted }));
    const stated = policy.propensities(posterior, situation(policy, ['a', 'b'], { prior }));
    for (const [i, p] of expected.entries()) expect(stated[i]).toBeCloseTo(p, 9);
  });

  it('goes with what fades, and with no other posterior', () => {
    const policy = scaled(50, { discount: 0.9 });
    const posterior = learned(policy, [...SCORES.slice(0, 50).map((value) => lesson('a', value)), lesson('b', 0.2)]);
    const [a] = ARMS.map((_, i) => policy.belief(posterior, situation(policy, ARMS), i));
    expect(a!.pulls).toBeLessThan(10);
    expect(() => scaled().restore(policy.serialise(posterior))).toThrow(RangeError);
  });

  it('is left out of configurations that do not ask for it', () => {
    expect(PolicySpec.parse({ name: 'beta_thompson' })).toEqual({ name: 'beta_thompson', shrinkage: 10 });
  });
});
