/** Timeouts by the thousand for the price of one timer: what waits is looked through every few milliseconds. */
import { createBag } from './bag.ts';

/** Something that must be settled before its time. */
export interface Timed {
  /** Set by `add`. */
  deadline: number;
  /** Called once, late by up to one look, where it was not removed before. */
  expire(): void;
}

export interface Deadlines {
  add(timed: Timed, milliseconds: number): void;
  /** False where it has expired already. */
  remove(timed: Timed): boolean;
}

/** @param everyMs how often to look. The timer runs only while something waits, and keeps the process alive that long. */
export function createDeadlines(everyMs: number): Deadlines {
  const waiting = createBag<Timed>();
  let looks = 0; // the clock: no other is read
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    looks++;
    if (waiting.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    for (const timed of waiting.all()) {
      if (timed.deadline <= looks && waiting.remove(timed)) timed.expire();
    }
  }

  return {
    add(timed, milliseconds) {
      // One more than needed: the first look may come at once.
      timed.deadline = looks + 1 + Math.ceil(milliseconds / everyMs);
      waiting.add(timed);
      timer ??= setInterval(look, everyMs);
    },
    remove: waiting.remove,
  };
}
