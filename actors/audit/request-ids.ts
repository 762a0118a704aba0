/** Ids that follow from what an event tells: it cannot have been given another request's place. */
import type { DecodedEvent } from '../../events/catalogue.ts';
import { eventId } from '../../events/ids.ts';

/** The id that the event of a bucket must have; undefined where it does not tell its request. @param owner whose bucket it is */
export function idThatFollows(
  owner: { readonly tenant: string; readonly name: string },
  { type, data }: DecodedEvent,
): string | undefined {
  const request = requestOf(type, data);
  return request === undefined ? undefined : eventId(owner.tenant, owner.name, request, type);
}

function requestOf(type: DecodedEvent['type'], data: DecodedEvent['data']): string | undefined {
  if (type === 'DecisionMade' && 'requestId' in data) return data.requestId;
  if ((type === 'RewardRetracted' || type === 'BucketRestarted') && 'rewardId' in data) return data.rewardId;
  return undefined;
}
