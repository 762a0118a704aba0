import type { DomainConfig } from '../../../actors/config/domain-config.ts';
import { declaredDollars, meanDollars } from '../../datasets/baselines.ts';
import type { Dataset } from '../../datasets/dataset.ts';
import type { SimulationPlan } from '../plan.ts';
import { type Phase, type Scenario, type ScenarioName, type ScenarioOptions, scenarioOf } from './scenario.ts';

/** Everything a shuffle of a scenario needs to know, as data: it crosses to worker threads. */
export interface ScenarioPlan extends SimulationPlan {
  readonly scenario: Scenario;
}

/**
 * The plan of a scenario, from that of a simulation without one. Who has no budget sees no price: for a price that falls there is
 * one where none is given, halfway (in proportion) between what the cheapest and what the dearest arm costs; on ParetoBandit's
 * data that is its moderate one.
 * @throws ReckonerError request_invalid where the dataset does not do for it
 */
export function scenarioPlanOf(plan: SimulationPlan, name: ScenarioName, options: ScenarioOptions): ScenarioPlan {
  const dataDir = plan.dataDir === null ? null : `${plan.dataDir}/${name}`;
  const scenario = scenarioOf(name, plan.dataset, options);
  const budget = plan.config.budget ?? (name === 'price-drop' ? halfway(plan.dataset) : undefined);
  return { ...plan, dataDir, scenario, config: budget === undefined ? plan.config : { ...plan.config, budget } };
}

function halfway({ arms, rows }: Dataset): { readonly perRequestUsd: number } {
  const costs = arms.map((_, arm) => meanDollars(rows, arm));
  return { perRequestUsd: Number(Math.sqrt(Math.min(...costs) * Math.max(...costs)).toPrecision(2)) };
}

/** Requests of one shuffle, all phases together. */
export function scenarioRequests({ phases }: Scenario): number {
  return phases.reduce((sum, { requests }) => sum + requests, 0);
}

/**
 * The domain's configuration in a phase: a newcomer is not there before it appears, and what an arm costs is declared (by
 * the first rows of the file). A quality that falls is told to nobody.
 */
export function configIn(plan: ScenarioPlan, { name }: Phase, arm: number): DomainConfig {
  const { config, dataset, scenario } = plan;
  const later = name === 'after';
  return {
    ...config,
    arms: config.arms
      .map((declared, place) => {
        if (!dataset.priced) return declared;
        const factor = later && place === arm ? scenario.dollarFactor : 1;
        return { ...declared, costUsd: declaredDollars(dataset.rows, place) * factor };
      })
      .filter((_, place) => later || !scenario.appears || place !== arm),
  };
}

/** Places of the arms that are there in a phase. */
export function armsIn({ arms }: Dataset, scenario: Scenario, phase: Phase, arm: number): number[] {
  const all = arms.map((_, place) => place);
  return scenario.appears && phase.name !== 'after' ? all.filter((place) => place !== arm) : all;
}
