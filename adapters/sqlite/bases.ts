/** Snapshots, and where a stream was shortened the state that its live events follow. */
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import type { SqliteEventLog } from './event-log.ts';

/**
 * A base is as good as a snapshot of its revision, and is no cache: without it an archived bucket would need its segments. Where
 * both fit, the newer one is given: an older snapshot stands at an event that may be archived.
 */
export function withBases(snapshots: SnapshotStore, log: Pick<SqliteEventLog, 'base'>): SnapshotStore {
  return {
    async latest(stream, versions, revision = Number.MAX_SAFE_INTEGER) {
      const [cached, base] = await Promise.all([snapshots.latest(stream, versions, revision), log.base(stream)]);
      if (base === undefined || base.versions !== versions || base.revision > revision) return cached;
      return cached !== undefined && cached.revision > base.revision ? cached : base;
    },
    put: (stream, snapshot) => snapshots.put(stream, snapshot),
    close: () => snapshots.close(),
  };
}
