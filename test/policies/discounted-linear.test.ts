import { describe, expect, it } from 'vitest';
import { createPolicy, PolicySpec } from '../../policies/catalogue.ts';
import type { FeatureKind } from '../../policies/encoding.ts';
import type { AnyPolicy, Lesson, Situation } from '../../policies/policy.ts';
import { drawIndex, drawUniform, randomness } from '../../policies/sampling.ts';
import { solve } from './solve.ts';

const KINDS: FeatureKind[] = [{ type: 'category', values: 3 }, { type: 'boolean' }];
const SIZE = 5;
const ARMS = ['a', 'b', 'c'];
const LAMBDA = 0.7;

function vectorOf([one = 0, flag = 0]: readonly number[]): number[] {
  const x = new Array<number>(SIZE).fill(0);
  x[0] = 1;
  x[1 + one] = Math.SQRT1_2;
  x[4] = flag * Math.SQRT1_2;
  return x;
}

function someLessons(count: number, seed: number): Lesson[] {
  const random = randomness(seed);
  return Array.from({ length: count }, () => {
    const features = [drawIndex(random, 3), drawIndex(random, 2)];
    const [arm, share] = [ARMS[drawIndex(random, 2)]!, drawIndex(random, 4) === 0 ? 0.5 : 1];
    return { arm, value: drawUniform(random), share, features, propensity: undefined, seed: 0, time: 0 };
  });
}

const situation = (features: readonly number[], rest: Partial<Situation> = {}): Situation => ({
  ...{ candidates: ARMS, shifts: [], prior: [], features, floor: 0, ...rest },
});

/** Means and widths of the arms: what LinUCB scores with an alpha of 0, and what one of 1 adds. */
function predictions(discount: number | undefined, lessons: readonly Lesson[], features: readonly number[]) {
  const [means, bounds] = [0, 1].map((alpha) => {
    const policy = createPolicy({ name: 'lin_ucb', alpha, lambda: LAMBDA, discount }, KINDS);
    const posterior = lessons.reduce((one, lesson) => policy.learn(one, lesson), policy.init());
    return policy.choose(posterior, situation(features), 1, 3).scores;
  });
  return means!.map((mean, i) => ({ mean, width: bounds![i]! - mean }));
}

interface Direct {
  readonly matrix: number[][];
  readonly b: number[];
}

/** By the matrices themselves, with the whole ridge put back each time: D-LinUCB as it is written. */
function direct(discount: number, lessons: readonly Lesson[]): Map<string, Direct> {
  const arms = new Map<string, Direct>();
  const diagonal = () => vectorOf([]).map((_, i) => vectorOf([]).map((__, j) => (i === j ? LAMBDA : 0)));
  for (const { arm, value, share, features } of lessons) {
    const factor = discount ** share;
    for (const { matrix, b } of arms.values()) {
      for (let i = 0; i < SIZE; i++) {
        b[i]! *= factor;
        for (let j = 0; j < SIZE; j++) matrix[i]![j]! *= factor;
        matrix[i]![i]! += (1 - factor) * LAMBDA;
      }
    }
    const model = arms.get(arm) ?? { matrix: diagonal(), b: new Array<number>(SIZE).fill(0) };
    arms.set(arm, model);
    const x = vectorOf(features);
    for (let i = 0; i < SIZE; i++) {
      model.b[i]! += share * value * x[i]!;
      for (let j = 0; j < SIZE; j++) model.matrix[i]![j]! += share * x[i]! * x[j]!;
    }
  }
  return arms;
}

