import { describe, expect, it } from 'vitest';
import { createPolicy, PolicySpec } from '../../policies/catalogue.ts';
import type { Lesson } from '../../policies/policy.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import { ARMS, KINDS, learned, lessonsOfContexts, situation } from './every-policy.ts';
import { solve } from './solve.ts';

function doublyRobust(parameters: object = {}, kinds = KINDS) {
  return createPolicy(PolicySpec.parse({ name: 'doubly_robust', ...parameters }), kinds);
}

const PROPENSITIES = [0.05, 0.25, 0.5, 1];
/** Contexts of two flags, whose vectors do not move, and decisions of every kind of propensity. */
const LESSONS: Lesson[] = lessonsOfContexts(300).map((one, i) => ({
  ...one,
  features: one.features.slice(1, 3),
  propensity: PROPENSITIES[i % 4],
}));
const FLAGS = KINDS.slice(1, 3);

/** The vector of such a context, written out: bias, boolean, three categories. */
function vectorOf([flag = 0, category = 0]: readonly number[]): number[] {
  const half = Math.sqrt(0.5);
  return [1, flag * half, ...[0, 1, 2].map((value) => (value === category ? half : 0))];
}

const dot = (one: readonly number[], other: readonly number[]) => one.reduce((sum, v, i) => sum + v * other[i]!, 0);

/**
 * theta of an arm by its definition: pseudo-outcomes of all rounds from what it predicts, regressed on all contexts and held at the
 * outcome model, over and over until it stands.
 * @param lent pulls of a mean in the average context, that the prior stands for
 */
function byPseudoOutcomes(
  arm: string,
  learningRate: number,
  decay: number,
  maxWeight: number,
  lent = { pulls: 0, mean: 0 },
): number[] {
  let outcome = [0, 0, 0, 0, 0];
  let rate = learningRate;
  for (const one of LESSONS.filter((lesson) => lesson.arm === arm)) {
    const x = vectorOf(one.features);
    const step = (rate * one.share * (one.value - dot(outcome, x))) / dot(x, x);
    outcome = outcome.map((o, i) => o + step * x[i]!);
    rate *= decay;
  }
  const rounds = LESSONS.map((one) => ({ ...one, x: vectorOf(one.features) }));
  // All contexts, whatever was chosen in them, and one observation in every direction.
  const all = outcome.map((_, i) =>
    outcome.map((_, j) => rounds.reduce((sum, { share, x }) => sum + share * x[i]! * x[j]!, i === j ? 1 : 0)),
  );
  all[0]![0]! += lent.pulls;
  let theta = outcome;
  for (let round = 0; round < 200; round++) {
    const sums = [...outcome];
    sums[0]! += lent.pulls * lent.mean;
    for (const one of rounds) {
      const expected = dot(theta, one.x);
      const weight = Math.min(maxWeight, 1 / one.propensity!);
      const phi = expected + (one.arm === arm ? weight * (one.value - expected) : 0);
      for (const [i, entry] of one.x.entries()) sums[i]! += one.share * phi * entry;
    }
    theta = solve(all, sums);
  }
  return theta;
}

