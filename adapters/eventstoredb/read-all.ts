/** All streams, up to where the log ended when the read began: what a subscription delivers, and then it is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ReadAllOptions, type RecordedEvent, START } from '../../events/event-log.ts';
import { closedError } from './asking.ts';
import { refusalOf, unreachable } from './failures.ts';
import { passes } from './feed.ts';
import { eventIn, type SubscriptionSource } from './subscription.ts';

/**
 * Filters by stream or type are the server's work, which bounded reads of $all in this client cannot ask for.
 * @throws ReckonerError log_unreachable where nothing comes for as long as reads have patience; shutting_down
 */
export async function* readAll(
  { open, head, asking, prefix, silenceMs, silence }: SubscriptionSource,
  { after = START, limit = Number.POSITIVE_INFINITY, streamPrefix, types }: ReadAllOptions,
  attempts: number,
): AsyncGenerator<RecordedEvent> {
  const filter = { streamPrefix, types };
  const end = await head();
  let at = after;
  let left = limit;
  for (let failures = 0; at < end && left > 0; ) {
    const feed = open(at, filter);
    try {
      for (;;) {
        const item = await feed.next(silenceMs);
        if (asking.closed) throw closedError();
        if (item === 'caughtUp') return;
        if (item === 'quiet') throw await silence();
        const event = eventIn(item, prefix);
        if (event === undefined || event.position <= at) continue;
        if (event.position > end) return; // what is appended while the reader reads is not for this read
        failures = 0;
        at = event.position;
        if (passes(filter, event)) {
          yield event;
          left -= 1;
        }
        if (at >= end || left <= 0) return;
      }
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (refusal !== undefined) throw refusal;
      failures += 1;
      asking.told(unreachable(asking.place, thrown));
      if (failures >= attempts) throw unreachable(asking.place, thrown);
      await sleep(asking.pause(failures), undefined, { signal: asking.signal }).catch(() => {});
    } finally {
      await feed.close();
    }
  }
}
