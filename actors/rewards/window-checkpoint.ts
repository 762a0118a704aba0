/**
 * How far back a domain's open windows go, written down among the snapshots: a start need not read what was settled long ago. It
 * is a cache. Lost, or taken from another log, it costs a longer read.
 */
import { z } from 'zod';
import type { EventLog, Position, RecordedEvent } from '../../events/event-log.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import type { Environment } from '../environment.ts';

/** No decision at or before `after` has an open window: that much can be read in the log up to the witness. */
export interface Checkpoint {
  readonly after: Position;
  readonly witness: Pick<RecordedEvent, 'id' | 'position'>;
}

interface Shelf {
  readonly env: Environment;
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  /** What the streams of the domain's buckets begin with: no stream has this name. */
  readonly streamPrefix: string;
}

const VERSIONS = 'windows/1';

const Stored = z.strictObject({
  after: z.string(),
  witness: z.strictObject({ id: z.string(), position: z.string() }),
});

export async function putCheckpoint({ env, snapshots, streamPrefix }: Shelf, checkpoint: Checkpoint): Promise<void> {
  // Any of them is true; by the time, the newest is the one that says most.
  const revision = Math.floor(env.now());
  await snapshots.put(streamPrefix, { revision, versions: VERSIONS, bytes: Buffer.from(JSON.stringify(checkpoint)) });
}

/** Where to read on, by the newest checkpoint that this log bears out; undefined where there is none. */
export async function lastCheckpoint({
  log,
  snapshots,
  streamPrefix,
}: Omit<Shelf, 'env'>): Promise<Position | undefined> {
  let before: number | undefined;
  for (;;) {
    const snapshot = await snapshots.latest(streamPrefix, VERSIONS, before);
    if (snapshot === undefined) return undefined;
    const stored = parsed(snapshot.bytes);
    // A log that was restored from an older backup does not hold what it says.
    const witness = stored === undefined ? undefined : await log.find(stored.witness.id);
    if (stored !== undefined && witness?.position === stored.witness.position) return stored.after as Position; // written from one
    before = snapshot.revision - 1;
  }
}

function parsed(bytes: Uint8Array): z.infer<typeof Stored> | undefined {
  try {
    return Stored.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return undefined;
  }
}

/** Counts what is read, and remembers a place now and then. */
export interface Places {
  /** How many events have been read, this one among them. */
  read(event: RecordedEvent): number;
  /**
   * A checkpoint that is worth writing, to be asked for when all that is in the log has been read.
   * @param first place of the first decision that waits, Infinity where none does
   * @param closed how many windows have been closed here: what that recorded may not have been read yet
   */
  settled(first: number, closed: number): Checkpoint | undefined;
}

/** @param every how many events apart the places are */
export function createPlaces(every: number): Places {
  type Place = { readonly place: number; readonly position: Position };
  let marks: Place[] = [];
  let count = 0;
  let newest: RecordedEvent | undefined;
  let closedBefore = 0;
  let settledBefore: Place | undefined;
  let written = 0;

  return {
    read(event) {
      newest = event;
      count += 1;
      if (count % every === 0) marks.push({ place: count, position: event.position });
      return count;
    },
    settled(first, closed) {
      const settled = marks.findLast(({ place }) => place < first);
      // What was closed before the last time has been read by now.
      const sure = closed === closedBefore ? settled : settledBefore;
      closedBefore = closed;
      settledBefore = settled;
      if (settled !== undefined) marks = marks.filter(({ place }) => place >= settled.place);
      if (sure === undefined || newest === undefined || sure.place === written) return undefined;
      written = sure.place;
      return { after: sure.position, witness: { id: newest.id, position: newest.position } };
    },
  };
}
