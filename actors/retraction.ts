/** What takes a reward back: its event, copied, so that folding it reads no other. */
import type { DecodedEvent } from '../events/catalogue.ts';
import type { RewardRetracted } from '../proto/generated/events.ts';
import type { BucketView } from './bucket-state.ts';
import type { Control } from './control.ts';
import type { DomainHandle } from './domains.ts';

/** Makes the retraction of a recorded reward, whoever takes it back. */
export async function retractionOf(
  domain: DomainHandle,
  { id, revision, data }: Extract<DecodedEvent, { type: 'RewardObserved' }>,
  { by, reason }: Control,
): Promise<(view: BucketView) => RewardRetracted> {
  const { decisionRevision, arm, features, propensity, value, share, kind } = data;
  const learned = await wasLearned(domain, data);
  return (view) => ({
    ...{ domainRevision: view.domain.revision, decisionRevision, rewardId: id, rewardRevision: revision },
    ...{ arm, features, propensity, value, share, kind, learned, by, reason },
  });
}

/** Whether a recorded reward moved the posterior. */
async function wasLearned(
  { timeline, refresh }: DomainHandle,
  { share, outdated, domainRevision }: Extract<DecodedEvent, { type: 'RewardObserved' }>['data'],
): Promise<boolean> {
  if (share === 0 || outdated) return false;
  if (domainRevision >= timeline.length) await refresh();
  return timeline.standingAt(domainRevision)?.frozen !== true;
}
