import { describe, expect, it } from 'vitest';
import { createPolicy, type PolicySpec } from '../../policies/catalogue.ts';
import type { FeatureKind } from '../../policies/encoding.ts';
import { type LinearPosterior, linearModels } from '../../policies/linear-models.ts';
import type { AnyPolicy, Lesson, Situation } from '../../policies/policy.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import { solve } from './solve.ts';

const KINDS: FeatureKind[] = [{ type: 'category', values: 3 }, { type: 'boolean' }, { type: 'category', values: 4 }];
const ARMS = ['a', 'b', 'c'];
const SPECS: PolicySpec[] = [
  { name: 'lin_ucb', alpha: 1, lambda: 1 },
  { name: 'lin_ts', v: 0.25, lambda: 1 },
  { name: 'square_cb', gammaScale: 10, lambda: 1 },
];

/** Lessons about categories and a boolean, whose vectors do not move. */
const LESSONS: Lesson[] = (() => {
  const random = randomness(11);
  const below = (n: number) => Math.floor(n * drawUniform(random));
  return Array.from({ length: 300 }, () => {
    const features = [below(3), below(2), below(4)];
    const arm = below(2);
    const value = Math.min(1, 0.2 * arm + 0.15 * features[0]! + 0.3 * drawUniform(random));
    return {
      arm: ARMS[arm]!,
      value,
      share: below(4) === 0 ? 0.5 : 1,
      features,
      propensity: undefined,
      seed: 0,
      time: 0,
    };
  });
})();

function situation(features: readonly number[], rest: Partial<Situation> = {}): Situation {
  return { candidates: ARMS, shifts: [], prior: [], features, floor: 0, ...rest };
}

function learned<P>(policy: { init(): P; learn(posterior: P, lesson: Lesson): P }, lessons = LESSONS): P {
  return lessons.reduce((posterior, lesson) => policy.learn(posterior, lesson), policy.init());
}

/** The vector of these kinds, written out. */
function vectorOf([one = 0, flag = 0, other = 0]: readonly number[]): number[] {
  const x = [1, 0, 0, 0, flag, 0, 0, 0, 0].map((value, i) => (i === 0 ? 1 : value / Math.sqrt(3)));
  x[1 + one] = 1 / Math.sqrt(3);
  x[5 + other] = 1 / Math.sqrt(3);
  return x;
}

/**
 * Mean and width of an arm at x, by solving the weighted ridge regression at once.
 * @param lent pulls of a mean that were made in the average context, which has a bias and nothing else
 */
function ridge(arm: string, x: readonly number[], lambda: number, lent = { pulls: 0, mean: 0 }) {
  const size = x.length;
  const matrix = Array.from({ length: size }, (_, i) => x.map((_, j) => (i === j ? lambda : 0)));
  const b = new Array<number>(size).fill(0);
  matrix[0]![0]! += lent.pulls;
  b[0]! += lent.pulls * lent.mean;
  for (const lesson of LESSONS) {
    if (lesson.arm !== arm) continue;
    const z = vectorOf(lesson.features);
    for (let i = 0; i < size; i++) {
      b[i]! += lesson.share * lesson.value * z[i]!;
      for (let j = 0; j < size; j++) matrix[i]![j]! += lesson.share * z[i]! * z[j]!;
    }
  }
  const dot = (one: readonly number[], other: readonly number[]) => one.reduce((sum, v, i) => sum + v * other[i]!, 0);
  return { mean: dot(solve(matrix, b), x), width: Math.sqrt(dot(solve(matrix, x), x)) };
}

const CONTEXTS = [
  [0, 0, 0],
  [2, 1, 3],
  [1, 1, 0],
];

it.each([0.01, 1, 100])('the models are those of a direct ridge solve (lambda %d)', (lambda) => {
  const models = linearModels(KINDS, lambda);
  const posterior = learned(models.policy);
  for (const features of CONTEXTS) {
    const { means, widths } = models.predict(posterior, situation(features));
    for (const [i, arm] of ARMS.entries()) {
      const direct = ridge(arm, vectorOf(features), lambda);
      expect(means[i]).toBeCloseTo(direct.mean, 10);
      expect(widths[i]).toBeCloseTo(direct.width, 10);
    }
  }
});

