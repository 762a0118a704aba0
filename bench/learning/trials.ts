/** What is measured on a file: told by its columns, never by its name. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { strongArm } from '../../adapters/datasets/baselines.ts';
import { readCsv } from '../../adapters/datasets/csv.ts';
import type { Dataset } from '../../adapters/datasets/dataset.ts';
import { datasetsIn, findDataset } from '../../adapters/datasets/find-dataset.ts';
import { detectLayout, type PromptFeature } from '../../adapters/datasets/layout.ts';
import { readDataset } from '../../adapters/datasets/read-dataset.ts';
import { ReckonerError } from '../../events/errors.ts';
import { budgetExperiment } from './budget.ts';
import {
  type Circumstances,
  catalogueEntrants,
  defaultEntrant,
  FLAT,
  inOneBucket,
  LINUCB,
  LINUCB_HALF,
  labelledReferences,
  pacedReference,
  policyEntrant,
  recordedReferences,
} from './entrants.ts';
import { type Entrant, type Experiment, utilityExperiment } from './experiment.ts';
import type { Rule } from './judge.ts';
import { isLabelled, readLabelled } from './labelled.ts';
import { type Problem, problemOf, withValuesOf } from './problem.ts';
import { sweepExperiment } from './sweep.ts';

export interface Trial {
  readonly problem: Problem;
  readonly entrants: readonly Entrant[];
  readonly experiment: Experiment;
  readonly shuffles: number;
  readonly rule: Rule;
}

export interface TrialOptions {
  /** Policies that play beside the default; undefined: those of the catalogue. */
  readonly policies: readonly string[] | undefined;
  /** Undefined: as the protocol has it. */
  readonly shuffles: number | undefined;
  readonly floor: number | undefined;
  readonly buckets: boolean;
  /** Whether the price of the strong arm is swept. */
  readonly sweep: boolean;
  /** What our policies are told of the prompts; undefined: what everybody is told, their length where there is no bucket. */
  readonly features: readonly PromptFeature[] | undefined;
}

/** Price of a strong call in the utility of two arms. */
const PRICE = 0.1;
/** ParetoBandit's first experiments are without its fourth arm. */
const FOURTH = 'gemini25_flash';
/** What is learned from before another file of its folder is measured under a ceiling. */
const EARLIER = 'val';
const SHUFFLES = { recorded: 100, labelled: 5 } as const;
/** Labelled rows compare learners, not routers that must be able to tell later what another one would have done. */
const FLOORS = { recorded: 0.01, labelled: 0 } as const;

/** The files of a data folder that the bench understands, by the names that `--set` takes. */
export async function setsIn(folder: string): Promise<string[]> {
  const sets: string[] = [];
  for (const name of datasetsIn(folder)) if ((await kindOf(findDataset(name, folder))) !== undefined) sets.push(name);
  return sets;
}

/** @throws ReckonerError request_invalid for a file that cannot be read, or is of no kind that is known here */
export async function trialsOf(set: string, folder: string, options: TrialOptions): Promise<Trial[]> {
  const path = findDataset(set, folder);
  const kind = await kindOf(path);
  if (kind === undefined) {
    throw new ReckonerError(
      'request_invalid',
      `${set} has neither the columns of recorded arms nor x0, x1, … and label.`,
      {
        remedy: 'bench/README.md says which files are understood.',
      },
    );
  }
  return kind === 'labelled'
    ? [labelledTrial(await readLabelled(path, set), options)]
    : recordedTrials(path, set, options);
}

