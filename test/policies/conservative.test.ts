/** Conservative exploration: bounds that hold at all times, and a promise that is kept while other arms are tried. */
import fc from 'fast-check';
import jstat from 'jstat';
import { expect, test } from 'vitest';
import { conservativeBudget, isAffordable, meanBounds } from '../../policies/conservative.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';

test('a bound lies where the mixture martingale reaches 1 / delta', () => {
  const logOf = (pulls: number, sum: number, mean: number) =>
    jstat.betaln(1 + sum, 1 + pulls - sum) - sum * Math.log(mean) - (pulls - sum) * Math.log(1 - mean);
  for (const [pulls, sum] of [
    [1, 1],
    [3, 0],
    [10, 4],
    [250.5, 100.25],
    [5000, 4990],
  ] as const) {
    const { lower, upper } = meanBounds(pulls, sum, 0.05);
    if (sum > 0) expect(logOf(pulls, sum, lower)).toBeCloseTo(Math.log(20), 5);
    else expect(lower).toBe(0);
    if (sum < pulls) expect(logOf(pulls, sum, upper)).toBeCloseTo(Math.log(20), 5);
    else expect(upper).toBe(1);
  }
});

test('bounds hold the mean between them, narrow as it is learned, and are those of the mirrored rewards', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (pulls, mean) => {
        const { lower, upper } = meanBounds(pulls, pulls * mean, 0.05);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(lower).toBeLessThanOrEqual(mean + 1e-9);
        expect(upper).toBeGreaterThanOrEqual(mean - 1e-9);
        expect(upper).toBeLessThanOrEqual(1);
        const mirrored = meanBounds(pulls, pulls - pulls * mean, 0.05);
        expect(1 - mirrored.upper).toBeCloseTo(lower, 6);
        const stricter = meanBounds(pulls, pulls * mean, 0.01);
        expect(stricter.lower).toBeLessThanOrEqual(lower);
        const later = meanBounds(pulls * 4, pulls * 4 * mean, 0.05);
        expect(later.upper - later.lower).toBeLessThanOrEqual(upper - lower + 1e-9);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
  expect(meanBounds(0, 0, 0.05)).toEqual({ lower: 0, upper: 1 });
});

test('looked at after every reward, the bounds miss the mean no more often than they may', () => {
  // Rewards of 0 and 1, and graded ones that come as two parts of a pull.
  for (const graded of [false, true]) {
    let missed = 0;
    for (let run = 0; run < 200; run++) {
      const random = randomness(run * 31 + (graded ? 1 : 0));
      let [pulls, sum, out] = [0, 0, false];
      for (let count = 0; count < 100; count++) {
        pulls += graded ? 0.5 : 1;
        sum += graded ? 0.5 * (0.4 + 0.4 * drawUniform(random)) : drawUniform(random) < 0.6 ? 1 : 0;
        const { lower, upper } = meanBounds(pulls, sum, 0.1);
        out ||= lower > 0.6 || upper < 0.6;
      }
      if (out) missed += 1;
    }
    expect(missed).toBeLessThanOrEqual(20);
  }
});

test('the budget is that of the published condition, worked out by hand', () => {
  const known = (played: number, lower: number, upper: number) => ({ played, bounds: { lower, upper } });
  // 6 of 11 decisions were the baseline's, 0.9 of 11 are promised: its upper bound is the worse one.
  const short = conservativeBudget(known(6, 0.4, 0.7), [known(3, 0.2, 0.9), known(1, 0.5, 0.6)], 0.1);
  expect(short.earned).toBeCloseTo(3 * 0.2 + 1 * 0.5 + 6 * 0.7, 12);
  expect(short.owed).toBeCloseTo(0.9 * 11 * 0.7, 12);
  expect(isAffordable(short, 1)).toBe(false);
  // The baseline has been played more often than is promised: the less it earns the less there is to lose.
  const long = conservativeBudget(known(30, 0.4, 0.7), [known(1, 0, 1)], 0.1);
  expect(long.earned).toBeCloseTo(30 * 0.4, 12);
  expect(long.owed).toBeCloseTo(0.9 * 32 * 0.4, 12);
  expect(isAffordable(long, 0)).toBe(true);
  // No risk: nothing but what is surely as good as the baseline.
  const none = conservativeBudget(known(50, 0.4, 0.6), [], 0);
  expect(isAffordable(none, 0.59)).toBe(false);
  expect(isAffordable(none, 0.61)).toBe(true);
});

/** Epsilon-greedy on arms of 0/1 rewards that may risk so much, and whether it kept to a tenth. */
function play(means: readonly number[], risk: number, rounds: number, seed: number) {
  const random = randomness(seed);
  const uniform = () => drawUniform(random);
  const arms = means.map(() => ({ played: 0, sum: 0, bounds: { lower: 0, upper: 1 } }));
  const [baseline, ...others] = arms;
  const [promised = 0] = means;
  if (baseline === undefined) throw new Error('no arms');
  let [total, least, late] = [0, Infinity, 0];
  for (let round = 1; round <= rounds; round++) {
    const budget = conservativeBudget(baseline, others, risk);
    const safe = arms.flatMap((arm, index) =>
      arm === baseline || isAffordable(budget, arm.bounds.lower) ? [index] : [],
    );
    const guess = (index: number) => ((arms[index]?.sum ?? 0) + 1) / ((arms[index]?.played ?? 0) + 1);
    const best = safe.reduce((left, right) => (guess(right) > guess(left) ? right : left));
    const index = uniform() < 0.3 ? (safe[Math.floor(uniform() * safe.length)] ?? 0) : best;
    const mean = means[index] ?? 0;
    const arm = arms[index] ?? baseline;
    arm.played += 1;
    arm.sum += uniform() < mean ? 1 : 0;
    arm.bounds = meanBounds(arm.played, arm.sum, 0.05 / means.length);
    total += mean;
    least = Math.min(least, total - 0.9 * promised * round);
    if (round > rounds / 2 && index === means.length - 1) late += 1;
  }
  return { kept: least >= -1e-9, bestShare: late / (rounds / 2) };
}

test('the promise is kept at all times where free exploring breaks it, and the better arm is found', () => {
  const means = [0.6, 0.2, 0.1, 0.8];
  const seeds = Array.from({ length: 20 }, (_, index) => 1000 + index);
  const held = seeds.map((seed) => play(means, 0.1, 1500, seed));
  const free = seeds.map((seed) => play(means, 1, 1500, seed));
  expect(held.filter(({ kept }) => kept)).toHaveLength(20);
  expect(held.filter(({ bestShare }) => bestShare > 0.5).length).toBeGreaterThan(15);
  // With a risk of 1 anything is affordable.
  expect(free.filter(({ kept }) => kept).length).toBeLessThan(5);
});
