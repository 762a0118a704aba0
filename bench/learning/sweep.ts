/**
 * Two arms, and a price on the strong one that sweeps how often it is called (Ong et al. 2024, "RouteLLM", section 5): PGR is the
 * part of the gap between always weak and always strong that is recovered, APGR the area under it over the share of strong calls,
 * CPT(x) the least share of strong calls with PGR >= x.
 */
import type { Entrant, Experiment, Figure } from './experiment.ts';
import { fixedArms } from './fixed-arms.ts';
import { bucketIndices } from './flat-thompson.ts';
import { type Earned, type Half, playShuffle } from './play.ts';
import type { Problem } from './problem.ts';

/** Prices of a strong call, in units of reward: each is a run of its own. */
export const PRICES: readonly number[] = Array.from({ length: 21 }, (_, step) => step / 40);

/** A point of a router's curve. */
export interface Operating {
  /** Share of strong calls, in [0, 1]. */
  readonly strong: number;
  /** Part of the gap that is recovered; 0 is always weak, 1 always strong. */
  readonly recovered: number;
}

/** @param problem with two arms and no costs @param strong index of the strong arm */
export function sweepExperiment(problem: Problem, strong: number, entrants: readonly Entrant[]): Experiment {
  const priced = PRICES.map((price) => ({
    ...problem,
    costs: problem.arms.map((_, arm) => (arm === strong ? price : 0)),
  }));
  const learners = priced.map((one) => entrants.map(({ make }) => make(one)));
  const { perArm } = fixedArms(problem);
  const weakReward = perArm[1 - strong]!;
  const gap = perArm[strong]! - weakReward;
  const pointOf = (halves: readonly Half[]): Operating => {
    const requests = halves.reduce((sum, half) => sum + half.requests, 0);
    const reward = halves.reduce((sum, half) => sum + half.reward, 0);
    const calls = halves.reduce((sum, half) => sum + half.calls[strong]!, 0);
    return { strong: calls / requests, recovered: (reward / requests - weakReward) / gap };
  };
  return {
    figures: [
      area('APGR', hindsightArea(problem, strong)),
      area('APGR, second half', null),
      share('CPT(50 %)', 0.5),
      share('CPT(80 %)', 0.8),
    ],
    shuffle(shuffle) {
      const runs: Earned[][] = priced.map((one, price) => playShuffle(one, learners[price]!, shuffle));
      return entrants.map((_, entrant) => {
        const whole = curveOf(runs.map((earned) => pointOf(earned[entrant]!)));
        const second = curveOf(runs.map((earned) => pointOf([earned[entrant]![1]])));
        return [areaUnder(whole), areaUnder(second), leastShare(whole, 0.5), leastShare(whole, 0.8)];
      });
    },
  };
}

/** Every fixed mix of the two arms lies on the diagonal. */
function area(name: string, perBucketHindsight: number | null): Figure {
  return { name, better: 'higher', scale: 1, bestSingleArm: 0.5, perBucketHindsight, oracle: null };
}

function share(name: string, mix: number): Figure {
  return { name, better: 'lower', scale: 1, bestSingleArm: mix, perBucketHindsight: null, oracle: null };
}

/** The area of a router that knows what each bucket gains by the strong arm, at the same prices; null without buckets. */
export function hindsightArea(problem: Problem, strong: number): number | null {
  if (problem.bucketBy.length === 0) return null;
  const gains = new Map<number, { rows: number; gain: number }>();
  const buckets = bucketIndices(problem);
  for (const [index, { rewards }] of problem.rows.entries()) {
    const bucket = gains.get(buckets[index]!) ?? { rows: 0, gain: 0 };
    bucket.rows += 1;
    bucket.gain += rewards[strong]! - rewards[1 - strong]!;
    gains.set(buckets[index]!, bucket);
  }
  const all = [...gains.values()];
  const sumOf = (some: readonly { rows: number; gain: number }[], what: 'rows' | 'gain') =>
    some.reduce((sum, one) => sum + one[what], 0);
  const points = PRICES.map((price) => {
    const worth = all.filter(({ rows, gain }) => gain / rows > price);
    return {
      strong: sumOf(worth, 'rows') / sumOf(all, 'rows'),
      recovered: sumOf(worth, 'gain') / sumOf(all, 'gain'),
    };
  });
  return areaUnder(curveOf(points));
}

/** The points by their share of strong calls, between always weak and always strong. */
export function curveOf(points: readonly Operating[]): Operating[] {
  const sorted = [...points].sort((one, other) => one.strong - other.strong);
  return [{ strong: 0, recovered: 0 }, ...sorted, { strong: 1, recovered: 1 }];
}

/** Area under a curve, by trapezoids. */
export function areaUnder(curve: readonly Operating[]): number {
  let area = 0;
  for (let i = 1; i < curve.length; i++) {
    const from = curve[i - 1]!;
    const to = curve[i]!;
    area += ((to.strong - from.strong) * (from.recovered + to.recovered)) / 2;
  }
  return area;
}

/** The least share of strong calls at which a curve reaches `recovered`, between its points by straight lines. */
export function leastShare(curve: readonly Operating[], recovered: number): number {
  for (let i = 1; i < curve.length; i++) {
    const from = curve[i - 1]!;
    const to = curve[i]!;
    if (to.recovered < recovered) continue;
    if (from.recovered >= recovered) return from.strong;
    return from.strong + ((recovered - from.recovered) / (to.recovered - from.recovered)) * (to.strong - from.strong);
  }
  return 1;
}
