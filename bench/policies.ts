/**
 * What the policies cost alone, on one core: choices of Beta Thompson sampling with ten arms, and LinUCB as ParetoBandit measured it
 * (26 coefficients, 3 arms; it published 22.5 us a route and 43 us a route with its update). Beside them, what the exact propensities cost.
 */

import { createPolicy, type PolicySpec } from '../policies/catalogue.ts';
import type { FeatureKind } from '../policies/encoding.ts';
import type { AnyPolicy, Lesson, Situation } from '../policies/policy.ts';
import { drawUniform, type Randomness, randomness } from '../policies/sampling.ts';

const CALLS = 20_000;
const ROUNDS = 7;
const WARM = 4;
const NUMBERS = 25;
const LEAST_CHOICES = 300_000;
const MOST_MICROSECONDS = 20;

interface Row {
  readonly policy: string;
  readonly arms: number;
  /** Length of the vector that a linear model has of a context; 0 where the policy knows no features. */
  readonly dimension: number;
  /** Microseconds of processor time, the median round: a choice, a choice with the lesson that follows it, and all propensities of a choice. */
  readonly choose: number;
  readonly chooseAndLearn: number;
  readonly propensities: number;
  readonly choicesPerSecond: number;
  readonly bar?: string;
  readonly pass?: boolean;
}

export async function run(_options: { json: boolean }): Promise<object> {
  const numbers: FeatureKind[] = Array.from({ length: NUMBERS }, () => ({ type: 'number' }));
  const thompson = measured({ name: 'beta_thompson', shrinkage: 10 }, 10, []);
  const linUcb = measured({ name: 'lin_ucb', alpha: 1, lambda: 1 }, 3, numbers);
  const rows: Row[] = [
    {
      ...thompson,
      bar: `at least ${LEAST_CHOICES} choices/s`,
      pass: thompson.choicesPerSecond >= LEAST_CHOICES,
    },
    {
      ...linUcb,
      bar: `at most ${MOST_MICROSECONDS} us to choose and learn`,
      pass: linUcb.chooseAndLearn <= MOST_MICROSECONDS,
    },
    measured({ name: 'lin_ts', v: 0.25, lambda: 1 }, 3, numbers),
    measured({ name: 'square_cb', gammaScale: 10, lambda: 1 }, 3, numbers),
  ];
  for (const { policy, arms, dimension, choose, chooseAndLearn, propensities, choicesPerSecond, bar, pass } of rows) {
    const told = bar === undefined ? '' : ` (${bar}: ${pass ? 'met' : 'missed'})`;
    console.log(
      `  ${policy}, ${arms} arms, d ${dimension}: ${choose.toFixed(2)} us a choice, ${Math.round(choicesPerSecond)}/s; ` +
        `${chooseAndLearn.toFixed(2)} us with its lesson; ${propensities.toFixed(1)} us its propensities${told}`,
    );
  }
  return {
    bench: 'policies',
    rows,
    choicesPerSecond: thompson.choicesPerSecond,
    linUcbMicroseconds: linUcb.chooseAndLearn,
    pass: rows.every(({ pass }) => pass !== false),
  };
}

function measured(spec: PolicySpec, count: number, kinds: readonly FeatureKind[]): Row {
  const policy = createPolicy(spec, kinds);
  const random = randomness(20_250_101);
  const candidates = Array.from({ length: count }, (_, i) => `arm-${i}`);
  const prior = policy.prior(candidates, { configured: () => ({ alpha: 1, beta: 1 }), shared: undefined });
  const contexts = Array.from({ length: 512 }, () => kinds.map(() => drawUniform(random)));
  const situations = contexts.map((features) => ({ candidates, shifts: [], prior, features, floor: 0.01 }));
  const lessons = contexts.map((features, i) => lesson(candidates[i % count]!, features, random));
  let posterior = policy.init();
  for (let i = 0; i < 4; i++) for (const one of lessons) posterior = policy.learn(posterior, one);
  const few = Math.ceil(CALLS / 20);
  const choose = median(CALLS, (i) => first(policy, posterior, situations[i % 512]!, i));
  const chooseAndLearn = median(CALLS, (i) => {
    const chosen = first(policy, posterior, situations[i % 512]!, i);
    posterior = policy.learn(posterior, { ...lessons[i % 512]!, arm: candidates[chosen]! });
    return chosen;
  });
  const propensities = median(few, (i) => policy.propensities(posterior, situations[i % 512]!)[0]!);
  const dimension = policy.usesFeatures ? 1 + kinds.length : 0;
  const choicesPerSecond = 1e6 / choose;
  return { policy: spec.name, arms: count, dimension, choose, chooseAndLearn, propensities, choicesPerSecond };
}

function first(policy: AnyPolicy, posterior: unknown, situation: Situation, seed: number): number {
  return policy.choose(posterior, situation, seed, 1).ranking[0]!;
}

function lesson(arm: string, features: readonly number[], random: Randomness): Lesson {
  return { arm, value: drawUniform(random), share: 1, features, propensity: undefined, seed: 0, time: 0 };
}

/**
 * Microseconds of processor time a call, the median of several rounds: what else runs on the machine does not count, what the
 * collector and the compiler do beside the calls does. The sum keeps the compiler from leaving the calls out.
 */
function median(calls: number, call: (i: number) => number): number {
  const rounds: number[] = [];
  let sum = 0;
  for (let round = -WARM; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    for (let i = 0; i < calls; i++) sum += call(i);
    const { user, system } = process.cpuUsage(start);
    // The first rounds warm the compiler up.
    if (round >= 0) rounds.push((user + system) / calls);
  }
  if (Number.isNaN(sum)) throw new Error('the bench computed NaN');
  return rounds.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)]!;
}
