import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Band, firstBandPropensities, type Lines, rankBandPropensities } from '../../policies/band-propensity.ts';
import type { Lesson, Situation } from '../../policies/policy.ts';
import { randUcb } from '../../policies/rand-ucb.ts';
import { drawIndex, drawUniform, randomness } from '../../policies/sampling.ts';
import { solve } from './solve.ts';

const PARAMETERS = { alpha: 1.5, spread: 0.5, armRidge: 0.3, categoryRidge: 5, numberRidge: 0.25 };
/** Three categories, of which one is on: flags are written as 1, and the vector is [1, flag 0, flag 1, flag 2]. */
const KINDS = [{ type: 'category', values: 3 }] as const;
const ARMS = ['a', 'b', 'new'];

function vectorOf(category: number): number[] {
  return [1, ...[0, 1, 2].map((value) => (value === category ? 1 : 0))];
}

function lessons(count: number): Lesson[] {
  const random = randomness(5);
  return Array.from({ length: count }, () => {
    const arm = ARMS[drawIndex(random, 2)]!;
    const category = drawIndex(random, 2);
    const value = Math.min(1, Math.max(0, 0.3 + 0.3 * category + (arm === 'a' ? 0.1 : 0) + 0.2 * drawUniform(random)));
    return { arm, value, share: 1, features: [category], propensity: undefined, seed: 0, time: 0 };
  });
}

function situationOf(category: number, prior: number[] = []): Situation {
  return { candidates: ARMS, shifts: [], prior, features: [category], floor: 0 };
}

/** The coefficients that solve (X'X + P) y = X't + P m directly. */
function regression(
  xs: readonly number[][],
  targets: readonly number[],
  precisions: readonly number[],
  mean: number[],
) {
  const size = precisions.length;
  const matrix = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => xs.reduce((sum, x) => sum + x[i]! * x[j]!, i === j ? precisions[i]! : 0)),
  );
  const right = precisions.map((p, i) => xs.reduce((sum, x, k) => sum + x[i]! * targets[k]!, p * mean[i]!));
  return { matrix, theta: solve(matrix, right) };
}

describe('rand_ucb', () => {
  it('believes what direct solves of its hierarchical regressions say', () => {
    const policy = randUcb(PARAMETERS, KINDS);
    const own = [0.3, 5, 5, 5];
    const common = [3, 3, 3, 3];
    const none = [0, 0, 0, 0];
    const of = new Map(ARMS.map((arm) => [arm, { xs: [] as number[][], values: [] as number[], effect: 0 }]));
    const all = { xs: [] as number[][], targets: [] as number[] };
    let [product, square] = [1, 1];
    const inner = (one: readonly number[], other: readonly number[]) => one.reduce((s, v, i) => s + v * other[i]!, 0);
    const prediction = (arm: string, x: number[]) => {
      const { xs, values, effect } = of.get(arm)!;
      const g = regression(all.xs, all.targets, common, none).theta;
      g[0]! += effect / (xs.length + 2);
      const alone = regression(xs, values, own, none);
      const leaning = Math.min(1, Math.max(0, product / square));
      const mean = regression(
        xs,
        values,
        own,
        g.map((value) => leaning * value),
      ).theta;
      const variance = inner(x, solve(alone.matrix, x));
      const lent = inner(x, regression(xs, values, own, g).theta) - inner(x, alone.theta);
      return { own: inner(x, alone.theta), lent, mean: inner(x, mean), variance };
    };
    let posterior = policy.init();
    for (const lesson of lessons(40)) {
      const x = vectorOf(lesson.features[0]!);
      const arm = of.get(lesson.arm)!;
      const before = prediction(lesson.arm, x);
      product += (before.lent * (lesson.value - before.own)) / (1 + before.variance);
      square += (before.lent * before.lent) / (1 + before.variance);
      const g = regression(all.xs, all.targets, common, none).theta;
      all.targets.push(lesson.value - arm.effect / (arm.xs.length + 2));
      all.xs.push(x);
      arm.effect += lesson.value - inner(x, g);
      arm.xs.push(x);
      arm.values.push(lesson.value);
      posterior = policy.learn(posterior, lesson);
    }
    for (const category of [0, 1, 2]) {
      for (const [i, arm] of ARMS.entries()) {
        const { mean } = prediction(arm, vectorOf(category));
        expect(policy.belief(posterior, situationOf(category), i).mean).toBeCloseTo(mean, 10);
      }
    }
    // A prior of Beta(5, 3) is six pulls beyond a uniform one, of its mean, in the context that is asked about.
    for (const category of [0, 1, 2]) {
      for (const [i, arm] of ARMS.entries()) {
        const x = vectorOf(category);
        const { xs, values } = of.get(arm)!;
        const before = prediction(arm, x);
        const more = Array.from({ length: 6 }, () => x);
        const { matrix } = regression([...xs, ...more], [...values, ...more.map(() => 5 / 8)], own, none);
        const gain = 6 * inner(x, solve(matrix, x));
        const { mean } = policy.belief(posterior, situationOf(category, [5, 3, 5, 3, 5, 3]), i);
        expect(mean).toBeCloseTo(before.mean + gain * (5 / 8 - before.mean), 10);
      }
    }
  });

  it('expects more of an arm that nobody tried where arms earn more', () => {
    const policy = randUcb(PARAMETERS, KINDS);
    const posterior = lessons(200).reduce((one, lesson) => policy.learn(one, lesson), policy.init());
    const [poor, rich] = [0, 1].map((category) => policy.belief(posterior, situationOf(category), 2).mean);
    // Rewards differ by 0.3 between the two.
    expect(rich! - poor!).toBeGreaterThan(0.25);
    expect(rich! - poor!).toBeLessThan(0.35);
  });

  it('leans on nothing where arms have nothing in common', () => {
    const policy = randUcb(PARAMETERS, KINDS);
    const opposed = lessons(300).map((lesson) => ({
      ...lesson,
      value: (lesson.arm === 'a') === (lesson.features[0] === 0) ? 1 : 0,
    }));
    const posterior = opposed.reduce((one, lesson) => policy.learn(one, lesson), policy.init());
    const { lower, upper } = policy.belief(posterior, situationOf(0), 1);
    expect(lower).toBe(0);
    expect(upper).toBeLessThan(0.1);
  });

  it('is deterministic without a spread, and says so', () => {
    const policy = randUcb({ ...PARAMETERS, spread: 0 }, KINDS);
    expect(policy.deterministic).toBe(true);
    const posterior = lessons(50).reduce((one, lesson) => policy.learn(one, lesson), policy.init());
    const first = policy.propensities(posterior, situationOf(1));
    const [chosen] = policy.choose(posterior, situationOf(1), 7, 1).ranking;
    expect(first).toEqual(ARMS.map((_, i) => (i === chosen ? 1 : 0)));
  });
});

