/** Ids that follow from what an event tells: it cannot have been given another request's place. */
import type { DecodedEvent } from '../../events/catalogue.ts';
import { eventId } from '../../events/ids.ts';
import { bucketOfStream } from '../streams.ts';

/** The id that the event must have; undefined where it does not tell its request. */
export function idThatFollows({ type, data, stream }: DecodedEvent): string | undefined {
  const request = requestOf(type, data as DecodedEvent['data']);
  if (request === undefined) return undefined;
  const owner = bucketOfStream(stream);
  return owner === undefined ? undefined : eventId(owner.tenant, owner.name, request, type);
}

function requestOf(type: DecodedEvent['type'], data: DecodedEvent['data']): string | undefined {
  if (type === 'DecisionMade' && 'requestId' in data) return data.requestId;
  if ((type === 'RewardRetracted' || type === 'BucketRestarted') && 'rewardId' in data) return data.rewardId;
  return undefined;
}
