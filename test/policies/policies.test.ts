import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicy, defaultPolicy, PolicySpec, policyNames } from '../../policies/catalogue.ts';
import type { AnyPolicy, Lesson, Situation } from '../../policies/policy.ts';

const SPECS: Record<string, PolicySpec> = {
  beta_thompson: { name: 'beta_thompson', shrinkage: 10 },
  nig_thompson: { name: 'nig_thompson', shrinkage: 10, a0: 1, b0: 0.02 },
  epsilon_greedy: { name: 'epsilon_greedy', epsilon: 0.2, shrinkage: 10 },
  softmax: { name: 'softmax', temperature: 0.1, shrinkage: 10 },
  fixed: { name: 'fixed', arm: 'c' },
  offset_tree: { name: 'offset_tree', epsilon: 0.2, offset: 'half', rate: 0.5 },
  lin_ucb: { name: 'lin_ucb', alpha: 1, lambda: 1 },
  lin_ts: { name: 'lin_ts', v: 0.25, lambda: 1 },
  square_cb: { name: 'square_cb', gammaScale: 10, lambda: 1 },
  context_tree: { name: 'context_tree', depth: 4, minSplit: 20, splitThreshold: 0.2, maxNodes: 5000, shrinkage: 10 },
};
/** Parameters that change what a policy computes, not only by how much. */
const VARIANTS: PolicySpec[] = [
  { name: 'beta_thompson', shrinkage: 10, sharpness: 4, bucketEffect: 3 },
  { name: 'nig_thompson', shrinkage: 10, a0: 0.5, b0: 0.1, sharpness: 2, bucketEffect: 3 },
];
const policies = [...policyNames.map((name) => SPECS[name]!), ...VARIANTS].map(
  (spec) => [spec.name, createPolicy(spec)] as const,
);
const plain = { configured: () => ({ alpha: 1, beta: 1 }), shared: undefined };

function situation(policy: AnyPolicy, candidates: readonly string[], rest: Partial<Situation> = {}): Situation {
  return { candidates, shifts: [], prior: policy.prior(candidates, plain), features: [], floor: 0.1, ...rest };
}

function lesson(arm: string, value: number, share = 1): Lesson {
  return { arm, value, share, features: [], propensity: undefined, seed: 0, time: 0 };
}

function learned(policy: AnyPolicy, lessons: readonly Lesson[]): unknown {
  return lessons.reduce((posterior, one) => policy.learn(posterior, one), policy.init());
}

const LESSONS = [
  ...Array.from({ length: 9 }, (_, i) => lesson('a', i % 3 === 0 ? 1 : 0.4)),
  ...Array.from({ length: 6 }, (_, i) => lesson('b', i % 2, 0.5)),
  ...Array.from({ length: 20 }, (_, i) => lesson('c', i % 2 === 0 ? 0.7 : 0.55)),
];

const someLessons = fc.array(
  fc.record({
    arm: fc.constantFrom('a', 'b', 'c', 'd', 'é'),
    value: fc.double({ min: 0, max: 1, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    features: fc.constant([]),
    propensity: fc.constant(undefined),
    seed: fc.constant(0),
    time: fc.constant(0),
  }),
  { maxLength: 60 },
);
const someFloor = fc.double({ min: 0, max: 1, noNaN: true });
const someShifts = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 4, maxLength: 4 });
const ARMS = ['a', 'b', 'c', 'd'];

/** Largest value that chi-squared with these degrees of freedom exceeds once in 10,000 (Wilson & Hilferty 1931). */
function chiSquaredLimit(freedom: number): number {
  const c = 2 / (9 * freedom);
  return freedom * (1 - c + 3.72 * Math.sqrt(c)) ** 3;
}

