/** Plays learners over shuffled rows, every learner in the same orders. */
import { shuffled } from '../../adapters/simulate/run.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import type { Learner } from './learner.ts';
import type { Problem } from './problem.ts';

/** Shuffle i = 0, 1, … is drawn from this seed + i, as `simulate` draws it. */
export const FIRST_SEED = 1;

/** What a learner earned in one half of a pass. */
export interface Half {
  requests: number;
  /** Sum of rewards. */
  reward: number;
  /** Sum of the known costs of the calls, in units of reward. */
  cost: number;
  /** Calls of each arm. Length K. */
  readonly calls: number[];
}

/** Both halves of a pass. */
export type Earned = readonly [first: Half, second: Half];

/**
 * One shuffle: what each learner earned, in their order. The learner's randomness comes from the shuffle and from nothing else,
 * so that who else plays changes nothing.
 */
export function playShuffle(problem: Problem, learners: readonly Learner[], shuffle: number): Earned[] {
  const order = shuffled([...problem.rows.keys()], FIRST_SEED + shuffle);
  // Learners must not be seeded with what orders the rows.
  const seed = Math.floor(drawUniform(randomness(FIRST_SEED + shuffle)) * 2 ** 32);
  return learners.map((learner) => playPass(problem, learner, order, seed));
}

function playPass(problem: Problem, learner: Learner, order: readonly number[], seed: number): Earned {
  const halves: Earned = [emptyHalf(problem), emptyHalf(problem)];
  const pass = learner.begin(seed);
  for (const [place, row] of order.entries()) {
    const arm = pass.choose(row);
    const reward = problem.rows[row]!.rewards[arm]!;
    const half = halves[2 * place < order.length ? 0 : 1];
    half.requests += 1;
    half.reward += reward;
    half.cost += problem.costs[arm]!;
    half.calls[arm]! += 1;
    pass.learn(row, arm, reward);
  }
  return halves;
}

function emptyHalf({ arms }: Problem): Half {
  return { requests: 0, reward: 0, cost: 0, calls: arms.map(() => 0) };
}

/** Mean utility (reward less known cost) of a request. */
export function meanUtility(earned: Earned): number {
  const [first, second] = earned;
  return (first.reward - first.cost + second.reward - second.cost) / (first.requests + second.requests);
}
