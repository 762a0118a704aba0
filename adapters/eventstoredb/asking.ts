/** Asking again: what reads do where the store is silent, gone for a moment, or led by another node. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ReckonerError } from '../../events/errors.ts';
import { refusalOf, unreachable } from './failures.ts';

export interface AskingOptions {
  /** Of the store, for messages. */
  readonly place: string;
  /** Milliseconds after which a read that got no answer gives up. */
  readonly patienceMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Told of each failed attempt, and of the first that succeeds again. */
  readonly told: (trouble: ReckonerError | undefined) => void;
}

export interface Asking {
  /**
   * Attempts until one succeeds.
   * @throws ReckonerError log_unreachable, shutting_down, and what does not mend by asking again
   */
  again<T>(attempt: () => Promise<T>): Promise<T>;
  /** Milliseconds before the nth attempt, from 1. */
  pause(attempt: number): number;
  /** What is asked from now on, and what waits, is refused. */
  close(): void;
  readonly closed: boolean;
  /** Aborted at close. */
  readonly signal: AbortSignal;
  /** Notes a failure, or that it is over. */
  readonly told: AskingOptions['told'];
  readonly place: string;
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;

export function createAsking({ place, patienceMs, now, random, told }: AskingOptions): Asking {
  const end = new AbortController();

  const pause = (attempt: number) => {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
    return longest * (0.5 + random() / 2);
  };

  async function again<T>(attempt: () => Promise<T>): Promise<T> {
    const began = now();
    for (let attempts = 1; ; attempts++) {
      if (end.signal.aborted) throw closedError();
      try {
        const answer = await attempt();
        told(undefined);
        return answer;
      } catch (thrown) {
        if (end.signal.aborted) throw closedError();
        const refusal = refusalOf(thrown);
        if (refusal !== undefined) throw refusal;
        const trouble = unreachable(place, thrown);
        told(trouble);
        if (now() - began >= patienceMs) throw trouble;
        await sleep(pause(attempts), undefined, { signal: end.signal }).catch(() => {});
      }
    }
  }

  return {
    again,
    pause,
    close: () => end.abort(),
    get closed() {
      return end.signal.aborted;
    },
    signal: end.signal,
    told,
    place,
  };
}

export function closedError(): ReckonerError {
  return new ReckonerError('shutting_down', 'The log is closed.');
}
