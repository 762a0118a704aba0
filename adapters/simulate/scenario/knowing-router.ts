import { meanDollars, meanUtilities, rowsByBucket } from '../../datasets/baselines.ts';
import { bestMix } from '../../datasets/best-mix.ts';
import type { RecordedRequest } from '../../datasets/dataset.ts';

/**
 * What a router earns a request that knows every arm's means in every bucket: the best arm of each; within a budget the best mix.
 * @param arms places of the arms there are
 * @param budget mean dollars a request, or null for none; one below the cheapest mix buys that one all the same
 */
export function knowingRouter(
  rows: readonly RecordedRequest[],
  arms: readonly number[],
  utilityCosts: readonly number[],
  budget: number | null,
): number {
  const parts = [...rowsByBucket(rows).values()].map((bucket) => {
    const utilities = meanUtilities(bucket, utilityCosts);
    return {
      weight: bucket.length / rows.length,
      rewards: arms.map((arm) => utilities[arm] ?? 0),
      dollars: arms.map((arm) => meanDollars(bucket, arm)),
    };
  });
  return bestMix(parts, budget ?? Number.POSITIVE_INFINITY);
}
