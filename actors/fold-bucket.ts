/** A bucket's state from the log: the nearest snapshot and the events after it, or all of them. */
import { type DecodedEvent, decode } from '../events/catalogue.ts';
import type { EventLog, RecordedEvent } from '../events/event-log.ts';
import { chainHash, type Head } from '../events/seal.ts';
import type { SnapshotStore } from '../events/snapshot-store.ts';
import { restoreBucket, SNAPSHOT_VERSIONS } from './bucket-snapshot.ts';
import { type BucketState, emptyBucket, evolve, isBucketEvent } from './bucket-state.ts';
import { type DomainTimeline, standingAt } from './domain-state.ts';

export interface BucketSource {
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  readonly timeline: DomainTimeline;
  /** Reads on in the domain's stream, for events that name a revision not known here yet. */
  readonly refresh: () => Promise<void>;
}

/**
 * @param upTo fold the events before this revision only; default all
 * @param known what a live bucket knew before another writer was faster: it is folded on, where the log holds it still
 * @throws ReckonerError log_corrupt
 */
export async function foldBucket(
  source: BucketSource,
  stream: string,
  upTo = Number.POSITIVE_INFINITY,
  known?: BucketState,
): Promise<BucketState> {
  const holding = known !== undefined && (await holds(source.log, stream, known.head));
  const cached = holding ? known : await restored(source, stream, upTo);
  const state = cached ?? emptyBucket(standingAt(source.timeline, 0));
  const voided = await voidedAfter(source, stream, state, upTo);
  // A policy that cannot forget is folded anew without what was taken back; the snapshot may have learned it.
  if (cached !== undefined && voided.size > 0)
    return foldFrom(source, stream, emptyBucket(standingAt(source.timeline, 0)), upTo);
  return foldFrom(source, stream, state, upTo, voided);
}

/** The newest snapshot that fits the log; none of those that were taken from another log, as before a backup was restored. */
async function restored(
  { log, snapshots, timeline, refresh }: BucketSource,
  stream: string,
  upTo: number,
): Promise<BucketState | undefined> {
  const domainAt = (revision: number) => standingAt(timeline, revision);
  for (let last = upTo - 1; last >= 0; ) {
    const snapshot = await snapshots.latest(stream, SNAPSHOT_VERSIONS, Number.isFinite(last) ? last : undefined);
    if (snapshot === undefined) return undefined;
    let state = restoreBucket(snapshot.bytes, snapshot.revision, domainAt);
    if (state === undefined) {
      await refresh();
      state = restoreBucket(snapshot.bytes, snapshot.revision, domainAt);
    }
    if (state !== undefined && (await holds(log, stream, state.head))) return state;
    last = snapshot.revision - 1;
  }
  return undefined;
}

/** Whether the event that the head stands at is in the log, byte for byte. */
async function holds(log: EventLog, stream: string, { revision, hash }: Head): Promise<boolean> {
  for await (const event of log.readStream(stream, { from: revision, limit: 1 }))
    return Buffer.compare(chainHash(event), hash) === 0;
  return false;
}

async function foldFrom(
  source: BucketSource,
  stream: string,
  state: BucketState,
  upTo: number,
  known?: ReadonlySet<string>,
) {
  const { log, timeline, refresh } = source;
  const voided = known ?? (await voidedAfter(source, stream, state, upTo));
  const from = state.head.revision + 1;
  let last: RecordedEvent | undefined;
  for await (const event of log.readStream(stream, { from, limit: Math.max(0, upTo - from) })) {
    const decoded = decode(event);
    const folded = isBucketEvent(decoded) ? decoded : undefined;
    if (folded !== undefined && folded.data.domainRevision >= timeline.length) await refresh();
    evolve(
      state,
      folded,
      { revision: event.revision, hash: state.head.hash },
      (revision) => standingAt(timeline, revision),
      voided,
    );
    last = event;
  }
  // Only the last link of the chain is needed to go on; checking all of them is the auditor's work.
  if (last !== undefined) state.head = { revision: last.revision, hash: chainHash(last) };
  return state;
}

const NONE: ReadonlySet<string> = new Set();

/** Ids of the rewards that were taken back after the state, where some policy of the domain cannot forget. */
async function voidedAfter({ log, timeline }: BucketSource, stream: string, state: BucketState, upTo: number) {
  if (timeline.forgets) return NONE;
  const voided = new Set<string>();
  const from = state.head.revision + 1;
  for await (const event of log.readStream(stream, { from, limit: Math.max(0, upTo - from) })) {
    const decoded: DecodedEvent | undefined = event.type === 'RewardRetracted' ? decode(event) : undefined;
    if (decoded?.type === 'RewardRetracted') voided.add(decoded.data.rewardId);
  }
  return voided;
}
