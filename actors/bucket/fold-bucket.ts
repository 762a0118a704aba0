/** A bucket's state from the log: the nearest snapshot and the events after it, or all of them. */
import { decode, type EventData } from '../../events/catalogue.ts';
import { eventAt } from '../../events/event-at.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { chainHash, type Head } from '../../events/seal.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import { type DomainStanding, type DomainTimeline, standingAt } from '../domain/domain-state.ts';
import type { Lineage } from '../rollback/lineage.ts';
import { retractedIn } from '../rollback/recount.ts';
import { restoreBucket, SNAPSHOT_VERSIONS } from './bucket-snapshot.ts';
import { adopt, type BucketEvent, type BucketState, emptyBucket, evolve, trustFromHere } from './bucket-state.ts';
import { readToFold } from './read-to-fold.ts';
import { amended, type Climb, putRung } from './rungs.ts';
import { type TakenBack, takenBackIn } from './taken-back.ts';

export interface BucketSource {
  readonly log: Pick<EventLog, 'readStream'>;
  readonly snapshots: SnapshotStore;
  readonly timeline: DomainTimeline;
  /** Reads on in the domain's stream, for events that name a revision not known here yet. */
  readonly refresh: () => Promise<void>;
  /** Whether states on the way are put among the snapshots, where a policy cannot forget: for who comes to a bucket's end again and again. Default not. */
  readonly climbs?: boolean;
}

/**
 * The bucket under a revision of its domain: what events that it does not descend from have taught is not in it, and it ends
 * before the first event of a later one.
 * @param upTo fold the events before this revision only; default all
 * @param known what a live bucket knew before another writer was faster, or before it was set aside: it is folded on as far as it holds
 * @param target revision of the domain, or as what counts under it, default the newest
 * @throws ReckonerError log_corrupt
 */
export async function foldBucket(
  source: BucketSource,
  stream: string,
  upTo = Number.POSITIVE_INFINITY,
  known?: BucketState,
  target?: number | Lineage,
): Promise<BucketState> {
  const { timeline, refresh } = source;
  for (let state = known; ; ) {
    const lineage =
      target === undefined ? timeline.lineage : typeof target === 'number' ? timeline.lineageOf(target) : target;
    const begun = await goneOn(source, stream, state, upTo, lineage);
    const folded = await foldUnder(source, stream, begun, upTo, lineage);
    if (target !== undefined || folded.ahead <= lineage.target) return settled(folded.state, lineage);
    if (folded.ahead >= timeline.length) await refresh();
    standingAt(timeline, folded.ahead);
    // What has become known may set aside what was folded.
    state = folded.state;
  }
}

/** What is known, as far as it holds under the lineage; undefined where it does not, or is not what the log says. */
async function goneOn(
  source: BucketSource,
  stream: string,
  known: BucketState | undefined,
  upTo: number,
  lineage: Lineage,
): Promise<BucketState | undefined> {
  if (known === undefined) return undefined;
  const keeps = lineage.keeps(known.under);
  if (!keeps && !canSkip(source.timeline, known, upTo, lineage)) return undefined;
  if (!(await holds(source.log, stream, known.head))) return undefined;
  return keeps ? known : skipped(source, stream, known, lineage);
}

/**
 * Whether all that a rollback set aside in a bucket is at the end of what is known of it, and taught nothing that anybody would have to
 * read there: which reward windows are open depends on what counts.
 */
function canSkip({ forgets, awaits }: DomainTimeline, { under }: BucketState, upTo: number, lineage: Lineage): boolean {
  return forgets && !awaits && upTo === Number.POSITIVE_INFINITY && under < lineage.rolledBackAt;
}

/**
 * The bucket after a rollback, without reading what that set aside: revisions of the domain only grow along a stream, so from the first
 * event under one that was set aside to the end of what is known, nothing counts. What runs on over such events is known.
 */
