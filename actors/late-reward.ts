/** Rewards that come for decisions which a rollback has set aside. */
import type { RewardObserved } from '../proto/generated/events.ts';
import type { BucketView } from './bucket-state.ts';
import type { FoundDecision } from './house.ts';

/**
 * What of a reward depends on whether its decision still counts: where it does not, the reward is recorded and moves nothing. The
 * bucket asks at the moment at which it makes the event, under the revision that the event will name.
 */
export function lateReward(
  { domain: { timeline }, data }: FoundDecision,
  { domain }: Pick<BucketView, 'domain'>,
): Pick<RewardObserved, 'features' | 'setAside'> {
  const lineage = timeline.lineage.target === domain.revision ? timeline.lineage : timeline.lineageOf(domain.revision);
  return { features: data.features, setAside: !lineage.has(data.domainRevision) };
}
