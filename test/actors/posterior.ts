/** Three ways to a bucket's posterior: what the live bucket holds, what the log gives, and what a snapshot and its tail give. */
import { serialiseBucket } from '../../actors/bucket/bucket-snapshot.ts';
import type { BucketState } from '../../actors/bucket/bucket-state.ts';
import { foldBucket } from '../../actors/bucket/fold-bucket.ts';
import type { MakePolicy } from '../../actors/domain/compiled-domain.ts';
import { createTimeline } from '../../actors/domain/domain-state.ts';
import { decode } from '../../events/catalogue.ts';
import type { EventLog } from '../../events/event-log.ts';
import { NO_SNAPSHOTS, type Snapshot, type SnapshotStore } from '../../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../../events/streams.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import type { AnyPolicy } from '../../policies/policy.ts';
import { ONLY_BUCKET } from './facts.ts';
import { DOMAIN, TENANT } from './given.ts';

export const ONLY_STREAM = bucketPrefix(TENANT, DOMAIN) + ONLY_BUCKET;

/** A snapshot store that keeps everything, open to the test. */
export function openShelf(): SnapshotStore & { readonly kept: Map<string, Snapshot[]> } {
  const kept = new Map<string, Snapshot[]>();
  return {
    kept,
    async latest(stream, versions, revision = Number.MAX_SAFE_INTEGER) {
      const fitting = (kept.get(stream) ?? []).filter((one) => one.versions === versions && one.revision <= revision);
      return fitting.sort((left, right) => right.revision - left.revision)[0];
    },
    async put(stream, snapshot) {
      const others = (kept.get(stream) ?? []).filter(({ revision }) => revision !== snapshot.revision);
      kept.set(stream, [...others, { ...snapshot, bytes: Uint8Array.from(snapshot.bytes) }]);
    },
    close: async () => {},
  };
}

/** The bucket's state from the log. */
export async function stateFrom(
  log: EventLog,
  options: {
    readonly stream?: string;
    readonly upTo?: number;
    readonly snapshots?: SnapshotStore;
    readonly makePolicy?: MakePolicy;
  } = {},
): Promise<BucketState> {
  const { stream = ONLY_STREAM, upTo, snapshots = NO_SNAPSHOTS, makePolicy = createPolicy } = options;
  const timeline = createTimeline(makePolicy);
  const refresh = async () => {
    for await (const event of log.readStream(domainStream(TENANT, DOMAIN), { from: timeline.length }))
      timeline.apply(event.revision, decode(event));
  };
  await refresh();
  return foldBucket({ log, snapshots, timeline, refresh }, stream, upTo);
}

/** The posterior alone, as text that can be compared. */
export function posteriorOf({ domain, posterior }: BucketState): string {
  return Buffer.from(domain.policy.serialise(posterior)).toString('base64');
}

/** Everything about the bucket, as text that can be compared; but for under which revisions it is known to hold: that is told by how it was come to. */
export function textOf(state: BucketState): string {
  return Buffer.from(serialiseBucket({ ...state, under: state.domain.revision })).toString('base64');
}

/** Policies that note the posterior each choice was made from: the live one, where a live bucket chose. */
export function watched(makePolicy: MakePolicy = createPolicy): { readonly makePolicy: MakePolicy; last: string } {
  const watch = {
    last: '',
    makePolicy: (...made: Parameters<MakePolicy>): AnyPolicy => {
      const policy = makePolicy(...made);
      return {
        ...policy,
        choose(posterior, ...rest) {
          watch.last = Buffer.from(policy.serialise(posterior)).toString('base64');
          return policy.choose(posterior, ...rest);
        },
      };
    },
  };
  return watch;
}

/** Policies without `forget`. */
export const unforgetting: MakePolicy = (...made) => ({ ...createPolicy(...made), forget: undefined });
