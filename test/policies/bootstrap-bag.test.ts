import { expect, it } from 'vitest';
import { createPolicy, PolicySpec } from '../../policies/catalogue.ts';
import type { Lesson } from '../../policies/policy.ts';
import { drawPoisson, randomness } from '../../policies/sampling.ts';
import { ARMS, KINDS, learned, lesson, lessonsOfContexts, situation } from './every-policy.ts';
import { solve } from './solve.ts';

const REPLICAS = 7;
const FLAGS = KINDS.slice(1, 3);
const LESSONS: Lesson[] = lessonsOfContexts(60).map((one) => ({ ...one, features: one.features.slice(1, 3) }));

function bag(replicas: number, lambda = 1) {
  return createPolicy(PolicySpec.parse({ name: 'bootstrap_bag', replicas, lambda }), FLAGS);
}

function vectorOf([flag = 0, category = 0]: readonly number[]): number[] {
  const half = Math.sqrt(0.5);
  return [1, flag * half, ...[0, 1, 2].map((value) => (value === category ? half : 0))];
}

/** What a replica expects of an arm: a ridge regression, solved at once, of what rewards fell short of 1. */
function expected(replica: number, arm: string, features: readonly number[], lambda: number): number {
  const x = vectorOf(features);
  const matrix = x.map((_, i) => x.map((_, j) => (i === j ? lambda : 0)));
  const sums = x.map(() => 0);
  for (const one of LESSONS) {
    const random = randomness(one.seed);
    let times = drawPoisson(random);
    for (let other = 0; other < replica; other++) times = drawPoisson(random);
    if (one.arm !== arm) continue;
    const z = vectorOf(one.features);
    for (let i = 0; i < z.length; i++) {
      sums[i]! += times * one.share * (1 - one.value) * z[i]!;
      for (let j = 0; j < z.length; j++) matrix[i]![j]! += times * one.share * z[i]! * z[j]!;
    }
  }
  return 1 - solve(matrix, sums).reduce((sum, theta, i) => sum + theta * x[i]!, 0);
}

it.each([0.1, 3])('an arm is as likely as the share of replicas that expect most of it (lambda %d)', (lambda) => {
  const policy = bag(REPLICAS, lambda);
  const posterior = learned(policy, LESSONS);
  const shifts = [0, 0.02, 0, -0.32];
  let undecided = 0;
  for (const features of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [1, 2],
  ]) {
    const votes = ARMS.map(() => 0);
    for (let replica = 0; replica < REPLICAS; replica++) {
      const scores = ARMS.map((arm, i) => expected(replica, arm, features, lambda) + shifts[i]!);
      votes[scores.indexOf(Math.max(...scores))]! += 1;
    }
    const stated = policy.propensities(posterior, situation(policy, ARMS, { features, shifts, floor: 0.2 }));
    for (const [i, p] of stated.entries()) expect(p).toBeCloseTo(0.05 + (0.8 * votes[i]!) / REPLICAS, 12);
    undecided += votes.filter((n) => n > 0).length > 1 ? 1 : 0;
  }
  expect(undecided).toBeGreaterThan(0);
});

it('arms that nobody has tried are expected to earn 1, and share the first place evenly', () => {
  const policy = bag(3);
  const seen = situation(policy, ARMS, { floor: 0 });
  expect(policy.propensities(policy.init(), seen)).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(policy.choose(policy.init(), seen, 1, 1).scores).toEqual([1, 1, 1, 1]);
  const posterior = learned(
    policy,
    Array.from({ length: 30 }, (_, seed) => ({ ...lesson('a', 0.9), seed })),
  );
  const [tried, ...others] = policy.propensities(posterior, seen);
  expect(tried).toBe(0);
  for (const p of others) expect(p).toBeCloseTo(1 / 3, 12);
});

it('believes what a linear model of all rewards does', () => {
  const policy = bag(2);
  const linear = createPolicy(PolicySpec.parse({ name: 'lin_ts' }), FLAGS);
  const seen = situation(policy, ARMS, { features: [1, 1] });
  const [one, other] = [learned(policy, LESSONS), learned(linear, LESSONS)];
  for (const i of ARMS.keys()) expect(policy.belief(one, seen, i)).toEqual(linear.belief(other, seen, i));
});

it('does not read a bag of another size', () => {
  const bytes = bag(3).serialise(learned(bag(3), LESSONS));
  expect(() => bag(4).restore(bytes)).toThrow(RangeError);
  expect(() => bag(2).restore(bytes)).toThrow(RangeError);
});

it('the prior of an arm is what its replicas begin with', () => {
  const policy = bag(3);
  const seen = situation(policy, ['a', 'b'], { prior: [9, 1, 50, 50], floor: 0 });
  // Ridge 1 at 1, in an average context, beside 8 pulls of 0.9 and 98 of 0.5.
  const { scores } = policy.choose(policy.init(), { ...seen, features: [] }, 1, 1);
  expect(scores[0]).toBeCloseTo((1 + 8 * 0.9) / 9, 12);
  expect(scores[1]).toBeCloseTo((1 + 98 * 0.5) / 99, 12);
});

it('an arm is as likely to be first as at the first place of a ranking, ties and all', () => {
  const policy = bag(REPLICAS);
  for (const posterior of [policy.init(), learned(policy, LESSONS.slice(0, 5)), learned(policy, LESSONS)]) {
    const asked = situation(policy, ARMS, { features: [1, 2], floor: 0.1 });
    const first = policy.propensities(posterior, asked);
    for (const [i, p] of first.entries()) expect(p).toBe(policy.rankPropensities(posterior, asked, [i])[0]);
  }
});
