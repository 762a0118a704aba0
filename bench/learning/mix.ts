/** The best that mixes of arms can earn for a given spending, when all is known. */

/** A part of the requests: a bucket, one request, or all of them. */
export interface Part {
  /** Share of all requests. */
  readonly weight: number;
  /** Mean reward and mean dollars of each arm in it. Length K. */
  readonly rewards: readonly number[];
  readonly dollars: readonly number[];
}

/**
 * The greatest mean reward of a mix of arms for every part, with mean dollars of at most `ceiling`: begin with the cheapest arm
 * everywhere and buy what earns most for a dollar, along each part's upper hull (the greedy solution of the continuous
 * multiple-choice knapsack, Sinha & Zoltners 1979). Where not even the cheapest arms can be paid, what those earn.
 */
export function bestMix(parts: readonly Part[], ceiling: number): number {
  let reward = 0;
  let left = ceiling;
  const steps: { readonly gain: number; readonly dollars: number }[] = [];
  for (const part of parts) {
    const [first, ...rest] = hullOf(part);
    reward += part.weight * first!.reward;
    left -= part.weight * first!.dollars;
    let from = first!;
    for (const to of rest) {
      steps.push({ gain: part.weight * (to.reward - from.reward), dollars: part.weight * (to.dollars - from.dollars) });
      from = to;
    }
  }
  // A hull is concave, so that the steps of a part come in their order.
  steps.sort((one, other) => other.gain / other.dollars - one.gain / one.dollars);
  for (const { gain, dollars } of steps) {
    if (left <= 0) break;
    reward += gain * Math.min(1, left / dollars);
    left -= dollars;
  }
  return reward;
}

/** The arms on the upper hull, from the cheapest to the best. */
function hullOf({ rewards, dollars }: Part): { readonly reward: number; readonly dollars: number }[] {
  const points = rewards
    .map((reward, arm) => ({ reward, dollars: dollars[arm]! }))
    .sort((one, other) => one.dollars - other.dollars || other.reward - one.reward);
  const hull: typeof points = [];
  for (const point of points) {
    if (hull.length > 0 && point.reward <= hull.at(-1)!.reward) continue;
    while (hull.length > 1 && slope(hull.at(-1)!, point) >= slope(hull.at(-2)!, hull.at(-1)!)) hull.pop();
    hull.push(point);
  }
  return hull;
}

function slope(
  one: { readonly reward: number; readonly dollars: number },
  other: { readonly reward: number; readonly dollars: number },
): number {
  return (other.reward - one.reward) / (other.dollars - one.dollars);
}
