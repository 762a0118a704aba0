/** Folding events into the tables of several projections at once, inside one transaction. */
import { type DecodedEvent, decode, timeOf } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import type { Handler, ProjectedEvent, Projection } from '../../projections/projection.ts';
import type { Checkpoint, StoredEdition } from './editions.ts';

/** A projection at work on one edition of its tables. */
export interface Seat {
  readonly projection: Projection;
  readonly edition: StoredEdition;
  readonly handler: Handler;
  readonly types: ReadonlySet<string>;
  /** As far as its tables are committed. */
  checkpoint: Checkpoint;
}

export function seatOf(projection: Projection, edition: StoredEdition, handler: Handler): Seat {
  const { position, eventId, events, time } = edition;
  const types = new Set<string>(projection.types);
  return { projection, edition, handler, types, checkpoint: { position, eventId, events, time } };
}

/** An event for any number of projections: decoded at most once. */
export function projected(record: RecordedEvent): ProjectedEvent {
  let decoded: DecodedEvent | undefined;
  let done = false;
  return {
    record,
    decoded() {
      // One that cannot be decoded throws for each who asks.
      if (!done) decoded = decode(record);
      done = true;
      return decoded;
    },
  };
}

/** Whether this event is for it, and not yet in its tables. */
export function wants({ types, checkpoint }: Seat, { type, position }: RecordedEvent): boolean {
  return types.has(type) && position > checkpoint.position;
}

/**
 * Folds events in order into all seats that want them, and ends the batch.
 * @throws what a projection throws: the tables are then half changed, and the transaction must be rolled back
 */
export async function foldBatch(seats: readonly Seat[], records: readonly RecordedEvent[]): Promise<void> {
  const takersOf = takersByType(seats);
  for (const record of records) {
    const takers = takersOf(record.type);
    if (takers.length === 0) continue;
    // Made here, so that what was decoded is garbage before the next event: a batch of it would live long enough to be dear.
    const event = projected(record);
    for (const seat of takers) {
      if (record.position <= seat.checkpoint.position) continue;
      // Most answer at once, and a turn of the event loop for each event would cost more than the event.
      const pending = seat.handler.apply(event);
      if (pending !== undefined) await pending;
    }
  }
  for (const { handler } of seats) await handler.flush?.();
}

function takersByType(seats: readonly Seat[]): (type: string) => readonly Seat[] {
  const known = new Map<string, readonly Seat[]>();
  return (type) => {
    const found = known.get(type);
    if (found !== undefined) return found;
    const takers = seats.filter(({ types }) => types.has(type));
    known.set(type, takers);
    return takers;
  };
}

/**
 * The checkpoint of a seat after these events.
 * @param upTo how far the log was looked at, also past events that nobody wants
 */
export function checkpointAfter(
  seat: Seat,
  records: readonly RecordedEvent[],
  upTo: Checkpoint['position'],
): Checkpoint {
  const { checkpoint } = seat;
  if (upTo <= checkpoint.position) return checkpoint;
  let folded = 0;
  let last: RecordedEvent | undefined;
  for (const record of records) {
    if (!wants(seat, record)) continue;
    folded += 1;
    last = record;
  }
  return {
    position: upTo,
    eventId: records.at(-1)?.id ?? checkpoint.eventId,
    events: checkpoint.events + folded,
    time: (last === undefined ? undefined : timeOrNone(last)) ?? checkpoint.time,
  };
}

/** When an event was recorded, milliseconds since 1970; undefined where that cannot be read. */
function timeOrNone(record: RecordedEvent): number | undefined {
  try {
    return timeOf(record);
  } catch {
    return undefined;
  }
}
