import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Band, firstBandPropensities, type Lines, rankBandPropensities } from '../../policies/band-propensity.ts';
import { createPolicy, PolicySpec } from '../../policies/catalogue.ts';
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

/** Sums of a regression with precisions, which fade as they are. */
interface Sums {
  matrix: number[][];
  b: number[];
  pulls: number;
  effect: number;
}

const PRECISIONS = [0.3, 5, 5, 5];
const COMMON_PRECISIONS = [3, 3, 3, 3];
const AXES = 4;

const diagonal = (precisions: readonly number[]) =>
  precisions.map((precision, i) => precisions.map((_, j) => (i === j ? precision : 0)));
const along = (one: readonly number[], other: readonly number[]) => one.reduce((sum, v, i) => sum + v * other[i]!, 0);

/** What a discounted rand_ucb is to believe, by the matrices themselves: all sums fade, and ridge comes back along a few axes in turn. */
function fadingReference(discount: number, learned: readonly Lesson[]) {
  const arms = new Map<string, Sums>();
  const begun = (precisions: readonly number[]): Sums => ({
    ...{ matrix: diagonal(precisions), b: precisions.map(() => 0), pulls: 0, effect: 0 },
  });
  const common = begun(COMMON_PRECISIONS);
  const held = [...PRECISIONS];
  const lean = { product: 0, square: 0 };
  let next = 0;
  const predict = (arm: string, x: readonly number[]) => {
    const { matrix, b, pulls, effect } = arms.get(arm) ?? begun(held);
    const lending = solve(common.matrix, common.b);
    lending[0]! += effect / (pulls + 2);
    const towards = solve(matrix, [...x]);
    const own = along(towards, b);
    const lent = along(
      towards,
      lending.map((value, i) => value * held[i]!),
    );
    const leaning = Math.min(1, Math.max(0, (lean.product + 1) / (lean.square + 1)));
    return { own, lent, mean: own + leaning * lent, variance: along(towards, x) };
  };
  for (const { arm, value, share, features } of learned) {
    const factor = discount ** share;
    const turns = Math.min(AXES, Math.ceil(4 * AXES * (1 - factor)));
    const restored = (axis: number) => Array.from({ length: turns }, (_, i) => (next + i) % AXES).includes(axis);
    const missing = ((1 - factor) * AXES) / turns;
    const fade = (sums: Sums, precisions: readonly number[]) => {
      sums.matrix = sums.matrix.map((row, i) =>
        row.map((entry, j) => factor * entry + (i === j && restored(i) ? missing * precisions[i]! : 0)),
      );
      sums.b = sums.b.map((entry) => factor * entry);
      sums.pulls *= factor;
      sums.effect *= factor;
    };
    for (const sums of arms.values()) fade(sums, PRECISIONS);
    fade(common, COMMON_PRECISIONS);
    for (const [i, precision] of PRECISIONS.entries())
      held[i] = factor * held[i]! + (restored(i) ? missing * precision : 0);
    next = (next + turns) % AXES;
    const x = vectorOf(features[0]!);
    const sums = arms.get(arm) ?? begun(held);
    arms.set(arm, sums);
    const before = predict(arm, x);
    const weight = share / (1 + before.variance);
    lean.product = factor * lean.product + weight * before.lent * (value - before.own);
    lean.square = factor * lean.square + weight * before.lent ** 2;
    const above = value - along(x, solve(common.matrix, common.b));
    const target = value - sums.effect / (sums.pulls + 2);
    sums.effect += share * above;
    for (const [to, what] of [
      [common, target],
      [sums, value],
    ] as const) {
      to.matrix = to.matrix.map((row, i) => row.map((entry, j) => entry + share * x[i]! * x[j]!));
      to.b = to.b.map((entry, i) => entry + share * what * x[i]!);
      to.pulls += share;
    }
  }
  return predict;
}

