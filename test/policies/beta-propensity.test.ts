import { describe, expect, it } from 'vitest';
import { logBeta } from '../../policies/beta-distribution.ts';
import { type BetaArms, firstPropensities, rankPropensities } from '../../policies/beta-propensity.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import { firstByTrapezoid, rankProbability } from './quadrature-oracle.ts';

const random = randomness(11);
const uniform = (low: number, high: number) => low + (high - low) * drawUniform(random);
const between = (low: number, high: number) => Math.exp(uniform(Math.log(low), Math.log(high)));

function arms(count: number, one: () => readonly [number, number, number]): BetaArms {
  const rows = Array.from({ length: count }, one);
  return { alpha: rows.map((r) => r[0]), beta: rows.map((r) => r[1]), shift: rows.map((r) => r[2]) };
}

function pulled(pulls: number, rate: number, shift: number): [number, number, number] {
  return [1 + pulls * rate, 1 + pulls * (1 - rate), shift];
}

describe('exact propensities of Beta arms', () => {
  it('equal the closed sum for two arms of integer shapes', () => {
    // P(Beta(c, d) > Beta(a, b)) (Cook 2003; Miller 2015).
    for (const [a, b, c, d] of [
      [1, 1, 1, 1],
      [3, 7, 5, 4],
      [120, 80, 130, 75],
      [1, 400, 2, 300],
    ] as const) {
      let sum = 0;
      for (let i = 0; i < c; i++) {
        sum += Math.exp(logBeta(a + i, b + d) - Math.log(d + i) - logBeta(1 + i, d) - logBeta(a, b));
      }
      const [first, second] = firstPropensities({ alpha: [a, c], beta: [b, d], shift: [0, 0] });
      expect(Math.abs(second! - sum)).toBeLessThan(1e-10);
      expect(Math.abs(first! - (1 - sum))).toBeLessThan(1e-10);
    }
  });

  it.each<[string, () => readonly [number, number, number]]>([
    ['1 to 500 pulls', () => pulled(uniform(1, 500), uniform(0.2, 0.9), 0)],
    ['1 to 500 pulls and costs', () => pulled(uniform(1, 500), uniform(0.5, 0.8), uniform(-0.3, 0))],
    ['hardly a pull, and shifts of half the range', () => pulled(uniform(0, 5), uniform(0, 1), uniform(-0.5, 0.5))],
    ['very unequal counts', () => [between(0.5, 1e5), between(0.5, 1e5), 0]],
    ['very unequal counts and shifts', () => [between(0.5, 1e4), between(0.5, 1e4), uniform(-0.5, 0.5)]],
    ['millions of pulls', () => pulled(between(1e5, 1e7), uniform(0.5, 0.502), 0)],
    ['rare successes', () => pulled(between(1e2, 1e6), between(1e-4, 1e-2), 0)],
    ['shapes below 1 and shifts', () => [between(0.01, 3), between(0.01, 3), uniform(-0.5, 0.5)]],
    ['supports that only touch', () => [between(0.5, 3), between(0.5, 3), drawUniform(random) < 0.5 ? 0.5 : -0.5]],
  ])('agree with adaptive quadrature within 1e-8: %s', (_title, one) => {
    for (const count of [2, 3, 5]) {
      for (let round = 0; round < 3; round++) {
        const input = arms(count, one);
        const exact = firstPropensities(input);
        const a = Math.floor(uniform(0, count));
        expect(Math.abs(exact[a]! - rankProbability(input, a, 0))).toBeLessThan(1e-8);
        const ranking = Array.from({ length: count }, (_, i) => (a + i) % count);
        const ranks = rankPropensities(input, ranking);
        expect(Math.abs(ranks[1]! - rankProbability(input, ranking[1]!, 1))).toBeLessThan(1e-8);
      }
    }
  });

  it('agree with the trapezoidal rule over log-odds where shapes are as small as 1e-3', () => {
    for (const least of [1e-3, 1e-2, 0.1]) {
      const alpha = [least, between(least, 3), between(least, 3)];
      const beta = [between(least, 3), least, between(least, 3)];
      const reference = firstByTrapezoid(alpha, beta, 0.2);
      const exact = firstPropensities({ alpha, beta, shift: [0.2, 0.2, 0.2] });
      for (const [i, p] of exact.entries()) expect(Math.abs(p - reference[i]!)).toBeLessThan(1e-8);
    }
  });

  it('add up over the arms at every rank', () => {
    const input = arms(7, () => pulled(uniform(1, 300), uniform(0.4, 0.7), uniform(-0.1, 0)));
    const totals = new Array<number>(7).fill(0);
    for (let turn = 0; turn < 7; turn++) {
      const ranking = Array.from({ length: 7 }, (_, i) => (i + turn) % 7);
      for (const [rank, p] of rankPropensities(input, ranking).entries()) totals[rank]! += p;
    }
    for (const total of totals) expect(Math.abs(total - 1)).toBeLessThan(1e-8);
  });

  it('share the first place evenly among identical arms', () => {
    for (const count of [1, 2, 50, 1000]) {
      for (const [alpha, beta] of [
        [1, 1],
        [1e-3, 1e-3],
        [1e6, 2e6],
      ] as const) {
        for (const p of firstPropensities(arms(count, () => [alpha, beta, -0.3]))) {
          expect(Math.abs(p - 1 / count)).toBeLessThan(1e-8);
        }
      }
    }
  });

  it('are 0 and 1 where one arm is beyond the reach of the others', () => {
    const input = arms(3, () => pulled(100, 0.5, 0));
    expect(firstPropensities({ ...input, shift: [0, 2, 0] })).toEqual([0, 1, 0]);
    const far = firstPropensities({ alpha: [9e5, 1e5, 1], beta: [1e5, 9e5, 1e6], shift: [0, 0, 0] });
    expect(far[0]).toBeCloseTo(1, 9);
  });

  it('are worked out for 1,000 different arms in less than a second', () => {
    const input = arms(1000, () => pulled(uniform(1, 500), uniform(0.1, 0.9), uniform(-0.2, 0)));
    // Processor time: the machine may be busy with other things.
    const start = process.cpuUsage();
    const exact = firstPropensities(input);
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(1e6);
    expect(Math.abs(exact.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-9);
  });

  it('refuse arms that have no distribution', () => {
    expect(() => firstPropensities({ alpha: [1, 0], beta: [1, 1], shift: [0, 0] })).toThrow(RangeError);
    expect(() => firstPropensities({ alpha: [1], beta: [1], shift: [Number.NaN] })).toThrow(RangeError);
  });
});
