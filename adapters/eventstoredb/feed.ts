/** One subscription to $all on the server, pulled by whoever reads it; it ends on the server too when it is left. */
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type EventStoreDBClient,
  eventTypeFilter,
  START as FROM_START,
  streamNameFilter,
} from '@eventstore/db-client';
import type { Filter, Position } from '../../events/event-log.ts';
import { within } from './deadline.ts';
import { errorFrom } from './failures.ts';
import { storedPosition } from './position.ts';
import { SNAPSHOT_STREAMS } from './shared-snapshots.ts';

/** An event; that the server has delivered all there was; or that nothing came for as long as was asked. */
export type FeedItem = AllStreamResolvedEvent | 'caughtUp' | 'quiet';

export interface Feed {
  /**
   * What comes next. Only one may wait at a time.
   * @param waitMs how long to wait before `quiet`
   * @throws whatever ended the subscription on the server
   */
  next(waitMs: number): Promise<FeedItem>;
  /** Lets whoever waits hear `quiet` at once. */
  wake(): void;
  /** Ends it on the server; comes back also where the server does not. */
  close(): Promise<void>;
}

/** How long the server may take to be told that nobody reads any more. */
const LEAVE_MS = 2_000;

/** @param after exclusive, as the port's positions and the server's subscriptions are */
export function openFeed(client: EventStoreDBClient, after: Position, filter: Filter, prefix: string): Feed {
  const from = storedPosition(after);
  /** Signs of life: a server that looks through what the filter leaves out sends nothing else for long. */
  let signs = 0;
  const subscription: AllStreamSubscription = client.subscribeToAll({
    fromPosition: from === 'start' ? FROM_START : from,
    filter: { ...serverFilter(filter, prefix), checkpointReached: async () => void signs++ },
  });
  let failure: Error | undefined;
  let caughtUp = false;
  let woken: ((quiet: boolean) => void) | undefined;
  const wake = () => woken?.(false);
  const end = (thrown: unknown) => {
    failure ??= errorFrom(thrown);
    wake();
  };
  subscription.on('readable', wake);
  subscription.on('error', end);
  subscription.on('end', () => end(new Error('The server ended the subscription.')));
  subscription.on('close', () => end(new Error('The subscription was closed.')));
  subscription.on('caughtUp', () => {
    caughtUp = true;
    wake();
  });

  async function next(waitMs: number): Promise<FeedItem> {
    for (let quiet = false, heard = signs; ; ) {
      // Events before everything else: what ended it, or that it has caught up, came after them.
      const item: AllStreamResolvedEvent | null = subscription.read();
      if (item !== null) return item;
      if (caughtUp) {
        caughtUp = false;
        return 'caughtUp';
      }
      if (failure !== undefined) throw failure;
      if (quiet && heard === signs) return 'quiet';
      heard = signs;
      let timer: NodeJS.Timeout | undefined;
      quiet = await new Promise<boolean>((resolve) => {
        woken = resolve;
        timer = setTimeout(resolve, waitMs, true);
      });
      clearTimeout(timer);
      woken = undefined;
    }
  }

  async function close(): Promise<void> {
    failure ??= new Error('The subscription was left.');
    await within(LEAVE_MS, subscription.unsubscribe(), 'unsubscribe').catch(() => {});
    subscription.destroy();
  }

  return { next, wake: () => woken?.(true), close };
}

/** What the server can leave out by itself; the rest is left out here. It takes one kind of filter only. */
function serverFilter({ streamPrefix = '', types }: Filter, prefix: string) {
  const streams = prefix + streamPrefix;
  if (streams !== '') return streamNameFilter({ prefixes: [streams] });
  if (types !== undefined && types.length > 0) return eventTypeFilter({ prefixes: [...types] });
  return streamNameFilter({ regex: `^(?!\\$|${SNAPSHOT_STREAMS})` });
}

/** What the server's filter let through may still be none of what was asked for. */
export function passes({ streamPrefix = '', types }: Filter, event: { stream: string; type: string }): boolean {
  return event.stream.startsWith(streamPrefix) && (types === undefined || types.includes(event.type));
}
