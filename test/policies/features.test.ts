/** What holds for every policy of the catalogue when contexts have features, whether it learns about them or not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../policies/catalogue.ts';
import type { AnyPolicy, Lesson, Situation } from '../../policies/policy.ts';
import {
  ARMS,
  bindsArms,
  everySpec,
  KINDS,
  learned,
  learnsInOrder,
  lessonsOfContexts,
  misfitOfFirst,
  misfitOfPlaces,
  situation,
} from './every-policy.ts';

const policies = everySpec.map(([title, spec]) => [title, createPolicy(spec, KINDS)] as const);
const LESSONS = lessonsOfContexts(400);
const CONTEXTS = [
  [0.2, 0, 0, 0.9, 0.3, -0.2, 0.1],
  [0.8, 1, 1, 0.1, -0.4, 0, 0.4],
];
/** As many as a seeded run needs to see a fault; `test/long` draws 200,000. */
const DRAWS = 12_000;

const someNumber = fc.oneof(
  fc.constantFrom(0, 1e-12, -1e12, 1e300, -Number.MAX_VALUE),
  fc.double({ min: -3, max: 3, noNaN: true }),
);
const someVector = fc.array(someNumber, { minLength: 3, maxLength: 3 });
const someContext = fc
  .tuple(someNumber, fc.nat({ max: 1 }), fc.nat({ max: 2 }), someNumber, someVector)
  .map((parts) => parts.flat());
const someShifts = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 4, maxLength: 4 });
const unit = fc.double({ min: 0, max: 1, noNaN: true });

/** Whatever a policy says of a situation, as long as it can enter an event or an explanation: empty where all of it is sound. */
function unsound(policy: AnyPolicy, posterior: unknown, seen: Situation): string[] {
  const size = Math.min(3, seen.candidates.length);
  const { ranking, scores, explored } = policy.choose(posterior, seen, 3, size);
  const odds = [...policy.propensities(posterior, seen), ...policy.rankPropensities(posterior, seen, ranking)];
  const wrong = odds.filter((p) => !(p >= 0 && p <= 1)).map((p) => `propensity ${p}`);
  if (!explored && !scores.every(Number.isFinite)) wrong.push(`scores ${scores}`);
  for (let i = 0; i < size; i++) {
    const { mean, lower, upper, pulls } = policy.belief(posterior, seen, i);
    if (!(0 <= lower && lower <= mean && mean <= upper && upper <= 1 && pulls >= 0 && pulls < Infinity))
      wrong.push(`belief ${lower} ${mean} ${upper} ${pulls}`);
  }
  return wrong;
}

