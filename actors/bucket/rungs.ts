/**
 * States that a bucket passes on its way, put among the snapshots while it is folded: where its policy cannot forget, the next reward
 * that is taken back leads to one that is a little older than the reward, however long ago that was.
 */
import type { RecordedEvent } from '../../events/event-log.ts';
import { chainHash } from '../../events/seal.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import type { Lineage } from '../rollback/lineage.ts';
import { SNAPSHOT_VERSIONS, serialiseBucket } from './bucket-snapshot.ts';
import type { BucketState } from './bucket-state.ts';
import type { Retraction } from './taken-back.ts';

/** Nearer to the end there are none: so few events are folded as fast as a state is put away. */
const NEAREST = 32;

/** Under which name states are kept that know of what came after them: of one revision there may be both. */
export function amended(stream: string): string {
  return `amended-${stream}`;
}

/** How a bucket is folded. */
export interface Climb {
  /** Revision that it is folded up to, exclusive. */
  readonly end: number;
  readonly lineage: Lineage;
  /** What is left out. */
  readonly retractions: readonly Retraction[];
  /** Revisions at which a state was found that had learned too much: they are made good. */
  readonly spoilt: ReadonlySet<number>;
}

/** Puts a state away where its place is due: in each doubling of the distance to the end there are two. */
export async function putRung(
  snapshots: SnapshotStore,
  state: BucketState,
  event: RecordedEvent,
  { end, lineage, retractions, spoilt }: Climb,
): Promise<void> {
  const { stream, revision } = event;
  if (!isDue(revision, end) && !spoilt.has(revision)) return;
  // Without what was taken back later, of what came before, and what has turned the domain since, this is the state of that moment.
  const known = retractions.findLast(({ at, reward }) => at > revision && reward <= revision);
  const under = Math.max(state.under, lineage.turnedAt, known?.under ?? -1);
  const isOfItsTime = known === undefined && under === state.under;
  const head = { revision, hash: chainHash(event) };
  const bytes = serialiseBucket({ ...state, head, under, amendedThrough: known?.at ?? 0 });
  await snapshots.put(isOfItsTime ? stream : amended(stream), { revision, versions: SNAPSHOT_VERSIONS, bytes });
}

function isDue(revision: number, end: number): boolean {
  const distance = end - revision;
  if (distance < NEAREST) return false;
  const step = 2 ** (30 - Math.clz32(distance)); // more than a quarter of the distance, at most half of it
  return revision % Math.max(NEAREST, step) === 0;
}
