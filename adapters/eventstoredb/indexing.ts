/** Keeps the index of ids up to date: looks in $all for what came, all the time and whenever somebody has to know. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReckonerError } from '../../events/errors.ts';
import { type Position, START } from '../../events/event-log.ts';
import type { Asking } from './asking.ts';
import { unreachable } from './failures.ts';
import type { IdIndex, Place } from './id-index.ts';
import type { Reads } from './reads.ts';

export interface IndexingOptions {
  readonly index: IdIndex;
  readonly reads: Pick<Reads, 'page' | 'ids'>;
  readonly asking: Asking;
  /** How often it looks while nobody asks, in milliseconds. */
  readonly everyMs: number;
  /** How long somebody who asks waits for an index that has far to go. */
  readonly patienceMs: number;
  readonly now: () => number;
}

/** How far the index is. */
export interface IndexLag {
  /** It has seen everything up to here. */
  readonly upTo: Position;
  /** Milliseconds since it last saw the end of the log; undefined where it has not yet. */
  readonly behindMs: number | undefined;
}

/** Of an event that this process wrote the position is known only where it was the last of its append. */
export type KnownPlace = Omit<Place, 'position'> & { readonly position: Position | undefined };

export interface Indexing {
  /**
   * Where the event is. What is not in the index is looked for in $all, up to everything that was there when this was called.
   * @throws ReckonerError log_unreachable where the index is not there yet after the patience, shutting_down
   */
  find(id: string): Promise<KnownPlace | undefined>;
  /** What is known at once: what this process wrote, and what the index has come to. */
  known(id: string): KnownPlace | undefined;
  /** Notes what this process wrote; `last` is the last event's position. */
  wrote(stream: string, first: number, ids: readonly string[], last: Position): void;
  /** Settles when the index has seen everything that was in the log when this was called. */
  caughtUp(): Promise<void>;
  lag(): IndexLag;
  /** No event that is known is newer. */
  newest(): Position;
  close(): Promise<void>;
}

/** So many events of its own a process remembers until the index has come to them. */
const FRESH = 200_000;

export function startIndexing(options: IndexingOptions): Indexing {
  const { index, reads, asking, everyMs, patienceMs, now } = options;
  let running: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let endSeenAt: number | undefined;
  let upTo: Position = START;
  let newest: Position = START;
  let checked = false;
  /** What this process wrote and the index has not come to yet. */
  const fresh = new Map<string, KnownPlace>();

  const known = (id: string): KnownPlace | undefined => index.place(id) ?? fresh.get(id);

  function wrote(stream: string, first: number, ids: readonly string[], last: Position): void {
    ids.forEach((id, offset) => {
      const position = offset === ids.length - 1 ? last : undefined;
      fresh.set(id, { stream, revision: first + offset, position });
    });
    if (last > newest) newest = last;
    for (const id of fresh.keys()) {
      if (fresh.size <= FRESH) break;
      fresh.delete(id); // the oldest; the index finds it
    }
  }

  /** An index of another store, or of this one before it was set back, has nothing to say. */
  async function check(): Promise<void> {
    const { upTo: from, last } = index.checkpoint();
    if (from !== START) {
      const place = last?.place;
      const [there] = place === undefined ? [] : await reads.ids(place.stream, place.revision, 1);
      if (there === undefined || there !== last?.id) index.clear();
    }
    const believed = index.checkpoint();
    upTo = believed.upTo;
    newest = believed.last?.place.position ?? START;
    checked = true;
  }

  async function run(): Promise<void> {
    if (!checked) await check();
    for (;;) {
      const page = await reads.page(upTo);
      if (asking.closed) return;
      if (page.upTo > upTo) {
        index.note(page.events, page.upTo);
        upTo = page.upTo;
        for (const { id } of page.events) fresh.delete(id);
        for (const { position } of page.events.slice(-1)) if (position > newest) newest = position;
      }
      if (page.end) break;
    }
    endSeenAt = now();
  }

  /** A look that began before the call may have passed the place already: those who ask meanwhile share the next one. */
  function caughtUp(): Promise<void> {
    if (running === undefined) {
      running = run().finally(() => {
        running = undefined;
      });
      return running;
    }
    following ??= running.then(next, next);
    return following;
  }

  function next(): Promise<void> {
    following = undefined;
    return caughtUp();
  }

  async function patiently(): Promise<void> {
    const limit = new AbortController();
    const tooLate = sleep(patienceMs, undefined, { signal: limit.signal, ref: false }).then((): ReckonerError => {
      const building = new Error('The index of event ids has not come to the end of the log yet.');
      return unreachable(asking.place, building);
    });
    try {
      const late = await Promise.race([caughtUp().then(() => undefined), tooLate]);
      if (late !== undefined) throw late;
    } finally {
      limit.abort();
      tooLate.catch(() => {});
    }
  }

  async function follow(): Promise<void> {
    while (!asking.closed) {
      await caughtUp().catch(() => {}); // told where it happened; the next look may be luckier
      await sleep(everyMs, undefined, { signal: asking.signal, ref: false }).catch(() => {});
    }
  }

  const followed = follow();

  return {
    known,
    async find(id) {
      const place = known(id);
      if (place !== undefined) return place;
      await patiently();
      return known(id);
    },
    wrote,
    caughtUp: patiently,
    lag: () => ({ upTo, behindMs: endSeenAt === undefined ? undefined : Math.max(0, now() - endSeenAt) }),
    newest: () => newest,
    async close() {
      await followed;
      await running?.catch(() => {});
      index.close();
    },
  };
}
