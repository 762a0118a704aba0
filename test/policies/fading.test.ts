import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicy, PolicySpec } from '../../policies/catalogue.ts';
import type { AnyPolicy, Lesson, Situation } from '../../policies/policy.ts';

const HOUR = 3_600_000;
const ARMS = ['a', 'b', 'c'];
const beta = { name: 'beta_thompson', shrinkage: 0 } as const;
const nig = { name: 'nig_thompson', shrinkage: 0, a0: 2, b0: 0.1 } as const;
const fadings = [{ discount: 0.9 }, { halfLifeHours: 2 }, { window: 5 }];
const all = [beta, nig].flatMap((spec) => fadings.map((fading) => ({ ...spec, ...fading })));

function lesson(arm: string, value: number, rest: Partial<Lesson> = {}): Lesson {
  return { arm, value, share: 1, features: [], propensity: undefined, seed: 0, time: 0, ...rest };
}

function taught(policy: AnyPolicy, lessons: readonly Lesson[]): unknown {
  return lessons.reduce((posterior, one) => policy.learn(posterior, one), policy.init());
}

function situation(policy: AnyPolicy): Situation {
  const prior = policy.prior(ARMS, { configured: () => ({ alpha: 1, beta: 2 }), shared: undefined });
  return { candidates: ARMS, shifts: [], prior, features: [], floor: 0.1 };
}

function beliefs(policy: AnyPolicy, posterior: unknown) {
  return ARMS.map((_, i) => policy.belief(posterior, situation(policy), i));
}

const someLessons = fc.array(
  fc.record({
    arm: fc.constantFrom(...ARMS),
    value: fc.double({ min: 0, max: 1, noNaN: true }),
    share: fc.constantFrom(1, 1, 0.25),
    features: fc.constant([]),
    propensity: fc.constant(undefined),
    seed: fc.constant(0),
    time: fc.nat({ max: 20 * HOUR }),
  }),
  { minLength: 1, maxLength: 40 },
);

/** What a policy that forgets nothing believes of lessons whose pulls count with these weights. */
function weighted(spec: PolicySpec, lessons: readonly Lesson[], weights: readonly number[]) {
  const policy = createPolicy(spec);
  const parts = lessons.map((one, i) => ({ ...one, share: one.share * weights[i]! }));
  return beliefs(policy, taught(policy, parts));
}

function expectClose(found: ReturnType<typeof beliefs>, wanted: ReturnType<typeof beliefs>) {
  for (const [i, { mean, lower, upper, pulls }] of wanted.entries()) {
    expect(Math.abs(found[i]!.mean - mean)).toBeLessThan(1e-9);
    expect(Math.abs(found[i]!.lower - lower)).toBeLessThan(1e-9);
    expect(Math.abs(found[i]!.upper - upper)).toBeLessThan(1e-9);
    expect(Math.abs(found[i]!.pulls - pulls)).toBeLessThan(1e-9);
  }
}

