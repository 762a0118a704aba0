/**
 * Follows a domain's decisions and closes their reward windows. Deadlines are data: the time of a decision and the configuration
 * it was made under say when it waits no more, so a restart or another node finds the same ones in the log. That a window is
 * closed once, and not where a reward came, is for its bucket to see to: here it is only asked at the right time.
 */
import { type DecodedEvent, decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import { type EventLog, type Position, START } from '../../events/event-log.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import type { DomainTimeline } from '../domain/domain-state.ts';
import type { Environment } from '../environment.ts';
import { createOpenWindows, type OpenWindow } from './open-windows.ts';
import { closesWindow } from './reward-window.ts';
import { createPlaces, lastCheckpoint, putCheckpoint } from './window-checkpoint.ts';

export interface WindowsSource {
  readonly env: Environment;
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  readonly timeline: DomainTimeline;
  readonly refresh: () => Promise<void>;
  /** Stream of the domain, and what the streams of its buckets begin with. */
  readonly domainStream: string;
  readonly streamPrefix: string;
  /** How much longer a window waits whose decision another node made, in milliseconds; default 2,000. */
  readonly standbyMs?: number | undefined;
  /** Records what silence means for a decision, unless its window is closed already. */
  readonly close: (stream: string, revision: number) => Promise<void>;
}

/** Open windows that are kept for one domain. With more of them the oldest close early: a reward that comes later counts all the same. */
const OPEN_AT_MOST = 100_000;
/** Windows that are closed together. */
const BATCH = 256;
/** How often to look for windows to close, in milliseconds: they close late by up to as much. */
const LOOK_MS = 1_000;
/** How much longer a node waits where another made the decision: it stands by, and need not race it. */
const STANDBY_MS = 2_000;
/** When to try again to close a window that could not be. */
const RETRY_MS = 5_000;
/** Events after which a place to go on from is written down. */
const CHECKPOINT_EVERY = 1_000;

/** Follows until stopped. @param onError what to tell when reading or closing fails; it then goes on */
export function followWindows(
  source: WindowsSource,
  onError: (thrown: unknown) => Promise<void>,
  { most = OPEN_AT_MOST, every = CHECKPOINT_EVERY } = {},
): { stop(): void } {
  const { env, log, timeline, standbyMs = STANDBY_MS } = source;
  const stopping = new AbortController();
  const { signal } = stopping;
  let open = createOpenWindows(most);
  let caughtUp = false;
  let closed = 0;
  let nap = new AbortController();
  let room: (() => void) | undefined;

  async function read(): Promise<void> {
    open = createOpenWindows(most);
    caughtUp = false;
    const after = await startOf(source);
    const places = createPlaces(every);
    const types = ['DecisionMade', 'RewardObserved'];
    for await (const message of log.subscribe({ after, streamPrefix: source.streamPrefix, types, signal })) {
      if (message.type === 'event') {
        await note(decode(message.event), places.read(message.event));
        while (open.size >= most + BATCH && !signal.aborted) await roomy();
      } else {
        caughtUp = true;
        const settled = places.settled(open.first(), closed);
        if (settled !== undefined) await putCheckpoint(source, settled);
      }
    }
  }

  async function note(event: DecodedEvent | undefined, place: number): Promise<void> {
    if (event?.type !== 'DecisionMade' && event?.type !== 'RewardObserved') return;
    const { domainRevision } = event.data;
    if (domainRevision >= timeline.length) await source.refresh();
    const window = timeline.standingAt(domainRevision)?.window;
    const { stream, revision, metadata } = event;
    if (event.type === 'RewardObserved') {
      if (closesWindow(event.data, window)) open.remove(stream, event.data.decisionRevision);
    } else if (window !== undefined) {
      const wait = window.milliseconds + (metadata.writer === env.node ? 0 : standbyMs);
      // Nothing was made later than now: a clock that was ahead must not hold up the windows behind it.
      const made = Math.min(metadata.time, env.now());
      open.add({ stream, revision, deadline: made + wait, place }, wait);
    }
  }

  /** Waits until some of the windows that are too many have been closed. */
  function roomy(): Promise<void> {
    nap.abort();
    return new Promise((resolve) => {
      room = resolve;
    });
  }

  async function close(): Promise<void> {
    while (!signal.aborted) {
      // Before it has caught up, the rewards of the decisions that it knows may still be ahead of it.
      const due = caughtUp || open.size > most ? open.due(env.now(), BATCH) : [];
      if (due.length > 0) await closeAll(due);
      room?.();
      if (due.length === 0) {
        nap = new AbortController();
        await env.sleep(Math.max(1, Math.min(LOOK_MS, open.next() - env.now())), nap.signal);
      }
    }
  }

  async function closeAll(due: readonly OpenWindow[]): Promise<void> {
    const outcomes = await Promise.allSettled(due.map(({ stream, revision }) => source.close(stream, revision)));
    const failed: unknown[] = [];
    closed += due.length;
    for (const [index, window] of due.entries()) {
      const outcome = outcomes[index];
      if (outcome?.status === 'rejected') {
        if (!passes(outcome.reason)) failed.push(outcome.reason);
        open.postpone(window, env.now() + RETRY_MS);
      } else open.remove(window.stream, window.revision);
    }
    if (failed.length > 0 && !signal.aborted) await onError(failed[0]);
  }

  async function untilStopped(work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
      } catch (thrown) {
        if (!signal.aborted) await onError(thrown);
      }
    }
  }
  void untilStopped(read);
  void untilStopped(close);

  return {
    stop() {
      stopping.abort();
      nap.abort();
      room?.();
    },
  };
}

/** Whether it is only that the bucket was busy, or written by another node just then. */
function passes(thrown: unknown): boolean {
  return thrown instanceof ReckonerError && (thrown.code === 'conflict' || thrown.code === 'overloaded');
}

/** Where to begin to read: no decision before it has an open window. */
async function startOf(source: WindowsSource): Promise<Position> {
  const { log, timeline, domainStream } = source;
  const window = timeline.latest?.window;
  if (window === undefined) return log.head();
  const declared = (await eventAt(log, domainStream, window.since))?.position ?? START;
  const settled = await lastCheckpoint(source);
  return settled !== undefined && settled > declared ? settled : declared;
}
