/** Who may go when: one at a time for each name, so many at once in all, everyone in the order in which they came. */
import { closedError } from './asking.ts';

export interface Turns {
  /** Does the work when it is its turn, and not before what else it has to wait for is settled. */
  take<T>(name: string, after: readonly Promise<unknown>[], work: () => Promise<T>): Promise<T>;
  /** Settles when all work is done. What has not begun in so many milliseconds is refused with shutting_down. */
  close(patienceMs: number): Promise<void>;
}

export function createTurns(atOnce: number): Turns {
  const last = new Map<string, Promise<unknown>>();
  const waiting: (() => void)[] = [];
  let working = 0;
  let tooLate = false;

  async function enter(): Promise<void> {
    if (working < atOnce) working += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve)); // whoever leaves gives its place on
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) working -= 1;
    else next();
  }

  function take<T>(name: string, after: readonly Promise<unknown>[], work: () => Promise<T>): Promise<T> {
    const before = last.get(name);
    const turn = (async () => {
      if (before !== undefined || after.length > 0) await Promise.allSettled([before, ...after]);
      await enter();
      try {
        if (tooLate) throw closedError();
        return await work();
      } finally {
        leave();
      }
    })();
    last.set(name, turn);
    const settled = () => {
      if (last.get(name) === turn) last.delete(name);
    };
    turn.then(settled, settled);
    return turn;
  }

  async function close(patienceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      tooLate = true;
    }, patienceMs);
    while (last.size > 0) await Promise.allSettled([...last.values()]);
    clearTimeout(timer);
  }

  return { take, close };
}
