/**
 * The stationary bandit that the convergence of policies is measured on: four arms, normal noise, rewards clipped to [0, 1]. All players
 * see the same noise: what arm k would earn in round t is drawn before anyone plays.
 */
import { createPolicy, type PolicySpec } from '../../policies/catalogue.ts';
import { drawIndex, drawNormal, drawUniform, type Randomness, randomness } from '../../policies/sampling.ts';

export const ARMS = ['arm-0.3', 'arm-0.8', 'arm-0.5', 'arm-0.4'];
export const MEANS = [0.3, 0.8, 0.5, 0.4];
export const NOISE = 0.1;
export const ROUNDS = 5000;
/** Probability that a domain of this bench spreads evenly over its arms. */
export const FLOOR = 0.01;

const BEST = MEANS.indexOf(Math.max(...MEANS));
/** An arm has been converged to when it had so many of so many rounds. */
export const CONVERGED = { of: 100, rounds: 90 };
const LAST = 1000;

/** One who plays: begins anew with each seed. */
export interface Player {
  readonly name: string;
  begin(seed: number): Turns;
}

export interface Turns {
  choose(): number;
  learn(arm: number, value: number): void;
}

export interface Outcome {
  /** Sum over the rounds of what the best arm's mean is above that of the arm that was played. */
  readonly regret: number;
  /** Share of the rounds in which the best arm was played: of all, and of the last 1,000. */
  readonly optimalShare: number;
  readonly lastShare: number;
  /** The first round, from 1, at the end of which the best arm had 90 of the last 100; undefined where none was. */
  readonly convergenceRound: number | undefined;
}

/** What each arm would earn in each round: `table[round * arms + arm]`. */
export function rewardTable(seed: number): Float64Array {
  const random = randomness(seed);
  return Float64Array.from({ length: ROUNDS * MEANS.length }, (_, i) =>
    Math.min(1, Math.max(0, MEANS[i % MEANS.length]! + NOISE * drawNormal(random))),
  );
}

/** @param table of `rewardTable` @param seed of the player's own choices */
export function play(player: Player, table: Float64Array, seed: number): Outcome {
  const turns = player.begin(seed);
  const best = new Uint8Array(ROUNDS);
  let regret = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const arm = turns.choose();
    turns.learn(arm, table[round * MEANS.length + arm]!);
    regret += MEANS[BEST]! - MEANS[arm]!;
    best[round] = arm === BEST ? 1 : 0;
  }
  return {
    regret,
    optimalShare: shareOf(best, 0),
    lastShare: shareOf(best, ROUNDS - LAST),
    convergenceRound: convergedAt(best),
  };
}

function shareOf(best: Uint8Array, from: number): number {
  return best.subarray(from).reduce((sum, was) => sum + was, 0) / (best.length - from);
}

/** The first round, from 1, that ends `CONVERGED.of` rounds of which the best arm had enough. */
export function convergedAt(best: Uint8Array): number | undefined {
  let had = 0;
  for (let round = 0; round < best.length; round++) {
    had += best[round]!;
    if (round >= CONVERGED.of) had -= best[round - CONVERGED.of]!;
    if (round + 1 >= CONVERGED.of && had >= CONVERGED.rounds) return round + 1;
  }
  return undefined;
}

/** A policy as a domain of one bucket without features has it, without its log. */
export function policyPlayer(name: string, spec: PolicySpec): Player {
  const policy = createPolicy(spec);
  const prior = policy.prior(ARMS, { configured: () => ({ alpha: 1, beta: 1 }), shared: undefined });
  const situation = { candidates: ARMS, shifts: [], prior, features: [], floor: FLOOR };
  return {
    name,
    begin(seed) {
      const random = randomness(seed);
      let posterior = policy.init();
      let propensity: number | undefined;
      let time = 0;
      return {
        choose() {
          const arm = policy.choose(posterior, situation, seedFrom(random), 1).ranking[0]!;
          propensity = policy.needsPropensity ? policy.propensities(posterior, situation)[arm] : undefined;
          return arm;
        },
        learn(arm, value) {
          // A pull a second, as far as time counts.
          time += 1000;
          const lesson = { arm: ARMS[arm]!, value, share: 1, features: [], propensity, seed: seedFrom(random), time };
          posterior = policy.learn(posterior, lesson);
        },
      };
    },
  };
}

/** The peer that costs are compared with: epsilon-greedy in as few instructions as it can be had, without interface or propensities. */
export function bareEpsilonGreedy(epsilon: number): Player {
  return {
    name: `bare epsilon-greedy(${epsilon})`,
    begin(seed) {
      const random = randomness(seed);
      const pulls = new Float64Array(ARMS.length);
      const means = new Float64Array(ARMS.length).fill(0.5);
      return {
        choose() {
          if (drawUniform(random) < epsilon) return drawIndex(random, ARMS.length);
          let best = 0;
          for (let arm = 1; arm < ARMS.length; arm++) if (means[arm]! > means[best]!) best = arm;
          return best;
        },
        learn(arm, value) {
          pulls[arm]! += 1;
          means[arm]! += (value - means[arm]!) / (pulls[arm]! + 1);
        },
      };
    },
  };
}

function seedFrom(random: Randomness): number {
  return Math.floor(drawUniform(random) * 2 ** 32);
}
