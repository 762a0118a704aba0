/** Ids that follow from what an event tells: it cannot have been given another request's place. */
import type { DecodedEvent } from '../../events/catalogue.ts';
import { eventId } from '../../events/ids.ts';

/**
 * The id that the event of a bucket must have; undefined where it does not tell its request, or has one that follows.
 * @param owner whose bucket it is
 */
export function idThatShouldFollow(
  owner: { readonly tenant: string; readonly name: string },
  { id, type, data }: DecodedEvent,
): string | undefined {
  const request = requestOf(type, data);
  if (request === undefined) return undefined;
  const first = eventId(owner.tenant, owner.name, request, type);
  if (id === first) return undefined;
  // What a rollback has set aside is recorded once more under another ordinal: a domain was rolled back at most so often.
  const most = type === 'DecisionMade' || !('domainRevision' in data) ? 0 : data.domainRevision;
  for (let ordinal = 1; ordinal <= most; ordinal++)
    if (id === eventId(owner.tenant, owner.name, request, type, ordinal)) return undefined;
  return first;
}

function requestOf(type: DecodedEvent['type'], data: DecodedEvent['data']): string | undefined {
  if (type === 'DecisionMade' && 'requestId' in data) return data.requestId;
  if ((type === 'RewardRetracted' || type === 'BucketRestarted') && 'rewardId' in data) return data.rewardId;
  return undefined;
}
