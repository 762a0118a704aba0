/** Declared estimates of several arms, made comparable. */
import type { ArmConfig } from '../../config/arms.ts';
import type { ScoreTerm } from './score-terms.ts';

/** An estimate of each arm; undefined where it declares none. */
export type Estimates = readonly (number | undefined)[];

/**
 * Each estimate as a share of the largest, in [0, 1]; where it is missing, the mean of the others': who declares nothing neither
 * gains nor loses. Undefined where none is declared, or all are 0: then nobody differs.
 */
export function shares(estimates: Estimates): number[] | undefined {
  const largest = Math.max(0, ...known(estimates));
  if (largest === 0) return undefined;
  return filled(estimates.map((estimate) => (estimate === undefined ? undefined : estimate / largest)));
}

/** The estimates, with the mean of the others' where one is missing; undefined where none is declared. */
export function filled(estimates: Estimates): number[] | undefined {
  const declared = known(estimates);
  if (declared.length === 0) return undefined;
  const mean = declared.reduce((sum, estimate) => sum + estimate, 0) / declared.length;
  return estimates.map((estimate) => estimate ?? mean);
}

function known(estimates: Estimates): number[] {
  return estimates.filter((estimate) => estimate !== undefined);
}

/** What rounding may take from a saving that is just large enough. */
const ROUNDING = 1e-9;

/**
 * Costs without the savings that are too small to matter: from the dearest down, a step to the next cheaper cost that is below
 * `least` counts as none. So no two arms differ that are less than `least` apart, and a larger saving never grows.
 * @param least dollars, >= 0
 */
export function withoutSmallSavings(costs: Estimates, least: number): Estimates {
  if (least === 0) return costs;
  const counted = new Map<number, number>();
  let [above, level, dropped] = [Number.POSITIVE_INFINITY, 0, 0];
  for (const cost of known(costs).sort((one, other) => other - one)) {
    const saving = above - cost;
    if (saving < least * (1 - ROUNDING)) dropped += saving;
    else level = cost + dropped;
    counted.set(cost, level);
    above = cost;
  }
  return costs.map((cost) => (cost === undefined ? undefined : counted.get(cost)));
}

/** A term that depends on nothing but what the candidates declare: of all arms, which are the usual candidates, it is made once. */
export function declaredTerm(
  name: string,
  all: readonly ArmConfig[],
  weigh: (arms: readonly Pick<ArmConfig, Declared>[]) => readonly number[],
): ScoreTerm {
  const ofAll = weigh(all);
  return {
    name,
    values: ({ domain }, _, candidates) =>
      candidates === domain.armNames ? ofAll : weigh(candidates.map((arm) => domain.arms.get(arm) ?? {})),
  };
}

type Declared = 'costUsd' | 'latencyMs' | 'quality' | 'reliability';
