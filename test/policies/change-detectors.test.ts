import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change, ChangeDetector } from '../../policies/change-detector.ts';
import { glr } from '../../policies/glr.ts';
import { pageHinkley } from '../../policies/page-hinkley.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';

interface Seen {
  readonly value: number;
  readonly share: number;
}

/** The first change that the detector tells of, and after how many rewards; labels are 10, 20, 30, … */
function firstChange(
  detector: ChangeDetector,
  rewards: readonly Seen[],
): (Change & { readonly at: number }) | undefined {
  const seen = detector.begin();
  for (const [i, { value, share }] of rewards.entries()) {
    const change = detector.observe(seen, value, share, 10 * (i + 1));
    if (change !== undefined) return { ...change, at: i + 1 };
  }
  return undefined;
}

function whole(values: readonly number[]): Seen[] {
  return values.map((value) => ({ value, share: 1 }));
}

/** Coins that show 1 with the probability `mean(i)`. */
function coins(count: number, seed: number, mean: (i: number) => number): number[] {
  const random = randomness(seed);
  return Array.from({ length: count }, (_, i) => (drawUniform(random) < mean(i) ? 1 : 0));
}

const someRewards = fc.array(
  fc.record({ value: fc.double({ min: 0, max: 1, noNaN: true }), share: fc.constantFrom(1, 1, 0.3) }),
  { minLength: 1, maxLength: 80 },
);
const jumps = fc
  .record({
    before: fc.nat({ max: 60 }),
    after: fc.integer({ min: 1, max: 60 }),
    seed: fc.nat(),
    low: fc.double({ min: 0, max: 0.3, noNaN: true }),
  })
  .map(({ before, after, seed, low }) => whole(coins(before + after, seed, (i) => (i < before ? low : 1 - low))));

const sumOf = (part: readonly Seen[]) => part.reduce((sum, { value, share }) => sum + value * share, 0);
const pullsOf = (part: readonly Seen[]) => part.reduce((sum, { share }) => sum + share, 0);
const meanOf = (part: readonly Seen[]) => sumOf(part) / pullsOf(part);

describe('Page-Hinkley', () => {
  const [threshold, tolerance] = [2, 0.05];

  /** By the definition, over all rewards anew each time. */
  function reference(rewards: readonly Seen[]) {
    for (let n = 1; n <= rewards.length; n++) {
      for (const sign of [1, -1]) {
        let sum = 0;
        let [lowest, place] = [0, 0];
        for (let i = 0; i < n; i++) {
          const { value, share } = rewards[i]!;
          sum += share * (sign * (value - meanOf(rewards.slice(0, i + 1))) - tolerance);
          if (sum <= lowest) [lowest, place] = [sum, i + 1];
        }
        if (sum - lowest > threshold && pullsOf(rewards.slice(0, n)) >= 3)
          return { at: n, place, statistic: sum - lowest };
      }
    }
    return undefined;
  }

  it('fires where its definition says so, and tells the means on both sides', () => {
    const detector = pageHinkley({ threshold, tolerance, minPulls: 3 });
    let fired = 0;
    fc.assert(
      fc.property(fc.oneof(someRewards, jumps), (rewards) => {
        const expected = reference(rewards);
        const found = firstChange(detector, rewards);
        expect(found?.at).toBe(expected?.at);
        if (found === undefined || expected === undefined) return;
        fired += 1;
        const [before, after] = [rewards.slice(0, expected.place), rewards.slice(expected.place, expected.at)];
        expect(found.statistic).toBeCloseTo(expected.statistic, 9);
        expect(found.before).toBeCloseTo(meanOf(before), 9);
        expect(found.after).toBeCloseTo(meanOf(after), 9);
        expect(found.pulls).toBeCloseTo(pullsOf(rewards.slice(0, expected.at)), 9);
        expect(found.lastBefore).toBe(10 * expected.place);
      }),
      { numRuns: 200 },
    );
    expect(fired).toBeGreaterThan(20);
  });
});

