import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bestMix, upperHull } from '../../../adapters/datasets/best-mix.ts';

test('the best mix buys along the upper hull', () => {
  const part = { weight: 1, rewards: [0.5, 0.6, 0.9, 0.8], dollars: [1, 2, 3, 4] };
  expect(bestMix([part], 1)).toBeCloseTo(0.5, 12);
  // The second arm lies below the line from the first to the third.
  expect(bestMix([part], 2)).toBeCloseTo(0.7, 12);
  expect(bestMix([part], 100)).toBeCloseTo(0.9, 12);
  expect(bestMix([part], 0.1)).toBeCloseTo(0.5, 12);
});

test('the best mix of two parts is that of a fine grid over both', () => {
  const arm = fc.record({ reward: fc.integer({ min: 0, max: 10 }), dollars: fc.integer({ min: 1, max: 10 }) });
  const partOf = fc.tuple(arm, arm);
  fc.assert(
    fc.property(partOf, partOf, fc.integer({ min: 10, max: 20 }), (one, other, ceiling) => {
      const parts = [one, other].map((arms) => ({
        weight: 0.5,
        rewards: arms.map(({ reward }) => reward),
        dollars: arms.map(({ dollars }) => dollars),
      }));
      let best = 0;
      const steps = Array.from({ length: 101 }, (_, step) => step / 100);
      const at = (
        arms: readonly [{ reward: number; dollars: number }, { reward: number; dollars: number }],
        s: number,
      ) => ({
        reward: (1 - s) * arms[0].reward + s * arms[1].reward,
        dollars: (1 - s) * arms[0].dollars + s * arms[1].dollars,
      });
      for (const s of steps) {
        for (const t of steps) {
          const [first, second] = [at(one, s), at(other, t)];
          if ((first.dollars + second.dollars) / 2 <= ceiling + 1e-9)
            best = Math.max(best, (first.reward + second.reward) / 2);
        }
      }
      expect(bestMix(parts, ceiling)).toBeGreaterThanOrEqual(best - 1e-9);
      expect(bestMix(parts, ceiling)).toBeLessThanOrEqual(best + 0.2);
    }),
    { numRuns: 25 },
  );
});

test('the hull keeps only what no mix beats', () => {
  const points = [
    { dollars: 4, reward: 5 },
    { dollars: 1, reward: 1 },
    { dollars: 2, reward: 1.5 },
    { dollars: 2, reward: 4 },
    { dollars: 5, reward: 4.9 },
  ];
  expect(upperHull(points)).toEqual([
    { dollars: 1, reward: 1 },
    { dollars: 2, reward: 4 },
    { dollars: 4, reward: 5 },
  ]);
});
