import { describe, expect, it } from 'vitest';
import { betaCdf } from '../../policies/beta-distribution.ts';
import {
  drawBeta,
  drawBetaLogOdds,
  drawGamma,
  drawNormal,
  drawPoisson,
  drawUniform,
  randomness,
} from '../../policies/sampling.ts';
import { misfit } from './every-policy.ts';

const COUNT = 50_000;

/** Chi-squared of `values` in 20 cells that should be equally likely; 19 degrees of freedom, 43.8 is exceeded once in 1000. */
function chiSquared(values: readonly number[]): number {
  const cells = new Array<number>(20).fill(0);
  for (const value of values) cells[Math.min(19, Math.floor(20 * value))]! += 1;
  return cells.reduce((sum, n) => sum + (n - values.length / 20) ** 2 / (values.length / 20), 0);
}

describe('sampling', () => {
  it('gives the same numbers for the same seed', () => {
    const one = randomness(42);
    const other = randomness(42);
    for (let i = 0; i < 100; i++) expect(drawBeta(one, 0.5, 7)).toBe(drawBeta(other, 0.5, 7));
  });

  it('gives unrelated first numbers for neighbouring seeds', () => {
    expect(chiSquared(Array.from({ length: COUNT }, (_, seed) => drawUniform(randomness(seed))))).toBeLessThan(43.8);
  });

  it('draws normal deviates with the moments of the normal law', () => {
    const random = randomness(1);
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < COUNT; i++) {
      const x = drawNormal(random);
      for (let k = 0; k < 4; k++) moments[k]! += x ** (k + 1) / COUNT;
    }
    expect(Math.abs(moments[0]!)).toBeLessThan(4 / Math.sqrt(COUNT));
    expect(Math.abs(moments[1]! - 1)).toBeLessThan(4 * Math.sqrt(2 / COUNT));
    expect(Math.abs(moments[3]! - 3)).toBeLessThan(4 * Math.sqrt(96 / COUNT));
  });

  it.each([0.3, 1, 2.5, 400])('draws gamma deviates of shape %d with the right mean and variance', (shape) => {
    const random = randomness(2);
    const draws = Array.from({ length: COUNT }, () => drawGamma(random, shape));
    const mean = draws.reduce((a, b) => a + b) / COUNT;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / COUNT;
    expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / COUNT));
    expect(Math.abs(variance / shape - 1)).toBeLessThan(0.15);
  });

  it.each([
    [1, 1],
    [0.2, 0.7],
    [3.5, 0.4],
    [120, 37],
    [1e6, 3e5],
  ])('draws Beta(%d, %d) deviates whose distribution function is uniform', (alpha, beta) => {
    const random = randomness(3);
    const ranks = Array.from({ length: 20_000 }, () => betaCdf(drawBeta(random, alpha, beta), alpha, beta));
    expect(chiSquared(ranks)).toBeLessThan(43.8);
  });

  it('draws Poisson(1) counts as often as their law says', () => {
    const counts = [0, 0, 0, 0, 0, 0];
    // Seeds one after another, as lessons have them: first draws must not hang together.
    for (let seed = 0; seed < COUNT; seed++) counts[Math.min(5, drawPoisson(randomness(seed)))]! += 1;
    const stated = [1, 1, 1 / 2, 1 / 6, 1 / 24].map((p) => p / Math.E);
    expect(misfit(counts, [...stated, 1 - stated.reduce((a, b) => a + b)])).toBeLessThan(1);
  });

  it('never draws NaN, whatever the shapes', () => {
    const random = randomness(4);
    for (const alpha of [1e-300, 1e-3, 1, 1e7]) {
      for (const beta of [1e-300, 1e-3, 1, 1e7]) {
        for (let i = 0; i < 500; i++) {
          expect(drawBeta(random, alpha, beta)).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(drawBetaLogOdds(random, alpha, beta))).toBe(true);
        }
      }
    }
  });
});
