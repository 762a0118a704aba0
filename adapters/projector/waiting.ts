/** Read-your-writes: waiting until the read models hold everything up to a position of the log. */
import type { Position } from '../../events/event-log.ts';

export interface Waiting {
  /** How far the projections that readers see have come; those that are not named cannot be read yet. */
  reached(positions: Readonly<Record<string, Position>>): void;
  /**
   * Settles when all of them have come so far.
   * @param timeoutMs how long to wait at most
   * @param projections by name
   * @returns false where the time was over first
   */
  whenProcessed(position: Position, timeoutMs: number, projections: readonly string[]): Promise<boolean>;
  /** Lets all go: they are told false. */
  close(): void;
}

export function createWaiting(): Waiting {
  let positions: Readonly<Record<string, Position>> = {};
  let closed = false;
  const waiters = new Set<{ readonly isServed: () => boolean; readonly settle: (served: boolean) => void }>();

  return {
    reached(now) {
      positions = now;
      for (const waiter of waiters) if (waiter.isServed()) waiter.settle(true);
    },
    whenProcessed(position, timeoutMs, projections) {
      const isServed = () =>
        projections.every((name) => {
          const reached = positions[name];
          return reached !== undefined && reached >= position;
        });
      if (isServed()) return Promise.resolve(true);
      if (closed) return Promise.resolve(false);
      return new Promise((resolve) => {
        const settle = (served: boolean) => {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve(served);
        };
        const waiter = { isServed, settle };
        const timer = setTimeout(() => settle(false), timeoutMs);
        waiters.add(waiter);
      });
    },
    close() {
      closed = true;
      for (const waiter of waiters) waiter.settle(false);
    },
  };
}
