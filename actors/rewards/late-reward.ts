/** Rewards that come for decisions which a rollback has set aside. */
import type { RewardObserved } from '../../proto/generated/events.ts';
import type { BucketView } from '../bucket/bucket-state.ts';
import type { FoundDecision } from '../house.ts';

/**
 * What of a reward depends on whether its decision still counts: where it does not, the reward is recorded and moves nothing, unless
 * the domain wants to learn from it. The bucket asks at the moment at which it makes the event, under the revision that the event
 * will name.
 */
export function lateReward(
  { domain: { timeline }, data }: FoundDecision,
  { domain }: Pick<BucketView, 'domain'>,
): Pick<RewardObserved, 'features' | 'setAside'> {
  const lineage = timeline.lineage.target === domain.revision ? timeline.lineage : timeline.lineageOf(domain.revision);
  if (lineage.has(data.domainRevision)) return { features: data.features, setAside: false };
  if (domain.config.rollback?.lateRewards !== 'learn') return { features: data.features, setAside: true };
  // Doubles of a schema that was set aside too may mean something else now.
  const isSame = timeline.standingAt(data.domainRevision)?.policyKey === domain.policyKey;
  return { features: isSame ? data.features : [], setAside: false };
}