describe.each([beta, nig])('$name with a memory that fades', (spec) => {
  it('by step: a pull counts discount^(pulls learned since), whatever their arms', () => {
    const policy = createPolicy({ ...spec, discount: 0.9 });
    fc.assert(
      fc.property(someLessons, (lessons) => {
        const after = lessons.map((_, i) => lessons.slice(i + 1).reduce((sum, { share }) => sum + share, 0));
        expectClose(
          beliefs(policy, taught(policy, lessons)),
          weighted(
            spec,
            lessons,
            after.map((pulls) => 0.9 ** pulls),
          ),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('by time: a pull counts half for every half-life up to the last lesson', () => {
    const policy = createPolicy({ ...spec, halfLifeHours: 2 });
    fc.assert(
      fc.property(someLessons, (unordered) => {
        const lessons = unordered.toSorted((left, right) => left.time - right.time);
        const now = lessons.at(-1)!.time;
        const weights = lessons.map(({ time }) => 0.5 ** ((now - time) / (2 * HOUR)));
        expectClose(beliefs(policy, taught(policy, lessons)), weighted(spec, lessons, weights));
      }),
      { numRuns: 100 },
    );
  });

  it('by time: a clock that goes back makes nothing fade, and nothing grow', () => {
    const policy = createPolicy({ ...spec, halfLifeHours: 1 });
    const lessons = [5, 3, 4, 1].map((hour, i) => lesson('a', i / 4, { time: hour * HOUR }));
    const forward = weighted(spec, lessons, [0.5, 0.5, 1, 1]);
    expectClose(beliefs(policy, taught(policy, lessons)), forward);
  });

  it('by window: the last n lessons count, and what came before leaves nothing', () => {
    const policy = createPolicy({ ...spec, window: 5 });
    fc.assert(
      fc.property(someLessons, (lessons) => {
        const weights = lessons.map((_, i) => (i < lessons.length - 5 ? 0 : 1));
        expectClose(beliefs(policy, taught(policy, lessons)), weighted(spec, lessons, weights));
      }),
      { numRuns: 100 },
    );
    const round = [...Array.from({ length: 15 }, () => lesson('a', 0.1)), ...ARMS.map((arm) => lesson(arm, 0.3))];
    const whole = [...round, lesson('b', 0.7), lesson('c', 0.9)];
    // Gone round: learned anew, as if there had been nothing else.
    expect(policy.serialise(taught(policy, whole))).toEqual(policy.serialise(taught(policy, whole.slice(-5))));
  });

  it('with nothing to fade by believes and keeps to the bit what it does without', () => {
    const plain = createPolicy(spec);
    const gentle = createPolicy({ ...spec, discount: 1 });
    fc.assert(
      fc.property(someLessons, (lessons) => {
        expect(gentle.serialise(taught(gentle, lessons))).toEqual(plain.serialise(taught(plain, lessons)));
      }),
      { numRuns: 30 },
    );
  });
});

describe.each(all)('the policy %o', (spec) => {
  const policy = createPolicy(spec);

  it('makes the same next choices, and learns the same, after it was written and read', () => {
    fc.assert(
      fc.property(someLessons, someLessons, (lessons, more) => {
        const posterior = taught(policy, lessons);
        const bytes = policy.serialise(posterior);
        const restored = policy.restore(bytes);
        expect(policy.serialise(restored)).toEqual(bytes);
        const [one, other] = [posterior, restored].map((from) =>
          policy.serialise(more.reduce((seen, next) => policy.learn(seen, next), from)),
        );
        expect(one).toEqual(other);
        const seen = situation(policy);
        for (let seed = 0; seed < 20; seed++)
          expect(policy.choose(restored, seen, seed, 3)).toEqual(policy.choose(posterior, seen, seed, 3));
      }),
      { numRuns: 40 },
    );
  });

  it('refuses to read what it did not write, and to learn what is no reward', () => {
    const bytes = policy.serialise(taught(policy, [lesson('a', 0.5), lesson('b', 1)]));
    for (const broken of [new Uint8Array(0), bytes.subarray(1), bytes.subarray(0, -1), bytes.subarray(0, -8)])
      expect(() => policy.restore(broken)).toThrow(RangeError);
    expect(() => policy.learn(policy.init(), lesson('a', 1.5))).toThrow(RangeError);
  });

  it('cannot forget, and states propensities that add up to 1 after a long time of one arm', () => {
    expect(policy.forget).toBeUndefined();
    const lessons = Array.from({ length: 20_000 }, (_, i) =>
      lesson(i < 10 ? 'b' : 'a', (i % 7) / 6, { time: i * HOUR }),
    );
    const posterior = taught(policy, lessons);
    expect(beliefs(policy, posterior)[1]!.pulls).toBe(0);
    const exact = policy.propensities(posterior, situation(policy));
    expect(exact.every((p) => p >= 0.1 / 3 - 1e-15 && p <= 1)).toBe(true);
    expect(Math.abs(exact.reduce((sum, p) => sum + p) - 1)).toBeLessThan(1e-9);
  });
});

describe('the parameters of fading', () => {
  it('are taken one at a time, within their ranges', () => {
    const accepts = (rest: object) => PolicySpec.safeParse({ name: 'beta_thompson', ...rest }).success;
    for (const fading of [...fadings, { discount: 1 }, { discount: 'profile' }, {}]) expect(accepts(fading)).toBe(true);
    const wrong = [{ discount: 0 }, { discount: 1.1 }, { halfLifeHours: 0 }, { window: 0 }, { window: 2.5 }];
    for (const fading of [...wrong, { discount: 0.9, window: 5 }, { halfLifeHours: 1, window: 5 }])
      expect(accepts(fading)).toBe(false);
  });

  it('stay away from a specification that does not name them', () => {
    expect(PolicySpec.parse({ name: 'nig_thompson' })).not.toHaveProperty('discount');
    expect(() => createPolicy({ ...beta, discount: 'profile' })).toThrow(RangeError);
  });
});