describe.each(policies)('the policy %s (%#)', (name, policy) => {
  it('carries its name, and shares of the first place that add up to 1 and keep the floor', () => {
    expect(policy.name).toBe(name);
    fc.assert(
      fc.property(someLessons, someFloor, someShifts, (lessons, floor, shifts) => {
        const exact = policy.propensities(learned(policy, lessons), situation(policy, ARMS, { floor, shifts }));
        expect(exact.every((p) => p >= floor / 4 - 1e-15 && p <= 1)).toBe(true);
        expect(Math.abs(exact.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-9);
      }),
      { numRuns: 100 },
    );
  });

  it('ranks first with the probability it states, floor and shifts included', () => {
    const posterior = learned(policy, LESSONS);
    const seen = situation(policy, ARMS, { floor: 0.15, shifts: [0, 0.05, -0.1, -0.05] });
    const exact = policy.propensities(posterior, seen);
    const counts = [0, 0, 0, 0];
    for (let seed = 0; seed < 200_000; seed++) counts[policy.choose(posterior, seen, seed, 1).ranking[0]!]! += 1;
    const statistic = counts.reduce((sum, n, i) => sum + (n - 200_000 * exact[i]!) ** 2 / (200_000 * exact[i]!), 0);
    expect(statistic).toBeLessThan(chiSquaredLimit(3));
  });

  it('ranks second and third with the probabilities it states', () => {
    const posterior = learned(policy, LESSONS);
    const seen = situation(policy, ARMS, { floor: 0.15 });
    const counts = ARMS.map(() => [0, 0, 0]);
    for (let seed = 0; seed < 50_000; seed++) {
      for (const [rank, i] of policy.choose(posterior, seen, seed, 3).ranking.entries()) counts[i]![rank]! += 1;
    }
    for (let i = 0; i < 4; i++) {
      for (let rank = 0; rank < 3; rank++) {
        const ranking = [0, 1, 2, 3].filter((other) => other !== i);
        ranking.splice(rank, 0, i);
        const p = policy.rankPropensities(posterior, seen, ranking.slice(0, 3))[rank]!;
        expect(Math.abs(counts[i]![rank]! / 50_000 - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / 50_000) + 1e-9);
      }
    }
  });

  it('states the same for the first rank as for the first place', () => {
    const posterior = learned(policy, LESSONS);
    const seen = situation(policy, ARMS, { shifts: [0.1, 0, 0, 0.2] });
    const exact = policy.propensities(posterior, seen);
    for (const [i, p] of exact.entries()) {
      expect(policy.rankPropensities(posterior, seen, [i])[0]).toBeCloseTo(p, 9);
      expect(policy.rankPropensities(posterior, seen, [i, (i + 1) % 4])[0]).toBeCloseTo(p, 9);
    }
  });

  it('makes the same choice for the same seed, and ranks every candidate once', () => {
    const posterior = learned(policy, LESSONS);
    for (let seed = 0; seed < 300; seed++) {
      const choice = policy.choose(posterior, situation(policy, ARMS), seed, 4);
      expect(policy.choose(posterior, situation(policy, ARMS), seed, 4)).toEqual(choice);
      expect([...choice.ranking].sort()).toEqual([0, 1, 2, 3]);
      expect(choice.scores.every(Number.isNaN)).toBe(choice.explored);
      expect(policy.choose(posterior, situation(policy, ARMS), seed, 1).ranking[0]).toBe(choice.ranking[0]);
    }
  });

  it('makes the same next 1,000 choices after it was written and read', () => {
    fc.assert(
      fc.property(someLessons, (lessons) => {
        const posterior = learned(policy, lessons);
        const bytes = policy.serialise(posterior);
        const restored = policy.restore(bytes);
        expect(policy.serialise(restored)).toEqual(bytes);
        const seen = situation(policy, ARMS);
        for (let seed = 0; seed < 50; seed++) {
          expect(policy.choose(restored, seen, seed, 2)).toEqual(policy.choose(posterior, seen, seed, 2));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('refuses to read what it did not write', () => {
    const bytes = policy.serialise(learned(policy, LESSONS));
    const broken = [
      new Uint8Array(0),
      bytes.subarray(1),
      bytes.subarray(0, -1),
      bytes.map((b, i) => (i === 9 ? 0 : b)),
    ];
    const nan = bytes.slice();
    nan.fill(255, -8);
    for (const garbage of [...broken, nan]) expect(() => policy.restore(garbage)).toThrow(RangeError);
  });

  it.runIf(policy.forget)('is back where it was after a lesson is learned and forgotten', () => {
    fc.assert(
      fc.property(someLessons, fc.double({ min: 0, max: 1, noNaN: true }), (lessons, value) => {
        const seen = situation(policy, ARMS);
        const before = ARMS.map((_, i) => policy.belief(learned(policy, lessons), seen, i));
        let posterior = policy.learn(learned(policy, lessons), lesson('b', value));
        posterior = policy.forget!(posterior, lesson('b', value));
        for (const [i, belief] of before.entries()) {
          const after = policy.belief(posterior, seen, i);
          expect(Math.abs(after.mean - belief.mean)).toBeLessThan(1e-12);
          expect(Math.abs(after.pulls - belief.pulls)).toBeLessThan(1e-12);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('learns the same from the same lessons in another order', () => {
    fc.assert(
      fc.property(someLessons, (lessons) => {
        const seen = situation(policy, ARMS);
        const one = learned(policy, lessons);
        const other = learned(policy, lessons.toReversed());
        for (let i = 0; i < 4; i++) {
          expect(Math.abs(policy.belief(one, seen, i).mean - policy.belief(other, seen, i).mean)).toBeLessThan(1e-12);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leaves the other arms alone when it meets a new one', () => {
    const seen = situation(policy, ARMS);
    const before = ['a', 'b', 'c'].map((_, i) => policy.belief(learned(policy, LESSONS), seen, i));
    const posterior = policy.learn(learned(policy, LESSONS), lesson('new', 1));
    expect(['a', 'b', 'c'].map((_, i) => policy.belief(posterior, seen, i))).toEqual(before);
    expect(policy.belief(posterior, situation(policy, ['new']), 0).pulls).toBe(1);
  });

  it('has no other choice with one candidate, and copes with 1,000', () => {
    expect(policy.propensities(policy.init(), situation(policy, ['x']))).toEqual([1]);
    expect(policy.choose(policy.init(), situation(policy, ['x']), 5, 1).ranking).toEqual([0]);
    const many = Array.from({ length: 1000 }, (_, i) => `arm-${i}`);
    const posterior = learned(
      policy,
      many.map((arm, i) => lesson(arm, (i % 11) / 10)),
    );
    const exact = policy.propensities(posterior, situation(policy, many));
    expect(Math.abs(exact.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-9);
    expect(new Set(policy.choose(posterior, situation(policy, many), 7, 1000).ranking).size).toBe(1000);
  });

  it('never says NaN, whatever the rewards and the prior', () => {
    for (const value of [0, 1, 0.5]) {
      for (const weight of [1e-3, 1, 1e6]) {
        const posterior = learned(
          policy,
          Array.from({ length: 200 }, () => lesson('a', value)),
        );
        const prior = policy.priorWidth === 0 ? [] : [weight, weight, weight, 1e-3];
        const seen = situation(policy, ['a', 'b'], { prior, floor: 0 });
        const { mean, lower, upper } = policy.belief(posterior, seen, 0);
        const numbers = [mean, lower, upper, ...policy.propensities(posterior, seen)];
        for (let seed = 0; seed < 50; seed++) {
          const { scores, explored } = policy.choose(posterior, seen, seed, 2);
          // What is drawn or hoped for is not kept within what rewards can be.
          expect(explored || scores.every(Number.isFinite)).toBe(true);
        }
        expect(numbers.every((x) => x >= 0 && x <= 1)).toBe(true);
        expect(lower).toBeLessThanOrEqual(upper);
      }
    }
  });

  it('refuses situations and lessons that do not fit', () => {
    const posterior = policy.init();
    const wrong: Partial<Situation>[] = [{ candidates: [] }, { shifts: [1] }, { prior: [1] }, { floor: 2 }];
    for (const rest of wrong) {
      expect(() => policy.propensities(posterior, situation(policy, ARMS, rest))).toThrow(RangeError);
      expect(() => policy.choose(posterior, situation(policy, ARMS, rest), 1, 1)).toThrow(RangeError);
    }
    expect(() => policy.choose(posterior, situation(policy, ARMS), 1, 5)).toThrow(RangeError);
    expect(() => policy.learn(posterior, lesson('a', 1.5))).toThrow(RangeError);
    expect(() => policy.learn(posterior, lesson('a', Number.NaN))).toThrow(RangeError);
  });
});

describe('single policies', () => {
  it('epsilon-greedy shares exact ties evenly', () => {
    const policy = createPolicy({ name: 'epsilon_greedy', epsilon: 0.1, shrinkage: 0 });
    const seen = situation(policy, ['a', 'b', 'c'], { floor: 0, shifts: [0, 0, -1] });
    for (const [i, p] of [0.45 + 0.1 / 3, 0.45 + 0.1 / 3, 0.1 / 3].entries()) {
      expect(policy.propensities(policy.init(), seen)[i]).toBeCloseTo(p, 12);
    }
  });

  it('fixed takes its arm, then the others as offered, and the first where its arm is missing', () => {
    const policy = createPolicy({ name: 'fixed', arm: 'c' });
    expect(policy.deterministic).toBe(true);
    expect(policy.choose(policy.init(), situation(policy, ARMS, { floor: 0 }), 1, 4).ranking).toEqual([2, 0, 1, 3]);
    expect(policy.choose(policy.init(), situation(policy, ['x', 'y'], { floor: 0 }), 1, 2).ranking).toEqual([0, 1]);
  });

  it('Thompson sampling keeps its stated odds where draws round to 0 and 1', () => {
    const policy = createPolicy({ name: 'beta_thompson', shrinkage: 0 });
    const prior = [1e-3, 1e-3, 1e-3, 1e-3, 2e-3, 1e-3];
    const seen = situation(policy, ['a', 'b', 'c'], { floor: 0, prior, shifts: [-0.1, -0.1, -0.1] });
    const exact = policy.propensities(policy.init(), seen);
    const counts = [0, 0, 0];
    for (let seed = 0; seed < 50_000; seed++) counts[policy.choose(policy.init(), seen, seed, 1).ranking[0]!]! += 1;
    const statistic = counts.reduce((sum, n, i) => sum + (n - 50_000 * exact[i]!) ** 2 / (50_000 * exact[i]!), 0);
    expect(statistic).toBeLessThan(chiSquaredLimit(2));
  });

  it('shrinkage lends the mean of the domain, and no more pulls than the domain has', () => {
    const policy = createPolicy({ name: 'beta_thompson', shrinkage: 10 });
    const shared = new Map([
      ['old', { arm: 'old', pulls: 98, sum: 59 }],
      ['young', { arm: 'young', pulls: 3, sum: 3 }],
    ]);
    const prior = policy.prior(['old', 'young', 'new'], { ...plain, shared });
    for (const [i, number] of [6, 4, 4, 1, 1, 1].entries()) expect(prior[i]).toBeCloseTo(number, 12);
    const off = createPolicy({ name: 'beta_thompson', shrinkage: 0 });
    expect(off.prior(['old'], { ...plain, shared })).toEqual([1, 1]);
  });
});

describe('the catalogue', () => {
  it('knows its policies by name, and Thompson sampling where none is named', () => {
    expect(policyNames).toEqual([
      'beta_thompson',
      'nig_thompson',
      'epsilon_greedy',
      'softmax',
      'fixed',
      'lin_ucb',
      'lin_ts',
      'square_cb',
      'context_tree',
      'offset_tree',
    ]);
    expect(defaultPolicy.name).toBe('beta_thompson');
    expect(PolicySpec.parse({ name: 'epsilon_greedy' })).toEqual({
      name: 'epsilon_greedy',
      epsilon: 0.1,
      shrinkage: 10,
    });
  });

  it('refuses unknown names, unknown parameters and values out of range', () => {
    for (const spec of [
      { name: 'magic' },
      { name: 'beta_thompson', epsilon: 0.1 },
      { name: 'epsilon_greedy', epsilon: 2 },
      { name: 'fixed' },
    ]) {
      expect(PolicySpec.safeParse(spec).success).toBe(false);
    }
  });
});
