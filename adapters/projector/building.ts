/** Projections that are built beside what readers see, in small batches, and then take its place. */
import { ReckonerError } from '../../events/errors.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { pause } from './abortable.ts';
import { reasonOf } from './dead-letters.ts';
import type { Seat } from './fold.ts';
import { type Batch, type Fault, foldInto } from './lane.ts';
import { createGathering, readingFor, restMs, type Work } from './work.ts';

/** What is told of a projection whose building ended. */
export interface Built {
  /** Their transaction is still open: what is written now is written with the swap. */
  ended(names: readonly string[], failure?: ReckonerError): void;
}

/** Events that may be left when the swap begins: so many are folded while the live projections stand still. */
const LAST_STRETCH = 2_000;
/** How often it looks whether the node is still busy, in milliseconds. */
const LOOK_MS = 100;

/** Builds whatever is to be built until the signal is aborted. @throws what the disk, the log or the lease is to blame for */
export async function buildBeside(work: Work, built: Built, signal: AbortSignal): Promise<void> {
  let told: string | undefined;
  while (!signal.aborted) {
    if (work.building.length === 0) {
      await work.moreToBuild.heard(signal);
      continue;
    }
    // Those who come later wait for the next round: they are at the log's beginning, and these are not.
    const lane = [...work.building];
    let lap = 0;
    try {
      do await catchUp(work, lane, built, lap++, signal);
      while (!signal.aborted && !(await takePlace(work, lane, built)));
      told = undefined;
    } catch (thrown) {
      if (!(thrown instanceof ReckonerError) || thrown.code !== 'segment_missing') throw thrown;
      if (told !== thrown.message) work.onFault('projections', thrown);
      told = thrown.message;
      await giveUpAsked(work, lane, built, thrown);
      await pause(work.pace.missingMs, signal);
    }
  }
}

/**
 * Where events were archived and taken away, only what is built needs them: what is live follows on. A rebuild beside a live one
 * fails; what has no live one yet is tried again, since nothing else would make it.
 */
async function giveUpAsked(work: Work, lane: readonly Seat[], built: Built, failure: ReckonerError): Promise<void> {
  const { store, live, building } = work;
  await store.alone(async () => {
    const asked = stillBuilding(work, lane).filter(({ projection }) => live.has(projection.name));
    if (asked.length === 0) return;
    await store.fenced(() => {
      for (const { edition } of asked) store.editions.fail(edition, failure.message);
      built.ended(
        asked.map(({ projection }) => projection.name),
        failure,
      );
    });
    for (const seat of asked) building.splice(building.indexOf(seat), 1);
  });
}

/**
 * Folds up to where the log ends when it begins.
 * @param lap how often it has done so before
 */
async function catchUp(
  work: Work,
  lane: readonly Seat[],
  built: Built,
  lap: number,
  signal: AbortSignal,
): Promise<void> {
  const { log, pace } = work;
  const head = await log.head();
  const gathering = createGathering(pace);
  for await (const event of log.readAll(readingFor(stillBuilding(work, lane)))) {
    if (!gathering.add(event)) continue;
    const tookMs = await foldBesides(work, lane, built, { events: gathering.take(), upTo: event.position });
    await restAfter(tookMs, work, lap, signal);
    if (signal.aborted) return;
  }
  await foldBesides(work, lane, built, lastBatch(gathering.take(), head));
}

function lastBatch(records: readonly RecordedEvent[], head: Batch['upTo']): Batch {
  const last = records.at(-1)?.position ?? head;
  return { events: records, upTo: last > head ? last : head };
}

/** @returns how long it took, in milliseconds, without waiting for its turn */
function foldBesides(work: Work, lane: readonly Seat[], built: Built, batch: Batch): Promise<number> {
  return work.store.alone(async () => {
    const began = performance.now();
    await foldAlone(work, lane, built, batch);
    return performance.now() - began;
  });
}

/** Rests after a batch, and looks on the way whether the node is still as busy. */
async function restAfter(tookMs: number, { pace, load }: Work, lap: number, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  while (!signal.aborted) {
    const left = restMs(pace, { tookMs, load: load(), lap }) - (performance.now() - began);
    if (left <= 0) return;
    await pause(Math.min(left, LOOK_MS), signal);
  }
}

function foldAlone(work: Work, lane: readonly Seat[], built: Built, batch: Batch): Promise<void> {
  const onFault = (fault: Fault) => stop(work, built, fault);
  return foldInto(work.store, stillBuilding(work, lane), batch, onFault, () => work.onPoint('midRebuild'));
}

/**
 * Folds the last stretch while nothing else moves, then shows what was built in place of what was there: views, tables and
 * states in one transaction.
 * @returns false where too much has been appended meanwhile
 */
async function takePlace(work: Work, lane: readonly Seat[], built: Built): Promise<boolean> {
  const { store, log, live, building } = work;
  const done = await store.alone(async () => {
    const seats = stillBuilding(work, lane);
    if (seats.length === 0) return true;
    const head = await log.head();
    const rest: RecordedEvent[] = [];
    for await (const event of log.readAll({ ...readingFor(seats), limit: LAST_STRETCH })) rest.push(event);
    if (rest.length === LAST_STRETCH) return false;
    await foldAlone(work, lane, built, lastBatch(rest, head));
    const complete = stillBuilding(work, lane);
    await store.fenced(() => {
      for (const { edition } of complete) store.editions.show(edition);
      built.ended(complete.map(({ projection }) => projection.name));
      work.onPoint('midSwap');
    });
    for (const seat of complete) {
      live.set(seat.projection.name, seat);
      building.splice(building.indexOf(seat), 1);
    }
    work.changes += 1;
    work.onPoint('afterSwap');
    return true;
  });
  work.liveChanged.ring();
  work.onReached();
  return done;
}

/** Those of a lane that have not failed. */
function stillBuilding({ building }: Work, lane: readonly Seat[]): readonly Seat[] {
  return lane.filter((seat) => building.includes(seat));
}

/**
 * A read model that lacks an event must not take the place of one that does not: it stops. Where the log is damaged no other can be
 * made, so what cannot be read goes to the dead letters, as when it was live.
 */
function stop(work: Work, built: Built, { seat, event: { record }, thrown }: Fault): boolean {
  const { name } = seat.projection;
  if (thrown instanceof ReckonerError && thrown.code === 'log_corrupt') {
    work.store.deadLetters.add(seat.edition, record, thrown);
    work.onFault(`projection ${name}, ${record.stream} ${record.revision}`, thrown);
    return true;
  }
  const where = `the event ${record.id} (${record.type}, ${record.stream}, revision ${record.revision})`;
  const message = `The projection ${name} cannot be built: ${where} cannot be folded. ${reasonOf(thrown)}`;
  const failure = new ReckonerError('internal', message, {
    cause: thrown,
    remedy: `What readers see stays as it was. Mend the projection, then: reckoner projections rebuild ${name}.`,
  });
  work.store.editions.fail(seat.edition, message);
  built.ended([name], failure);
  work.building.splice(work.building.indexOf(seat), 1);
  work.onFault(`projection ${name}`, failure);
  return false;
}
