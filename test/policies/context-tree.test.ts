import { describe, expect, it } from 'vitest';
import { createPolicy, PolicySpec } from '../../policies/catalogue.ts';
import { contextTree } from '../../policies/context-tree.ts';
import { type ContextTree, emptyTree, leafOf, learnTree } from '../../policies/context-tree-nodes.ts';
import type { DoubleKind } from '../../policies/encoding.ts';
import type { Lesson, Situation } from '../../policies/policy.ts';
import { drawIndex, drawUniform, type Randomness, randomness } from '../../policies/sampling.ts';
import { bestSplit, candidateSplits, countLesson, emptyStatistics } from '../../policies/split-statistics.ts';

const KINDS: DoubleKind[] = [{ type: 'number' }, { type: 'category', values: 4 }, { type: 'boolean' }];
const GROWTH = { depth: 4, minSplit: 20, threshold: 0.2, maxNodes: 5000 };
const policy = contextTree({ shrinkage: 10, depth: 4, minSplit: 20, splitThreshold: 0.2, maxNodes: 5000 }, KINDS);
const ARMS = ['a', 'b', 'c'];
const prior = policy.prior(ARMS, { configured: () => ({ alpha: 1, beta: 1 }), shared: undefined });

const situation = (features: readonly number[]): Situation => ({
  ...{ candidates: ARMS, shifts: [], prior, features, floor: 0 },
});

function lesson(arm: string, value: number, features: readonly number[], share = 1): Lesson {
  return { arm, value, share, features, propensity: undefined, seed: 0, time: 0 };
}

/** Lessons of arms drawn evenly over contexts drawn evenly. */
function taught(count: number, mean: (arm: string, features: readonly number[]) => number, seed = 5): Lesson[] {
  const random = randomness(seed);
  return Array.from({ length: count }, () => {
    const features = someFeatures(random);
    const arm = ARMS[drawIndex(random, 3)]!;
    return lesson(arm, drawUniform(random) < mean(arm, features) ? 1 : 0, features);
  });
}

function someFeatures(random: Randomness): number[] {
  return [100 * drawUniform(random), drawIndex(random, 4), drawIndex(random, 2)];
}

const grown = (lessons: readonly Lesson[], growth = GROWTH): ContextTree =>
  lessons.reduce((tree, one) => learnTree(tree, one, KINDS, growth), emptyTree());

/** The arms trade places at 50, so that their rewards taken together are the same on both sides. */
const planted = (arm: string, [x]: readonly number[]) => (arm === 'c' ? 0.5 : (arm === 'a') === x! > 50 ? 0.95 : 0.05);

