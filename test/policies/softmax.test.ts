import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../policies/catalogue.ts';
import { placePropensities, softmax } from '../../policies/plackett-luce.ts';
import { drawGumbel, randomness } from '../../policies/sampling.ts';

/**
 * P(arm i is at place r) for all i and r by recursion over the sets of arms that may be before it: the definition, with no
 * integral. `table[i][r]`.
 */
function byRecursion(utilities: readonly number[]): number[][] {
  const count = utilities.length;
  const weights = utilities.map((u) => Math.exp(u - Math.max(...utilities)));
  const table = utilities.map(() => new Array<number>(count).fill(0));
  const reached = new Float64Array(2 ** count);
  reached[0] = 1;
  for (let set = 0; set < reached.length; set++) {
    const left = utilities.map((_, i) => i).filter((i) => !(set & (1 << i)));
    const total = left.reduce((sum, i) => sum + weights[i]!, 0);
    for (const i of left) {
      const p = (reached[set]! * weights[i]!) / total;
      table[i]![count - left.length]! += p;
      reached[set | (1 << i)]! += p;
    }
  }
  return table;
}

const CASES: Record<string, number[]> = {
  'two arms': [0.3, -0.4],
  'equal arms': [2, 2, 2, 2, 2],
  'arms of all sorts': [0, 1.5, -3, 4, 0.25, 7, -0.5],
  'one far ahead': [60, 0, 0.5, -1],
  'one far behind': [0, 0.5, -1, -45],
  'two groups with a gap between': [500, 499.5, 501, 3, 2.5],
  'twelve arms': Array.from({ length: 12 }, (_, i) => ((i * 7) % 12) / 3),
};

describe('Plackett-Luce', () => {
  it.each(Object.entries(CASES))('has the places that recursion over sets gives: %s', (_, utilities) => {
    const table = byRecursion(utilities);
    for (const [i, p] of softmax(utilities).entries()) expect(Math.abs(p - table[i]![0]!)).toBeLessThan(1e-13);
    for (let turn = 0; turn < utilities.length; turn++) {
      const ranking = utilities.map((_, place) => (place + turn) % utilities.length);
      for (const depth of [1, 2, utilities.length]) {
        for (const [r, p] of placePropensities(utilities, ranking.slice(0, depth)).entries()) {
          expect(Math.abs(p - table[ranking[r]!]![r]!)).toBeLessThan(1e-10);
        }
      }
    }
  });

  it('has places that sum to 1 over the arms, for any place of 30', () => {
    const utilities = Array.from({ length: 30 }, (_, i) => ((i * 17) % 30) / 10);
    const sums = utilities.map(() => 0);
    for (let turn = 0; turn < 30; turn++) {
      const ranking = utilities.map((_, place) => (place + turn) % 30);
      for (const [r, p] of placePropensities(utilities, ranking).entries()) sums[r]! += p;
    }
    for (const sum of sums) expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
  });

  it('has Gumbel noise of the mean and variance that it must have', () => {
    const random = randomness(5);
    const draws = Array.from({ length: 100_000 }, () => drawGumbel(random));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean - 0.5772156649)).toBeLessThan(4 * Math.sqrt(1.645 / draws.length));
    expect(variance).toBeCloseTo(Math.PI ** 2 / 6, 1);
  });
});

describe('the policy softmax', () => {
  it('is e times as likely to choose an arm that is one temperature better, shift included', () => {
    const policy = createPolicy({ name: 'softmax', temperature: 0.2, shrinkage: 0 });
    const seen = { candidates: ['a', 'b'], prior: [1, 1, 1, 1], features: [], floor: 0.1, shifts: [0.05, -0.15] };
    const [a, b] = policy.propensities(policy.init(), seen);
    expect((a! - 0.05) / (b! - 0.05)).toBeCloseTo(Math.E, 12);
  });

  it('stays within doubles at the lowest and the highest temperature', () => {
    for (const temperature of [1e-4, 100]) {
      const policy = createPolicy({ name: 'softmax', temperature, shrinkage: 0 });
      const prior = [1, 1e6, 1e6, 1, 1, 1, 1, 1];
      const seen = { candidates: ['a', 'b', 'c', 'd'], prior, features: [], floor: 0, shifts: [-1, 1, 0, 0] };
      const all = policy.rankPropensities(policy.init(), seen, [1, 2, 3, 0]);
      const expected = temperature < 1 ? [1, 0.5, 0.5, 1] : [0.257, 0.25, 0.25, 0.257];
      for (const [r, p] of all.entries()) expect(p).toBeCloseTo(expected[r]!, 2);
      expect(policy.choose(policy.init(), seen, 1, 4).scores.every(Number.isFinite)).toBe(true);
    }
  });
});