async function skipped(
  source: BucketSource,
  stream: string,
  known: BucketState,
  lineage: Lineage,
): Promise<BucketState | undefined> {
  const everything = Number.POSITIVE_INFINITY;
  const takenBack = takenBackIn(source, stream, everything, lineage);
  const { state: kept } = await restored(source, stream, everything, lineage, takenBack);
  const state = kept ?? emptyBucket(lineage.teaches(standingAt(source.timeline, 0)));
  // One event by itself: where the snapshot stands at the fork, a page of what follows would be read for nothing.
  for (const end of [state.head.revision + 2, known.head.revision + 1]) {
    const { revision } = state.head;
    await foldFrom(source, stream, state, { end, lineage, retractions: [], spoilt: NONE_SPOILT }, lineage.rolledBackTo);
    if (state.head.revision === revision) break;
  }
  const { head, recent, pacer } = known;
  return state.head.revision > head.revision ? undefined : { ...state, head, recent, pacer };
}

/** The same as whoever looks at it under that revision sees it: policies and what else changed by then are adopted. */
export async function bucketUnder(
  source: BucketSource,
  stream: string,
  upTo: number,
  target: number,
): Promise<BucketState> {
  const state = await foldBucket(source, stream, upTo, undefined, target);
  adopt(state, standingAt(source.timeline, target));
  return state;
}

/** Where something was turned since its last event that counts, it holds under no revision from before that. */
function settled(state: BucketState, { target, turnedAt }: Lineage): BucketState {
  if (state.under < turnedAt) state.under = target;
  trustFromHere(state);
  return state;
}

/** From what is known or was put away, as far as it learned nothing that is to be left out; else from the beginning. */
async function foldUnder(
  source: BucketSource,
  stream: string,
  known: BucketState | undefined,
  upTo: number,
  lineage: Lineage,
): Promise<Folded> {
  const takenBack = takenBackIn(source, stream, upTo, lineage);
  const goesOn = known !== undefined && (await takenBack.spares(known));
  const { state, spoilt } = goesOn
    ? { state: known, spoilt: NONE_SPOILT }
    : await restored(source, stream, upTo, lineage, takenBack);
  const begun = state ?? emptyBucket(lineage.teaches(standingAt(source.timeline, 0)));
  const { retractions, end } = await takenBack.after(begun.head.revision);
  return foldFrom(source, stream, begun, { end, lineage, retractions, spoilt });
}

const NONE_SPOILT: ReadonlySet<number> = new Set();

interface Restored {
  /** The newest of the snapshots that fit; undefined where none does. */
  readonly state: BucketState | undefined;
  /** Revisions of those that knew of what was taken back, and have learned what was taken back since. */
  readonly spoilt: ReadonlySet<number>;
}

/** The newest snapshot that fits the lineage and the log, and learned nothing that is to be left out; none of those that were taken from another log, as before a backup was restored. */
async function restored(
  { log, snapshots, timeline, refresh }: BucketSource,
  stream: string,
  upTo: number,
  lineage: Lineage,
  takenBack: TakenBack,
): Promise<Restored> {
  const domainAt = (revision: number) => lineage.teaches(standingAt(timeline, revision));
  const spoilt = new Set<number>();
  const names = timeline.forgets ? [stream] : [stream, amended(stream)];
  for (let last = upTo - 1; last >= 0; ) {
    const upToLast = Number.isFinite(last) ? last : undefined;
    const found = await Promise.all(names.map((name) => snapshots.latest(name, SNAPSHOT_VERSIONS, upToLast)));
    last = Math.max(...found.map((snapshot) => snapshot?.revision ?? -1));
    for (const [index, snapshot] of found.entries()) {
      if (snapshot === undefined || snapshot.revision < last) continue;
      let state = restoreBucket(snapshot.bytes, snapshot.revision, domainAt, lineage);
      if (state === undefined) {
        await refresh();
        state = restoreBucket(snapshot.bytes, snapshot.revision, domainAt, lineage);
      }
      if (state === undefined || !lineage.keeps(state.under) || !(await holds(log, stream, state.head))) continue;
      if (await takenBack.spares(state)) return { state, spoilt };
      if (index > 0) spoilt.add(snapshot.revision);
    }
    last -= 1;
  }
  return { state: undefined, spoilt };
}

