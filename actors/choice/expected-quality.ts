/** What is expected of an arm before anything is learned of it. */
import type { ArmConfig, BetaPrior } from '../config/arms.ts';
import type { DomainConfig } from '../config/domain-config.ts';

/** The quality of an arm that is known for certain would never be learned about. */
const UNCERTAIN = 0.01;
/** As little of a pull as a configured prior may have. */
const LEAST_PULL = 0.001;

/**
 * Expected quality in [0, 1]: as declared, else the objective's `baseQuality`, plus what the objective says of the task type.
 * Undefined where neither the arm nor the objective says anything.
 */
export function expectedQuality(
  { objective }: Pick<DomainConfig, 'objective'>,
  arm: Pick<ArmConfig, 'quality'>,
  taskType: string | undefined,
): number | undefined {
  const quality = arm.quality ?? objective?.baseQuality;
  if (quality === undefined) return undefined;
  const adjustment = taskAdjustment({ objective }, taskType);
  if (adjustment === 0) return quality;
  // 0.7 + 0.2 is 0.9 on paper only, and a limit of 0.9 is meant as it is written.
  return Math.min(1, Math.max(0, Math.round((quality + adjustment) * 1e9) / 1e9));
}

/** What the domain's objective adds to the quality of every arm for a task of this type. */
export function taskAdjustment({ objective }: Pick<DomainConfig, 'objective'>, taskType: string | undefined): number {
  const taskTypes = objective?.taskTypes;
  if (taskTypes === undefined || taskType === undefined || !Object.hasOwn(taskTypes, taskType)) return 0;
  return taskTypes[taskType] ?? 0;
}

/**
 * The prior of an arm as Beta pseudo-counts: its own, else the domain's. Under an objective the reward stands for quality, so
 * an arm without a prior of its own gets the domain's pseudo-pulls with the expected quality as their mean, and what is learned
 * takes over from there.
 * @returns `expected` where the mean is an expected quality, and means something though the prior be uniform
 */
export function configuredPrior(
  config: Pick<DomainConfig, 'objective' | 'prior'>,
  arm: ArmConfig | undefined,
  taskType: string | undefined,
): BetaPrior & { readonly expected?: boolean } {
  if (arm?.prior !== undefined) return arm.prior;
  const { objective, prior } = config;
  const quality = objective === undefined || arm === undefined ? undefined : expectedQuality(config, arm, taskType);
  if (quality === undefined) return prior;
  const pulls = prior.alpha + prior.beta;
  const mean = Math.min(1 - UNCERTAIN, Math.max(UNCERTAIN, quality));
  return { alpha: Math.max(LEAST_PULL, pulls * mean), beta: Math.max(LEAST_PULL, pulls * (1 - mean)), expected: true };
}
