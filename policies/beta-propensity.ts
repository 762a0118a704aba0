/**
 * Exact probabilities that a Beta arm is ranked first, or at place r, by Thompson sampling with shifted scores.
 *
 * P(a first) = integral of f_a(t) prod_{j != a} F_j(t) dt over the scores t = z + shift. The density of every arm is
 * evaluated at the nodes of Gauss-Legendre panels that walk from the highest score down; the distribution functions are
 * integrated along the same nodes by a spectral integration matrix, so no incomplete beta function is needed. The sum
 * over the arms is then the integral of a derivative, which makes its distance from 1 a check of the whole.
 * (Thompson 1933; the product form as in Chapelle & Li 2011; collocation at Gauss points: Hairer, Norsett & Wanner 1993, II.7.)
 */

import {
  highScore,
  type Interval,
  intervalCoordinate,
  lowScore,
  type PanelArm,
  type Place,
  panelArm,
  place,
  scoreIntervals,
} from './beta-panels.ts';
import { LEFT_OUT, type Probabilities, untilConverged } from './converged.ts';
import { addFirst, roomForFirst } from './first-quadrature.ts';
import { below, densities, evaluatePanel, roomForPanels } from './panel-densities.ts';
import { armWidth, panelWidth } from './panel-width.ts';
import { addRanked, roomForRanks } from './rank-quadrature.ts';

/** A length of u too short to hold anything. */
const SLIVER = 1e-12;

/** K arms: score_i = Beta(alpha[i], beta[i]) + shift[i]. All of length K >= 1. */
export interface BetaArms {
  readonly alpha: ArrayLike<number>;
  readonly beta: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
}

/**
 * P(arm has the highest score) for every arm, to an absolute error of 1e-8. Length K; sums to 1.
 * @throws RangeError for shapes or shifts that are not finite, or shapes that are not positive
 */
export function firstPropensities(arms: BetaArms): number[] {
  return integrate(arms, 1, undefined).first;
}

/**
 * P(arm ranking[r] has the (r + 1)-th highest score) for r = 0 .. ranking.length - 1: the product of distribution
 * functions becomes the Poisson-binomial probability that exactly r of the others are above.
 * @param ranking distinct indices of arms, best first, at most K
 * @throws RangeError as `firstPropensities`
 */
export function rankPropensities(arms: BetaArms, ranking: readonly number[]): number[] {
  if (ranking.length === 0) return [];
  return integrate(arms, ranking.length, ranking).ranked;
}

function integrate(input: BetaArms, depth: number, ranking: readonly number[] | undefined): Probabilities {
  const count = input.alpha.length;
  const tail = LEFT_OUT / (2 * count);
  const arms: PanelArm[] = [];
  for (let i = 0; i < count; i++) {
    const [alpha, beta, shift] = [input.alpha[i]!, input.beta[i]!, input.shift[i]!];
    if (!(alpha > 0 && beta > 0 && Number.isFinite(alpha + beta + shift))) {
      throw new RangeError(`arm ${i}: Beta(${alpha}, ${beta}) shifted by ${shift} is not a distribution of scores`);
    }
    arms.push(panelArm(i, alpha, beta, shift, tail));
  }
  const alive = contenders(arms, depth);
  const walk = (ranked: number[], scale: number) => sweep(alive, depth, ranking, ranked, scale);
  return untilConverged(count, alive, ranking, walk, 'shapes and shifts');
}

/** The arms that can be among the `depth` best: those whose range reaches the depth-th highest lower end. Sorted by shift. */
function contenders(arms: PanelArm[], depth: number): PanelArm[] {
  const lows = arms.map(lowScore).sort((one, other) => other - one);
  const bar = lows[Math.min(depth, lows.length) - 1]!;
  return arms.filter((arm) => highScore(arm) >= bar).sort((one, other) => other.shift - one.shift);
}

