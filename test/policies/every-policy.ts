/** Every policy of the catalogue, as the suites that hold for all of them play it: one that is added is played by being listed. */

import { PolicySpec, policyNames } from '../../policies/catalogue.ts';
import type { FeatureKind } from '../../policies/encoding.ts';
import type { AnyPolicy, Lesson, Situation } from '../../policies/policy.ts';
import { drawIndex, drawUniform, randomness } from '../../policies/sampling.ts';

export const ARMS = ['a', 'b', 'c', 'd'];

/** What a policy cannot do without, and what makes it explore so much that a test can see it; else its defaults. */
const PARAMETERS: Partial<Record<PolicySpec['name'], object>> = {
  epsilon_greedy: { epsilon: 0.2 },
  softmax: { temperature: 0.1 },
  fixed: { arm: 'c' },
  offset_tree: { epsilon: 0.2 },
};

/** Parameters that change what a policy computes, not only by how much. */
const VARIANTS: Readonly<Record<string, PolicySpec>> = {
  'beta_thompson, sharp and level': { name: 'beta_thompson', shrinkage: 10, sharpness: 4, bucketEffect: 3 },
  'nig_thompson, sharp and level': {
    ...{ name: 'nig_thompson', shrinkage: 10, a0: 0.5, b0: 0.1, sharpness: 2, bucketEffect: 3 },
  },
  'beta_thompson, scaled by variance': { name: 'beta_thompson', shrinkage: 10, varianceScaling: 50 },
  'beta_thompson, discounted': { name: 'beta_thompson', shrinkage: 10, discount: 0.97 },
  'nig_thompson, of the last hour': { name: 'nig_thompson', shrinkage: 10, a0: 1, b0: 0.02, halfLifeHours: 1 },
  'lin_ucb, discounted': { name: 'lin_ucb', alpha: 0.5, lambda: 1, discount: 0.97 },
  'square_cb, discounted': { name: 'square_cb', gammaScale: 10, lambda: 1, discount: 0.97 },
  'rand_ucb, discounted': PolicySpec.parse({ name: 'rand_ucb', discount: 0.97 }),
  'doubly_robust, of a short history': PolicySpec.parse({ name: 'doubly_robust', history: 30 }),
  'offset_tree, against a regression': PolicySpec.parse({ name: 'offset_tree', epsilon: 0.2, offset: 'regression' }),
  'beta_thompson, in a window': { name: 'beta_thompson', shrinkage: 10, window: 50 },
};

/** With a name for the title of a test. */
export const everySpec: readonly (readonly [string, PolicySpec])[] = [
  ...policyNames.map((name) => [name, PolicySpec.parse({ name, ...PARAMETERS[name] })] as const),
  ...Object.entries(VARIANTS),
];

/** Which of them forget, or let arms lean on what all earn: what is believed of one arm changes with the lessons of another, and with their order. */
export const bindsArms: ReadonlySet<string> = new Set([
  ...['beta_thompson, discounted', 'nig_thompson, of the last hour', 'beta_thompson, in a window'],
  ...['lin_ucb, discounted', 'square_cb, discounted', 'rand_ucb', 'rand_ucb, discounted'],
  'doubly_robust, of a short history',
]);

/** Where a later lesson is learned in the light of an earlier one, by design: the order of lessons matters to what is believed. */
export const learnsInOrder: ReadonlySet<string> = new Set([
  ...['context_tree', 'doubly_robust', 'doubly_robust, of a short history'],
]);

/** Of each kind that a context can have; a text and an embedding are vectors. */
export const KINDS: readonly FeatureKind[] = [
  { type: 'number' },
  { type: 'boolean' },
  { type: 'category', values: 3 },
  { type: 'number' },
  { type: 'vector', size: 3, weight: 0.5 },
];

export const plain = { configured: () => ({ alpha: 1, beta: 1 }), shared: undefined };