describe('the context tree', () => {
  it('finds a planted split on which arms trade places, and tells its path', () => {
    const tree = grown(taught(400, planted));
    const [first] = policy.path!(tree, situation([80, 0, 0]));
    expect(first).toMatchObject({ feature: 0, relation: 'above' });
    const points = [20, 40, 60, 80].flatMap((x) => policy.path!(tree, situation([x, 0, 0])).map(({ value }) => value));
    expect(points.some((value) => Math.abs(value - 50) < 10)).toBe(true);
    expect(policy.path!(tree, situation([20, 0, 0]))[0]).toMatchObject({ feature: 0, relation: 'at_most' });
    const best = (x: number) =>
      policy.propensities(tree, situation([x, 0, 0])).reduce((top, p, i, all) => (p > all[top]! ? i : top), 0);
    expect([best(90), best(10)]).toEqual([0, 1]);
  });

  it('parts a category, and a boolean, from the rest', () => {
    const category = grown(taught(400, (arm, [, k]) => ((k === 2) === (arm === 'b') ? 0.9 : 0.1)));
    expect(policy.path!(category, situation([50, 2, 0]))[0]).toEqual({ feature: 1, relation: 'is', value: 2 });
    expect(policy.path!(category, situation([50, 1, 0]))[0]).toEqual({ feature: 1, relation: 'is_not', value: 2 });
    const flag = grown(taught(400, (arm, [, , on]) => ((on === 1) === (arm === 'b') ? 0.9 : 0.1)));
    expect(policy.path!(flag, situation([50, 2, 0]))[0]).toEqual({ feature: 2, relation: 'is_not', value: 1 });
  });

  it('takes noise for noise', () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(grown(taught(300, (arm) => (arm === 'a' ? 0.7 : 0.4), seed)).nodes).toHaveLength(1);
    }
  });

  it('keeps within its nodes and its depth', () => {
    const busy = taught(4000, (_, [x, k]) => (x! > 50 ? (k === 1 ? 1 : 0.6) : x! > 25 ? (k === 2 ? 0.4 : 0.1) : 0));
    const [free, few, flat] = [{}, { maxNodes: 6 }, { depth: 1 }].map((rest) =>
      grown(busy, { ...GROWTH, threshold: 0.05, ...rest }),
    );
    expect(free!.nodes.length).toBeGreaterThan(6);
    expect(free!.nodes.length).toBeLessThanOrEqual(31);
    expect(few!.nodes).toHaveLength(5);
    expect(flat!.nodes).toHaveLength(3);
  });

  it('gives children what fell on their side, and loses nothing of it', () => {
    const lessons = taught(400, planted);
    let tree = emptyTree();
    let at = 0;
    while (tree.nodes.length === 1) tree = learnTree(tree, lessons[at++]!, KINDS, GROWTH);
    const { value } = policy.path!(tree, situation([80, 0, 0]))[0]!;
    for (const right of [true, false]) {
      const { counts } = leafOf(tree, [right ? 99 : 1, 0, 0]);
      for (const [slot, arm] of counts.arms.entries()) {
        const own = lessons.slice(0, at).filter((one) => one.arm === arm && one.features[0]! > value === right);
        expect(counts.pulls[slot]).toBe(own.length);
        expect(counts.successes[slot]).toBe(own.filter((one) => one.value === 1).length);
        expect(counts.failures[slot]).toBe(own.filter((one) => one.value === 0).length);
      }
    }
  });

  it('makes the same next 1,000 choices, and learns the same, after it was written and read', () => {
    for (const length of [0, 7, 25, 400]) {
      const lessons = taught(length, planted);
      const tree = grown(lessons);
      const bytes = policy.serialise(tree);
      const restored = policy.restore(bytes);
      expect(policy.serialise(restored)).toEqual(bytes);
      for (const next of taught(200, planted, 9)) {
        learnTree(tree, next, KINDS, GROWTH);
        learnTree(restored, next, KINDS, GROWTH);
      }
      expect(policy.serialise(restored)).toEqual(policy.serialise(tree));
      const random = randomness(3);
      for (let seed = 0; seed < 1000; seed++) {
        const seen = situation(someFeatures(random));
        expect(policy.choose(restored, seen, seed, 2)).toEqual(policy.choose(tree, seen, seed, 2));
      }
    }
  });

  it('refuses bytes whose nodes lead nowhere', () => {
    const bytes = policy.serialise(grown(taught(400, planted)));
    // Not a TextDecoder: its latin1 is windows-1252, which Node 22 and newer keep to.
    const text = Buffer.from(bytes).toString('latin1');
    const bent = text.replace('"left":1,', '"left":0,');
    expect(bent).not.toBe(text);
    expect(() => policy.restore(Uint8Array.from(Buffer.from(bent, 'latin1')))).toThrow(/no children/);
  });

  it('copes with features from 1e-12 to 1e12, constant ones, constant rewards and parts of pulls', () => {
    const random = randomness(8);
    let tree = emptyTree();
    for (let i = 0; i < 2000; i++) {
      const features = [[1e-12, 1e12, -1e12, 0][drawIndex(random, 4)]!, 3, 0];
      tree = learnTree(tree, lesson(ARMS[i % 3]!, features[0] === 1e12 ? 1 : 0, features, (i % 7) / 7), KINDS, GROWTH);
    }
    expect(policy.path!(tree, situation([1e12, 3, 0])).map(({ feature }) => feature)).toEqual([0]);
    for (const x of [1e-12, 1e12, -1e12]) {
      expect(policy.propensities(tree, situation([x, 3, 0])).reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      expect(Number.isFinite(policy.belief(tree, situation([x, 3, 0]), 1).mean)).toBe(true);
    }
    const constant = grown(taught(500, () => 1));
    expect(constant.nodes).toHaveLength(1);
  });

  it('learns nothing of a context of another schema', () => {
    const tree = grown([lesson('a', 1, [1, 2])]);
    expect(policy.serialise(tree)).toEqual(policy.serialise(emptyTree()));
    expect(() => grown([lesson('a', 2, [1, 2])])).toThrow(RangeError);
  });

  it('is named in a configuration with the defaults of its parameters', () => {
    const spec = PolicySpec.parse({ name: 'context_tree' });
    expect(spec).toEqual({
      ...{ name: 'context_tree', depth: 4, minSplit: 20, splitThreshold: 0.2, maxNodes: 5000, shrinkage: 10 },
    });
    expect(createPolicy(spec, KINDS).usesFeatures).toBe(true);
  });
});

describe('candidate splits', () => {
  const lessons = Array.from({ length: 20 }, (_, i) => lesson('a', i >= 10 ? 1 : 0, [i, i % 3, i % 2]));

  it('are the deciles of a number, each category seen against the rest, and one for a boolean', () => {
    const splits = candidateSplits(lessons, KINDS);
    expect(splits.filter(({ feature }) => feature === 0).map(({ value }) => value)).toEqual([
      1.5, 3.5, 5.5, 7.5, 9.5, 11.5, 13.5, 15.5, 17.5,
    ]);
    expect(splits.filter(({ feature }) => feature === 1).map(({ value }) => value)).toEqual([0, 1, 2]);
    expect(splits.filter(({ feature }) => feature === 2)).toEqual([{ feature: 2, test: 'is', value: 1 }]);
  });

  it('are judged by the variance that they leave, with a degree of freedom for every mean', () => {
    const statistics = emptyStatistics([
      { feature: 0, test: 'above', value: 3.5 },
      { feature: 0, test: 'above', value: 11.5 },
    ]);
    for (const one of lessons) countLesson(statistics, one);
    // Before: 20 pulls, 10 earned 1: squares 5 over 19. At 11.5: 12 pulls with 2 ones leave 12 * 1/6 * 5/6, over 18.
    const found = bestSplit(statistics, 5)!;
    expect(found.index).toBe(1);
    expect(found.reduction).toBeCloseTo(1 - (12 * (1 / 6) * (5 / 6)) / 18 / (5 / 19), 12);
    expect(found.significant).toBe(true);
    expect(bestSplit(statistics, 9)).toBeUndefined();
  });
});
