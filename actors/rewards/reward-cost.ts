/** What a reward says of its decision's cost, for the budget of its domain. */
import type { RewardObserved } from '../../proto/generated/events.ts';
import type { DomainState } from '../domain/domain-state.ts';
import type { FoundDecision } from '../house.ts';
import type { RewardTarget } from './reward-target.ts';

/**
 * What was said; under a budget else what the agent of a run told, and then what a call of the arm was declared to cost.
 * @param given dollars, as the reward says
 */
export function costOf(
  { config, arms }: Pick<DomainState, 'config' | 'arms'>,
  { data }: FoundDecision,
  target: RewardTarget,
  given: number | undefined,
): Pick<RewardObserved, 'costUsd' | 'declaredUsd'> {
  if (config.budget === undefined) return { costUsd: given, declaredUsd: undefined };
  const costUsd = given ?? target.costUsd;
  if (costUsd === undefined) return { costUsd, declaredUsd: undefined };
  return { costUsd, declaredUsd: target.arm === data.arm ? data.expectedCostUsd : arms.get(target.arm)?.costUsd };
}
