/**
 * Goes through recorded decisions in the order of the log, each with the bucket as it was then. As `recall`, but a bucket is
 * folded on from where its last decision left it: going through all decisions of a domain folds every event once.
 */
import { LRUCache } from 'lru-cache';
import type { EventData } from '../../events/catalogue.ts';
import type { EventLog } from '../../events/event-log.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import type { DomainHistory } from '../domain/domain-history.ts';
import { standingAt } from '../domain/domain-state.ts';
import { adopt, type BucketState } from './bucket-state.ts';
import { foldBucket } from './fold-bucket.ts';

export interface ForwardRecall {
  /**
   * The bucket that a decision was made from. It is moved on by the next call for the same stream: read it before.
   * @param revision of the decision, above that of the last call for the same stream
   * @throws ReckonerError log_corrupt
   */
  before(stream: string, revision: number, data: EventData<'DecisionMade'>): Promise<BucketState>;
}

/** Buckets that are kept at hand; others are folded again, from a snapshot where there is one. */
const AT_HAND = 4_000;

export function createForwardRecall(
  { log, snapshots }: { readonly log: EventLog; readonly snapshots: SnapshotStore },
  { timeline, refresh }: Pick<DomainHistory, 'timeline' | 'refresh'>,
  atHand = AT_HAND,
): ForwardRecall {
  const buckets = new LRUCache<string, BucketState>({ max: atHand });
  return {
    async before(stream, revision, { domainRevision }) {
      if (domainRevision >= timeline.length) await refresh();
      const known = buckets.get(stream);
      const state = await foldBucket({ log, snapshots, timeline, refresh }, stream, revision, known, domainRevision);
      adopt(state, standingAt(timeline, domainRevision));
      buckets.set(stream, state);
      return state;
    },
  };
}
