/** Decisions that wait for a reward, by the time at which they wait no more. */

export interface OpenWindow {
  /** Stream and revision of the decision. */
  readonly stream: string;
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** How many events had been read when its decision was. */
  readonly place: number;
}

export interface OpenWindows {
  readonly size: number;
  /** @param wait how long it waits in milliseconds. Those that wait equally long are added in the order of their deadlines */
  add(window: OpenWindow, wait: number): void;
  /** Tries it once more at a later time; out of the order of the others. */
  postpone(window: OpenWindow, deadline: number): void;
  remove(stream: string, revision: number): void;
  /** Those whose time has come, and the first of those that are one too many; at most so many. */
  due(now: number, limit: number): OpenWindow[];
  /** The nearest deadline, Infinity where nothing waits. */
  next(): number;
  /** The place of the decision that was read first, Infinity where nothing waits. */
  first(): number;
}

/** @param most how many may wait for their time */
export function createOpenWindows(most: number): OpenWindows {
  // A decision comes after those that were made before it: where all wait equally long, the first in is the first out, and a Map
  // that keeps the order of insertion is queue and index in one. A domain has as many lengths as configurations in force of late.
  const queues = new Map<number, Map<string, OpenWindow>>();
  const postponed = new Map<string, OpenWindow>();
  let size = 0;

  function remove(key: string): void {
    if (postponed.delete(key)) size -= 1;
    for (const [wait, queue] of queues) {
      if (!queue.delete(key)) continue;
      size -= 1;
      if (queue.size === 0) queues.delete(wait);
    }
  }

  /** The least over all: where they are in order, of the first of each queue. */
  function least(of: (window: OpenWindow) => number): number {
    let least = Infinity;
    for (const queue of queues.values()) {
      const first = queue.values().next().value;
      if (first !== undefined) least = Math.min(least, of(first));
    }
    for (const window of postponed.values()) least = Math.min(least, of(window));
    return least;
  }

  return {
    get size() {
      return size;
    },
    add(window, wait) {
      const queue = queues.get(wait) ?? new Map<string, OpenWindow>();
      queues.set(wait, queue);
      queue.set(keyOf(window), window);
      size += 1;
    },
    postpone(window, deadline) {
      remove(keyOf(window));
      postponed.set(keyOf(window), { ...window, deadline });
      size += 1;
    },
    remove: (stream, revision) => remove(keyOf({ stream, revision })),
    due(now, limit) {
      const due: OpenWindow[] = [];
      let excess = size - most;
      for (const queue of queues.values()) {
        for (const window of queue.values()) {
          if (due.length === limit || (window.deadline > now && excess <= 0)) break;
          due.push(window);
          excess -= 1;
        }
      }
      for (const window of postponed.values()) {
        if (due.length === limit) break;
        if (window.deadline <= now) due.push(window);
      }
      return due;
    },
    next: () => least(({ deadline }) => deadline),
    first: () => least(({ place }) => place),
  };
}

function keyOf({ stream, revision }: Pick<OpenWindow, 'stream' | 'revision'>): string {
  return `${stream} ${revision}`;
}
