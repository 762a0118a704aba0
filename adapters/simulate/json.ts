import type { SimulationPlan } from './plan.ts';
import type { Summary } from './summary.ts';

/**
 * The summary as the one object that `--json` prints. Utilities are means per request; `regret` (to the oracle of every
 * request) and `usd` are totals of a run, means over the shuffles. What a dataset does not have is null.
 */
export function jsonOf(plan: SimulationPlan, summary: Summary): Record<string, unknown> {
  const { baselines, dataset } = plan;
  return {
    dataset: dataset.name,
    policy: plan.policy,
    requests: summary.requests,
    shuffles: summary.shuffles,
    meanReward: summary.reward.mean,
    meanUtility: summary.utility.mean,
    ci95: summary.utility.interval,
    bestSingleArm: baselines.bestSingleArm.utility,
    perBucketHindsight: dataset.bucketFeature === null ? null : baselines.perBucketHindsight,
    oracle: baselines.oracle,
    regret: summary.regretToOracle.mean,
    usd: summary.dollars,
    arms: Object.fromEntries(
      summary.arms.map(({ arm, calls, share, reward, dollars, utilityCost }, place) => [
        arm,
        { calls, share, meanReward: reward, usd: dollars, utilityCost, alwaysUtility: baselines.perArm[place] ?? null },
      ]),
    ),
    seconds: summary.seconds,
    bestArm: baselines.bestSingleArm.arm,
    alwaysWeak: baselines.alwaysWeak?.utility ?? null,
    alwaysStrong: baselines.alwaysStrong?.utility ?? null,
    regretToBestArm: summary.regretToBest.mean,
    usdPerRequest: summary.dollars === null ? null : summary.dollars / summary.requests,
    buckets: dataset.bucketFeature === null ? null : dataset.buckets.length,
    leftOut: dataset.leftOut,
    budgetPerRequestUsd: plan.config.budget?.perRequestUsd ?? null,
    seed: plan.seed,
    partial: summary.shuffles < plan.shuffles,
    source: 'recorded',
  };
}
