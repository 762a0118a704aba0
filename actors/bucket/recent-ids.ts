/**
 * The last event ids of a stream. A ring and no set: each event adds one and drops the oldest, which costs a set a microsecond and
 * a ring next to nothing. One is looked up by a number made of it: to compare it with so many texts, each of them somewhere else in
 * memory, would take longer than to choose an arm.
 */

/** How many event ids a bucket remembers. */
export const WINDOW = 64;

export interface RecentIds {
  /** At most `WINDOW`; where they are so many, the oldest is at `next`. */
  readonly ids: string[];
  /** The number of each. */
  readonly marks: number[];
  /** Where the next one goes. */
  next: number;
}

/** @param ids oldest first */
export function recentIds(ids: readonly string[] = []): RecentIds {
  const kept = ids.slice(-WINDOW);
  return { ids: kept, marks: kept.map(markOf), next: ids.length < WINDOW ? ids.length : 0 };
}

/** For who folds what is in the log already, and is never asked: remembers none. */
export const NO_IDS: RecentIds = { ids: [], marks: [], next: 0 };

/** Adds one that is not among them. */
export function remember(recent: RecentIds, id: string): void {
  if (recent === NO_IDS) return;
  recent.ids[recent.next] = id;
  recent.marks[recent.next] = markOf(id);
  recent.next = recent.next === WINDOW - 1 ? 0 : recent.next + 1;
}

export function remembers({ ids, marks }: RecentIds, id: string): boolean {
  const mark = markOf(id);
  for (let at = marks.indexOf(mark); at >= 0; at = marks.indexOf(mark, at + 1)) if (ids[at] === id) return true;
  return false;
}

/** Of its first letters, which in an event id are random: 30 bits, the same for the same id. */
function markOf(id: string): number {
  let mark = 0;
  for (let at = 0; at < 8 && at < id.length; at++) mark = (Math.imul(mark, 31) + id.charCodeAt(at)) & 0x3fffffff;
  return mark;
}

export function oldestFirst({ ids, next }: RecentIds): string[] {
  return ids.length < WINDOW ? [...ids] : [...ids.slice(next), ...ids.slice(0, next)];
}