/** Whether the event that the head stands at is in the log, byte for byte. */
async function holds(log: BucketSource['log'], stream: string, { revision, hash }: Head): Promise<boolean> {
  const event = await eventAt(log, stream, revision);
  return event !== undefined && Buffer.compare(chainHash(event), hash) === 0;
}

interface Folded {
  readonly state: BucketState;
  /** Domain revision of the event that it stopped before, because it is newer than all that count; -1 where it did not. */
  readonly ahead: number;
}

/** @param until ends before the first event that is newer than this revision of the domain */
async function foldFrom(
  source: BucketSource,
  stream: string,
  state: BucketState,
  climb: Climb,
  until = climb.lineage.target,
): Promise<Folded> {
  const { end, lineage, retractions } = climb;
  const { log, snapshots, timeline, climbs } = source;
  const domainAt = (revision: number) => standingAt(timeline, revision);
  const takenBack = new Set(retractions.map(({ rewardId }) => rewardId));
  const puts = climbs === true && !timeline.forgets;
  const from = state.head.revision + 1;
  // Events of a bucket name the same revision one after another.
  let [known, taught] = [-1, undefined as DomainStanding | undefined];
  const taughtAt = (revision: number) => {
    if (revision === known) return taught;
    const standing = timeline.standingAt(revision);
    [known, taught] = [revision, standing && lineage.teaches(standing)];
    return taught;
  };
  let last: RecordedEvent | undefined;
  let ahead = -1;
  for await (const event of inSlices(log, stream, from, end)) {
    const folded = readToFold(event, state, taughtAt, lineage.revaluedAt);
    if (folded !== undefined && folded.data.domainRevision > until) {
      ahead = folded.data.domainRevision;
      break;
    }
    const counted = folded === undefined ? undefined : await reviewed(source, folded, event, lineage);
    evolve(state, counted, { revision: event.revision, hash: state.head.hash }, domainAt, takenBack, lineage);
    if (puts) await putRung(snapshots, state, event, climb);
    last = event;
  }
  // Only the last link of the chain is needed to go on; checking all of them is the auditor's work.
  if (last !== undefined) state.head = { revision: last.revision, hash: chainHash(last) };
  return { state, ahead };
}

/** Events that are folded before others have their turn: a policy may take a tenth of a millisecond to learn from one. */
const SLICE = 64;

/** Events of a stream; between two slices the log gives the loop back, as it does between two reads. */
async function* inSlices(
  log: BucketSource['log'],
  stream: string,
  from: number,
  upTo: number,
): AsyncGenerator<RecordedEvent> {
  for (let next = from; next < upTo; ) {
    const end = Math.min(next + SLICE, upTo);
    const begun = next;
    for await (const event of log.readStream(stream, { from: next, limit: end - next })) {
      next = event.revision + 1;
      yield event;
    }
    if (next - begun < SLICE) return;
  }
}

/** What was taken back before rewards came to be worth something else is what they are worth now: the reward tells. */
async function reviewed(
  { log, timeline }: BucketSource,
  folded: BucketEvent,
  { stream }: RecordedEvent,
  lineage: Lineage,
): Promise<BucketEvent> {
  const { domainRevision } = folded.data;
  if (folded.type !== 'RewardRetracted' || domainRevision >= lineage.revaluedAt || !lineage.has(domainRevision))
    return folded;
  const retraction = folded.data as EventData<'RewardRetracted'>; // the catalogue pairs type and data, which a Pick of the union no longer shows
  const event = await eventAt(log, stream, retraction.rewardRevision);
  const reward = event && decode(event);
  if (reward?.type !== 'RewardObserved') return folded;
  return { ...folded, data: retractedIn(timeline, lineage, retraction, reward) };
}
