import type { PromptFeature } from './layout.ts';

/** Recorded requests: what every arm would have answered to each of them is known, so that a router can be measured on them. */
export interface Dataset {
  /** The name it was asked for by, without its ending. */
  readonly name: string;
  /** Names of the arms, legal in a domain. At least two, in the order of the file's columns. */
  readonly arms: readonly string[];
  /** The feature whose values make the buckets; null where the file has none. */
  readonly bucketFeature: string | null;
  /** The values of that feature, each once, in the order in which they first occur; empty where there is no feature. */
  readonly buckets: readonly string[];
  /** What is known of the prompts, in the order of a row's `prompt`. */
  readonly promptFeatures: readonly PromptFeature[];
  /** True where the file records the dollars of every call. */
  readonly priced: boolean;
  readonly rows: readonly RecordedRequest[];
  readonly leftOut: LeftOut;
}

/** One request and the outcome of every arm. No outcome is ever a part of the context. */
export interface RecordedRequest {
  /** The bucket feature, or nothing. */
  readonly context: Readonly<Record<string, string>>;
  /** What was asked for of the prompt, by the name of its column; not there where nothing was. */
  readonly prompt?: Readonly<Record<string, string | number>>;
  /** The reward of each arm, in [0, 1], in the order of the arms. */
  readonly rewards: readonly number[];
  /** US dollars of each arm's call, in the order of the arms; empty where the file has none. */
  readonly dollars: readonly number[];
}

/** Rows of the file that are not used, and why. */
export interface LeftOut {
  /** Rows that the file marks as contaminated (in the training data of a router it is compared with). */
  readonly contaminated: number;
  /** Rows in which the outcome of an arm is missing. */
  readonly incomplete: number;
}

/** All that a router is told of a request. */
export function toldOf({ context, prompt }: RecordedRequest): Readonly<Record<string, string | number>> {
  return prompt === undefined ? context : { ...context, ...prompt };
}
