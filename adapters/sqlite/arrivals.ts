/** Tells those who wait for new events that there may be some: committed by this process, or by another on the same file. */

/** One subscription's place in the waiting room. */
export interface Waiter {
  ended: boolean;
  /** Wakes it; undefined while it does not wait. */
  resume: (() => void) | undefined;
}

export interface Arrivals {
  /** How many arrivals were noticed so far, another process's included. Ask before reading, hand it to `next` after. */
  seen(): number;
  /** Settles at the first arrival after `seen`, at once where there has been one, and when the waiter is ended. */
  next(seen: number, waiter: Waiter): Promise<void>;
  /** This process has committed. */
  notice(): void;
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
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const version = dataVersion();
    if (version === known) return;
    known = version;
    notice();
  }

  function notice(): void {
    arrivals++;
    wake();
  }

  function poll(): void {
    if (waiting.size === 0) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    try {
      look();
    } catch {
      wake();
    }
  }

  function wake(): void {
    for (const waiter of waiting) waiter.resume?.();
    waiting.clear(); // the timer stays for a while: most come back at once
  }

  function next(seen: number, waiter: Waiter): Promise<void> {
    if (arrivals !== seen || waiter.ended || closed) return Promise.resolve();
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
