/**
 * What exact propensities cost: six Beta arms of 1 to 500 pulls, against Beta draws of the same run, so that the figure
 * means the same on every machine. 600 draws are 100 Monte Carlo rounds of the six arms: no more than one digit.
 */

import { type BetaArms, firstPropensities } from '../policies/beta-propensity.ts';
import { drawBeta, drawUniform, type Randomness, randomness } from '../policies/sampling.ts';

const ARMS = 6;
const SITUATIONS = 400;
const DRAWS = 100_000;
const ROUNDS = 9;
const LIMIT = 600;

/** The result of the bench. */
type PropensityResult = {
  readonly bench: 'propensity';
  /** Cost of the propensities of one decision, in Beta draws. */
  readonly draws: number;
  readonly limit: number;
  /** draws / limit; at most 1 passes. */
  readonly ratio: number;
  readonly pass: boolean;
  /** Microseconds a decision, and a draw. */
  readonly microseconds: number;
  readonly drawMicroseconds: number;
};

/** Runs the bench: both costs in turn, the median ratio of several rounds. */
export async function run(): Promise<PropensityResult> {
  const random = randomness(20_250_101);
  const situations = Array.from({ length: SITUATIONS }, (_, i) => situation(random, i % 2 === 1));
  const rounds = [];
  for (let round = -2; round < ROUNDS; round++) {
    const microseconds = time(SITUATIONS, (i) => firstPropensities(situations[i]!)[0]!);
    const drawMicroseconds = time(DRAWS, (i) => {
      const { alpha, beta } = situations[i % SITUATIONS]!;
      return drawBeta(random, alpha[i % ARMS]!, beta[i % ARMS]!);
    });
    // The first two rounds warm the compiler up.
    if (round >= 0) rounds.push({ microseconds, drawMicroseconds, draws: microseconds / drawMicroseconds });
  }
  rounds.sort((one, other) => one.draws - other.draws);
  const { microseconds, drawMicroseconds, draws } = rounds[Math.floor(ROUNDS / 2)]!;
  return {
    bench: 'propensity',
    draws,
    limit: LIMIT,
    ratio: draws / LIMIT,
    pass: draws <= LIMIT,
    microseconds,
    drawMicroseconds,
  };
}

/** Six arms of 1..500 pulls with success rates in [0.4, 0.9]; every second situation has costs as shifts. */
function situation(random: Randomness, shifted: boolean): BetaArms {
  const arms = Array.from({ length: ARMS }, () => {
    const pulls = 1 + Math.floor(500 * drawUniform(random));
    const successes = Math.round(pulls * (0.4 + 0.5 * drawUniform(random)));
    return { alpha: 1 + successes, beta: 1 + pulls - successes, shift: shifted ? -0.1 * drawUniform(random) : 0 };
  });
  return { alpha: arms.map((a) => a.alpha), beta: arms.map((a) => a.beta), shift: arms.map((a) => a.shift) };
}

/** Microseconds a call. The sum keeps the compiler from leaving the calls out. */
function time(calls: number, call: (i: number) => number): number {
  let sum = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) sum += call(i);
  const elapsed = Number(process.hrtime.bigint() - start) / 1000 / calls;
  if (Number.isNaN(sum)) throw new Error('the bench computed NaN');
  return elapsed;
}
