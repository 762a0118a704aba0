/** What takes a reward back: its event, copied, so that folding it reads no other. */
import type { DecodedEvent } from '../events/catalogue.ts';
import type { RewardObserved, RewardRetracted } from '../proto/generated/events.ts';
import type { BucketView } from './bucket-state.ts';
import type { Control } from './control.ts';
import type { DomainStanding } from './domain-state.ts';
import type { DomainHandle } from './domains.ts';

/** Makes the retraction of a recorded reward, whoever takes it back. */
export async function retractionOf(
  domain: DomainHandle,
  { id, revision, data, metadata }: Extract<DecodedEvent, { type: 'RewardObserved' }>,
  { by, reason }: Control,
): Promise<(view: BucketView) => RewardRetracted> {
  const { decisionRevision, arm, features, propensity, value, share, kind } = data;
  if (data.domainRevision >= domain.timeline.length) await domain.refresh();
  return (view) => {
    const learned = wasLearned(domain, data, metadata.time, view.domain);
    return {
      ...{ domainRevision: view.domain.revision, decisionRevision, rewardId: id, rewardRevision: revision },
      ...{ arm, features, propensity, value, share, kind, learned, by, reason },
    };
  };
}

/** Whether a recorded reward moved the posterior, and counts under a later revision. */
function wasLearned(
  { timeline }: DomainHandle,
  reward: RewardObserved,
  time: number,
  { revision }: DomainStanding,
): boolean {
  if (reward.share === 0 || reward.outdated || reward.setAside) return false;
  const lineage = timeline.lineageOf(revision);
  if (!lineage.has(reward.domainRevision) || lineage.voids({ ...reward, time })) return false;
  return timeline.standingAt(reward.domainRevision)?.frozen !== true;
}
