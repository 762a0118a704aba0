/** Catch-up, then live: the same loop over pages, which waits where a page ends at the log's head. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Filter, SubscribeOptions, SubscriptionMessage } from '../../events/event-log.ts';
import type { Arrivals, Waiter, Written } from './arrivals.ts';
import type { Page } from './reads.ts';
import { positionOf, rowOf } from './schema.ts';

export interface SubscriptionSource {
  readonly arrivals: Arrivals;
  /**
   * What follows a row, and the arrivals that had been noticed before it looked. Waits while the file is locked, rejects
   * where it cannot be read.
   */
  readonly look: (after: number, options: SubscribeOptions) => Promise<Page & { readonly seen: number }>;
}

/** Each iteration is a subscription of its own. It takes no more than one page from the log ahead of its consumer. */
export function subscription(
  source: SubscriptionSource,
  options: SubscribeOptions,
): AsyncIterable<SubscriptionMessage> {
  return { [Symbol.asyncIterator]: () => iterate(source, options) };
}

function iterate(source: SubscriptionSource, options: SubscribeOptions): AsyncIterator<SubscriptionMessage> {
  const { signal } = options;
  const waiter: Waiter = {
    wants: (written) => passes(options, written),
    ended: signal?.aborted ?? false,
    passed: 0,
    resume: undefined,
  };
  const end = () => source.arrivals.end(waiter);
  signal?.addEventListener('abort', end, { once: true });
  const generator = messages(source, options, waiter, () => signal?.removeEventListener('abort', end));
  return {
    next: () => generator.next(),
    // A generator that waits cannot be returned from: it is woken first, finds that it has ended, and lets go.
    return: () => {
      end();
      signal?.removeEventListener('abort', end); // a generator that never began runs no finally
      return generator.return(undefined);
    },
  };
}

function passes({ streamPrefix, types }: Filter, { stream, events }: Written): boolean {
  if (streamPrefix !== undefined && !stream.startsWith(streamPrefix)) return false;
  return types === undefined || events.some(({ type }) => types.includes(type));
}

async function* messages(
  { arrivals, look }: SubscriptionSource,
  options: SubscribeOptions,
  waiter: Waiter,
  release: () => void,
): AsyncGenerator<SubscriptionMessage, undefined> {
  const over = () => waiter.ended || arrivals.closed;
  let at = rowOf(options.after ?? positionOf(0));
  let told = -1;
  try {
    while (!over()) {
      const { seen, events, upTo, head } = await look(at, options);
      for (const event of events) {
        if (over()) return;
        yield { type: 'event', event };
      }
      at = upTo;
      if (at < head) {
        await turn(); // a long catch-up leaves the process its other work
        continue;
      }
      if (at > told && !over()) {
        told = at;
        yield { type: 'caughtUp', position: positionOf(at) };
      }
      await arrivals.next(seen, waiter);
      at = Math.max(at, waiter.passed);
    }
  } catch (thrown) {
    if (!over()) throw thrown; // the log was closed or the consumer left during the read
  } finally {
    release();
  }
}
