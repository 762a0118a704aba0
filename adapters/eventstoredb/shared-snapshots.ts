/**
 * Snapshots that all nodes can begin with: a cache beside the local one, in streams that keep their last few. A node that takes a
 * bucket over from another, or one with an empty disk, reads a snapshot and a tail instead of the whole bucket.
 */
import { ANY, BACKWARDS, binaryEvent, END, type EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Snapshot, SnapshotStore } from '../../events/snapshot-store.ts';
import { within } from './deadline.ts';
import { drain } from './reads.ts';

export interface SharedSnapshotsOptions {
  readonly client: EventStoreDBClient;
  /** Before stream names. */
  readonly prefix: string;
  /** A snapshot is shared once in so many events of its stream. */
  readonly every: number;
  readonly deadlineMs: number;
  /** What is larger stays local. */
  readonly maxBytes: number;
  /** Told of what went wrong; callers never are. */
  readonly told: (thrown: unknown) => void;
}

/** Streams of snapshots, by this beginning of their names. They are no part of the log. */
export const SNAPSHOT_STREAMS = 'snapshot-';

/** So many snapshots of a stream are kept: the server forgets older ones. */
const KEPT = 3;
/** Streams whose last shared snapshot is remembered. */
const REMEMBERED = 65_536;

const told = z.object({ snapshotOf: z.string(), revision: z.int().min(0), versions: z.string() });

/** @param local is asked first, and holds what was fetched. It is closed with this one. */
export function shareSnapshots(local: SnapshotStore, options: SharedSnapshotsOptions): SnapshotStore {
  const { client, prefix, every, deadlineMs, maxBytes } = options;
  const shared = new LRUCache<string, number>({ max: REMEMBERED });
  const nameOf = (stream: string) => `${prefix}${SNAPSHOT_STREAMS}${stream}`;
  let closed = false;

  async function fetch(stream: string, versions: string, revision: number): Promise<Snapshot | undefined> {
    const found = await drain(
      () => client.readStream(nameOf(stream), { direction: BACKWARDS, fromRevision: END, maxCount: KEPT }),
      deadlineMs,
    );
    let best: Snapshot | undefined;
    for (const { event } of found) {
      const said = told.safeParse(event?.metadata);
      if (!said.success || !(event?.data instanceof Uint8Array)) continue;
      const { data } = said;
      if (data.snapshotOf !== stream || data.versions !== versions || data.revision > revision) continue;
      // Two nodes, or two in a hurry, may have put them in another order.
      if (best !== undefined && best.revision >= data.revision) continue;
      best = { revision: data.revision, versions, bytes: Buffer.from(event.data) };
    }
    return best;
  }

  async function share(stream: string, { revision, versions, bytes }: Snapshot): Promise<void> {
    const event = binaryEvent({
      type: 'Snapshot',
      data: new Uint8Array(bytes),
      metadata: { snapshotOf: stream, revision, versions },
    });
    const name = nameOf(stream);
    const first = !shared.has(stream);
    shared.set(stream, revision); // before anything is waited for: the next one is not due meanwhile
    if (first) {
      const limits = client.setStreamMetadata(name, { maxCount: KEPT }, { expectedRevision: NO_STREAM });
      await within(deadlineMs, limits, 'limits of a snapshot stream').catch(() => {}); // it has them
    }
    // A cache: whoever comes last is last, and one that is there twice harms nobody.
    await within(deadlineMs, client.appendToStream(name, event, { expectedRevision: ANY }), 'a snapshot');
  }

  return {
    async latest(stream, versions, revision = Number.MAX_SAFE_INTEGER) {
      const own = await local.latest(stream, versions, revision);
      if (own !== undefined || closed) return own;
      try {
        const found = await fetch(stream, versions, revision);
        if (found === undefined) return undefined;
        shared.set(stream, found.revision);
        await local.put(stream, found);
        return found;
      } catch (thrown) {
        options.told(thrown);
        return undefined;
      }
    },
    async put(stream, snapshot) {
      await local.put(stream, snapshot);
      const due = snapshot.revision - (shared.get(stream) ?? 0) >= every;
      if (!due || closed || snapshot.bytes.length > maxBytes) return;
      // Nobody waits for it: the bucket goes on meanwhile.
      share(stream, snapshot).catch(options.told);
    },
    async close() {
      closed = true;
      await local.close();
    },
  };
}
