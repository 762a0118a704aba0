/** What policies earn on recorded requests and labelled rows, against references that are committed here (bench/learning). */
import { strongArm } from '../adapters/datasets/baselines.ts';
import { dataFolder, datasetsIn, findDataset } from '../adapters/datasets/find-dataset.ts';
import { readDataset } from '../adapters/datasets/read-dataset.ts';
import type { BenchOptions } from './bench.ts';
import { defaultEntrant, policyEntrant, references } from './learning/entrants.ts';
import { type Finding, runExperiment, utilityExperiment } from './learning/experiment.ts';
import { fixedArms } from './learning/fixed-arms.ts';
import { problemOf } from './learning/problem.ts';
import { sweepExperiment } from './learning/sweep.ts';

export interface LearningOptions extends BenchOptions {
  readonly set?: readonly string[];
  readonly policy?: readonly string[];
  readonly shuffles?: string;
  readonly floor?: string;
  readonly buckets?: boolean;
  readonly sweep?: boolean;
}

export async function run(options: LearningOptions): Promise<object> {
  const folder = dataFolder(options.data);
  const sets =
    options.set ?? datasetsIn(folder).filter((name) => /^(routellm\/(mmlu|gsm8k)|llmrouter\/train)/.test(name));
  const shuffles = Number(options.shuffles ?? 100);
  const circumstances = { floor: Number(options.floor ?? 0.01), buckets: options.buckets !== false };
  const entrants = [
    defaultEntrant(circumstances),
    ...(options.policy ?? []).map((written) => policyEntrant(written, circumstances)),
    ...references,
  ];
  const rows: object[] = [];
  for (const set of sets) {
    const dataset = await readDataset(findDataset(set, folder), set);
    const strong = strongArm(dataset);
    const costs = dataset.arms.map((_, arm) => (arm === strong ? 0.1 : 0));
    const problem = problemOf(dataset, costs);
    const fixed = fixedArms(problem);
    const findings: Finding[] = runExperiment(utilityExperiment(problem, entrants), entrants, shuffles);
    if (strong !== null && options.sweep !== false) {
      const free = problemOf(dataset, [0, 0]);
      findings.push(...runExperiment(sweepExperiment(free, strong, entrants), entrants, shuffles));
    }
    for (const { figure, entrants: found } of findings) {
      const known =
        figure === 'utility'
          ? { bestSingleArm: fixed.perArm[fixed.best], perBucketHindsight: fixed.perBucket, oracle: fixed.oracle }
          : {};
      rows.push({ set, figure, requests: problem.rows.length, shuffles, ...known, entrants: found });
      console.log(
        `\n${set} ${figure} (${Object.entries(known)
          .map(([name, value]) => `${name} ${value?.toFixed(4)}`)
          .join(', ')})`,
      );
      for (const { name, mean, interval, differences } of found) {
        const told = Object.entries(differences).map(
          ([other, { mean: by, interval: within }]) => `${signed(by)} (${signed(within?.[0])}) to ${other}`,
        );
        const toBest =
          known.bestSingleArm === undefined ? '' : `; ${signed(mean - known.bestSingleArm)} to the best single arm`;
        console.log(
          `  ${name}: ${mean.toFixed(4)} (${interval?.map((end) => end.toFixed(4)).join(' to ') ?? '–'})${toBest}; ${told.join(', ')}`,
        );
      }
    }
  }
  return { bench: 'learning', rows, pass: true };
}

function signed(value: number | undefined): string {
  return value === undefined ? '–' : `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
}