export function situation(policy: AnyPolicy, candidates: readonly string[], rest: Partial<Situation> = {}): Situation {
  return { candidates, shifts: [], prior: policy.prior(candidates, plain), features: [], floor: 0.1, ...rest };
}

export function lesson(arm: string, value: number, share = 1): Lesson {
  return { arm, value, share, features: [], propensity: undefined, seed: 0, time: 0 };
}

export function learned(policy: AnyPolicy, lessons: readonly Lesson[]): unknown {
  return lessons.reduce((posterior, one) => policy.learn(posterior, one), policy.init());
}

/**
 * Lessons of contexts of `KINDS`, of arms drawn evenly, which earn more or less by the context. No category is 2, and no arm is d.
 * @param scale of the second number, and of the vector
 */
export function lessonsOfContexts(count: number, scale = 1): Lesson[] {
  const random = randomness(11);
  const ofVectors = randomness(12);
  return Array.from({ length: count }, (_, i) => {
    const single = [drawUniform(random), drawIndex(random, 2), drawIndex(random, 2), scale * drawUniform(random)];
    const features = [...single, ...[0, 1, 2].map(() => scale * (drawUniform(ofVectors) - 0.5))];
    const arm = drawIndex(random, 3);
    const mean = arm === 2 ? 0.45 : (arm === 0) === features[1]! > 0 ? 0.7 : 0.3;
    const value = Math.min(1, Math.max(0, mean + 0.4 * (drawUniform(random) - 0.5)));
    return {
      arm: ARMS[arm]!,
      value,
      share: i % 4 === 0 ? 0.5 : 1,
      features,
      propensity: 1 / 3,
      seed: i,
      time: 1000 * i,
    };
  });
}

/**
 * How far counts of draws are from what was stated, as a part of what chi-squared exceeds once in 10,000 (Wilson & Hilferty 1931):
 * below 1 the two agree. Infinite where something came that cannot.
 */
export function misfit(counts: readonly number[], stated: readonly number[]): number {
  const draws = counts.reduce((sum, n) => sum + n, 0);
  let statistic = 0;
  let freedom = -1;
  for (const [i, p] of stated.entries()) {
    if (p > 0) {
      statistic += (counts[i]! - draws * p) ** 2 / (draws * p);
      freedom++;
    } else if (counts[i]! > 0) return Number.POSITIVE_INFINITY;
  }
  if (freedom === 0) return 0;
  const c = 2 / (9 * freedom);
  return statistic / (freedom * (1 - c + 3.72 * Math.sqrt(c)) ** 3);
}

/** The same for the arm that is ranked first, over the seeds 0 .. draws - 1. */
export function misfitOfFirst(policy: AnyPolicy, posterior: unknown, seen: Situation, draws: number): number {
  const counts = seen.candidates.map(() => 0);
  for (let seed = 0; seed < draws; seed++) counts[policy.choose(posterior, seen, seed, 1).ranking[0]!]! += 1;
  return misfit(counts, policy.propensities(posterior, seen));
}

/** And for every arm at every one of the first `size` places: the worst of the places. */
export function misfitOfPlaces(
  policy: AnyPolicy,
  posterior: unknown,
  seen: Situation,
  size: number,
  draws: number,
): number {
  const counts = seen.candidates.map(() => new Array<number>(size).fill(0));
  for (let seed = 0; seed < draws; seed++) {
    for (const [place, i] of policy.choose(posterior, seen, seed, size).ranking.entries()) counts[i]![place]! += 1;
  }
  const places = Array.from({ length: size }, (_, place) => place);
  return Math.max(
    ...places.map((place) => {
      const stated = seen.candidates.map((_, i) => {
        const ranking = seen.candidates.map((_, other) => other).filter((other) => other !== i);
        ranking.splice(place, 0, i);
        return policy.rankPropensities(posterior, seen, ranking.slice(0, size))[place]!;
      });
      return misfit(
        counts.map((of) => of[place]!),
        stated,
      );
    }),
  );
}