describe('the generalised likelihood ratio', () => {
  const kl = (x: number, y: number) => {
    const term = (a: number, b: number) => (a === 0 ? 0 : a * Math.log(a / b));
    return term(x, y) + term(1 - x, 1 - y);
  };
  const squared = (x: number, y: number) => (x - y) ** 2 / (2 * 0.2 ** 2);

  /** Over all places, by the definition. */
  function best(rewards: readonly Seen[], divergence: (x: number, y: number) => number): number {
    const all = meanOf(rewards);
    const at = rewards.map((_, s) => {
      if (s === 0) return 0;
      const [before, after] = [rewards.slice(0, s), rewards.slice(s)];
      return pullsOf(before) * divergence(meanOf(before), all) + pullsOf(after) * divergence(meanOf(after), all);
    });
    return Math.max(...at);
  }

  it.each([
    ['Bernoulli', undefined, kl],
    ['sub-Gaussian', 0.2, squared],
  ] as const)('of %s rewards is that of all places, but for a few that it passes over', (_, deviation, divergence) => {
    const detector = glr({ falseAlarm: 0.5, deviation, minPulls: 2 });
    let fired = 0;
    fc.assert(
      fc.property(fc.oneof(someRewards, jumps), (rewards) => {
        const found = firstChange(detector, rewards);
        const until = rewards.slice(0, found?.at ?? rewards.length);
        const all = best(until, divergence);
        if (found === undefined) {
          const threshold = Math.log((3 * pullsOf(until) ** 1.5) / 0.5);
          // A place is off by an eighth of its age at most, which costs a few per cent of the statistic.
          if (pullsOf(until) >= 2) expect(0.85 * all).toBeLessThan(threshold);
          return;
        }
        fired += 1;
        expect(found.threshold).toBeCloseTo(Math.log((3 * found.pulls ** 1.5) / 0.5), 9);
        expect(found.statistic).toBeGreaterThanOrEqual(found.threshold);
        expect(found.statistic).toBeLessThan(all + 1e-9);
        if (found.at <= 16) expect(found.statistic).toBeCloseTo(all, 9);
        const place = found.lastBefore / 10;
        expect(found.before).toBeCloseTo(meanOf(until.slice(0, place)), 9);
        expect(found.after).toBeCloseTo(meanOf(until.slice(place)), 9);
      }),
      { numRuns: 200 },
    );
    expect(fired).toBeGreaterThan(20);
  });

  it('remembers so many places as the logarithm of what it saw, each an eighth of its age from the next at most', () => {
    const detector = glr({ falseAlarm: 1e-6, minPulls: 1e6 });
    const seen = detector.begin();
    for (let i = 0; i < 20_000; i++) detector.observe(seen, 0.5, 1, i);
    const counts = Array.from({ length: (seen.length - 4) / 4 }, (_, i) => seen[4 + 4 * i + 3]!);
    expect(counts.length).toBeLessThan(16 * Math.log2(20_000));
    for (const [i, count] of counts.entries()) {
      const next = counts[i + 1] ?? 20_000;
      expect(next - count).toBeLessThanOrEqual(Math.max(1, (20_000 - count) / 8));
    }
  });
});

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[numbers.length >> 1]!;
}

/** As a domain's configuration leaves them where it says nothing else. */
const defaults: readonly (readonly [string, ChangeDetector])[] = [
  ['glr', glr({ falseAlarm: 0.01, minPulls: 30 })],
  ['page_hinkley', pageHinkley({ threshold: 25, tolerance: 0.05, minPulls: 30 })],
];

describe.each(defaults)('%s with its defaults', (name, detector) => {
  it('is silent, 1 time in 100 excepted, where nothing changes', () => {
    for (const mean of [0.5, 0.9, 0.02]) {
      let alarms = 0;
      for (let seed = 1; seed <= 100; seed++) {
        if (firstChange(detector, whole(coins(1000, seed, () => mean))) !== undefined) alarms += 1;
      }
      expect(alarms).toBeLessThanOrEqual(3);
    }
    expect(firstChange(detector, whole(new Array(3000).fill(1)))).toBeUndefined();
    expect(firstChange(detector, whole(new Array(3000).fill(0.37)))).toBeUndefined();
  });

  it('finds a jump in few pulls, and about where it was', () => {
    for (const [before, after, within] of [
      [0.8, 0.4, 130],
      [0.3, 0.8, 100],
      [1, 0, 45],
    ] as const) {
      const delays: number[] = [];
      const offs: number[] = [];
      for (let seed = 1; seed <= 60; seed++) {
        const change = firstChange(detector, whole(coins(1000, seed, (i) => (i < 300 ? before : after))));
        if (change === undefined || change.at <= 300) continue;
        delays.push(change.at - 300);
        offs.push(Math.abs(change.lastBefore / 10 - 300));
      }
      expect(delays.length).toBeGreaterThanOrEqual(58);
      expect(medianOf(delays)).toBeLessThan(within);
      expect(medianOf(offs)).toBeLessThan(25);
    }
  });

  it('goes on the same from numbers that were kept', () => {
    const values = coins(500, 7, (i) => (i < 200 ? 0.9 : 0.2));
    const seen = detector.begin();
    for (const [i, value] of values.slice(0, 190).entries()) detector.observe(seen, value, 1, i);
    const kept = [...seen];
    for (const [i, value] of values.slice(190).entries()) {
      const change = detector.observe(seen, value, 1, 190 + i);
      expect(detector.observe(kept, value, 1, 190 + i)).toEqual(change);
      expect(kept).toEqual(seen);
      if (change !== undefined) return;
    }
    throw new Error(`${name} found nothing`);
  });
});

it('nothing is said before so many pulls', () => {
  const rewards = whole([...new Array(12).fill(0), ...new Array(100).fill(1)]);
  for (const minPulls of [1, 30]) {
    const detectors = [glr({ falseAlarm: 0.01, minPulls }), pageHinkley({ threshold: 2, tolerance: 0.05, minPulls })];
    for (const detector of detectors) {
      const { pulls } = firstChange(detector, rewards)!;
      if (minPulls === 1) expect(pulls).toBeLessThan(30);
      else expect(pulls).toBe(30);
    }
  }
});

it('a smaller deviation finds smaller changes of scores that hardly vary', () => {
  const random = randomness(3);
  const score = (mean: number) =>
    Math.min(1, Math.max(0, mean + 0.2 * (drawUniform(random) + drawUniform(random) - 1)));
  const scores = whole(Array.from({ length: 800 }, (_, i) => score(i < 300 ? 0.85 : 0.7)));
  const delay = (deviation?: number) =>
    (firstChange(glr({ falseAlarm: 0.01, deviation, minPulls: 30 }), scores)?.at ?? Number.POSITIVE_INFINITY) - 300;
  expect(delay(0.12)).toBeGreaterThan(0);
  expect(delay(0.12)).toBeLessThan(40);
  expect(delay()).toBeGreaterThan(100);
});