describe('the doubly robust bandit', () => {
  it('believes the regression of its own pseudo-outcomes', () => {
    const policy = doublyRobust({ learningRate: 0.2, decay: 0.99, maxWeight: 3 }, FLAGS);
    const posterior = learned(policy, LESSONS);
    for (const arm of ['a', 'b', 'c']) {
      const theta = byPseudoOutcomes(arm, 0.2, 0.99, 3);
      for (const features of [
        [0, 0],
        [1, 1],
        [1, 2],
      ]) {
        const { mean } = policy.belief(posterior, situation(policy, [arm], { features }), 0);
        expect(mean).toBeCloseTo(dot(theta, vectorOf(features)), 9);
      }
    }
  });

  it('takes the prior of an arm for pulls of its mean in the average context', () => {
    const policy = doublyRobust({ learningRate: 0.2, decay: 0.99, maxWeight: 3 }, FLAGS);
    const posterior = learned(policy, LESSONS);
    const theta = byPseudoOutcomes('a', 0.2, 0.99, 3, { pulls: 28, mean: 0.2 });
    for (const features of [
      [0, 0],
      [1, 2],
    ]) {
      const seen = situation(policy, ['a', 'new'], { features, prior: [6, 24, 6, 24] });
      expect(policy.belief(posterior, seen, 0).mean).toBeCloseTo(dot(theta, vectorOf(features)), 9);
      expect(policy.belief(posterior, seen, 1).mean).toBeCloseTo((28 * 0.2) / 29, 12);
    }
  });

  it('is linear Thompson sampling where nothing is weighed and no outcome is expected', () => {
    const plain = doublyRobust({ learningRate: 0, maxWeight: 1 });
    const linear = createPolicy(PolicySpec.parse({ name: 'lin_ts' }), KINDS);
    const lessons = lessonsOfContexts(200);
    const [one, other] = [learned(plain, lessons), learned(linear, lessons)];
    for (const { features } of lessons.slice(0, 20)) {
      const seen = situation(plain, ARMS, { features });
      const stated = linear.propensities(other, seen);
      for (const [i, p] of plain.propensities(one, seen).entries()) expect(p).toBeCloseTo(stated[i]!, 8);
    }
  });

  it('learns what an arm earns in all contexts from where it was chosen, unless weights are clipped', () => {
    const random = randomness(5);
    // The arm earns 1 in half of the contexts and 0 in the others, and is mostly chosen in the former. No feature tells them apart.
    const rounds = Array.from({ length: 4000 }, (): Lesson | undefined => {
      const good = drawUniform(random) < 0.5;
      const propensity = good ? 0.9 : 0.1;
      if (drawUniform(random) > propensity) return undefined;
      return { arm: 'a', value: good ? 1 : 0, share: 1, features: [], propensity, seed: 0, time: 0 };
    });
    const lessons = rounds.filter((one) => one !== undefined);
    const meanWith = (maxWeight: number) => {
      const policy = doublyRobust({ maxWeight }, []);
      return policy.belief(learned(policy, lessons), situation(policy, ['a']), 0).mean;
    };
    expect(meanWith(1)).toBeCloseTo(0.9, 1);
    expect(meanWith(1e6)).toBeCloseTo(0.5, 1);
    // sum w r / sum w with w = 3 instead of 10: 0.5 / (0.5 + 0.5 * 0.1 * 3).
    expect(meanWith(3)).toBeCloseTo(0.5 / 0.65, 1);
  });

  it('drops the oldest fifth when its history is full, and is then what the rest alone would have made it', () => {
    const policy = doublyRobust({ history: 100 });
    const lessons = lessonsOfContexts(181);
    const bytesOf = (some: readonly Lesson[]) => policy.serialise(learned(policy, some));
    expect(bytesOf(lessons.slice(0, 101))).toEqual(bytesOf(lessons.slice(20, 101)));
    expect(bytesOf(lessons.slice(0, 100))).not.toEqual(bytesOf(lessons.slice(20, 100)));
    // 81 are left then, and 20 more fill it again.
    expect(bytesOf(lessons.slice(0, 121))).toEqual(bytesOf(lessons.slice(40, 121)));
    const bytes = bytesOf(lessons);
    const restored = policy.restore(bytes);
    expect(policy.serialise(restored)).toEqual(bytes);
    expect(() => doublyRobust({ history: 80 }).restore(bytes)).toThrow(RangeError);
    expect(() => doublyRobust({ history: 100 }, FLAGS).restore(bytes)).toThrow(RangeError);
  });

  it('counts a reward without a propensity, or without its features, once', () => {
    const policy = doublyRobust();
    const lessons = lessonsOfContexts(50);
    const bytesOf = (last: Partial<Lesson>) =>
      policy.serialise(learned(policy, [...lessons, { ...lessons[0]!, ...last }]));
    expect(bytesOf({ propensity: undefined })).toEqual(bytesOf({ propensity: 1 }));
    expect(bytesOf({ propensity: 0.01 })).toEqual(bytesOf({ propensity: 1 / 3 }));
    expect(bytesOf({ share: 0 })).toEqual(policy.serialise(learned(policy, lessons)));
    const unknown = policy.restore(bytesOf({ features: [] }));
    const { pulls, mean } = policy.belief(unknown, situation(policy, ['a'], { features: [] }), 0);
    expect(pulls).toBeGreaterThan(1);
    expect(mean).toBeGreaterThan(0);
  });

  it('asks for the propensity of every decision, and has the parameters of its defaults', () => {
    expect(doublyRobust().needsPropensity).toBe(true);
    expect(PolicySpec.parse({ name: 'doubly_robust' })).toEqual({
      ...{ name: 'doubly_robust', alpha: 1, learningRate: 0.1, decay: 0.999, maxWeight: 3, history: 10_000 },
    });
  });
});
