import { meanDollars, meanUtilities, rowsByBucket } from '../../datasets/baselines.ts';
import type { RecordedRequest } from '../../datasets/dataset.ts';

interface Point {
  readonly dollars: number;
  readonly utility: number;
}

/**
 * What a router earns a request that knows every arm's means in every bucket: the best arm of each; within a budget the best mix,
 * by the linear relaxation of the multiple-choice knapsack (Sinha and Zoltners 1979): begin with the cheapest arm everywhere and
 * buy the steps of the buckets' upper hulls in the order of what they bring for a dollar.
 * @param arms places of the arms there are
 * @param budget mean dollars a request, or null for none; one below the cheapest mix buys that one all the same
 */
export function knowingRouter(
  rows: readonly RecordedRequest[],
  arms: readonly number[],
  utilityCosts: readonly number[],
  budget: number | null,
): number {
  const steps: { readonly slope: number; readonly dollars: number; readonly utility: number }[] = [];
  let utility = 0;
  let left = budget ?? Infinity;
  for (const bucket of rowsByBucket(rows).values()) {
    const weight = bucket.length / rows.length;
    const means = meanUtilities(bucket, utilityCosts);
    const points = arms.map((arm) => ({
      dollars: budget === null ? 0 : weight * meanDollars(bucket, arm),
      utility: weight * (means[arm] ?? 0),
    }));
    const [first, ...rest] = upperHull(points);
    if (first === undefined) continue;
    utility += first.utility;
    left -= first.dollars;
    let from = first;
    for (const to of rest) {
      const [dollars, gain] = [to.dollars - from.dollars, to.utility - from.utility];
      steps.push({ slope: gain / dollars, dollars, utility: gain });
      from = to;
    }
  }
  for (const step of steps.sort((one, other) => other.slope - one.slope)) {
    const part = Math.min(1, Math.max(0, left / step.dollars));
    utility += part * step.utility;
    left -= part * step.dollars;
  }
  return utility;
}

/** The points from which no mix of others takes anything: from the cheapest to the best, each step flatter than the one before. */
export function upperHull(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  const order = [...points].sort((one, other) => one.dollars - other.dollars || other.utility - one.utility);
  for (const point of order) {
    const top = hull.at(-1);
    if (top !== undefined && point.utility <= top.utility) continue;
    while (hull.length >= 2) {
      const [before, last] = hull.slice(-2) as [Point, Point]; // two there are
      const bends =
        (last.utility - before.utility) * (point.dollars - before.dollars) >
        (point.utility - before.utility) * (last.dollars - before.dollars);
      if (bends) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}
