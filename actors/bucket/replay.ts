/**
 * Every bucket from the log in one pass, in the order of positions: the way to all posteriors at once. Buckets that only the log of
 * their own stream can tell, because a policy cannot take back what was taken back, are folded from there at the end.
 */
import type { EventLog } from '../../events/event-log.ts';
import { ownerOf } from '../../events/streams.ts';
import type { Bucket, Folding, FollowedDomain } from './bucket-folding.ts';

export interface Replayed {
  /** By stream. */
  readonly buckets: ReadonlyMap<string, ReplayedBucket>;
  /** Events that were read. */
  readonly events: number;
}

export interface ReplayedBucket {
  readonly domain: FollowedDomain;
  readonly bucket: Bucket;
}

/** @param limit reads so many events, default all @throws ReckonerError log_corrupt */
export async function replay(log: EventLog, folding: Folding, limit = Number.POSITIVE_INFINITY): Promise<Replayed> {
  const domains = new Map<string, FollowedDomain>();
  const buckets = new Map<
    string,
    { readonly domain: FollowedDomain; bucket: Bucket; length: number; stale: boolean }
  >();
  let events = 0;

  const domainOf = (address: { readonly tenant: string; readonly domain: string }): FollowedDomain => {
    const key = `${address.tenant}-${address.domain}`;
    const domain = domains.get(key) ?? folding.domain(address);
    domains.set(key, domain);
    return domain;
  };

  for await (const event of log.readAll({ limit })) {
    events += 1;
    const { stream } = event;
    let found = buckets.get(stream);
    if (found === undefined) {
      const owner = ownerOf(stream);
      if (owner === undefined) continue;
      const domain = domainOf(owner);
      if (owner.bucket === '') {
        // What was learned before is told by the log alone.
        if (domain.follow(event).changes === 'posteriors')
          for (const one of buckets.values()) if (one.domain === domain) one.stale = true;
        continue;
      }
      found = { domain, bucket: domain.begin(), length: 0, stale: false };
      buckets.set(stream, found);
    }
    found.length = event.revision + 1;
    // What it has come to is not what counts: nothing may be folded on top of it.
    if (!found.stale && found.domain.fold(found.bucket, event)?.stale === true) found.stale = true;
  }
  for (const [stream, found] of buckets)
    if (found.stale) found.bucket = await found.domain.refold(stream, found.length);
  return { buckets, events };
}
