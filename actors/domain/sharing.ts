/**
 * What all buckets of a domain learn, shared with each: a fold of the domain's rewards in the order of the log. After every N of
 * them a `PriorShared` is due. Counting in log order makes it a function of the log: a restart, or another node, shares the same.
 * A rollback says what had been shared and counted by the revision that it returns to: counting begins anew there, and passes by
 * what was set aside. A change of what rewards are worth says what they come to by it.
 */
import { decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { type EventLog, type Position, START } from '../../events/event-log.ts';
import type { PriorShared } from '../../proto/generated/events.ts';
import { addShared, countedAs } from '../rollback/recount.ts';
import type { DomainState, DomainTimeline } from './domain-state.ts';

export interface SharingSource {
  readonly log: EventLog;
  readonly timeline: DomainTimeline;
  readonly refresh: () => Promise<void>;
  /** Prefix of the streams of the domain's buckets. */
  readonly streamPrefix: string;
  /**
   * Records them in their order; settles when they are in the timeline.
   * @param since the rollback that they were counted from, -1 where there was none: they are void where another came
   */
  readonly share: (due: readonly PriorShared[], since: number) => Promise<void>;
}

export interface Sharing {
  /** Settles when every prior that the log so far calls for has been shared. */
  settled(): Promise<void>;
  stop(): void;
}

/** As many sharings are appended at once, for a domain that has to catch up; and so many arms in them. */
const DUE_AT_MOST = 64;
const DUE_ARMS_AT_MOST = 20_000;

export function sharesPriors({ config }: DomainState): boolean {
  return config.sharing.every > 0 && config.bucketBy.length > 0;
}

/** Counts until stopped. @param onError what to tell when counting fails; it then starts anew from what was last shared */
export function startSharing(source: SharingSource, onError: (thrown: unknown) => Promise<void>): Sharing {
  const stopping = new AbortController();
  const waiting = new Set<{ readonly target: Position; readonly resolve: () => void }>();
  let looked: Position = START;

  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await count(source, stopping.signal, (position) => {
          looked = position;
          for (const waiter of waiting) {
            if (waiter.target > looked) continue;
            waiting.delete(waiter);
            waiter.resolve();
          }
        });
      } catch (thrown) {
        if (!stopping.signal.aborted) await onError(thrown);
      }
    }
    for (const { resolve } of waiting) resolve();
  };
  void run();

  return {
    async settled() {
      const target = await source.log.head();
      if (looked >= target || stopping.signal.aborted) return;
      await new Promise<void>((resolve) => waiting.add({ target, resolve }));
    },
    stop: () => stopping.abort(),
  };
}

async function count(
  source: SharingSource,
  signal: AbortSignal,
  lookedUpTo: (position: Position) => void,
): Promise<void> {
  const { log, timeline, refresh, share, streamPrefix } = source;
  const from = timeline.latest;
  if (from === undefined) throw new ReckonerError('domain_unknown', 'The domain has no configuration yet.');
  const last = from.countedThrough === '' ? undefined : await log.find(from.countedThrough);
  const sums = new Map([...(from.shared ?? [])].map(([arm, { pulls, sum }]) => [arm, { pulls, sum }]));
  const since = from.countedSince;
  let counted = from.counted;
  let shared = counted;
  // Recorded together: one by one, each would cost a commit of its own.
  let due: PriorShared[] = [];
  const shareDue = async () => {
    const together = due;
    due = [];
    if (together.length > 0) await share(together, since);
  };
  const types = ['RewardObserved', 'RewardRetracted'];
  for await (const message of log.subscribe({ after: last?.position ?? START, streamPrefix, types, signal })) {
    // Begun anew from what the rollback says.
    if (timeline.latest?.countedSince !== since) return;
    if (message.type === 'caughtUp') {
      await shareDue();
      lookedUpTo(message.position);
      continue;
    }
    const event = decode(message.event);
    if (event?.type !== 'RewardObserved' && event?.type !== 'RewardRetracted') continue;
    if (event.data.domainRevision >= timeline.length) await refresh();
    if (timeline.latest?.countedSince !== since) return;
    if (!timeline.lineage.has(event.data.domainRevision)) continue;
    const worth = await countedAs(log, timeline, timeline.lineage, event);
    if (worth !== undefined) addShared(sums, worth, timeline.standingAt(event.data.domainRevision));
    counted += 1;
    const { every } = timeline.latest?.config.sharing ?? { every: 0 };
    if (every > 0 && counted - shared >= every) {
      due.push({ counted, through: event.id, arms: [...sums].map(([arm, { pulls, sum }]) => ({ arm, pulls, sum })) });
      if (due.length >= DUE_AT_MOST || due.length * sums.size >= DUE_ARMS_AT_MOST) await shareDue();
      shared = counted;
    }
  }
}
