/** What takes a reward back: its event, copied, so that folding it reads no other. */
import type { DecodedEvent } from '../../events/catalogue.ts';
import { eventId } from '../../events/ids.ts';
import type { RewardRetracted } from '../../proto/generated/events.ts';
import type { BucketView } from '../bucket/bucket-state.ts';
import type { Control } from '../control.ts';
import type { DomainHandle } from '../domain/domains.ts';
import { findEvent, type House } from '../house.ts';
import { valuedIn, wasLearned } from '../rollback/recount.ts';

/** Makes the retraction of a recorded reward, whoever takes it back. */
export async function retractionOf(
  domain: DomainHandle,
  { id, revision, data, metadata }: Extract<DecodedEvent, { type: 'RewardObserved' }>,
  { by, reason }: Control,
): Promise<(view: BucketView) => RewardRetracted> {
  const { decisionRevision, arm, features, propensity, kind } = data;
  if (data.domainRevision >= domain.timeline.length) await domain.refresh();
  return (view) => {
    const { timeline } = domain;
    const lineage = timeline.lineageOf(view.domain.revision);
    const worth = valuedIn(timeline, lineage, data);
    const learned = wasLearned(timeline, lineage, worth, metadata.time);
    return {
      ...{ domainRevision: view.domain.revision, decisionRevision, rewardId: id, rewardRevision: revision },
      ...{ arm, features, propensity, value: worth.value, share: worth.share, kind, learned, by, reason },
    };
  };
}

/**
 * Whether a reward was taken back, and that counts: a rollback may have set it aside, and then the reward counts again. Then there is
 * the id under which it is taken back once more.
 */
export async function retractionsOf(
  house: House,
  domain: DomainHandle,
  rewardId: string,
): Promise<{ readonly counts: boolean; readonly id: string }> {
  for (let ordinal = 0; ; ordinal++) {
    const id = retractionId(domain, rewardId, ordinal);
    const retraction = await findEvent(house, id);
    if (retraction?.type !== 'RewardRetracted') return { counts: false, id };
    if (retraction.data.domainRevision >= domain.timeline.length) await domain.refresh();
    if (domain.timeline.lineage.has(retraction.data.domainRevision)) return { counts: true, id };
  }
}

export function retractionId({ tenant, name }: DomainHandle, rewardId: string, ordinal: number): string {
  return eventId(tenant, name, rewardId, 'RewardRetracted', ordinal);
}
