import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../policies/catalogue.ts';
import type { AnyPolicy, Lesson, Situation } from '../../policies/policy.ts';
import { randomness } from '../../policies/sampling.ts';
import { drawStudent, student975 } from '../../policies/student-t.ts';
import { adaptiveSimpson } from './quadrature-oracle.ts';
import { studentCdf } from './score-oracle.ts';

function lesson(arm: string, value: number, share = 1): Lesson {
  return { arm, value, share, features: [], propensity: undefined, seed: 0, time: 0 };
}

function taught(policy: AnyPolicy, lessons: readonly Lesson[]): unknown {
  return lessons.reduce((posterior, one) => policy.learn(posterior, one), policy.init());
}

function situation(candidates: readonly string[], prior: readonly number[]): Situation {
  return { candidates, shifts: [], prior, features: [], floor: 0 };
}

describe('Normal-Inverse-Gamma Thompson sampling', () => {
  it("believes what Bayes' rule gives on a grid of mean and variance", () => {
    const policy = createPolicy({ name: 'nig_thompson', shrinkage: 0, a0: 1.5, b0: 0.03 });
    const values = [0.7, 0.75, 0.9, 0.6];
    const posterior = taught(
      policy,
      values.map((value) => lesson('a', value)),
    );
    const { mean, lower, upper } = policy.belief(posterior, situation(['a'], [2, 3]), 0);
    // mu | s2 ~ N(0.4, s2 / 5), s2 ~ InvGamma(1.5, 0.03): the density of mu with s2 integrated out numerically.
    const density = (mu: number) => {
      const squares = values.reduce((sum, x) => sum + (x - mu) ** 2, 5 * (mu - 0.4) ** 2) / 2 + 0.03;
      return adaptiveSimpson(
        (log) => Math.exp(-(1.5 + 2.5) * log - squares * Math.exp(-log)),
        Math.log(squares) - 6,
        Math.log(squares) + 12,
        1e-6,
      );
    };
    const total = adaptiveSimpson(density, -4, 5, 1e-4);
    const first = adaptiveSimpson((mu) => mu * density(mu), -4, 5, 1e-4);
    expect(mean).toBeCloseTo(first / total, 5);
    expect(adaptiveSimpson(density, lower, upper, 1e-4) / total).toBeCloseTo(0.95, 4);
  });

  it('tells apart in few pulls what hardly varies, where Beta counts see coin flips', () => {
    const lessons = Array.from({ length: 12 }, (_, i) => lesson(i % 2 === 0 ? 'a' : 'b', i % 2 === 0 ? 0.93 : 0.9));
    const nig = createPolicy({ name: 'nig_thompson', shrinkage: 0, a0: 1, b0: 0.0001 });
    const beta = createPolicy({ name: 'beta_thompson', shrinkage: 0 });
    const seen = situation(['a', 'b'], [0.02, 0.02, 0.02, 0.02]);
    expect(nig.propensities(taught(nig, lessons), seen)[0]).toBeGreaterThan(0.9);
    expect(beta.propensities(taught(beta, lessons), seen)[0]).toBeLessThan(0.75);
  });

  it('takes a part of a pull for a part of a pull', () => {
    const policy = createPolicy({ name: 'nig_thompson', shrinkage: 0, a0: 1, b0: 0.05 });
    const seen = situation(['a'], [1, 1]);
    const whole = policy.belief(taught(policy, [lesson('a', 0.8)]), seen, 0);
    const halves = policy.belief(taught(policy, [lesson('a', 0.8, 0.5), lesson('a', 0.8, 0.5)]), seen, 0);
    expect(halves.mean).toBeCloseTo(whole.mean, 14);
    expect(halves.lower).toBeCloseTo(whole.lower, 14);
  });

  it('says nothing impossible of constant rewards', () => {
    const policy = createPolicy({ name: 'nig_thompson', shrinkage: 0, a0: 0.5, b0: 1e-9 });
    const constant = Array.from({ length: 5000 }, () => lesson('a', 0.1));
    const posterior = taught(policy, [...constant, lesson('b', 0.1)]);
    const seen = situation(['a', 'b'], [1, 9, 1, 9]);
    const { mean, lower, upper } = policy.belief(posterior, seen, 0);
    expect(mean).toBeCloseTo(0.1, 9);
    expect(upper - lower).toBeLessThan(1e-5);
    const exact = policy.propensities(posterior, seen);
    expect(Math.abs(exact[0]! + exact[1]! - 1)).toBeLessThan(1e-9);
  });
});

describe("Student's t", () => {
  it('has its tabulated points', () => {
    for (const [freedom, point] of [
      [1, 12.706204736174698],
      [2, 4.302652729749464],
      [10, 2.228138851986275],
      [1e9, 1.959963984540054],
    ] as const) {
      expect(Math.abs(student975(freedom) / point - 1)).toBeLessThan(1e-8);
    }
    expect(studentCdf(student975(1e7), 1e7)).toBeCloseTo(0.975, 9);
  });

  it('is drawn as its distribution function says', () => {
    for (const freedom of [1, 3, 1e6]) {
      const random = randomness(3);
      const counts = new Array<number>(20).fill(0);
      for (let n = 0; n < 100_000; n++) {
        counts[Math.min(19, Math.floor(20 * studentCdf(drawStudent(random, freedom), freedom)))]! += 1;
      }
      const statistic = counts.reduce((sum, n) => sum + (n - 5000) ** 2 / 5000, 0);
      // Chi-squared with 19 degrees of freedom exceeds this once in 10,000.
      expect(statistic).toBeLessThan(50.8);
    }
  });

  it('is asked what it believes of one arm without a look at the thousands beside it', () => {
    const policy = createPolicy({ name: 'nig_thompson', shrinkage: 0, a0: 1, b0: 0.02 });
    const arms = Array.from({ length: 1000 }, (_, i) => `arm${i}`);
    let looks = 0;
    const prior = new Proxy(
      arms.flatMap(() => [1, 1]),
      {
        get(target, key, receiver) {
          if (typeof key === 'string' && key !== 'length') looks += 1;
          return Reflect.get(target, key, receiver);
        },
      },
    );
    const posterior = taught(policy, [lesson('arm7', 0.9)]);
    for (const [i] of arms.entries()) policy.belief(posterior, situation(arms, prior), i);
    expect(looks).toBeLessThan(10 * arms.length);
  });
});
