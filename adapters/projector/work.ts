/** What the loops of the process that projects have in common. */
import { type EventLog, type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import type { Projection } from '../../projections/projection.ts';
import type { Bell } from './abortable.ts';
import { isOf, type StoredEdition } from './editions.ts';
import { type Seat, seatOf } from './fold.ts';
import type { Store } from './store.ts';
import { openTables } from './tables.ts';

/** Places where tests kill the process: rows written, transaction still open; the same while building; views swapped, still open; done. */
export type ProjectorPoint = 'midBatch' | 'midRebuild' | 'midSwap' | 'afterSwap';

export interface Pace {
  /** Events of one transaction at most. */
  readonly batchEvents: number;
  /** Bytes of their data at most. */
  readonly batchBytes: number;
  /** Milliseconds that events wait at most for others of their batch. */
  readonly batchMs: number;
  /**
   * Once everything is read, what comes next is waited for this many times as long as the last batch took: few large batches cost
   * half of what many small ones do, and write a fifth. On a quiet node a batch takes a millisecond, and so nobody waits.
   */
  readonly liveRest: number;
  /** Longest such wait, in milliseconds. */
  readonly liveRestMs: number;
  /**
   * After each batch of a rebuild it rests this many times as long as the batch took while the node has no time left, less the more
   * it has, and not at all where it has nothing to do: decisions need the disk and the memory too.
   */
  readonly rest: number;
  /** Longest rest, in milliseconds: where a batch took long because the machine was busy, resting as long would help nobody. */
  readonly restMs: number;
  /** How often others' requests are looked for, in milliseconds. */
  readonly requestsMs: number;
  /** How long what is built waits for archived events that are not in their place before it looks again, in milliseconds. */
  readonly missingMs: number;
}

export interface Work {
  readonly store: Store;
  readonly log: EventLog;
  readonly projections: readonly Projection[];
  readonly pace: Pace;
  /** How busy the node is, in [0, 1]. */
  readonly load: () => number;
  /** What readers see, by name. Changed only within `store.alone`. */
  readonly live: Map<string, Seat>;
  /** What is built beside it, oldest first. Changed only within `store.alone`. */
  readonly building: Seat[];
  /** Rung when `building` has got more. */
  readonly moreToBuild: Bell;
  /** Rung when `live` has changed. */
  readonly liveChanged: Bell;
  /** Counts the changes of `live`: a batch that was read before one of them is not folded after it. */
  changes: number;
  /** Told after everything that has moved what readers see. */
  readonly onReached: () => void;
  /** Told of an event that could not be folded, and of a rebuild that stopped. */
  readonly onFault: (where: string, thrown: unknown) => void;
  readonly onPoint: (name: ProjectorPoint) => void;
}

/** Begins to fold into an edition that is there. */
export function seatFor({ store }: Pick<Work, 'store'>, projection: Projection, edition: StoredEdition): Seat {
  return seatOf(projection, edition, projection.open(openTables(store.database, projection.tables, edition)));
}

/** From where, and which types, the log must be read for all of them. */
export function readingFor(seats: readonly Seat[]): { readonly after: Position; readonly types: readonly string[] } {
  const positions = seats.map(({ checkpoint }) => checkpoint.position);
  return {
    after: positions.reduce((least, position) => (position < least ? position : least), positions[0] ?? START),
    types: [...new Set(seats.flatMap(({ types }) => [...types]))],
  };
}

/**
 * How long a rebuild rests after a batch, in milliseconds: the longer the busier the node is. Each further lap over what was
 * appended meanwhile rests half as long: where decisions come faster than they are folded, it would otherwise never end.
 * @param batch how long it took, how busy the node is, in [0, 1], and how many laps were done before
 */
export function restMs(
  pace: Pick<Pace, 'rest' | 'restMs'>,
  batch: { readonly tookMs: number; readonly load: number; readonly lap: number },
): number {
  return Math.min(pace.restMs, batch.tookMs * pace.rest * batch.load) / 2 ** batch.lap;
}

/** Gathers events until they make a batch. */
export function createGathering({ batchEvents, batchBytes, batchMs }: Pace): {
  /** @returns whether the batch is full */
  add(event: RecordedEvent): boolean;
  take(): RecordedEvent[];
} {
  let events: RecordedEvent[] = [];
  let bytes = 0;
  let began = 0;
  return {
    add(event) {
      if (events.length === 0) began = performance.now();
      events.push(event);
      bytes += event.data.length;
      return events.length >= batchEvents || bytes >= batchBytes || performance.now() - began >= batchMs;
    },
    take() {
      const taken = events;
      events = [];
      bytes = 0;
      return taken;
    },
  };
}

/**
 * Compares what the file holds with what shall be projected, and makes the seats: what can go on goes on, what has no place here
 * goes, what is missing is begun. What readers see stays until something newer takes its place.
 */
export async function takeSeats({
  store,
  log,
  projections,
}: Pick<Work, 'store' | 'log' | 'projections'>): Promise<Pick<Work, 'live' | 'building'>> {
  return store.alone(async () => {
    const foreign = new Set<string>();
    for (const edition of store.editions.all()) if (!(await isOfLog(edition, log))) foreign.add(idOf(edition));
    return store.fenced(() => {
      const { editions } = store;
      const known = new Map(projections.map((projection) => [projection.name, projection]));
      for (const edition of editions.all())
        if (foreign.has(idOf(edition)) || !known.has(edition.name)) editions.drop(edition);
      const live = new Map<string, Seat>();
      const building: Seat[] = [];
      for (const projection of projections) {
        const mine = editions.all().filter(({ name }) => name === projection.name);
        const shown = mine.find((edition) => edition.state === 'live' && isOf(edition, projection));
        const begun = mine.find((edition) => edition.state !== 'live' && isOf(edition, projection));
        for (const other of mine) if (other.state !== 'live' && other !== begun) editions.drop(other);
        if (shown !== undefined) live.set(projection.name, seatFor({ store }, projection, shown));
        // A rebuild that failed beside a live one waits until it is asked for again.
        if (begun?.state === 'failed' && shown !== undefined) continue;
        if (begun !== undefined) editions.resume(begun);
        if (begun === undefined && shown !== undefined) continue;
        building.push(seatFor({ store }, projection, begun ?? editions.begin(projection)));
      }
      return { live, building };
    });
  });
}

/** Whether this is the log that the edition was made from, and not an older backup or another one. */
async function isOfLog({ position, eventId }: StoredEdition, log: EventLog): Promise<boolean> {
  if (position > (await log.head())) return false;
  if (eventId === null) return true;
  const found = await log.find(eventId);
  return found !== undefined && found.position <= position;
}

function idOf({ name, version, generation }: StoredEdition): string {
  return `${name} ${version} ${generation}`;
}
