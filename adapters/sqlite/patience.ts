/** Waiting for a lock that another process holds, without stopping the event loop meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy } from './failures.ts';

export interface Patience {
  /** Give up after so many milliseconds in all. */
  readonly limitMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Uniform in [0, 1): keeps two waiting processes from meeting again and again. */
  readonly random: () => number;
}

/** The patience of a store: 5 s unless said otherwise. */
export function patience(options: Partial<Patience>): Patience {
  return {
    limitMs: options.limitMs ?? 5_000,
    now: options.now ?? (() => performance.now()),
    random: options.random ?? Math.random,
  };
}

/** Milliseconds to wait before attempt number `attempt` (from 1): 1 to 2 at first, doubling up to 16 to 32. */
export function delayBefore(attempt: number, random: () => number): number {
  return 2 ** Math.min(attempt - 1, 4) * (1 + random());
}

/** Calls `attempt` until it does not find a lock; passes on every other error, and the last busy one after `limitMs`. */
export async function patiently<T>(attempt: () => T, { limitMs, now, random }: Patience): Promise<T> {
  const deadline = now() + limitMs;
  for (let tries = 1; ; tries++) {
    try {
      return attempt();
    } catch (thrown) {
      if (!isBusy(thrown) || now() >= deadline) throw thrown;
    }
    await sleep(delayBefore(tries, random));
  }
}

/** The same for start-up, where there is nothing else to do: the thread sleeps. */
export function patientlyBlocking<T>(attempt: () => T, { limitMs, now, random }: Patience): T {
  const deadline = now() + limitMs;
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 1; ; tries++) {
    try {
      return attempt();
    } catch (thrown) {
      if (!isBusy(thrown) || now() >= deadline) throw thrown;
    }
    Atomics.wait(never, 0, 0, delayBefore(tries, random));
  }
}
