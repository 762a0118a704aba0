/** Which decision an event is about: the way from `events` to `explain`. */
import { decisionId } from '../../actors/identity/decision-id.ts';
import type { DecodedEvent } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { bucketOfStream } from '../../events/streams.ts';

/**
 * The id of the decision that an event made, rewarded, showed items for, or called an agent for; undefined for all others.
 * @param key the installation's, which the check in every decision id is made with; without it only an agent's calls name theirs
 */
export function decisionOf(
  event: Pick<RecordedEvent, 'stream' | 'revision'>,
  decoded: DecodedEvent | undefined,
  key: Uint8Array | undefined,
): string | undefined {
  switch (decoded?.type) {
    case 'DecisionMade':
      return idOf(event.revision);
    case 'ItemsShown':
    case 'RewardObserved':
    case 'RewardRetracted':
      return idOf(decoded.data.decisionRevision);
    case 'AgentCallSucceeded':
    case 'AgentCallFailed':
      return decoded.data.decisionId || undefined;
    default:
      return undefined;
  }

  function idOf(revision: number): string | undefined {
    const bucket = bucketOfStream(event.stream);
    if (bucket === undefined || key === undefined) return undefined;
    return decisionId(key, bucket.tenant, { domain: bucket.name, bucketId: bucket.bucketId, revision });
  }
}
