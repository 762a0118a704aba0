/** A part of the requests: a bucket, one request, or all of them. */
export interface Part {
  /** Share of all requests. */
  readonly weight: number;
  /** What each arm earns in it, and what its calls cost in dollars: means. Length K; without arms it earns nothing. */
  readonly rewards: readonly number[];
  readonly dollars: readonly number[];
}

/** An arm, or a mix of arms. */
interface Point {
  readonly dollars: number;
  readonly reward: number;
}

/**
 * The greatest mean reward of a mix of arms for every part, all being known, with mean dollars of at most `ceiling`: begin with the
 * cheapest arm everywhere and buy what earns most for a dollar, along each part's upper hull (the linear relaxation of the
 * multiple-choice knapsack, Sinha & Zoltners 1979). Where not even the cheapest arms can be paid, what those earn.
 * @param ceiling dollars a request, Infinity for none
 */
export function bestMix(parts: readonly Part[], ceiling: number): number {
  let reward = 0;
  let left = ceiling;
  const steps: { readonly gain: number; readonly dollars: number }[] = [];
  for (const { weight, rewards, dollars } of parts) {
    const [first, ...rest] = upperHull(rewards.map((mean, arm) => ({ reward: mean, dollars: dollars[arm] ?? 0 })));
    if (first === undefined) continue;
    reward += weight * first.reward;
    left -= weight * first.dollars;
    let from = first;
    for (const to of rest) {
      steps.push({ gain: weight * (to.reward - from.reward), dollars: weight * (to.dollars - from.dollars) });
      from = to;
    }
  }
  // A hull is concave, so that the steps of a part come in their order.
  steps.sort((one, other) => other.gain / other.dollars - one.gain / one.dollars);
  for (const step of steps) {
    if (left <= 0) break;
    reward += step.gain * Math.min(1, left / step.dollars);
    left -= step.dollars;
  }
  return reward;
}

/** The points from which no mix of others takes anything: from the cheapest to the best, each step flatter than the one before. */
export function upperHull(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  const order = [...points].sort((one, other) => one.dollars - other.dollars || other.reward - one.reward);
  for (const point of order) {
    const top = hull.at(-1);
    if (top !== undefined && point.reward <= top.reward) continue;
    while (hull.length >= 2) {
      const [before, last] = hull.slice(-2) as [Point, Point]; // two there are
      const bends =
        (last.reward - before.reward) * (point.dollars - before.dollars) >
        (point.reward - before.reward) * (last.dollars - before.dollars);
      if (bends) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}
