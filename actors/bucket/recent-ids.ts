/**
 * The last event ids of a stream. A ring and no set: each event adds one and drops the oldest, which costs a set a microsecond and
 * a ring next to nothing, and looking one up in so few is as quick.
 */

/** How many event ids a bucket remembers. */
export const WINDOW = 64;

export interface RecentIds {
  /** At most `WINDOW`; where they are so many, the oldest is at `next`. */
  readonly ids: string[];
  /** Where the next one goes. */
  next: number;
}

/** @param ids oldest first */
export function recentIds(ids: readonly string[] = []): RecentIds {
  return { ids: ids.slice(-WINDOW), next: ids.length < WINDOW ? ids.length : 0 };
}

/** Adds one that is not among them. */
export function remember(recent: RecentIds, id: string): void {
  recent.ids[recent.next] = id;
  recent.next = recent.next === WINDOW - 1 ? 0 : recent.next + 1;
}

export function remembers({ ids }: RecentIds, id: string): boolean {
  return ids.includes(id);
}

export function oldestFirst({ ids, next }: RecentIds): string[] {
  return ids.length < WINDOW ? [...ids] : [...ids.slice(next), ...ids.slice(0, next)];
}
