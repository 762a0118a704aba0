import jstat from 'jstat';
import { describe, expect, it } from 'vitest';
import {
  betaCdf,
  betaPdf,
  betaQuantile,
  credibleInterval,
  logBeta,
  logGamma,
} from '../../policies/beta-distribution.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';

const random = randomness(7);
const between = (low: number, high: number) => Math.exp(Math.log(low) + drawUniform(random) * Math.log(high / low));

/** |actual / expected - 1|. */
const relative = (actual: number, expected: number) => Math.abs(actual / expected - 1);

describe('the Beta distribution', () => {
  it('knows log-gamma at integers, at one half and at large arguments', () => {
    let factorial = 0;
    for (let n = 1; n <= 60; n++) {
      expect(Math.abs(logGamma(n) - factorial)).toBeLessThan(1e-13 * (1 + factorial));
      factorial += Math.log(n);
    }
    expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 14);
    expect(logGamma(1e-3)).toBeCloseTo(6.907178885383853, 13);
    expect(relative(logGamma(1e7), 151180949.3694739)).toBeLessThan(1e-14);
    expect(relative(Math.exp(logBeta(1e7, 1)), 1e-7)).toBeLessThan(1e-13);
    expect(relative(Math.exp(logBeta(1e-3, 1)), 1e3)).toBeLessThan(1e-13);
  });

  it('has powers as distribution functions where one shape is 1', () => {
    for (let i = 0; i < 2000; i++) {
      const shape = between(1e-3, 1e7);
      const p = drawUniform(random);
      const low = Math.exp(Math.log(p) / shape);
      const high = -Math.expm1(Math.log1p(-p) / shape);
      expect(Math.abs(betaQuantile(p, shape, 1) - low)).toBeLessThanOrEqual(1e-11 * low + 1e-300);
      expect(Math.abs(betaQuantile(p, 1, shape) - high)).toBeLessThanOrEqual(1e-11 * high);
      if (1 - high > 1e-3) expect(relative(betaCdf(high, 1, shape), p)).toBeLessThan(1e-9);
    }
  });

  it('is a binomial tail at integer shapes', () => {
    for (const [alpha, beta] of [
      [3, 5],
      [40, 17],
      [1, 90],
    ] as const) {
      for (const x of [0.01, 0.3, 0.6, 0.99]) {
        const n = alpha + beta - 1;
        let tail = 0;
        for (let k = alpha; k <= n; k++) {
          const log = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
          tail += Math.exp(log + k * Math.log(x) + (n - k) * Math.log(1 - x));
        }
        expect(relative(betaCdf(x, alpha, beta), tail)).toBeLessThan(1e-12);
      }
    }
  });

  it('is the arcsine law at one half', () => {
    for (const x of [1e-12, 0.1, 0.5, 0.9]) {
      expect(relative(betaCdf(x, 0.5, 0.5), (2 / Math.PI) * Math.asin(Math.sqrt(x)))).toBeLessThan(1e-12);
    }
  });

  it('agrees with jstat, to the digits that jstat has', () => {
    for (let i = 0; i < 500; i++) {
      const [alpha, beta, x] = [between(0.1, 500), between(0.1, 500), drawUniform(random)];
      expect(Math.abs(betaCdf(x, alpha, beta) - jstat.beta.cdf(x, alpha, beta))).toBeLessThan(1e-6);
      const density = jstat.beta.pdf(x, alpha, beta);
      if (density > 1e-200) expect(relative(betaPdf(x, alpha, beta), density)).toBeLessThan(1e-6);
    }
  });

  it('has quantiles that its distribution function takes back, for shapes from 1e-3 to 1e7', () => {
    for (let i = 0; i < 5000; i++) {
      const [alpha, beta, p] = [between(1e-3, 1e7), between(1e-3, 1e7), drawUniform(random)];
      const x = betaQuantile(p, alpha, beta);
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(1);
      // A quantile that a double cannot hold apart from 0 or 1 cannot be taken back.
      if (x > 1e-290 && 1 - x > 1e-3) expect(relative(betaCdf(x, alpha, beta), p)).toBeLessThan(1e-9);
    }
  });

  it('gives intervals with 2.5 % on either side', () => {
    for (const [alpha, beta] of [
      [1, 1],
      [0.7, 3],
      [20, 300],
      [5e6, 2e6],
    ] as const) {
      const { lower, upper } = credibleInterval(alpha, beta);
      expect(relative(betaCdf(lower, alpha, beta), 0.025)).toBeLessThan(1e-10);
      expect(relative(1 - betaCdf(upper, alpha, beta), 0.025)).toBeLessThan(1e-10);
    }
    expect(credibleInterval(1e-3, 1e-3)).toEqual({ lower: 0, upper: 1 });
  });

  it('refuses shapes that are not positive and finite', () => {
    for (const shape of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => credibleInterval(shape, 1)).toThrow(RangeError);
      expect(() => betaCdf(0.5, 1, shape)).toThrow(RangeError);
    }
  });
});
