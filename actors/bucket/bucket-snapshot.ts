/** A bucket's state as a snapshot: a cache, dropped whenever a version that its bytes depend on differs. */
import protobuf from 'protobufjs/minimal.js';
import { ENGINE } from '../../events/seal.ts';
import { readBucketSnapshot, writeBucketSnapshot } from '../../proto/generated/events.ts';
import { restoredPacer, storedPacer } from '../choice/budget.ts';
import type { DomainStanding } from '../domain/domain-state.ts';
import type { Lineage } from '../rollback/lineage.ts';
import { restoredChanges, storedChanges } from './bucket-changes.ts';
import type { BucketState } from './bucket-state.ts';
import { earningsOf } from './earnings.ts';
import { oldestFirst, recentIds } from './recent-ids.ts';

/** The versions that a snapshot's bytes depend on. */
export const SNAPSHOT_VERSIONS = `bucket/10 ${ENGINE}`;

/** @param taughtAs where it was made ahead of a change: as what it was learned */
export function serialiseBucket(state: BucketState, taughtAs = ''): Uint8Array {
  const { domain, posterior, posteriorSince, posteriorRevision, pacer, head, recent, open } = state;
  const { earnings, earningsSince, featuresSince, changes } = state;
  return writeBucketSnapshot(
    {
      domainRevision: domain.revision,
      posteriorSince,
      posteriorRevision,
      policyKey: domain.policyKey,
      posterior: domain.policy.serialise(posterior),
      headHash: head.hash,
      recentIds: oldestFirst(recent),
      openWindows: [...open],
      pacer: pacer === undefined ? undefined : storedPacer(pacer),
      earnings: [...earnings.values()],
      earningsSince,
      featuresSince,
      changes: storedChanges(changes),
      underRevision: state.under,
      taughtAs,
      amendedThrough: state.amendedThrough > head.revision ? state.amendedThrough : 0,
    },
    protobuf.Writer.create(),
  ).finish();
}

/**
 * The state a snapshot holds, or undefined where it does not fit (another policy, a domain revision that is not known here):
 * the caller then folds from the beginning.
 * @param lineage for whom also what was made ahead of it may fit
 */
export function restoreBucket(
  bytes: Uint8Array,
  revision: number,
  domainAt: (revision: number) => DomainStanding,
  lineage?: Lineage,
): BucketState | undefined {
  try {
    const snapshot = readBucketSnapshot(protobuf.Reader.create(bytes), bytes.length);
    const domain = domainAt(snapshot.domainRevision);
    if (snapshot.policyKey !== domain.policyKey) return undefined;
    const ahead = snapshot.taughtAs !== '';
    if (ahead && !wasMadeFor(lineage, snapshot)) return undefined;
    return {
      domain,
      under: ahead && lineage !== undefined ? lineage.target : Math.max(snapshot.underRevision, domain.revision),
      posterior: domain.policy.restore(snapshot.posterior),
      posteriorSince: snapshot.posteriorSince,
      posteriorRevision: snapshot.posteriorRevision,
      pacer: snapshot.pacer === undefined ? undefined : restoredPacer(snapshot.pacer),
      head: { revision, hash: snapshot.headHash },
      amendedThrough: snapshot.amendedThrough,
      snapshotRevision: revision,
      recent: recentIds(snapshot.recentIds),
      open: new Set(snapshot.openWindows),
      earnings: earningsOf(snapshot.earnings),
      earningsSince: snapshot.earningsSince,
      featuresSince: snapshot.featuresSince,
      changes: restoredChanges(snapshot.changes),
    };
  } catch {
    // A cache that cannot be read is no cache: whatever is wrong with it, the log has the truth.
    return undefined;
  }
}

/** Whether what was made ahead of a change is what a bucket has to know after it. */
function wasMadeFor(
  lineage: Lineage | undefined,
  { underRevision, taughtAs }: { readonly underRevision: number; readonly taughtAs: string },
): boolean {
  if (lineage === undefined || !lineage.has(underRevision) || underRevision < lineage.voidedAt) return false;
  return taughtAs === lineage.taughtAs(underRevision);
}
