import { type Estimate, estimate } from '../summary.ts';
import { adaptationStep, adoptionStep, mean, meanCurve, movedStep } from './measures.ts';
import type { ScenarioPlan } from './plan.ts';
import type { ScenarioResult } from './run.ts';
import type { Phase, ScenarioName } from './scenario.ts';

/** What all complete shuffles of a scenario say. */
export interface ScenarioSummary {
  readonly name: ScenarioName;
  readonly shuffles: number;
  /** The arms that changed or appeared, and in how many shuffles each. */
  readonly arms: ReadonlyMap<string, number>;
  readonly phases: readonly PhaseSummary[];
  /** Steps after the change; null where it did not happen. What they mean says measures.ts. */
  readonly adaptation: number | null;
  readonly moved: number | null;
  /** Of an arm that appears; null in other scenarios. */
  readonly adoption: Adoption | null;
  /** Whether it is no worse than the published figure; null where none is published. */
  readonly noWorse: boolean | null;
}

export interface Adoption {
  /** Shuffles in which it was adopted. */
  readonly adopted: number;
  /** Mean step over those; null where there are none. */
  readonly step: number | null;
}

export interface PhaseSummary {
  readonly name: Phase['name'];
  readonly requests: number;
  /** Mean utility a request: reward less utility cost. */
  readonly utility: Estimate;
  /** The same of a router that knows the means of the phase. */
  readonly knowing: number;
  /** US dollars a request. */
  readonly dollars: number;
  /** Part of the calls that the arm got that changes or appears. */
  readonly share: number;
}

/**
 * What ParetoBandit prints, of its own arms on its own test part after learning on its val part: adaptation at the moderate
 * budget ($6.6e-4 a request), adoption at the tight one ($3e-4), part of its 20 runs. Of a price drop it does not print how soon.
 */
export const PUBLISHED: Readonly<
  Record<
    ScenarioName,
    { readonly adaptationStep?: number; readonly adopted?: number; readonly adoptionStep?: number } | null
  >
> = {
  'price-drop': null,
  'quality-drop': { adaptationStep: 52 },
  'new-good-arm': { adopted: 1, adoptionStep: 142 },
  'new-bad-arm': { adopted: 0 },
};

/** @param results of the complete shuffles, at least one */
export function summariseScenario(plan: ScenarioPlan, results: readonly ScenarioResult[]): ScenarioSummary {
  const { scenario, dataset } = plan;
  const phases = scenario.phases.map((phase, index) => phaseSummary(plan, results, phase, index));
  const [from, to] = spanOf(scenario.phases, 'after');
  const shares = meanCurve(results.map(({ called, arm }) => called.map((place) => (place === arm ? 1 : 0))));
  const adaptation = scenario.appears ? null : adaptationStep(meanCurve(results.map((one) => one.utilities)), from, to);
  const adoption = scenario.appears ? adoptionOf(results, from, to) : null;
  const arms = new Map<string, number>();
  for (const { arm } of results) {
    const name = dataset.arms[arm] ?? '';
    arms.set(name, (arms.get(name) ?? 0) + 1);
  }
  return {
    name: scenario.name,
    shuffles: results.length,
    arms,
    phases,
    adaptation,
    moved: movedStep(shares, from, to),
    adoption,
    noWorse: noWorse(scenario.name, adaptation, adoption, results.length),
  };
}

function phaseSummary(
  plan: ScenarioPlan,
  results: readonly ScenarioResult[],
  phase: Phase,
  index: number,
): PhaseSummary {
  const [from, to] = spanOf(plan.scenario.phases, phase.name);
  const perRun = (values: (result: ScenarioResult) => readonly number[]) =>
    results.map((result) => mean(values(result).slice(from, to)));
  return {
    name: phase.name,
    requests: phase.requests,
    utility: estimate(perRun(({ utilities }) => utilities)),
    knowing: mean(results.map(({ knowing }) => knowing[index] ?? Number.NaN)),
    dollars: mean(perRun(({ dollars }) => dollars)),
    share: mean(perRun(({ called, arm }) => called.map((place) => (place === arm ? 1 : 0)))),
  };
}

function adoptionOf(results: readonly ScenarioResult[], from: number, to: number): Adoption {
  const steps = results.flatMap(({ called, arm }) => {
    const step = adoptionStep(called.slice(from, to).map((place) => place === arm));
    return step === null ? [] : [step];
  });
  return { adopted: steps.length, step: steps.length === 0 ? null : mean(steps) };
}

function noWorse(
  name: ScenarioName,
  adaptation: number | null,
  adoption: Adoption | null,
  shuffles: number,
): boolean | null {
  const bar = PUBLISHED[name];
  if (bar === null) return null;
  if (bar.adaptationStep !== undefined) return adaptation !== null && adaptation <= bar.adaptationStep;
  if (adoption === null || adoption.adopted !== (bar.adopted ?? 0) * shuffles) return false;
  return bar.adoptionStep === undefined || (adoption.step ?? Infinity) <= bar.adoptionStep;
}

/** Where a phase begins and ends, in requests. */
export function spanOf(phases: readonly Phase[], name: Phase['name']): [from: number, to: number] {
  const index = phases.findIndex((phase) => phase.name === name);
  const from = phases.slice(0, index).reduce((sum, { requests }) => sum + requests, 0);
  return [from, from + (phases[index]?.requests ?? 0)];
}
