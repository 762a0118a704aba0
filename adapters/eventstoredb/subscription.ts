/** Catch-up, then live: one feed after another from where the consumer is, for as long as it wants. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SubscribeOptions, SubscriptionMessage } from '../../events/event-log.ts';
import { type Filter, type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import type { Asking } from './asking.ts';
import { refusalOf, unreachable } from './failures.ts';
import { type Feed, type FeedItem, passes } from './feed.ts';
import { positionOf } from './position.ts';
import { unpack } from './stored-form.ts';

export interface SubscriptionSource {
  readonly open: (after: Position, filter: Filter) => Feed;
  /** Position of the log's last event when it is asked. */
  readonly head: () => Promise<Position>;
  readonly asking: Asking;
  readonly prefix: string;
  /** Milliseconds without an event after which the consumer is told that it has all there is. */
  readonly quietMs: number;
  /** Milliseconds after which a subscription that hears nothing looks whether there is something, and asks for it anew. */
  readonly lookMs: number;
  /** Milliseconds that the server may be silent before it has caught up. */
  readonly silenceMs: number;
  /** Why nothing came for so long. */
  readonly silence: () => Promise<Error>;
  readonly now: () => number;
}

/** Where events never stop coming it looks how far the log is once in so many quiet times. */
const BUSY_LOOKS = 10;

/** Whether, and how, a consumer has left. */
interface Leaving {
  left: boolean;
  /** Ends what it waits for. */
  readonly controller: AbortController;
}

/** Each iteration is a subscription of its own. */
export function subscription(
  source: SubscriptionSource,
  options: SubscribeOptions,
): AsyncIterable<SubscriptionMessage> {
  return { [Symbol.asyncIterator]: () => iterate(source, options) };
}

function iterate(source: SubscriptionSource, options: SubscribeOptions): AsyncIterator<SubscriptionMessage> {
  const { signal } = options;
  const leaving: Leaving = { left: signal?.aborted ?? false, controller: new AbortController() };
  const end = () => {
    leaving.left = true;
    leaving.controller.abort();
  };
  signal?.addEventListener('abort', end, { once: true });
  source.asking.signal.addEventListener('abort', end, { once: true });
  if (source.asking.closed) end();
  const release = () => {
    signal?.removeEventListener('abort', end);
    source.asking.signal.removeEventListener('abort', end);
  };
  const generator = messages(source, options, leaving, release);
  return {
    next: () => generator.next(),
    // A generator that waits cannot be returned from: it is woken first, finds that it has been left, and lets go.
    return: () => {
      end();
      release(); // a generator that never began runs no finally
      return generator.return(undefined);
    },
  };
}

/**
 * What `caughtUp` rests on: the head was asked for, and then everything up to it was delivered. Checkpoints of the server are not
 * used: the one that it gives when it goes live may be where its next event will be, which would then never come.
 */
async function* messages(
  { open, head, asking, prefix, quietMs, lookMs, silenceMs, silence, now }: SubscriptionSource,
  { after = START, streamPrefix, types }: SubscribeOptions,
  leaving: Leaving,
  release: () => void,
): AsyncGenerator<SubscriptionMessage, undefined> {
  const filter = { streamPrefix, types };
  /** Everything that passes, up to here, has been delivered. */
  let at = after;
  let told: Position | undefined;
  let failures = 0;
  let feed: Feed | undefined;
  const wake = () => feed?.wake();
  leaving.controller.signal.addEventListener('abort', wake);
  try {
    while (!leaving.left) {
      try {
        /** When the consumer is here, it has all there was when this was asked: also before the feed began. */
        let goal: Position | undefined = await head();
        if (leaving.left) return;
        feed = open(at, filter);
        let live = false;
        /** Whether something came since the last look. */
        let fresh = false;
        let lookedAt = now();
        for (;;) {
          const item: FeedItem = await feed.next(live ? (fresh ? quietMs : lookMs) : silenceMs);
          if (leaving.left) return;
          if (typeof item !== 'string') {
            failures = 0;
            const event = eventIn(item, prefix);
            if (event === undefined || event.position <= at) continue;
            at = event.position;
            fresh = true;
            if (passes(filter, event)) yield { type: 'event', event };
            if (leaving.left) return;
            if (live && goal === undefined && now() - lookedAt >= BUSY_LOOKS * quietMs) {
              goal = await head();
              lookedAt = now();
            }
          } else if (item === 'caughtUp') {
            live = true;
            if (goal !== undefined && goal > at) at = goal;
          } else if (live) {
            goal = await head();
            lookedAt = now();
            // What it does not let through, or what it has lost without a word: a new one begins where this one is.
            if (goal > at && !fresh) break;
            fresh = false;
          } else {
            throw await silence();
          }
          if (live && goal !== undefined && at >= goal) {
            goal = undefined;
            if (leaving.left) return;
            if (told === undefined || at > told) {
              told = at;
              yield { type: 'caughtUp', position: at };
              if (leaving.left) return;
            }
          }
        }
      } catch (thrown) {
        if (leaving.left) return;
        const refusal = refusalOf(thrown);
        if (refusal !== undefined && refusal.code !== 'log_unreachable') throw refusal;
        asking.told(refusal ?? unreachable(asking.place, thrown));
        failures += 1;
        await sleep(asking.pause(failures), undefined, { signal: leaving.controller.signal }).catch(() => {});
      }
      await feed?.close();
      feed = undefined;
    }
  } finally {
    leaving.controller.signal.removeEventListener('abort', wake);
    release();
    await feed?.close();
  }
}

/** The event with its place in $all. */
export function eventIn(item: Exclude<FeedItem, string>, prefix: string): RecordedEvent | undefined {
  const event = unpack(item, prefix);
  const position = (item.link ?? item.event)?.position;
  return event === undefined || position === undefined ? undefined : { ...event, position: positionOf(position) };
}