function directly({ matrix, b }: Direct, features: readonly number[]) {
  const x = vectorOf(features);
  const along = (y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return { mean: along(solve(matrix, b)), width: Math.sqrt(along(solve(matrix, x))) };
}

describe('linear models that forget by step', () => {
  it('are D-LinUCB, but for the part of the ridge that waits for its turn', () => {
    for (const [discount, within] of [
      [0.5, 1e-9], // every axis has its turn each time: nothing is put off
      [0.9, 0.12],
      [0.99, 0.05],
    ] as const) {
      const lessons = someLessons(400, 3).map((one) => (discount === 0.5 ? { ...one, share: 1 } : one));
      const reference = direct(discount, lessons);
      for (const features of [
        [0, 0],
        [2, 1],
        [1, 1],
      ]) {
        const found = predictions(discount, lessons, features);
        for (const [i, arm] of ['a', 'b'].entries()) {
          const wanted = directly(reference.get(arm)!, features);
          expect(Math.abs(found[i]!.mean - wanted.mean)).toBeLessThan(within);
          expect(Math.abs(found[i]!.width / wanted.width - 1)).toBeLessThan(within);
        }
      }
    }
  });

  it('become unknown again where an arm is not tried any more, and not more than that', () => {
    const only = (arm: string) => someLessons(600, 5).map((one) => ({ ...one, arm }));
    for (const discount of [0.6, 0.95, 0.97]) {
      const [a, , c] = predictions(discount, [...only('a').slice(0, 50), ...only('b')], [1, 1]);
      expect(Math.abs(a!.mean)).toBeLessThan(0.05);
      expect(a!.width / c!.width).toBeGreaterThan(0.85);
      expect(a!.width / c!.width).toBeLessThan(1.2);
    }
  });

  it('stay what they are over a long time, however little of it they remember', () => {
    const lessons = someLessons(20_000, 9);
    for (const discount of [0.7, 0.98]) {
      const [a] = predictions(discount, lessons, [2, 0]);
      const [late] = predictions(discount, lessons.slice(-2000), [2, 0]);
      expect(Math.abs(a!.mean - late!.mean)).toBeLessThan(0.1);
      expect(Math.abs(a!.width / late!.width - 1)).toBeLessThan(0.2);
    }
  });

  it('follow a world that turned over, where models that forget nothing stay behind', () => {
    const random = randomness(17);
    const values = (i: number) => (i < 600 ? { a: 0.8, b: 0.3 } : { a: 0.3, b: 0.8 });
    const earned = (discount: number | undefined) => {
      const policy = createPolicy({ name: 'lin_ts', v: 0.25, lambda: 1, discount }, KINDS);
      let posterior = policy.init();
      let sum = 0;
      for (let i = 0; i < 1000; i++) {
        const features = [drawIndex(random, 3), drawIndex(random, 2)];
        const seen = situation(features, { candidates: ['a', 'b'], floor: 0.02 });
        const arm = policy.choose(posterior, seen, drawIndex(random, 2 ** 31), 1).ranking[0] === 0 ? 'a' : 'b';
        const value = drawUniform(random) < values(i)[arm] ? 1 : 0;
        posterior = policy.learn(posterior, { ...someLessons(1, 1)[0]!, arm, value, share: 1, features });
        if (i >= 600) sum += values(i)[arm];
      }
      return sum / 400;
    };
    const mean = (discount: number | undefined) => (earned(discount) + earned(discount) + earned(discount)) / 3;
    expect(mean(0.98)).toBeGreaterThan(mean(undefined) + 0.1);
  });

  it('go on the same after they were written and read', () => {
    for (const name of ['lin_ucb', 'lin_ts', 'square_cb'] as const) {
      const policy: AnyPolicy = createPolicy(PolicySpec.parse({ name, discount: 0.95 }), KINDS);
      const lessons = someLessons(60, 21);
      let one = lessons.slice(0, 33).reduce((posterior, lesson) => policy.learn(posterior, lesson), policy.init());
      let other = policy.restore(policy.serialise(one));
      for (const lesson of lessons.slice(33)) {
        one = policy.learn(one, lesson);
        other = policy.learn(other, lesson);
      }
      expect(policy.serialise(other)).toEqual(policy.serialise(one));
      const bytes = policy.serialise(one);
      for (const broken of [bytes.subarray(1), bytes.subarray(0, -8)])
        expect(() => policy.restore(broken)).toThrow(RangeError);
    }
  });

  it('take discounts from a half to 1, and are what they were without one', () => {
    const accepts = (discount: unknown) => PolicySpec.safeParse({ name: 'square_cb', discount }).success;
    expect([0.5, 1, 'profile', undefined].map(accepts)).toEqual([true, true, true, true]);
    expect([0.4, 0, 1.1, 'half'].map(accepts)).toEqual([false, false, false, false]);
    const plain = createPolicy({ name: 'lin_ucb', alpha: 1, lambda: 1 }, KINDS);
    expect(Buffer.from(plain.serialise(plain.init())).subarray(0, 4).toString()).toBe('RLM1');
  });
});
