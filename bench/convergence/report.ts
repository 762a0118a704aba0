/** The convergence of policies as a table in Markdown. */
import type { Estimate } from '../learning/welford.ts';

export interface ConvergenceRow {
  readonly policy: string;
  readonly regret: Estimate;
  readonly optimalShare: Estimate;
  /** Of the last 1,000 rounds. */
  readonly lastShare: Estimate;
  /** The median of the runs; null where half of them or more never converged. */
  readonly convergenceRound: number | null;
  /** How many runs converged. */
  readonly converged: number;
  /** A round is a choice and its lesson, and the propensities where the policy learns by them. */
  readonly roundsPerSecond: number;
  /** Processor time of a round, in rounds of the bare loop of the same run. */
  readonly timesLoop: number;
  /** Missing for the bare loop, which keeps two numbers an arm. */
  readonly heapGrowthBytes?: number;
  readonly posteriorBytes?: { readonly before: number; readonly after: number };
}

const HEAD = [
  'policy',
  'final regret',
  'optimal share',
  'of the last 1,000',
  'convergence round',
  'rounds/s',
  'time, in bare loops',
  'heap growth',
  'posterior',
];

/** @returns a heading, the scenario in a sentence, and a row for every policy, the least regret first */
export function reportOf(
  rows: readonly ConvergenceRow[],
  { seeds, rounds, updates }: { readonly seeds: number; readonly rounds: number; readonly updates: number },
): string {
  const lines = [...rows].sort((one, other) => one.regret.mean - other.regret.mean).map((row) => cells(row, seeds));
  return [
    '# Convergence',
    '',
    `Arms of .3, .8, .5 and .4 with N(0, .1) noise, clipped to [0, 1]; ${rounds} rounds, seeds 1 to ${seeds}; mean ± half of its 95 % interval.`,
    `Converged: the best arm had 90 of the last 100 rounds; the median run. Growth over ${updates} updates.`,
    '',
    ...[HEAD, HEAD.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`),
  ].join('\n');
}

function cells(row: ConvergenceRow, seeds: number): string[] {
  const { policy, regret, optimalShare, lastShare, convergenceRound, converged, heapGrowthBytes, posteriorBytes } = row;
  const some = converged < seeds ? ` (${converged} of ${seeds} runs)` : '';
  return [
    policy,
    told(regret, 1),
    told(optimalShare, 4),
    told(lastShare, 4),
    `${convergenceRound ?? 'never'}${some}`,
    row.roundsPerSecond.toLocaleString('en'),
    row.timesLoop.toFixed(1),
    heapGrowthBytes === undefined ? '–' : `${(heapGrowthBytes / 1024).toFixed(1)} KiB`,
    posteriorBytes === undefined ? '–' : `${posteriorBytes.before} to ${posteriorBytes.after} B`,
  ];
}

function told({ mean, interval }: Estimate, digits: number): string {
  return interval === null ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${(interval[1] - mean).toFixed(digits)}`;
}
