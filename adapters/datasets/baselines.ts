import type { Dataset, RecordedRequest } from './dataset.ts';

/** What routers without learning would earn on the same requests: mean utility (reward less utility cost) a request. */
export interface Baselines {
  /** Of every arm, if it were always chosen, in the order of the arms. */
  readonly perArm: readonly number[];
  readonly bestSingleArm: { readonly arm: string; readonly utility: number };
  /** The best arm of every bucket, known only in hindsight. */
  readonly perBucketHindsight: number;
  /** The best arm of every request: nobody can do better. */
  readonly oracle: number;
  /** Where there are two arms: the one with the lower mean reward in the file, and the other. */
  readonly alwaysWeak: { readonly arm: string; readonly utility: number } | null;
  readonly alwaysStrong: { readonly arm: string; readonly utility: number } | null;
}

/**
 * @param utilityCosts what a call of each arm costs, in units of reward, in the order of the arms
 * @param strong index of the strong arm, or null where no order of the arms is known
 */
export function baselines(dataset: Dataset, utilityCosts: readonly number[], strong: number | null): Baselines {
  const { arms, rows } = dataset;
  const perArm = meanUtilities(rows, utilityCosts);
  const best = indexOfMax(perArm);
  let perBucket = 0;
  for (const bucket of rowsByBucket(rows).values()) {
    perBucket += Math.max(...meanUtilities(bucket, utilityCosts)) * (bucket.length / rows.length);
  }
  const single = (index: number) => ({ arm: arms[index] ?? '', utility: perArm[index] ?? Number.NaN });
  return {
    perArm,
    bestSingleArm: single(best),
    perBucketHindsight: perBucket,
    oracle: rows.reduce((sum, row) => sum + oracleUtility(row, utilityCosts), 0) / rows.length,
    alwaysWeak: strong === null ? null : single(1 - strong),
    alwaysStrong: strong === null ? null : single(strong),
  };
}

/** Index of the strong one of two arms: the higher mean reward, the second one where they are equal. Null for more arms. */
export function strongArm(dataset: Dataset): number | null {
  if (dataset.arms.length !== 2) return null;
  const [first = 0, second = 0] = meanUtilities(dataset.rows, []);
  return first > second ? 0 : 1;
}

/** The utility of the arm that is best for this one request. */
export function oracleUtility(row: RecordedRequest, utilityCosts: readonly number[]): number {
  return Math.max(...row.rewards.map((reward, arm) => reward - (utilityCosts[arm] ?? 0)));
}

/** Mean utility of every arm over the rows. */
export function meanUtilities(rows: readonly RecordedRequest[], utilityCosts: readonly number[]): number[] {
  const sums = (rows[0]?.rewards ?? []).map(() => 0);
  for (const { rewards } of rows) for (const [arm, reward] of rewards.entries()) sums[arm] = (sums[arm] ?? 0) + reward;
  return sums.map((sum, arm) => sum / rows.length - (utilityCosts[arm] ?? 0));
}

/** Mean recorded dollars of a call of the arm; 0 where none are recorded. */
export function meanDollars(rows: readonly RecordedRequest[], arm: number): number {
  return rows.reduce((sum, { dollars }) => sum + (dollars[arm] ?? 0), 0) / rows.length;
}

/** So many calls show anybody what they cost: the first ones of a file. */
export const SHOWN = 20;

/** What a call of the arm may be declared to cost before anything is known of the rest: its mean over the first rows of the file. */
export function declaredDollars(rows: readonly RecordedRequest[], arm: number): number {
  return meanDollars(rows.slice(0, SHOWN), arm);
}

/** The rows of each bucket, by the value of the bucket feature; one bucket '' where there is no feature. */
export function rowsByBucket(rows: readonly RecordedRequest[]): Map<string, RecordedRequest[]> {
  const buckets = new Map<string, RecordedRequest[]>();
  for (const row of rows) {
    const [value = ''] = Object.values(row.context);
    const bucket = buckets.get(value);
    if (bucket === undefined) buckets.set(value, [row]);
    else bucket.push(row);
  }
  return buckets;
}

function indexOfMax(values: readonly number[]): number {
  let best = 0;
  for (const [index, value] of values.entries()) if (value > (values[best] ?? -Infinity)) best = index;
  return best;
}