async function kindOf(path: string): Promise<'labelled' | 'recorded' | undefined> {
  for await (const { cells } of readCsv(path)) {
    if (isLabelled(cells)) return 'labelled';
    try {
      detectLayout(cells);
      return 'recorded';
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function labelledTrial(problem: Problem, options: TrialOptions): Trial {
  const entrants = [...ours(problem, options, FLOORS.labelled), ...labelledReferences];
  return {
    problem,
    entrants,
    experiment: utilityExperiment(problem, entrants, 'error', 'error'),
    shuffles: options.shuffles ?? SHUFFLES.labelled,
    rule: { against: [LINUCB], allowance: 0.05, aboveBestArm: false },
  };
}

async function recordedTrials(path: string, set: string, options: TrialOptions): Promise<Trial[]> {
  const prompt = options.features === undefined ? {} : { prompt: options.features };
  const asked = options.features !== undefined;
  const dataset = await readDataset(path, set, prompt);
  const free = freeOf(dataset, asked);
  const trial = (problem: Problem, entrants: readonly Entrant[], experiment: Experiment): Trial => ({
    problem,
    entrants,
    experiment,
    shuffles: options.shuffles ?? SHUFFLES.recorded,
    rule: { against: [LINUCB, LINUCB_HALF, FLAT], allowance: 0, aboveBestArm: dataset.arms.length > 4 },
  });
  const all = (problem: Problem, name: string, as: 'utility' | 'regret') => {
    const entrants = [...ours(problem, options, FLOORS.recorded), ...recordedReferences(problem)];
    return trial(problem, entrants, utilityExperiment(problem, entrants, name, as));
  };
  const strong = strongArm(dataset);
  if (strong === null) {
    const trials = [all(free, 'reward', 'utility')];
    const few = dataset.arms.includes(FOURTH)
      ? await readDataset(path, set, { ...prompt, without: [FOURTH] })
      : undefined;
    const three = few === undefined ? undefined : freeOf(few, asked);
    if (three !== undefined) trials.push(all(three, `regret, ${three.arms.length} arms`, 'regret'));
    if (!dataset.priced) return trials;
    return [...trials, await budgetTrial(three ?? free, options, trial, earlierThan(path))];
  }
  const priced = problemOf(
    dataset,
    dataset.arms.map((_, arm) => (arm === strong ? PRICE : 0)),
    asked,
  );
  const trials = [all(priced, `utility at ${PRICE}`, 'utility')];
  if (!options.sweep) return trials;
  // 21 runs a shuffle: for the default and what was asked for, not for the whole catalogue.
  const few = { ...options, policies: options.policies ?? [] };
  const entrants = [...ours(free, few, FLOORS.recorded), ...recordedReferences(free)];
  return [...trials, trial(free, entrants, sweepExperiment(free, strong, entrants))];
}

/** A problem whose calls have no cost in units of reward. */
function freeOf(dataset: Dataset, asked: boolean): Problem {
  return problemOf(
    dataset,
    dataset.arms.map(() => 0),
    asked,
  );
}

/** The file `val` beside another one: what is learned before it is measured. */
function earlierThan(path: string): string | undefined {
  const name = basename(path);
  const earlier = join(dirname(path), name.replace(/^[^.]+/, EARLIER));
  return name.startsWith(`${EARLIER}.`) || !existsSync(earlier) ? undefined : earlier;
}

async function budgetTrial(
  problem: Problem,
  options: TrialOptions,
  trial: (problem: Problem, entrants: readonly Entrant[], experiment: Experiment) => Trial,
  earlier: string | undefined,
): Promise<Trial> {
  const without = problem.arms.includes(FOURTH) ? [] : [FOURTH];
  const prompt = options.features === undefined ? {} : { prompt: options.features };
  const before =
    earlier === undefined
      ? undefined
      : freeOf(await readDataset(earlier, EARLIER, { ...prompt, without }), options.features !== undefined);
  const same = before !== undefined && before.arms.join() === problem.arms.join();
  const entrants = [
    ...ours(problem, { ...options, policies: options.policies ?? [] }, FLOORS.recorded),
    ...(options.policies === undefined ? inOneBucket(options.floor ?? FLOORS.recorded) : []),
    pacedReference(),
  ];
  const known = same ? withValuesOf(problem, before) : problem;
  const played = trial(known, entrants, budgetExperiment(known, same ? before.rows : [], entrants));
  // Who overspends is no measure of what can be earned.
  return { ...played, rule: { against: [], allowance: 0, aboveBestArm: false } };
}

function ours(problem: Problem, { policies, floor, buckets }: TrialOptions, usual: number): Entrant[] {
  const circumstances: Circumstances = { floor: floor ?? usual, buckets };
  const others =
    policies === undefined
      ? catalogueEntrants(problem, circumstances)
      : policies.map((written) => policyEntrant(written, circumstances));
  return [defaultEntrant(circumstances), ...others];
}