/** Walks all panels from the highest score down, adding to `arm.sum` and `ranked`. */
function sweep(
  arms: readonly PanelArm[],
  depth: number,
  ranking: readonly number[] | undefined,
  ranked: number[],
  scale: number,
): void {
  roomForPanels(arms.length);
  roomForFirst(arms.length);
  if (ranking !== undefined) roomForRanks(arms.length, depth);
  for (const arm of arms) {
    arm.above = 0;
    arm.sum = 0;
  }
  for (const interval of scoreIntervals(arms)) {
    const places = placeArms(arms, interval);
    let u = Number.NEGATIVE_INFINITY;
    let lowest = interval.bottom;
    for (const arm of arms) {
      u = Math.max(u, arm.to === Number.POSITIVE_INFINITY ? interval.top : arm.to);
      if (arm.from !== Number.NEGATIVE_INFINITY) lowest = Math.min(lowest, arm.from);
    }
    const deep = deepest(arms, depth);
    const floor = deep === Number.NEGATIVE_INFINITY ? lowest : deep;
    while (u > floor) {
      const bottom = nextKnot(arms, places, interval, u, floor, scale);
      const half = 0.5 * (u - bottom);
      evaluatePanel(arms, places, interval, u, bottom);
      const remaining =
        ranking === undefined
          ? addFirst(arms, densities, below, half)
          : addRanked(arms, densities, below, half, ranking, ranked);
      u = bottom;
      // No probability can change any more by a tenth of what the tails may hold.
      if (remaining < 0.1 * LEFT_OUT) return;
    }
    if (deep !== Number.NEGATIVE_INFINITY) return;
  }
}

/** Puts the range of every arm into the coordinate of the interval. */
function placeArms(arms: readonly PanelArm[], interval: Interval): Place[] {
  let last: Place | undefined;
  let shift = Number.NaN;
  return arms.map((arm) => {
    if (last === undefined || arm.shift !== shift) last = place(interval, arm.shift);
    shift = arm.shift;
    arm.from = intervalCoordinate(arm.low, last, interval.width);
    arm.to = intervalCoordinate(arm.high, last, interval.width);
    // The map of an end that is not bent goes on beyond it: there the arm belongs to the next interval. An arm that ends
    // exactly here may have a sliver inside by rounding.
    const { bottom, top } = interval;
    if (!interval.bentBottom) {
      if (arm.from < bottom + SLIVER) arm.from = Number.NEGATIVE_INFINITY;
      if (arm.to < bottom + SLIVER) arm.to = Number.NEGATIVE_INFINITY;
    }
    if (!interval.bentTop) {
      if (arm.from > top - SLIVER) arm.from = Number.POSITIVE_INFINITY;
      if (arm.to > top - SLIVER) arm.to = Number.POSITIVE_INFINITY;
    }
    return last;
  });
}

/** Below this nothing is left: `depth` arms are surely above it. */
function deepest(arms: readonly PanelArm[], depth: number): number {
  if (depth === 1) {
    let bar = Number.NEGATIVE_INFINITY;
    for (const arm of arms) bar = Math.max(bar, arm.from);
    return bar;
  }
  const bars = arms.map((arm) => arm.from).sort((one, other) => other - one);
  return depth <= bars.length ? bars[depth - 1]! : Number.NEGATIVE_INFINITY;
}

/** Where the panel that starts at u ends, going down. */
function nextKnot(
  arms: readonly PanelArm[],
  places: readonly Place[],
  interval: Interval,
  u: number,
  floor: number,
  scale: number,
): number {
  // The bound below keeps the walk finite whatever the widths say; the check of the sum tells whether it did harm.
  const least = 1e-7 * (1 + Math.abs(u));
  let step = Math.min(scale * panelWidth(arms, places, interval, u, u, u), u - floor);
  // An arm that comes into range on the way sets the width by itself first: seen from below it may look flat.
  for (let k = 0; k < arms.length; k++) {
    const { to } = arms[k]!;
    if (to >= u || to <= u - step) continue;
    const width = scale * armWidth(arms[k]!, places[k]!, interval, to);
    step = Math.min(step, u - to > 0.5 * width ? u - to : width);
  }
  for (let round = 0; round < 50 && step > least; round++) {
    let inner = panelWidth(arms, places, interval, u - step, u - step, u);
    // Arms of other shifts may be flat at both ends of a panel, in this coordinate, and steep between them.
    if (interval.width !== 1) inner = Math.min(inner, panelWidth(arms, places, interval, u - 0.5 * step, u - step, u));
    inner *= scale;
    if (inner >= step) break;
    step = Math.max(inner, 0.6 * step);
  }
  step = Math.max(step, least);
  // A last panel that is a little wider saves one more, unless an arm hides in what would be added.
  const rest = u - floor;
  if (rest <= step || (rest < 1.2 * step && scale * panelWidth(arms, places, interval, floor, floor, u) > 0.8 * rest)) {
    return floor;
  }
  return u - step;
}
