import type { ScenarioPlan } from './plan.ts';
import { PUBLISHED, type ScenarioSummary } from './summary.ts';

/** The summaries as the one object that `--json` prints. Utilities and dollars are means per request, steps are counted from the change. */
export function scenariosJson(
  runs: readonly { readonly plan: ScenarioPlan; readonly summary: ScenarioSummary }[],
  seconds: number,
): Record<string, unknown> {
  const [first] = runs;
  return {
    dataset: first?.plan.dataset.name,
    policy: first?.plan.policy,
    changes: first?.plan.config.changes ?? null,
    seed: first?.plan.seed,
    source: 'simulated change of recorded requests',
    scenarios: Object.fromEntries(runs.map(({ plan, summary }) => [summary.name, scenarioJson(plan, summary)])),
    seconds,
  };
}

function scenarioJson(plan: ScenarioPlan, summary: ScenarioSummary): Record<string, unknown> {
  const { dataset, scenario } = plan;
  return {
    shuffles: summary.shuffles,
    partial: summary.shuffles < plan.shuffles,
    arms: Object.fromEntries(summary.arms),
    appears: scenario.appears,
    budgetPerRequestUsd: plan.config.budget?.perRequestUsd ?? null,
    phases: summary.phases.map(({ name, requests, utility, knowing, dollars, share }) => ({
      phase: name,
      requests,
      meanUtility: utility.mean,
      ci95: utility.interval,
      knowingRouter: knowing,
      usdPerRequest: dataset.priced ? dollars : null,
      shareOfArm: share,
    })),
    adaptationStep: summary.adaptation,
    movedStep: summary.moved,
    adopted: summary.adoption?.adopted ?? null,
    adoptionStep: summary.adoption?.step ?? null,
    published: PUBLISHED[summary.name],
    noWorseThanPublished: summary.noWorse,
  };
}
