/**
 * What policies earn on recorded requests and on labelled rows: alone, without a log, beside references that are committed in
 * `learning/`, in the same shuffles. A set that is not there is said to be absent.
 */
import { availableParallelism } from 'node:os';
import { dataFolder } from '../adapters/datasets/find-dataset.ts';
import { promptFeaturesOf } from '../adapters/datasets/prompt-features.ts';
import { ReckonerError } from '../events/errors.ts';
import type { BenchOptions } from './bench.ts';
import { publishedOf } from './learning/bars.ts';
import { startRecord } from './learning/experiment.ts';
import { learningTable, type ResultRow, resultRow, rowLines } from './learning/result.ts';
import { startThreads } from './learning/threads.ts';
import { setsIn, type TrialOptions, trialsOf } from './learning/trials.ts';

export interface LearningOptions extends BenchOptions {
  readonly set?: readonly string[];
  readonly policy?: readonly string[];
  readonly shuffles?: string;
  readonly floor?: string;
  readonly buckets?: boolean;
  readonly sweep?: boolean;
  readonly features?: string;
  readonly workers?: string;
}

interface LearningResult {
  readonly bench: 'learning';
  /** Where the sets were looked for. */
  readonly data: string;
  readonly rows: readonly ResultRow[];
  /** Public sets that are not there. */
  readonly absent: readonly string[];
  /** Whether the default configuration passes every row that has something to pass. */
  readonly pass: boolean;
}

/** The sets that the bars are about. */
const publicSets = [
  'routellm/mmlu',
  'routellm/gsm8k',
  'pareto/val',
  'llmrouter/train_a',
  ...['digits', 'letter', 'shuttle', 'vehicle', 'soybean', 'mushroom', 'pima'].map((name) => `classification/${name}`),
];

/** @throws ReckonerError request_invalid for options that are not right, and where there is no set at all */
export async function run(options: LearningOptions): Promise<LearningResult> {
  const folder = dataFolder(options.data);
  const there = await setsThere(folder);
  const sets = options.set ?? there;
  const absent = options.set === undefined ? publicSets.filter((name) => !there.includes(name)) : [];
  if (absent.length > 0) console.log(`absent from ${folder}, and not measured: ${absent.join(', ')}`);
  if (sets.length === 0) {
    throw new ReckonerError('request_invalid', `There is no set in ${folder}: nothing was measured.`, {
      remedy: 'Say where the data is: --data DIR or the environment variable RECKONER_DATA.',
    });
  }
  const trialOptions: TrialOptions = {
    policies: options.policy,
    shuffles: numberOf('shuffles', options.shuffles, (value) => Number.isInteger(value) && value >= 1),
    floor: numberOf('floor', options.floor, (value) => value >= 0 && value <= 1),
    buckets: options.buckets !== false,
    sweep: options.sweep !== false,
    features: options.features === undefined ? undefined : promptFeaturesOf(options.features),
  };
  const workers = numberOf('workers', options.workers, (value) => Number.isInteger(value) && value >= 1);
  const rows: ResultRow[] = [];
  const threads = startThreads(workers ?? availableParallelism(), { folder, options: trialOptions });
  try {
    for (const set of sets) {
      for (const [place, trial] of (await trialsOf(set, folder, trialOptions)).entries()) {
        const record = startRecord(trial.experiment.figures, trial.entrants);
        await threads.play(set, place, trial, record.add);
        for (const finding of record.findings()) {
          const row = resultRow(trial, finding, publishedOf(trial.problem.name, finding.figure.name));
          rows.push(row);
          for (const line of rowLines(row)) console.log(line);
        }
      }
    }
  } finally {
    await threads.close();
  }
  for (const line of learningTable(rows)) console.log(line);
  return { bench: 'learning', data: folder, rows, absent, pass: rows.every(({ pass }) => pass !== false) };
}

async function setsThere(folder: string): Promise<string[]> {
  try {
    return await setsIn(folder);
  } catch (thrown) {
    // A folder that is not there holds no set; what else is wrong with it is said.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}

function numberOf(name: string, given: string | undefined, right: (value: number) => boolean): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (given.trim() !== '' && right(value)) return value;
  throw new ReckonerError('request_invalid', `--${name} ${given} is not right.`, {
    remedy: '`npm run -s bench -- learning --help` says what it takes.',
  });
}