it.each([0.01, 1])(
  'a prior counts as pulls of its mean in the average context, beyond a uniform one (lambda %d)',
  (lambda) => {
    const models = linearModels(KINDS, lambda);
    const posterior = learned(models.policy);
    const configured = (arm: string) => (arm === 'b' ? { alpha: 1, beta: 1 } : { alpha: 36, beta: 6 });
    const prior = models.policy.prior(ARMS, { configured, shared: undefined });
    for (const features of CONTEXTS) {
      const seen = situation(features, { prior });
      const { means, widths } = models.predict(posterior, seen);
      for (const [i, arm] of ARMS.entries()) {
        const direct = ridge(arm, vectorOf(features), lambda, { pulls: arm === 'b' ? 0 : 40, mean: 36 / 42 });
        expect(means[i]).toBeCloseTo(direct.mean, 10);
        expect(widths[i]).toBeCloseTo(direct.width, 10);
      }
      // The arm that nobody tried is believed to be what its prior says.
      expect(models.policy.belief(posterior, seen, 2).mean).toBeCloseTo(means[2]!, 12);
    }
    expect(models.predict(posterior, situation([0, 0, 0], { prior })).means[2]).toBeGreaterThan(0.7);
  },
);

it.each([
  [{ alpha: 1.4, beta: 0.6 }, 2],
  [{ alpha: 2, beta: 1 }, 2],
  [{ alpha: 0.6, beta: 0.2 }, 0.8],
  [{ alpha: 3, beta: 1 }, 2],
])('a prior of few pulls that is not uniform is heeded all the same: %o', (prior, pulls) => {
  const models = linearModels(KINDS, 1);
  const configured = (arm: string) => (arm === 'b' ? prior : { alpha: 1, beta: 1 });
  const seen = situation([0, 0, 0], {
    prior: models.policy.prior(ARMS, { configured, shared: undefined }),
  });
  const { means } = models.predict(models.policy.init(), seen);
  // A ridge of 1 at 0, and so many pulls of the mean of the prior.
  const mean = prior.alpha / (prior.alpha + prior.beta);
  expect(means[1]).toBeCloseTo((pulls * mean) / (pulls + 1), 12);
  expect(means[0]).toBe(0);
});

it('priors that are all uniform are not worth a word, and others must be positive', () => {
  const { policy, predict } = linearModels(KINDS, 1);
  const uniform = { configured: () => ({ alpha: 1, beta: 1 }), shared: undefined };
  expect(policy.prior(ARMS, uniform)).toEqual([]);
  const posterior = learned(policy);
  const { means, widths } = predict(posterior, situation([1, 0, 2]));
  const plain = [[...means.slice(0, 3)], [...widths.slice(0, 3)]];
  const said = predict(posterior, situation([1, 0, 2], { prior: [1, 1, 1, 1, 1, 1] }));
  for (const [i, mean] of plain[0]!.entries()) expect(said.means[i]).toBeCloseTo(mean, 14);
  for (const [i, width] of plain[1]!.entries()) expect(said.widths[i]).toBeCloseTo(width, 14);
  for (const wrong of [
    [1, 1, 1, 1],
    [1, 1, 1, 1, 0, 1],
    [1, 1, 1, 1, 1, Number.POSITIVE_INFINITY],
  ])
    expect(() => predict(posterior, situation([1, 0, 2], { prior: wrong }))).toThrow(RangeError);
});

it('what the models leave unexplained is the ridge objective at its minimum', () => {
  const { policy } = linearModels(KINDS, 2);
  const { models, index } = learned(policy) as LinearPosterior;
  for (const arm of ['a', 'b']) {
    const { theta, residual } = models[index.get(arm)!]!;
    let objective = 2 * theta.reduce((sum, v) => sum + v * v, 0);
    for (const { arm: of, features, value, share } of LESSONS) {
      if (of === arm)
        objective += share * (value - vectorOf(features).reduce((sum, v, i) => sum + v * theta[i]!, 0)) ** 2;
    }
    expect(residual).toBeCloseTo(objective, 10);
  }
});

it('LinUCB takes the highest upper bound, shift included, and ranks by it', () => {
  const policy = createPolicy({ name: 'lin_ucb', alpha: 0.7, lambda: 1 }, KINDS);
  const posterior = learned(policy);
  const shifts = [0.1, 0, -0.9];
  for (const features of CONTEXTS) {
    const bounds = ARMS.map((arm, i) => {
      const { mean, width } = ridge(arm, vectorOf(features), 1);
      return mean + 0.7 * width + shifts[i]!;
    });
    const order = [0, 1, 2].sort((i, j) => bounds[j]! - bounds[i]!);
    const seen = situation(features, { shifts, floor: 0.3 });
    const choice = policy.choose(posterior, situation(features, { shifts }), 1, 3);
    expect(choice.ranking).toEqual(order);
    for (const [i, score] of choice.scores.entries()) expect(score).toBeCloseTo(bounds[i]!, 10);
    for (const [i, p] of policy.propensities(posterior, seen).entries()) {
      expect(p).toBeCloseTo(i === order[0] ? 0.8 : 0.1, 12);
    }
  }
  expect(policy.deterministic).toBe(true);
});

