/**
 * A ceiling of dollars a request (Taberner-Miller 2026, "ParetoBandit", the budgets of its first experiment): what is earned under
 * it, and what is spent of it. A file that lies beside one called `val` is played as the authors play theirs: learn on `val`, then
 * be measured on it. Everything else begins with nothing.
 */
import { SHOWN } from '../../adapters/datasets/baselines.ts';
import { bestMix } from '../../adapters/datasets/best-mix.ts';
import { shuffled } from '../../adapters/simulate/run.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import type { Entrant, Experiment, Figure } from './experiment.ts';
import { bucketIndices } from './flat-thompson.ts';
import type { Learner } from './learner.ts';
import { FIRST_SEED } from './play.ts';
import type { Problem, Row } from './problem.ts';

/** Dollars a request. */
export const CEILINGS: readonly number[] = [2.9e-5, 8.3e-5, 2.3e-4, 6.6e-4, 1.9e-3, 5.3e-3, 1.5e-2];
/** What may be spent, as a part of the ceiling. */
export const SPENT_AT_MOST = 1.02;

export function rewardFigure(ceiling: number): string {
  return `reward at $${ceiling}`;
}

export function spendFigure(ceiling: number): string {
  return `spent of $${ceiling}`;
}

/**
 * @param problem with the dollars of every row
 * @param before rows that are learned from first, in an order of their own, and not measured
 */
export function budgetExperiment(problem: Problem, before: readonly Row[], entrants: readonly Entrant[]): Experiment {
  const rows = [...before, ...problem.rows];
  const declaredUsd = meanDollars(rows.slice(0, SHOWN));
  const learners = CEILINGS.map((perRequestUsd) =>
    entrants.map(({ make }) => make({ ...problem, rows, budget: { perRequestUsd, declaredUsd } })),
  );
  return {
    figures: CEILINGS.flatMap((ceiling) => figuresAt(problem, ceiling)),
    shuffle(shuffle) {
      const earlier = shuffled([...before.keys()], FIRST_SEED + shuffle);
      const later = shuffled([...problem.rows.keys()], FIRST_SEED + shuffle).map((row) => row + before.length);
      // Learners must not be seeded with what orders the rows.
      const seed = Math.floor(drawUniform(randomness(FIRST_SEED + shuffle)) * 2 ** 32);
      return entrants.map((_, entrant) =>
        learners.flatMap((each, ceiling) => play(each[entrant]!, rows, earlier, later, seed, CEILINGS[ceiling]!)),
      );
    },
  };
}

function play(
  learner: Learner,
  rows: readonly Row[],
  earlier: readonly number[],
  later: readonly number[],
  seed: number,
  ceiling: number,
): [reward: number, spent: number] {
  const pass = learner.begin(seed);
  let reward = 0;
  let dollars = 0;
  for (const [place, row] of [...earlier, ...later].entries()) {
    const arm = pass.choose(row);
    const { rewards, dollars: cost } = rows[row]!;
    pass.learn(row, arm, rewards[arm]!, cost![arm]!);
    if (place < earlier.length) continue;
    reward += rewards[arm]!;
    dollars += cost![arm]!;
  }
  return [reward / later.length, dollars / later.length / ceiling];
}

/** The best fixed mix stands for the best single arm; a mix of its own for every bucket is what hindsight would do. */
function figuresAt(problem: Problem, ceiling: number): Figure[] {
  const buckets = bucketIndices(problem);
  const groups = Array.from({ length: Math.max(...buckets) + 1 }, (_, bucket) =>
    pointsOf(problem.rows.filter((_row, index) => buckets[index] === bucket)),
  );
  const share = (points: { readonly rows: number }) => points.rows / problem.rows.length;
  return [
    {
      name: rewardFigure(ceiling),
      better: 'higher',
      scale: 1,
      bestSingleArm: bestMix([{ weight: 1, ...pointsOf(problem.rows) }], ceiling),
      perBucketHindsight:
        groups.length === 1
          ? null
          : bestMix(
              groups.map((group) => ({ weight: share(group), ...group })),
              ceiling,
            ),
      oracle: bestMix(
        problem.rows.map((row) => ({ weight: 1 / problem.rows.length, ...pointsOf([row]) })),
        ceiling,
      ),
    },
    {
      name: spendFigure(ceiling),
      better: 'lower',
      scale: 1,
      bestSingleArm: null,
      perBucketHindsight: null,
      oracle: null,
    },
  ];
}

function pointsOf(rows: readonly Row[]) {
  const rewards = meanOf(rows.map((row) => row.rewards));
  return { rows: rows.length, rewards, dollars: meanDollars(rows) };
}

function meanDollars(rows: readonly Row[]): number[] {
  return meanOf(rows.map(({ dollars }) => dollars!));
}

function meanOf(vectors: readonly (readonly number[])[]): number[] {
  const [first = []] = vectors;
  return first.map((_, at) => vectors.reduce((sum, vector) => sum + vector[at]!, 0) / vectors.length);
}