describe.each(policies)('the policy %s, with features', (title, policy) => {
  it('has shares of the first place that add up to 1 and keep the floor, in any context', () => {
    const posterior = learned(policy, LESSONS);
    fc.assert(
      fc.property(someContext, unit, someShifts, (features, floor, shifts) => {
        const exact = policy.propensities(posterior, situation(policy, ARMS, { features, floor, shifts }));
        expect(exact.every((p) => p >= floor / 4 - 1e-15 && p <= 1 - (3 * floor) / 4 + 1e-15)).toBe(true);
        expect(Math.abs(exact.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-9);
      }),
      { numRuns: 40 },
    );
  });

  it('chooses as often as it states, at every place', () => {
    const posterior = learned(policy, LESSONS);
    for (const features of CONTEXTS) {
      const seen = situation(policy, ARMS, { features, floor: 0.15, shifts: [0, 0.05, -0.1, 0.3] });
      expect(misfitOfFirst(policy, posterior, seen, DRAWS)).toBeLessThan(1);
      expect(misfitOfPlaces(policy, posterior, seen, 3, DRAWS / 4)).toBeLessThan(1);
    }
  });

  it('makes the same next 1,000 choices after it was written and read, and learns the same', () => {
    let posterior = learned(policy, LESSONS);
    const bytes = policy.serialise(posterior);
    let restored = policy.restore(bytes);
    expect(policy.serialise(restored)).toEqual(bytes);
    for (let seed = 0; seed < 1000; seed++) {
      const next = LESSONS[(7 * seed) % LESSONS.length]!;
      const seen = situation(policy, ARMS, { features: next.features });
      expect(policy.choose(restored, seen, seed, 3)).toEqual(policy.choose(posterior, seen, seed, 3));
      if (seed % 50 !== 0) continue;
      posterior = policy.learn(posterior, { ...next, seed });
      restored = policy.learn(restored, { ...next, seed });
    }
    expect(policy.serialise(restored)).toEqual(policy.serialise(posterior));
  });

  it.runIf(!learnsInOrder.has(title) && !bindsArms.has(title))(
    'believes the same of the same lessons in another order',
    () => {
      // Without numbers: what they are standardised by moves with every lesson.
      const flags = LESSONS.map((one) => ({ ...one, features: one.features.slice(1, 3) }));
      const narrow = createPolicy(everySpec.find(([name]) => name === title)![1], KINDS.slice(1, 3));
      const [one, other] = [learned(narrow, flags), learned(narrow, flags.toReversed())];
      for (const features of [
        [0, 0],
        [1, 1],
        [0, 2],
      ]) {
        const seen = situation(narrow, ARMS, { features });
        for (const i of ARMS.keys()) {
          const [left, right] = [narrow.belief(one, seen, i), narrow.belief(other, seen, i)];
          for (const key of ['mean', 'lower', 'upper', 'pulls'] as const) expect(left[key]).toBeCloseTo(right[key], 9);
        }
      }
    },
  );

  it('believes the same of the others when an arm is added, and when it learns about it', () => {
    const beliefs = (posterior: unknown, candidates: readonly string[]) => {
      const seen = situation(policy, candidates, { features: CONTEXTS[0]! });
      return ['a', 'b', 'c'].map((_, i) => policy.belief(posterior, seen, i));
    };
    const before = beliefs(learned(policy, LESSONS), ['a', 'b', 'c']);
    expect(beliefs(learned(policy, LESSONS), ['a', 'b', 'c', 'new'])).toEqual(before);
    if (bindsArms.has(title)) return;
    // A lesson of the mean of all contexts, so that their standardisation hardly moves.
    const total = LESSONS.reduce((sum, { share }) => sum + share, 0);
    const mean = (k: number) => LESSONS.reduce((sum, { share, features }) => sum + share * features[k]!, 0) / total;
    const first: Lesson = {
      arm: 'new',
      value: 1,
      share: 1,
      features: [mean(0), 1, 1, ...[3, 4, 5, 6].map(mean)],
      propensity: 0.3,
      seed: 9,
      time: 4e5,
    };
    const after = beliefs(policy.learn(learned(policy, LESSONS), first), ['a', 'b', 'c', 'new']);
    for (const [i, belief] of after.entries()) {
      expect(belief.pulls).toBe(before[i]!.pulls);
      expect(Math.abs(belief.mean - before[i]!.mean)).toBeLessThan(0.01);
    }
  });

  it.each([0, 1e-12, 1, 1e12, 1e300])('stays sound with features of size %d, seen or never seen', (scale) => {
    const posterior = learned(policy, lessonsOfContexts(200, scale));
    const contexts = [
      new Array<number>(7).fill(0),
      [1, 1, 1, scale, scale, 0, -scale],
      [0.5, 0, 2, scale, 0, 0, 0],
      [-1e6, 1, 2, -1e5 * scale, 1e6, scale, -1e5 * scale],
      [],
    ];
    for (const features of contexts)
      expect(unsound(policy, posterior, situation(policy, ARMS, { features }))).toEqual([]);
  });

  it.each([0, 0.5, 1])('stays sound with constant rewards of %d, and with one arm alone', (value) => {
    const posterior = learned(
      policy,
      LESSONS.map((one) => ({ ...one, value })),
    );
    for (const features of [...CONTEXTS, new Array<number>(7).fill(0)]) {
      for (const candidates of [ARMS, ['a'], ['d']]) {
        const seen = situation(policy, candidates, { features, floor: 0 });
        expect(unsound(policy, posterior, seen)).toEqual([]);
        if (candidates.length === 1) expect(policy.propensities(posterior, seen)).toEqual([1]);
      }
    }
  });

  it('ranks 1,000 arms in a context', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `arm-${i}`);
    const posterior = learned(
      policy,
      many.map((arm, i) => ({ ...LESSONS[i % 400]!, arm, propensity: 0.001 })),
    );
    const seen = situation(policy, many, { features: CONTEXTS[1]! });
    const { ranking, scores, explored } = policy.choose(posterior, seen, 4, 1000);
    expect(new Set(ranking).size).toBe(1000);
    expect(explored || scores.every(Number.isFinite)).toBe(true);
    expect(Number.isFinite(policy.belief(posterior, seen, 999).mean)).toBe(true);
  });
});