it('SquareCB has the inverse of the gap to the best as its probability', () => {
  const policy = createPolicy({ name: 'square_cb', gammaScale: 3, lambda: 1 }, KINDS);
  const posterior = learned(policy);
  const pulls = LESSONS.reduce((sum, { share }) => sum + share, 0);
  for (const features of CONTEXTS) {
    const means = ARMS.map((arm) => ridge(arm, vectorOf(features), 1).mean);
    const best = means.indexOf(Math.max(...means));
    const expected = means.map((mean) => 1 / (3 + 3 * Math.sqrt(pulls) * (means[best]! - mean)));
    expected[best] = 1 - expected.reduce((sum, p, i) => (i === best ? sum : sum + p), 0);
    const stated = policy.propensities(posterior, situation(features));
    for (const [i, p] of expected.entries()) expect(stated[i]).toBeCloseTo(p, 10);
  }
  const even = policy.propensities(policy.init(), situation([0, 0, 0]));
  for (const p of even) expect(p).toBeCloseTo(1 / 3, 12);
});

it('linear Thompson sampling has the propensities of quadrature of another kind', () => {
  const policy = createPolicy({ name: 'lin_ts', v: 0.3, lambda: 1 }, KINDS);
  const posterior = learned(policy);
  for (const features of CONTEXTS) {
    const arms = ARMS.map((arm) => ridge(arm, vectorOf(features), 1));
    const stated = policy.propensities(posterior, situation(features));
    for (const i of ARMS.keys()) expect(Math.abs(stated[i]! - highest(arms, i, 0.3))).toBeLessThan(1e-8);
  }
});

/** P(arm i is highest), by the trapezoidal rule over all scores, each distribution function summed on the same grid. */
function highest(arms: readonly { mean: number; width: number }[], arm: number, v: number): number {
  const spread = Math.max(...arms.map(({ width }) => v * width));
  const narrow = Math.min(...arms.map(({ width }) => v * width));
  const low = Math.min(...arms.map(({ mean }) => mean)) - 9 * spread;
  const step = narrow / 1600;
  const steps = Math.ceil((Math.max(...arms.map(({ mean }) => mean)) + 9 * spread - low) / step);
  const density = ({ mean, width }: { mean: number; width: number }, y: number) =>
    Math.exp(-0.5 * ((y - mean) / (v * width)) ** 2) / (v * width * Math.sqrt(2 * Math.PI));
  const below = arms.map(() => 0);
  let sum = 0;
  for (let k = 0; k <= steps; k++) {
    const densities = arms.map((one) => density(one, low + k * step));
    // Up to the node itself: half of its own weight.
    const at = below.map((mass, j) => mass + 0.5 * step * densities[j]!);
    sum += step * at.reduce((product, mass, j) => (j === arm ? product : product * mass), densities[arm]!);
    for (const j of below.keys()) below[j]! += step * densities[j]!;
  }
  return sum;
}

describe.each(SPECS)('the linear policy $name with features', (spec) => {
  const policy: AnyPolicy = createPolicy(spec, [...KINDS, { type: 'number' }]);
  const numbers = (scale: number) =>
    LESSONS.map((lesson, i) => ({ ...lesson, features: [...lesson.features, scale * Math.sqrt(i % 17)] }));

  it('refuses what was learned of other features', () => {
    const bytes = policy.serialise(learned(policy, numbers(1)));
    const other = createPolicy(spec, KINDS);
    expect(() => other.restore(bytes)).toThrow(RangeError);
  });

  it('stays finite when one context comes 100,000 times', () => {
    const posterior = policy.init();
    const lesson = { ...LESSONS[0]!, features: [1, 1, 1, 5], value: 1, share: 1 };
    for (let i = 0; i < 100_000; i++) policy.learn(posterior, lesson);
    const seen = situation([1, 1, 1, 5], { candidates: [lesson.arm, 'new'] });
    const { mean, lower, upper, pulls } = policy.belief(posterior, seen, 0);
    expect(pulls).toBe(100_000);
    expect(mean).toBeCloseTo(1, 4);
    expect(upper - lower).toBeLessThan(0.01);
    expect(policy.propensities(posterior, seen).every(Number.isFinite)).toBe(true);
  });
});