describe('a rand_ucb that forgets by step', () => {
  const parameters = (discount: number) => ({ ...PARAMETERS, alpha: 0, spread: 0, discount });

  it('believes what direct solves of sums that fade say, the whole ridge back each time or in turns', () => {
    const learned = lessons(60).map((lesson, i) => ({ ...lesson, share: i % 3 === 0 ? 0.5 : 1 }));
    for (const [discount, some] of [
      [0.5, learned.map((lesson) => ({ ...lesson, share: 1 }))],
      [0.9, learned],
      [0.99, learned],
    ] as const) {
      const policy = randUcb(parameters(discount), KINDS);
      const posterior = some.reduce((one, lesson) => policy.learn(one, lesson), policy.init());
      const predict = fadingReference(discount, some);
      for (const category of [0, 1, 2]) {
        const { scores } = policy.choose(posterior, situationOf(category), 1, 3);
        for (const [i, arm] of ARMS.entries()) expect(scores[i]).toBeCloseTo(predict(arm, vectorOf(category)).mean, 9);
      }
      const widths = (category: number) =>
        [0, 1].map((alpha) => {
          const wide = randUcb({ ...parameters(discount), alpha }, KINDS);
          return wide.choose(posterior, situationOf(category), 1, 3).scores;
        });
      // Widths are in units of a reward's deviation, which is the same for all arms.
      const [low, high] = widths(1);
      const width = ARMS.map((_, i) => high![i]! - low![i]!);
      const unit = ARMS.map((arm) => Math.sqrt(predict(arm, vectorOf(1)).variance));
      for (const i of [1, 2]) expect(width[i]! / width[0]!).toBeCloseTo(unit[i]! / unit[0]!, 9);
    }
  });

  it('lends an arm that was forgotten what arms earn, whoever has the turn of the ridge', () => {
    const policy = randUcb(parameters(0.9), KINDS);
    const only = (arm: string, count: number) => lessons(count).map((lesson) => ({ ...lesson, arm, value: 0.8 }));
    let posterior = [...only('a', 30), ...only('b', 400)].reduce(
      (one, lesson) => policy.learn(one, lesson),
      policy.init(),
    );
    for (const lesson of only('b', 8)) {
      posterior = policy.learn(posterior, lesson);
      const [a, , unknown] = policy.choose(posterior, situationOf(1), 1, 3).scores;
      expect(a).toBeCloseTo(unknown!, 9);
    }
  });

  it('follows a world that turned over, where one that forgets nothing stays behind', () => {
    const earned = (discount: number | undefined) => {
      const random = randomness(23);
      const policy = randUcb({ ...PARAMETERS, discount }, KINDS);
      let posterior = policy.init();
      let sum = 0;
      for (let i = 0; i < 2300; i++) {
        const category = drawIndex(random, 3);
        const [best, other] = i < 2000 ? ['a', 'b'] : ['b', 'a'];
        const situation = { ...situationOf(category), candidates: ['a', 'b'], floor: 0.02 };
        const arm =
          situation.candidates[policy.choose(posterior, situation, drawIndex(random, 2 ** 31), 1).ranking[0]!]!;
        const mean = arm === best ? 0.8 : arm === other ? 0.5 : 0;
        const value = drawUniform(random) < mean ? 1 : 0;
        posterior = policy.learn(posterior, { ...lessons(1)[0]!, arm, value, features: [category] });
        if (i >= 2000) sum += mean;
      }
      return sum / 300;
    };
    expect(earned(0.98)).toBeGreaterThan(earned(undefined) + 0.1);
  });

  it('is as it was without a discount, to the byte', () => {
    const [plain, discounted] = [undefined, 0.9].map((discount) => {
      const policy = createPolicy(PolicySpec.parse({ name: 'rand_ucb', discount }), [...KINDS]);
      return policy.serialise(lessons(20).reduce((one, lesson) => policy.learn(one, lesson), policy.init()));
    });
    const letters = (bytes: Uint8Array, from: number) => Buffer.from(bytes.subarray(from, from + 4)).toString();
    expect(letters(plain!, 0)).toBe('RLN1');
    expect([letters(discounted!, 0), letters(discounted!, 8)]).toEqual(['RDL1', 'RLF1']);
    expect(JSON.stringify(PolicySpec.parse({ name: 'rand_ucb' }))).not.toContain('discount');
    // The last number is what of a prior is in force: 0 of it cannot be.
    const policy = createPolicy(PolicySpec.parse({ name: 'rand_ucb', discount: 0.9 }), [...KINDS]);
    const broken = discounted!.slice();
    broken.fill(0, -16, -8);
    expect(() => policy.restore(broken)).toThrow(RangeError);
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

/** The lines at z, best first, those that are the same together: also where another one crosses them just there. */
function groupsAt({ location, width, count }: Lines, z: number): number[][] {
  const score = (i: number) => location[i]! + z * width[i]!;
  const order = Array.from({ length: count }, (_, i) => i);
  order.sort((i, j) => score(j) - score(i) || location[j]! - location[i]! || width[j]! - width[i]!);
  const groups: number[][] = [];
  for (const i of order) {
    const last = groups.at(-1);
    if (last !== undefined && location[last[0]!] === location[i] && width[last[0]!] === width[i]) last.push(i);
    else groups.push([i]);
  }
  return groups;
}

describe('the exact probabilities of a shared draw', () => {
  it('are those of a fine grid over the band, at every place', () => {
    const steps = 1000;
    fc.assert(
      fc.property(someLines, someBand, (lines, band) => {
        const counted = Array.from({ length: lines.count }, () => new Array<number>(lines.count).fill(0));
        for (let step = 0; step < steps; step++) {
          const z = band.lowest + ((step + 0.5) / steps) * (band.highest - band.lowest);
          let place = 0;
          for (const group of groupsAt(lines, z)) {
            // Lines that are the same take turns at the places that they have together.
            for (const arm of group)
              for (const [at] of group.entries()) counted[place + at]![arm]! += 1 / steps / group.length;
            place += group.length;
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
