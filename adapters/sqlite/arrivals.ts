/** Tells those who wait for new events that there may be some: committed by this process, or by another on the same file. */

/** What one append of this process wrote. */
export interface Written {
  readonly stream: string;
  readonly events: readonly { readonly type: string }[];
}

/** One subscription's place in the waiting room. */
export interface Waiter {
  /** Whether something in it passes the subscription's filter. */
  readonly wants: (written: Written) => boolean;
  ended: boolean;
  /** All up to this row is known not to be for it; 0 where nothing is known. */
  passed: number;
  /** Ends its last wait; undefined before the first. */
  resume: (() => void) | undefined;
}

export interface Arrivals {
  /** How many arrivals were noticed so far, another process's included. Ask before reading, hand it to `next` after. */
  seen(): number;
  /** Settles at the first arrival after `seen`, at once where there has been one, and when the waiter is ended. */
  next(seen: number, waiter: Waiter): Promise<void>;
  /**
   * This process has committed, up to row `last`. Wakes those who want some of it; the others hear at the next poll how far the
   * log has come, and need not read that again.
   * @param others whether others had written before
   */
  notice(written: readonly Written[], last: number, others: boolean): void;
  /** Lets the waiter go, for good. */
  end(waiter: Waiter): void;
  /** Ends everyone, now and later. */
  close(): void;
  readonly closed: boolean;
}

/**
 * @param dataVersion changes when another connection commits; it may throw, and waiters then find the failure in their own read
 * @param pollMs how often to look at it while someone waits; one timer serves all and does not keep the process alive
 */
export function createArrivals(dataVersion: () => number, pollMs: number): Arrivals {
  const waiting = new Set<Waiter>();
  let arrivals = 0;
  let known: number | undefined;
  let closed = false;
  /** Whether someone waits who has not heard of the last commits, because none of it was for them. */
  let passedBy = false;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const version = dataVersion();
    if (version === known) return;
    known = version;
    arrivals++;
    wake(); // what another connection wrote is not known before it is read
  }

  function notice(written: readonly Written[], last: number, others: boolean): void {
    arrivals++;
    if (others) {
      wake(); // what they wrote is not known before it is read
      return;
    }
    for (const waiter of waiting) {
      if (written.some(waiter.wants)) {
        waiting.delete(waiter);
        waiter.resume?.();
      } else {
        waiter.passed = last;
        passedBy = true;
      }
    }
  }

  function poll(): void {
    if (waiting.size === 0) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    try {
      look();
      if (passedBy) wake();
    } catch {
      wake();
    }
  }

  function wake(): void {
    passedBy = false;
    for (const waiter of waiting) waiter.resume?.();
    waiting.clear(); // the timer stays for a while: most come back at once
  }

  function next(seen: number, waiter: Waiter): Promise<void> {
    if (arrivals !== seen || waiter.ended || closed) return Promise.resolve();
    waiter.passed = 0;
    waiting.add(waiter);
    timer ??= setInterval(poll, pollMs).unref();
    return new Promise((resolve) => {
      waiter.resume = resolve;
    });
  }

  return {
    seen() {
      look();
      return arrivals;
    },
    next,
    notice,
    end(waiter) {
      waiter.ended = true;
      waiter.resume?.();
      waiting.delete(waiter);
    },
    close() {
      closed = true;
      wake();
      clearInterval(timer);
    },
    get closed() {
      return closed;
    },
  };
}
