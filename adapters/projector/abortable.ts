/** Work that several loops do side by side, and that ends for all when it ends for one. */

/** Settles after so many milliseconds, or as soon as the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/**
 * Runs all until they end. The first that throws aborts the others.
 * @throws what the first one threw
 */
export async function together(
  signal: AbortSignal,
  loops: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  let first: { readonly thrown: unknown } | undefined;
  await Promise.all(
    loops.map(async (loop) => {
      try {
        await loop(both);
      } catch (thrown) {
        first ??= { thrown };
        ending.abort();
      }
    }),
  );
  if (first !== undefined) throw first.thrown;
}

/** What one loop has for another: rung when there is something new, heard once. */
export interface Bell {
  ring(): void;
  /** Settles at the next ring since it was last heard, or when the signal is aborted. */
  heard(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async heard(signal) {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        wake = undefined;
      }
      rung = false;
    },
  };
}
