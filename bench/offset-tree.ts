/**
 * The offset tree as an off-policy learner: half of a set logged by a uniform policy, accuracy of what was learned on the
 * other half, beside the figures of a reference run (logistic base, balanced tree in label order).
 */
import { readCsv } from '../adapters/datasets/csv.ts';
import { decimalOf } from '../adapters/datasets/decimal.ts';
import { dataFolder, findDataset } from '../adapters/datasets/find-dataset.ts';
import { learnOffsetTree, predictArm } from '../policies/offset-tree-batch.ts';
import { uniformRanking } from '../policies/ranking.ts';
import { drawIndex, randomness } from '../policies/sampling.ts';
import type { BenchOptions } from './bench.ts';

/** The reference's accuracies: with the winner filter, and without it. */
const sets = [
  { set: 'digits', filtered: 0.621, unfiltered: 0.394 },
  { set: 'letter', filtered: 0.283, unfiltered: 0.105 },
  { set: 'vehicle', filtered: 0.713, unfiltered: 0.688 },
] as const;
const WITHIN = 0.02;
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

interface Labelled {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly arms: number;
}

/** Runs the bench. The rows give the mean accuracy over the seeds and its standard error. */
export async function run({ data: told }: BenchOptions) {
  const folder = dataFolder(told);
  const rows = [];
  for (const { set, filtered, unfiltered } of sets) {
    const data = await readLabelled(findDataset(`classification/${set}`, folder));
    const runs = SEEDS.map((seed) => accuracies(data, seed));
    const offsetTree = mean(runs.map((run) => run.filtered));
    const withoutFilter = mean(runs.map((run) => run.unfiltered));
    rows.push({
      ...{ set, requests: data.rows.length, arms: data.arms, shuffles: SEEDS.length },
      ...{ offsetTree, standardError: standardError(runs.map((run) => run.filtered)), reference: filtered },
      ...{ withoutFilter, referenceWithoutFilter: unfiltered },
      pass: Math.abs(offsetTree - filtered) <= WITHIN,
    });
  }
  return { bench: 'offset-tree', within: WITHIN, rows, pass: rows.every((row) => row.pass) };
}

/** Accuracy on the second half of a shuffle of what was learned from one arm a request, drawn uniformly, on the first. */
function accuracies({ rows, labels, arms }: Labelled, seed: number) {
  const random = randomness(seed);
  const order = uniformRanking(random, rows.length, rows.length);
  const half = Math.floor(rows.length / 2);
  const logged = order.slice(0, half);
  const scale = standardisation(logged.map((n) => rows[n]!));
  const tried = logged.map(() => drawIndex(random, arms));
  const log = {
    rows: logged.map((n) => scale(rows[n]!)),
    arms: tried,
    rewards: logged.map((n, i) => (labels[n] === tried[i] ? 1 : 0)),
    propensity: () => 1 / arms,
  };
  const rest = order.slice(half).map((n) => ({ row: scale(rows[n]!), label: labels[n] }));
  const accuracyOf = (winnerFilter: boolean) => {
    const tree = learnOffsetTree(log, arms, { winnerFilter });
    return rest.filter(({ row, label }) => predictArm(tree, row) === label).length / rest.length;
  };
  return { filtered: accuracyOf(true), unfiltered: accuracyOf(false) };
}

/** Mean 0 and deviation 1 over the rows given; a constant column becomes 0. */
function standardisation(rows: readonly (readonly number[])[]) {
  const columns = (rows[0] ?? []).map((_, i) => {
    const values = rows.map((row) => row[i]!);
    const centre = mean(values);
    const deviation = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
    return { centre, deviation: deviation === 0 ? 1 : deviation };
  });
  return (row: readonly number[]) => columns.map(({ centre, deviation }, i) => (row[i]! - centre) / deviation);
}

async function readLabelled(path: string): Promise<Labelled> {
  const rows: number[][] = [];
  const labels: number[] = [];
  for await (const { cells, number } of readCsv(path)) {
    if (number === 1) continue;
    const values = cells.map(decimalOf);
    if (values.some(Number.isNaN)) throw new Error(`${path}, row ${number}: a cell is not a number`);
    labels.push(values.pop() ?? Number.NaN);
    rows.push(values);
  }
  return { rows, labels, arms: Math.max(...labels) + 1 };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
