import { describe, expect, it } from 'vitest';
import { createEncoder, type FeatureKind } from '../../policies/encoding.ts';
import {
  dot,
  emptyOffsetTree,
  emptyRegression,
  type OffsetTree,
  rankLeaves,
  step,
  teachTree,
  type Verdict,
} from '../../policies/offset-nodes.ts';
import { type OffsetTreeParameters, offsetTree } from '../../policies/offset-tree.ts';
import type { Lesson, Policy, Situation } from '../../policies/policy.ts';
import { drawIndex, drawUniform, randomness } from '../../policies/sampling.ts';

const PARAMETERS: OffsetTreeParameters = { epsilon: 0.2, offset: 'half', rate: 0.5 };
const KINDS: FeatureKind[] = [{ type: 'number' }, { type: 'category', values: 3 }];
const ARMS = ['a', 'b', 'c', 'd', 'e'];

function situation(policy: Policy<OffsetTree>, features: readonly number[], rest: Partial<Situation> = {}): Situation {
  const prior = policy.prior(rest.candidates ?? ARMS, {
    configured: () => ({ alpha: 1, beta: 1 }),
    shared: undefined,
  });
  return { candidates: ARMS, shifts: [], prior, features, floor: 0, ...rest };
}

function lesson(arm: string, value: number, rest: Partial<Lesson> = {}): Lesson {
  return { arm, value, share: 1, features: [], propensity: undefined, seed: 0, time: 0, ...rest };
}

/** A tree that knows its arms and nothing of them. */
function bare(arms: number): OffsetTree {
  const policy = offsetTree(PARAMETERS, []);
  return ARMS.slice(0, arms).reduce((tree, arm) => policy.learn(tree, lesson(arm, 0.5)), policy.init());
}

