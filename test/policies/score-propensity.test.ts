import { describe, expect, it, vi } from 'vitest';
import { drawNormal, drawUniform, randomness } from '../../policies/sampling.ts';
import { firstScorePropensities, rankScorePropensities, type ScoreArms } from '../../policies/score-propensity.ts';
import { normalCdf, rankProbability } from './score-oracle.ts';

const random = randomness(12);
const uniform = (low: number, high: number) => low + (high - low) * drawUniform(random);
const between = (low: number, high: number) => Math.exp(uniform(Math.log(low), Math.log(high)));

function arms(count: number, one: () => readonly [number, number, number]): ScoreArms {
  const rows = Array.from({ length: count }, one);
  return { location: rows.map((r) => r[0]), scale: rows.map((r) => r[1]), freedom: rows.map((r) => r[2]) };
}

describe('exact propensities of normal and Student-t scores', () => {
  it('equal the normal distribution of a difference, for two normal arms', () => {
    for (let round = 0; round < 200; round++) {
      const [one, other] = [between(1e-6, 1e6), between(1e-6, 1e6)];
      const apart = uniform(-4, 4) * Math.hypot(one, other);
      const [first, second] = firstScorePropensities({ location: [0.5 + apart, 0.5], scale: [one, other] });
      expect(Math.abs(first! - normalCdf(apart / Math.hypot(one, other)))).toBeLessThan(2e-9);
      expect(first! + second!).toBeCloseTo(1, 12);
    }
  });

  it('equal the Cauchy distribution of a difference, for two arms of one degree of freedom', () => {
    for (let round = 0; round < 200; round++) {
      const [one, other] = [between(1e-3, 1e3), between(1e-3, 1e3)];
      const apart = uniform(-5, 5) * (one + other);
      const [first] = firstScorePropensities({ location: [apart, 0], scale: [one, other], freedom: [1, 1] });
      expect(Math.abs(first! - (0.5 + Math.atan(apart / (one + other)) / Math.PI))).toBeLessThan(2e-9);
    }
  });

  it.each<[string, () => readonly [number, number, number]]>([
    ['normal', () => [uniform(0.3, 0.7), between(0.01, 0.3), Number.POSITIVE_INFINITY]],
    ['normal of very unequal scales', () => [uniform(0, 1), between(1e-6, 1), Number.POSITIVE_INFINITY]],
    ['Student-t with few degrees of freedom', () => [uniform(0.3, 0.7), between(0.01, 0.3), uniform(1, 4)]],
    ['Student-t of very unequal scales', () => [uniform(0, 1), between(1e-4, 1), uniform(1, 10)]],
    ['Student-t with many', () => [uniform(0.5, 0.6), between(0.003, 0.1), between(3, 1e7)]],
    [
      'both at once',
      () => [uniform(0.3, 0.7), between(0.01, 0.3), drawUniform(random) < 0.5 ? 2 : Number.POSITIVE_INFINITY],
    ],
  ])('agree with adaptive quadrature within 1e-8: %s', (_title, one) => {
    for (const count of [2, 3, 5]) {
      for (let round = 0; round < 3; round++) {
        const input = arms(count, one);
        const exact = firstScorePropensities(input);
        const a = Math.floor(uniform(0, count));
        expect(Math.abs(exact[a]! - rankProbability(input, a, 0))).toBeLessThan(1e-8);
        const ranking = Array.from({ length: count }, (_, i) => (a + i) % count);
        const ranks = rankScorePropensities(input, ranking);
        expect(Math.abs(ranks[0]! - exact[a]!)).toBeLessThan(1e-8);
        expect(Math.abs(ranks[1]! - rankProbability(input, ranking[1]!, 1))).toBeLessThan(1e-8);
        expect(Math.abs(ranks[count - 1]! - rankProbability(input, ranking[count - 1]!, count - 1))).toBeLessThan(1e-8);
      }
    }
  });

  it('match the frequencies of 200,000 draws', () => {
    const input: ScoreArms = { location: [0.5, 0.55, 0.4, 0.52], scale: [0.1, 0.03, 0.2, 0.05] };
    const exact = firstScorePropensities(input);
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < 200_000; n++) {
      const scores = Array.from({ length: 4 }, (_, i) => input.location[i]! + input.scale[i]! * drawNormal(random));
      counts[scores.indexOf(Math.max(...scores))]! += 1;
    }
    const statistic = counts.reduce((sum, n, i) => sum + (n - 200_000 * exact[i]!) ** 2 / (200_000 * exact[i]!), 0);
    // Chi-squared with three degrees of freedom exceeds this once in 10,000.
    expect(statistic).toBeLessThan(21.1);
  });

  it('add up over the arms at every rank', () => {
    for (const freedom of [1, 3, Number.POSITIVE_INFINITY]) {
      const input = arms(7, () => [uniform(0.4, 0.7), between(0.01, 0.2), freedom]);
      const totals = new Array<number>(7).fill(0);
      for (let turn = 0; turn < 7; turn++) {
        const ranking = Array.from({ length: 7 }, (_, i) => (i + turn) % 7);
        for (const [rank, p] of rankScorePropensities(input, ranking).entries()) totals[rank]! += p;
      }
      for (const total of totals) expect(Math.abs(total - 1)).toBeLessThan(1e-8);
    }
  });

  it('share the first place evenly among identical arms, whatever their scale', () => {
    for (const count of [1, 2, 50, 300]) {
      for (const [location, scale, freedom] of [
        [0, 1e-12, Number.POSITIVE_INFINITY],
        [0.5, 1e-9, Number.POSITIVE_INFINITY],
        [-3, 1e12, Number.POSITIVE_INFINITY],
        [0.5, 0.1, 1],
        [0.5, 0.1, 1e9],
      ] as const) {
        for (const p of firstScorePropensities(arms(count, () => [location, scale, freedom]))) {
          expect(Math.abs(p - 1 / count)).toBeLessThan(1e-8);
        }
      }
    }
  });

  it('hold for scales from 1e-12 to 1e12 side by side', () => {
    const input: ScoreArms = { location: [0, 1e-12, 0.5, 3e11], scale: [1e-12, 1e-12, 1, 1e12] };
    const exact = firstScorePropensities(input);
    for (let a = 0; a < 4; a++) expect(Math.abs(exact[a]! - rankProbability(input, a, 0))).toBeLessThan(1e-8);
    expect(firstScorePropensities({ location: [1e12, 0], scale: [1e-12, 1e-12] })).toEqual([1, 0]);
  });

  it('are worked out for 1,000 different arms', () => {
    for (const freedom of [2, Number.POSITIVE_INFINITY]) {
      const exact = firstScorePropensities(arms(1000, () => [uniform(0, 1), between(0.01, 1), freedom]));
      expect(Math.abs(exact.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-9);
    }
  });

  it('refuse arms that have no distribution', () => {
    expect(() => firstScorePropensities({ location: [1, 2], scale: [1, 0] })).toThrow(RangeError);
    expect(() => firstScorePropensities({ location: [Number.NaN], scale: [1] })).toThrow(RangeError);
    expect(() => firstScorePropensities({ location: [1], scale: [1], freedom: [0.5] })).toThrow(RangeError);
  });

  it('are computed once for a run of arms of one distribution, and are those of each of them', () => {
    const scattered = [0.5, 0.4, 0.5, 0.6, 0.5].map((location) => [location, 0.1, 3] as const);
    const together = [0.5, 0.5, 0.5, 0.4, 0.6].map((location) => [location, 0.1, 3] as const);
    const of = (rows: readonly (readonly [number, number, number])[]) =>
      firstScorePropensities({
        location: rows.map((r) => r[0]),
        scale: rows.map((r) => r[1]),
        freedom: rows.map((r) => r[2]),
      });
    const [a, b, c, d, e] = of(scattered);
    for (const [i, p] of of(together).entries()) expect(p).toBeCloseTo([a, c, e, b, d][i]!, 10);

    const logarithms = vi.spyOn(Math, 'log1p');
    try {
      firstScorePropensities(arms(2, () => [0.5, 0.1, 3]));
      const ofTwo = logarithms.mock.calls.length;
      firstScorePropensities(arms(200, () => [0.5, 0.1, 3]));
      expect(logarithms.mock.calls.length - ofTwo).toBeLessThan(30 * ofTwo);
    } finally {
      logarithms.mockRestore();
    }
  });
});
