/** A recorded decision problem as the learners of this bench meet it. */
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { type Dataset, toldOf } from '../../adapters/datasets/dataset.ts';
import { promptContext } from '../../adapters/datasets/prompt-features.ts';

export interface Problem {
  readonly name: string;
  /** Names of the K arms. */
  readonly arms: readonly string[];
  /** What a call of each arm is known to cost, in units of reward. Length K. */
  readonly costs: readonly number[];
  /** The features of a row, as a domain declares them. No outcome is ever one of them. */
  readonly context: NonNullable<DomainConfigInput['context']>;
  /** Features that are ours alone: the references stay as their figures were published. */
  readonly extra?: readonly string[];
  readonly bucketBy: readonly string[];
  readonly rows: readonly Row[];
  /** What may be spent, and what a call of each arm is declared to cost, in dollars; not given: nothing is said of dollars. */
  readonly budget?: { readonly perRequestUsd: number; readonly declaredUsd: readonly number[] };
}

export interface Row {
  readonly context: Readonly<Record<string, number | string>>;
  /** The reward of each arm, in [0, 1]. Length K. A learner is told that of the arm it chose. */
  readonly rewards: readonly number[];
  /** Dollars of each arm's call, where they are recorded. Length K. A learner is told those of the arm it chose. */
  readonly dollars?: readonly number[];
}

/** The problem with the categories that occur in another one too: who has played that one must know them. */
export function withValuesOf(problem: Problem, other: Problem): Problem {
  const context = Object.entries(problem.context).map(([name, feature]) => {
    const there = other.context[name];
    if (feature.type !== 'categorical' || there?.type !== 'categorical') return [name, feature] as const;
    return [name, { ...feature, values: [...new Set([...(there.values ?? []), ...(feature.values ?? [])])] }] as const;
  });
  return { ...problem, context: Object.fromEntries(context) };
}

/**
 * @param costs of the arms, in units of reward, in the order of the data set's arms
 * @param asked whether what is known of the prompts was asked for: then it is ours alone
 */
export function problemOf(dataset: Dataset, costs: readonly number[], asked = false): Problem {
  const { name, arms, bucketFeature, buckets, promptFeatures, rows } = dataset;
  const prompt = promptContext(promptFeatures);
  return {
    name,
    arms,
    costs,
    context: {
      ...(bucketFeature === null ? {} : { [bucketFeature]: { type: 'categorical', values: [...buckets] } }),
      ...prompt,
    },
    extra: asked ? Object.keys(prompt) : [],
    bucketBy: bucketFeature === null ? [] : [bucketFeature],
    rows: rows.map((request) => ({
      context: toldOf(request),
      rewards: request.rewards,
      ...(dataset.priced ? { dollars: request.dollars } : {}),
    })),
  };
}
