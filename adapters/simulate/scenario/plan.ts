import type { DomainConfig } from '../../../actors/domain-config.ts';
import type { Dataset } from '../../datasets/dataset.ts';
import type { SimulationPlan } from '../plan.ts';
import {
  meanDollars,
  type Phase,
  type Scenario,
  type ScenarioName,
  type ScenarioOptions,
  scenarioOf,
} from './scenario.ts';

/** Everything a shuffle of a scenario needs to know, as data: it crosses to worker threads. */
export interface ScenarioPlan extends SimulationPlan {
  readonly scenario: Scenario;
}

/**
 * The plan of a scenario, from that of a simulation without one.
 * @throws ReckonerError request_invalid where the dataset does not do for it
 */
export function scenarioPlanOf(plan: SimulationPlan, name: ScenarioName, options: ScenarioOptions): ScenarioPlan {
  const dataDir = plan.dataDir === null ? null : `${plan.dataDir}/${name}`;
  return { ...plan, dataDir, scenario: scenarioOf(name, plan.dataset, options) };
}

/** Requests of one shuffle, all phases together. */
export function scenarioRequests({ phases }: Scenario): number {
  return phases.reduce((sum, { requests }) => sum + requests, 0);
}

/**
 * The domain's configuration in a phase: a newcomer is not there before it appears, and what an arm costs is declared (its mean,
 * as a price list would have it). A quality that falls is told to nobody.
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
        return { ...declared, costUsd: meanDollars(dataset.rows, place) * factor };
      })
      .filter((_, place) => later || !scenario.appears || place !== arm),
  };
}

/** Places of the arms that are there in a phase. */
export function armsIn({ arms }: Dataset, scenario: Scenario, phase: Phase, arm: number): number[] {
  const all = arms.map((_, place) => place);
  return scenario.appears && phase.name !== 'after' ? all.filter((place) => place !== arm) : all;
}