describe('the offset tree on line', () => {
  it('teaches as worked out by hand on four arms: who takes part, labels and weights', () => {
    const tree = bare(4);
    const x = Float64Array.of(1);
    const teach = (leaf: number, value: number, propensity: number) =>
      teachTree(tree, x, { leaf, value, propensity, share: 1, epsilon: 0.2, offset: 0.5, rate: 0.5 });
    const rounded = (taught: ReturnType<typeof teach>) =>
      taught.map((one) => ({ ...one, weight: Math.round(one.weight * 1e9) / 1e9 }));
    // Nodes: 1 between arms 0 and 1, 3 between 2 and 3, 2 the root. Arm 0 leads with 0.85, the others have 0.05.
    // Arm 1 beats arm 0: 0.9 / 0.05 / 2. Now it is its side's winner, and at the root it beats arm 2: 0.1 / 0.05 / 2.
    expect(rounded(teach(1, 1, 0.05))).toEqual([
      { node: 1, other: 0, weight: 9, right: true },
      { node: 2, other: 2, weight: 1, right: false },
    ]);
    // Arm 3 fails against arm 2, which stays its side's winner: the root hears nothing.
    expect(rounded(teach(3, 0, 0.05))).toEqual([{ node: 3, other: 2, weight: 1, right: false }]);
    // Arm 2 earns 0.75, against arm 3 and, at the root, against arm 1, which leads now: 0.9 / 0.05 / 4.
    expect(rounded(teach(2, 0.75, 0.05))).toEqual([
      { node: 3, other: 3, weight: 0.5, right: false },
      { node: 2, other: 1, weight: 4.5, right: true },
    ]);
  });

  it('keeps what the nodes have learned when an arm comes, and sets it above or on the right', () => {
    const tree = bare(4);
    for (const [i, node] of tree.nodes.entries()) node.theta[0] = i + 1;
    const policy = offsetTree(PARAMETERS, []);
    policy.learn(tree, lesson('e', 1));
    expect(tree.nodes.map(({ theta }) => theta[0])).toEqual([1, 2, 3, 0]);
    // The fifth arm is alone on the right of a new root: nodes 1 to 3 part the same arms as before.
    const asked: number[] = [];
    const verdict: Verdict = { winner: () => 0, advantage: (node) => asked.push(node) * 0 };
    expect(rankLeaves(verdict, [true, true, true, true, true], [0, 0, 0, 0, 0], 5)).toEqual([0, 1, 2, 3, 4]);
    expect(asked.toSorted()).toEqual([1, 2, 3, 4]);
  });

  it('lets shifts outweigh advantages, and arms that are no candidates stand aside', () => {
    const verdict: Verdict = { winner: () => 0, advantage: (node) => [0, 0.2, -0.1, 0.3][node]! };
    const all = [true, true, true, true];
    // 1 beats 0, 3 beats 2, and the left side's winner beats the right side's.
    expect(rankLeaves(verdict, all, [0, 0, 0, 0], 4)).toEqual([1, 0, 3, 2]);
    expect(rankLeaves(verdict, all, [0, -0.25, 0, 0], 1)).toEqual([0]);
    expect(rankLeaves(verdict, all, [0, 0, 0, 0.15], 1)).toEqual([3]);
    expect(rankLeaves(verdict, [true, false, true, false], [0, 0, 0, 0], 4)).toEqual([0, 2]);
  });

  it('holds one side better by the difference of the rewards, where they are 0 or 1', () => {
    const tree = bare(2);
    const x = Float64Array.of(1);
    const random = randomness(4);
    for (let i = 0; i < 20_000; i++) {
      const leaf = drawIndex(random, 2);
      const value = drawUniform(random) < [0.3, 0.7][leaf]! ? 1 : 0;
      teachTree(tree, x, { leaf, value, propensity: 0.5, share: 1, epsilon: 1, offset: 0.5, rate: 0.5 });
    }
    const { theta, weight, importance } = tree.nodes[0]!;
    expect(weight / importance).toBeCloseTo(0.5, 9);
    expect(Math.abs(1 / (1 + Math.exp(-dot(theta, x))) - 0.7)).toBeLessThan(0.02);
  });

  it.each(['half', 'regression'] as const)('learns which arm is for which context, with the offset %s', (offset) => {
    const policy = offsetTree({ ...PARAMETERS, offset }, KINDS);
    const tree = policy.init();
    const best = (x: number, k: number) => (k === 2 ? 4 : x > 0 ? 1 : 2);
    const random = randomness(6);
    const drawn = () => [2 * drawUniform(random) - 1, drawIndex(random, 3)] as const;
    for (let i = 0; i < 6000; i++) {
      const features = drawn();
      const seen = situation(policy, features);
      const arm = policy.choose(tree, seen, i, 1).ranking[0]!;
      const propensity = policy.propensities(tree, seen)[arm];
      const rate = arm === best(...features) ? 0.9 : 0.2;
      policy.learn(tree, lesson(ARMS[arm]!, drawUniform(random) < rate ? 1 : 0, { features, propensity }));
    }
    let right = 0;
    for (let i = 0; i < 500; i++) {
      const features = drawn();
      const exact = policy.propensities(tree, situation(policy, features));
      if (exact[best(...features)]! > 0.5) right++;
    }
    expect(right).toBeGreaterThan(400);
  });

  it('learns nothing but the mean from a reward without a propensity, or of another schema', () => {
    const policy = offsetTree(PARAMETERS, KINDS);
    const tree = policy.init();
    policy.learn(tree, lesson('a', 1, { features: [1, 0] }));
    policy.learn(tree, lesson('b', 1, { features: [1, 0] }));
    policy.learn(tree, lesson('b', 1, { features: [1], propensity: 0.5 }));
    expect(tree.nodes.every(({ importance }) => importance === 0)).toBe(true);
    expect(policy.belief(tree, situation(policy, [1, 0]), 1).pulls).toBe(2);
    expect(policy.needsPropensity).toBe(true);
  });

  it('ranks arms that nobody has tried last, as they were offered', () => {
    const policy = offsetTree({ ...PARAMETERS, epsilon: 0 }, []);
    const tree = policy.learn(policy.init(), lesson('c', 0));
    expect(policy.choose(tree, situation(policy, []), 1, 5).ranking).toEqual([2, 0, 1, 3, 4]);
    expect(policy.deterministic).toBe(true);
  });

  it('goes on the same, to the bit, after it was written and read', () => {
    const policy = offsetTree({ ...PARAMETERS, offset: 'regression' }, KINDS);
    const random = randomness(2);
    const teach = (tree: OffsetTree, i: number, features: number[]) =>
      policy.learn(tree, lesson(ARMS[i % 5]!, (i % 3) / 2, { features, propensity: 0.2 }));
    const tree = policy.init();
    for (let i = 0; i < 100; i++) teach(tree, i, [drawUniform(random), drawIndex(random, 3)]);
    const restored = policy.restore(policy.serialise(tree));
    for (let i = 0; i < 1000; i++) {
      const features = [drawUniform(random), drawIndex(random, 3)];
      const seen = situation(policy, features);
      expect(policy.choose(restored, seen, i, 5)).toEqual(policy.choose(tree, seen, i, 5));
      if (i % 4 === 0) for (const one of [tree, restored]) teach(one, i, features);
    }
    expect(policy.serialise(restored)).toEqual(policy.serialise(tree));
    expect(() => offsetTree(PARAMETERS, []).restore(policy.serialise(tree))).toThrow(RangeError);
  });

  it('stays finite with features from 1e-12 to 1e12 and propensities next to nothing', () => {
    const policy = offsetTree({ ...PARAMETERS, offset: 'regression' }, KINDS);
    const tree = policy.init();
    const random = randomness(1);
    for (let i = 0; i < 2000; i++) {
      const features = [[1e-12, 1e12, 0, -1e12][drawIndex(random, 4)]!, drawIndex(random, 3)];
      policy.learn(tree, lesson(ARMS[i % 5]!, i % 2, { features, propensity: [1, 1e-300, 0.5][i % 3] }));
    }
    for (const { theta, squares, weight } of [...tree.nodes, tree.offset]) {
      expect([...theta, ...squares, weight].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('a step of a regression', () => {
  it('is as long as its rate at first, whatever the slope, and shrinks by the root of what was climbed', () => {
    const model = emptyRegression(2);
    step(model, Float64Array.of(1, 0), 1e6, 0.5);
    expect([...model.theta]).toEqual([0.5, 0]);
    step(model, Float64Array.of(1, 0), -1e6, 0.5);
    expect(model.theta[0]).toBeCloseTo(0.5 - 0.5 / Math.SQRT2, 12);
  });

  it('begins with an encoder of the domain', () => {
    expect(emptyOffsetTree(createEncoder(KINDS)).offset.theta).toHaveLength(5);
  });
});
