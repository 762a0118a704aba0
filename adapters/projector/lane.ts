/** Projections that are folded together: one reading of the log, one transaction a batch. */
import type { Position, RecordedEvent } from '../../events/event-log.ts';
import type { ProjectedEvent } from '../../projections/projection.ts';
import type { Checkpoint } from './editions.ts';
import { checkpointAfter, foldBatch, projected, type Seat, wants } from './fold.ts';
import { isFaultOfEvent, type Store } from './store.ts';

/** A batch that was read, and how far the log was looked at with it. */
export interface Batch {
  readonly events: readonly RecordedEvent[];
  readonly upTo: Position;
}

/** An event that a projection could not fold. */
export interface Fault {
  readonly seat: Seat;
  readonly event: ProjectedEvent;
  readonly thrown: unknown;
}

/**
 * What is to be done, within the transaction, about an event that cannot be folded.
 * @returns whether the projection goes on with the events that follow
 */
export type OnFault = (fault: Fault) => boolean;

/**
 * Folds a batch into all seats: rows and checkpoints in one transaction. Where a projection throws, it is done again event by
 * event, so that only the culprit is left out, and only of the projection that threw. Only within `alone`.
 * @param point called when the rows are written and the transaction is still open
 * @throws what the disk, the log or the lease is to blame for: nothing of the batch is then in the tables
 */
export async function foldInto(
  store: Store,
  seats: readonly Seat[],
  batch: Batch,
  onFault: OnFault,
  point: () => void,
): Promise<void> {
  try {
    await settle(store, seats, async () => {
      await foldBatch(seats, batch.events);
      point();
      return new Map(seats.map((seat) => [seat, checkpointAfter(seat, batch.events, batch.upTo)]));
    });
  } catch (thrown) {
    if (!isFaultOfEvent(thrown)) throw thrown;
    await settle(store, seats, () => oneByOne(store, seats, batch, onFault));
  }
}

/** Runs a fold in a transaction of its own and moves the checkpoints with it; nobody remembers anything of one that failed. */
async function settle(
  store: Store,
  seats: readonly Seat[],
  fold: () => Promise<ReadonlyMap<Seat, Checkpoint>>,
): Promise<void> {
  try {
    const reached = await store.fenced(async () => {
      const checkpoints = await fold();
      for (const [{ edition }, checkpoint] of checkpoints) store.editions.checkpoint(edition, checkpoint);
      return checkpoints;
    });
    for (const [seat, checkpoint] of reached) seat.checkpoint = checkpoint;
  } catch (thrown) {
    for (const { handler } of seats) handler.reset();
    throw thrown;
  }
}

async function oneByOne(
  store: Store,
  seats: readonly Seat[],
  { events, upTo }: Batch,
  onFault: OnFault,
): Promise<ReadonlyMap<Seat, Checkpoint>> {
  const reached = new Map<Seat, Checkpoint>();
  const going = new Set(seats);
  for (const [place, record] of events.entries()) {
    const event = projected(record);
    for (const seat of going) {
      const thrown = wants(seat, record) ? await attempt(store, seat, event) : undefined;
      if (thrown === undefined || onFault({ seat, event, thrown: thrown.value })) continue;
      going.delete(seat);
      // It stops before the culprit.
      const before = events.slice(0, place);
      const position = before.at(-1)?.position;
      if (position !== undefined) reached.set(seat, checkpointAfter(seat, before, position));
    }
  }
  for (const seat of going) reached.set(seat, checkpointAfter(seat, events, upTo));
  return reached;
}

/**
 * Folds one event for one projection, within the transaction of the caller; of one that fails nothing stays.
 * @returns what the projection threw
 * @throws what is not the event's fault
 */
export async function attempt(
  { database }: Store,
  { handler }: Seat,
  event: ProjectedEvent,
): Promise<{ readonly value: unknown } | undefined> {
  database.exec('SAVEPOINT one');
  try {
    await handler.apply(event);
    // What it holds back would be lost with the next one that fails.
    await handler.flush?.();
    database.exec('RELEASE one');
    return undefined;
  } catch (value) {
    if (!isFaultOfEvent(value)) throw value;
    database.exec('ROLLBACK TO one');
    database.exec('RELEASE one');
    handler.reset();
    return { value };
  }
}
