import type { Clock } from '../../actors/agent-clock.ts';

/** Longest delay that a timer of Node takes; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wakeAt(time, wake) {
    const timer = setTimeout(wake, Math.min(LONGEST_MS, Math.max(0, time - Date.now())));
    return () => clearTimeout(timer);
  },
};
