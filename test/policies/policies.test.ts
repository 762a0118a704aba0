import fc from 'fast-check';
import jstat from 'jstat';
import { describe, expect, it } from 'vitest';
import { createPolicy, defaultPolicy, learnsFeatures, PolicySpec, policyNames } from '../../policies/catalogue.ts';
import type { Situation } from '../../policies/policy.ts';
import {
  ARMS,
  bindsArms,
  everySpec,
  learned,
  learnsInOrder,
  lesson,
  misfitOfFirst,
  misfitOfPlaces,
  plain,
  situation,
} from './every-policy.ts';

const policies = everySpec.map(([title, spec]) => [title, createPolicy(spec), spec.name] as const);

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
/** As many as a seeded run needs to see a fault; `test/long` draws 200,000. */
const DRAWS = 12_000;

describe.each(policies)('the policy %s', (title, policy, name) => {
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
    const seen = situation(policy, ARMS, { floor: 0.15, shifts: [0, 0.05, -0.1, -0.05] });
    expect(misfitOfFirst(policy, learned(policy, LESSONS), seen, DRAWS)).toBeLessThan(1);
  });

  it('ranks second and third with the probabilities it states', () => {
    const seen = situation(policy, ARMS, { floor: 0.15 });
    expect(misfitOfPlaces(policy, learned(policy, LESSONS), seen, 3, DRAWS / 2)).toBeLessThan(1);
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

  it.runIf(!bindsArms.has(title) && !learnsInOrder.has(title))(
    'learns the same from the same lessons in another order',
    () => {
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
    },
  );

  it.runIf(!bindsArms.has(title))('leaves the other arms alone when it meets a new one', () => {
    const seen = situation(policy, ARMS);
    const before = ['a', 'b', 'c'].map((_, i) => policy.belief(learned(policy, LESSONS), seen, i));
    const posterior = policy.learn(learned(policy, LESSONS), lesson('new', 1));
    expect(['a', 'b', 'c'].map((_, i) => policy.belief(posterior, seen, i))).toEqual(before);
    expect(policy.belief(posterior, situation(policy, ['new']), 0).pulls).toBe(1);
  });

  it('has no other choice with one candidate, and copes with 1,000', () => {
    expect(policy.propensities(policy.init(), situation(policy, ['x']))).toEqual([1]);
    expect(policy.choose(policy.init(), situation(policy, ['x']), 5, 1).ranking).toEqual([0]);
    // The parameters of a policy make no other integrals: of those few arms are enough.
    const many = Array.from({ length: title === name ? 1000 : 100 }, (_, i) => `arm-${i}`);
    const posterior = learned(
      policy,
      many.map((arm, i) => lesson(arm, (i % 11) / 10)),
    );
    const exact = policy.propensities(posterior, situation(policy, many));
    expect(Math.abs(exact.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-9);
    expect(new Set(policy.choose(posterior, situation(policy, many), 7, many.length).ranking).size).toBe(many.length);
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

  it('epsilon-greedy has the best sum of mean and shift, and the others share what is left', () => {
    const policy = createPolicy({ name: 'epsilon_greedy', epsilon: 0.2, shrinkage: 0 });
    const posterior = learned(policy, LESSONS);
    // Means (1 + successes) / (2 + pulls): a 6.4 / 11, b 2.5 / 5, c 13.5 / 22, d 1 / 2.
    const seen = situation(policy, ARMS, { floor: 0.1, shifts: [0, 0.05, 0, 0.12] });
    const explored = 0.1 + 0.9 * 0.2;
    for (const [i, p] of policy.propensities(posterior, seen).entries())
      expect(p).toBeCloseTo((i === 3 ? 1 - explored : 0) + explored / 4, 14);
    const order = [3, 2, 0, 1];
    for (const p of policy.rankPropensities(posterior, seen, order)) expect(p).toBeCloseTo(1 - 0.75 * explored, 14);
  });

  it.each(['beta_thompson', 'epsilon_greedy', 'softmax', 'context_tree', 'offset_tree'] as const)(
    '%s believes what is conjugate: Beta(1 + successes, 1 + failures)',
    (name) => {
      const policy = createPolicy(PolicySpec.parse({ name, ...(name === 'offset_tree' ? {} : { shrinkage: 0 }) }));
      const posterior = learned(policy, LESSONS);
      for (const [i, [alpha, beta]] of [
        [6.4, 4.6],
        [2.5, 2.5],
        [13.5, 8.5],
        [1, 1],
      ].entries()) {
        const { mean, lower, upper, pulls } = policy.belief(posterior, situation(policy, ARMS), i);
        expect(mean).toBeCloseTo(alpha! / (alpha! + beta!), 12);
        expect(jstat.beta.cdf(lower, alpha!, beta!)).toBeCloseTo(0.025, 9);
        expect(jstat.beta.cdf(upper, alpha!, beta!)).toBeCloseTo(0.975, 9);
        expect(pulls).toBeCloseTo(alpha! + beta! - 2, 12);
      }
    },
  );

  it.each(['beta_thompson', 'context_tree'] as const)(
    '%s chooses of two arms by the closed sum of Cook (2003)',
    (name) => {
      const policy = createPolicy(PolicySpec.parse({ name, shrinkage: 0 }));
      const posterior = learned(policy, [
        lesson('a', 1),
        lesson('a', 1),
        lesson('a', 0),
        lesson('b', 1),
        lesson('b', 0),
      ]);
      // P(Beta(3, 2) > Beta(2, 2)) = sum over i < 3 of B(2 + i, 4) / ((2 + i) B(1 + i, 2) B(2, 2)), each Beta of factorials.
      const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
      const whole = (x: number, y: number) => (factorial(x - 1) * factorial(y - 1)) / factorial(x + y - 1);
      let above = 0;
      for (let i = 0; i < 3; i++) above += whole(2 + i, 4) / ((2 + i) * whole(1 + i, 2) * whole(2, 2));
      const [a] = policy.propensities(posterior, situation(policy, ['a', 'b'], { floor: 0 }));
      expect(a).toBeCloseTo(above, 9);
    },
  );

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
    expect(misfitOfFirst(policy, policy.init(), seen, DRAWS)).toBeLessThan(1);
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
  it('says of every policy whether it learns about features', () => {
    for (const [, spec] of everySpec) {
      expect([spec.name, learnsFeatures(spec.name)]).toEqual([spec.name, createPolicy(spec).usesFeatures === true]);
    }
  });

  it('knows its policies by name, and what a domain gets that names none', () => {
    expect(new Set(policyNames).size).toBe(policyNames.length);
    const known = ['beta_thompson', 'nig_thompson', 'lin_ucb', 'lin_ts', 'square_cb', 'offset_tree', 'context_tree'];
    expect(policyNames).toEqual(expect.arrayContaining([...known, 'epsilon_greedy', 'softmax', 'fixed']));
    expect(defaultPolicy(3, false, []).name).toBe('rand_ucb');
    expect(defaultPolicy(3, true, []).name).toBe('beta_thompson');
    // 10,000 arms with 11 coefficients each: 1,210,000 numbers.
    expect(defaultPolicy(10_000, false, [{ type: 'vector', size: 10, weight: 1 }]).name).toBe('beta_thompson');
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