const someLines = fc
  .array(
    fc.record({
      // Coarse grids, so that lines are parallel, the same, or cross at one point now and then.
      location: fc.integer({ min: -4, max: 4 }).map((n) => n / 4),
      width: fc.integer({ min: 0, max: 6 }).map((n) => n / 5),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map(
    (lines): Lines => ({
      location: lines.map(({ location }) => location),
      width: lines.map(({ width }) => width),
      count: lines.length,
    }),
  );
const someBand = fc
  .tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 10 }))
  .map(([lowest, length]): Band => ({ lowest: lowest / 7, highest: (lowest + length) / 7 }));

/** The order of the lines at z, ties by index. */
function orderAt({ location, width, count }: Lines, z: number): number[] {
  const score = (i: number) => location[i]! + z * width[i]!;
  return Array.from({ length: count }, (_, i) => i).sort((i, j) => score(j) - score(i) || i - j);
}

/** The candidates whose line is that of the arm. */
function sameAs({ location, width, count }: Lines, arm: number): number[] {
  return Array.from({ length: count }, (_, i) => i).filter(
    (i) => location[i] === location[arm] && width[i] === width[arm],
  );
}

describe('the exact probabilities of a shared draw', () => {
  it('are those of a fine grid over the band, at every place', () => {
    const steps = 1000;
    fc.assert(
      fc.property(someLines, someBand, (lines, band) => {
        const counted = Array.from({ length: lines.count }, () => new Array<number>(lines.count).fill(0));
        for (let step = 0; step < steps; step++) {
          const z = band.lowest + ((step + 0.5) / steps) * (band.highest - band.lowest);
          for (const [place, arm] of orderAt(lines, z).entries()) {
            // Lines that are the same take turns at the places that they have together.
            const alike = sameAs(lines, arm);
            const first = orderAt(lines, z).findIndex((other) => alike.includes(other));
            for (const other of alike) counted[place]![other]! += 1 / steps / alike.length;
            expect(place).toBeLessThan(first + alike.length);
          }
        }
        const first = firstBandPropensities(lines, band);
        for (let arm = 0; arm < lines.count; arm++) {
          expect(Math.abs(first[arm]! - counted[0]![arm]!)).toBeLessThan(8 / steps);
          for (let place = 0; place < lines.count; place++) {
            const ranking = new Array<number>(lines.count).fill(arm);
            const exact = rankBandPropensities(lines, band, ranking)[place]!;
            expect(Math.abs(exact - counted[place]![arm]!)).toBeLessThan(8 / steps);
          }
        }
        expect(Math.abs(first.reduce((sum, p) => sum + p, 0) - 1)).toBeLessThan(1e-12);
      }),
      { numRuns: 40 },
    );
  });

  it('are lengths between crossings: two lines, by hand', () => {
    // The steeper line passes the other at z = 1.25 of a band from 1 to 2.
    const lines: Lines = { location: [0.5, 0], width: [0.2, 0.6], count: 2 };
    const band: Band = { lowest: 1, highest: 2 };
    const first = firstBandPropensities(lines, band);
    expect(first[0]).toBeCloseTo(0.25, 14);
    expect(first[1]).toBeCloseTo(0.75, 14);
    expect(rankBandPropensities(lines, band, [1, 0]).map((p) => Number(p.toFixed(12)))).toEqual([0.75, 0.75]);
  });

  it('come from a walk that ends, and sum to 1, for a thousand lines through one point', () => {
    const count = 1000;
    const width = Array.from({ length: count }, (_, i) => i / count);
    const lines: Lines = { location: width.map((slope) => -slope * 1.5), width, count };
    const first = firstBandPropensities(lines, { lowest: 1, highest: 2 });
    expect(first[0]).toBeCloseTo(0.5, 10);
    expect(first[count - 1]).toBeCloseTo(0.5, 10);
  });
});
