/** What every event log's subscriptions do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type EventLog,
  NO_STREAM,
  type Position,
  type RecordedEvent,
  START,
  type SubscribeOptions,
} from '../../events/event-log.ts';
import { collect, idsOf, someEvent, someEvents, someStream } from './event-fixtures.ts';

export function subscriptionContract(log: () => EventLog): void {
  describe('a subscription', () => {
    it('delivers what is there, says that it has caught up, and goes on with what comes', async () => {
      const stream = someStream();
      const events = someEvents(5);
      await log().append(stream, NO_STREAM, events.slice(0, 3));
      const seen: string[] = [];
      for await (const message of log().subscribe()) {
        if (message.type === 'event') seen.push(message.event.id);
        else seen.push('caughtUp');
        if (seen.length === 4) await log().append(stream, 2, events.slice(3));
        if (seen.length === 7) break;
      }
      const ids = idsOf(events);
      expect(seen).toEqual([...ids.slice(0, 3), 'caughtUp', ...ids.slice(3), 'caughtUp']);
    });

    it('to an empty log has caught up at the start', async () => {
      for await (const message of log().subscribe()) {
        expect(message).toEqual({ type: 'caughtUp', position: START });
        break;
      }
    });

    it('delivers events just as reading does', async () => {
      await log().append(someStream(), NO_STREAM, someEvents(3));
      expect(await untilCaughtUp(log(), {})).toEqual(await collect(log().readAll()));
    });

    it('is woken by an append that comes while it waits', async () => {
      const stream = someStream();
      const subscription = log().subscribe()[Symbol.asyncIterator]();
      await subscription.next();
      const waiting = subscription.next();
      await sleep(60);
      const event = someEvent();
      await log().append(stream, NO_STREAM, [event]);
      expect((await waiting).value).toMatchObject({ type: 'event', event: { id: event.id } });
      await subscription.return?.();
    });

    it('delivers only the streams and types it asked for, and tells how far it looked past the others', async () => {
      await log().append(someStream('bucket'), NO_STREAM, [someEvent('DecisionMade'), someEvent('RewardObserved')]);
      await log().append(someStream('domain'), NO_STREAM, [someEvent('RewardObserved')]);
      const filter = { streamPrefix: 'bucket-', types: ['RewardObserved'] };
      const head = await log().head();
      const seen: string[] = [];
      for await (const message of log().subscribe(filter)) {
        seen.push(message.type === 'event' ? message.event.type : message.position);
        if (message.type === 'caughtUp' && seen.length === 2) {
          await log().append(someStream('agent'), NO_STREAM, [someEvent('AgentCallFailed')]);
        }
        if (seen.length === 3) break;
      }
      expect(seen.slice(0, 2)).toEqual(['RewardObserved', head]);
      // Nothing for it came, but it looked: a checkpoint there does not read the same again.
      expect(seen[2]! > head).toBe(true);
    });

    it('begins after the position it was given', async () => {
      await log().append(someStream(), NO_STREAM, someEvents(4));
      const all = await collect(log().readAll());
      expect(await untilCaughtUp(log(), { after: all[1]!.position })).toEqual(all.slice(2));
      expect(await untilCaughtUp(log(), { after: await log().head() })).toEqual([]);
    });

    it('loses nothing and doubles nothing when it is dropped and taken up again while writers write', async () => {
      const written = new Set<string>();
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        const stream = someStream(writer % 2 === 0 ? 'bucket' : 'domain');
        for (let revision = NO_STREAM; revision < 119; revision += 3) {
          const events = someEvents(3);
          await log().append(stream, revision, events);
          for (const { id } of events) written.add(id);
        }
      });
      const all = readAcrossReconnects(log(), {}, 4 * 120);
      const buckets = readAcrossReconnects(log(), { streamPrefix: 'bucket-' }, 2 * 120);
      await Promise.all(writers);
      const seen = await all;
      expect(idsOf(seen)).toEqual(idsOf(await collect(log().readAll())));
      expect(new Set(idsOf(seen))).toEqual(written);
      expect(idsOf(await buckets)).toEqual(idsOf(seen.filter(({ stream }) => stream.startsWith('bucket-'))));
    });

    it('waits for a slow consumer, who still gets everything in order', async () => {
      const stream = someStream();
      const events = someEvents(60);
      const reading = readAcrossReconnects(log(), {}, 60, () => sleep(1));
      for (const [index, event] of events.entries()) await log().append(stream, index - 1, [event]);
      expect(idsOf(await reading)).toEqual(idsOf(events));
    });

    it('catches up over more than any page', async () => {
      const stream = someStream();
      await log().append(someStream('domain'), NO_STREAM, someEvents(2_600));
      await log().append(stream, NO_STREAM, someEvents(1_200));
      expect(await untilCaughtUp(log(), {})).toHaveLength(3_800);
      expect(await untilCaughtUp(log(), { streamPrefix: stream })).toHaveLength(1_200);
    });

    it('ends without an error when its signal is aborted, while it waits, while it is read, and before it began', async () => {
      await log().append(someStream(), NO_STREAM, someEvents(3));
      const waits = new AbortController();
      const reads = new AbortController();
      const ended = await Promise.all([
        collect(abortedAt(log().subscribe({ signal: waits.signal }), 'caughtUp', waits, 20)),
        collect(abortedAt(log().subscribe({ signal: reads.signal }), 'event', reads, 0)),
        collect(log().subscribe({ signal: AbortSignal.abort() })),
      ]);
      expect(ended.map((messages) => messages.length)).toEqual([4, 1, 0]);
    });

    it('that waits can be returned from', async () => {
      const subscription = log().subscribe()[Symbol.asyncIterator]();
      await subscription.next();
      const waiting = subscription.next();
      await subscription.return?.();
      expect(await waiting).toMatchObject({ done: true });
    });

    it('ends without an error when the log is closed', async () => {
      const ended = collect(log().subscribe());
      const other = log().subscribe()[Symbol.asyncIterator]();
      await other.next();
      await sleep(20);
      await log().close();
      expect(await ended).toHaveLength(1);
      expect(await other.next()).toMatchObject({ done: true });
    });
  });
}

/** Everything up to the first caughtUp. */
async function untilCaughtUp(log: EventLog, options: SubscribeOptions): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const message of log.subscribe(options)) {
    if (message.type === 'caughtUp') break;
    events.push(message.event);
  }
  return events;
}

/** Reads `count` events, leaving and coming back from the last processed place again and again. */
async function readAcrossReconnects(
  log: EventLog,
  options: SubscribeOptions,
  count: number,
  work: () => Promise<void> = async () => {},
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after: Position = START;
  for (let patience = 1; events.length < count; patience = (patience % 17) + 1) {
    let left = patience;
    for await (const message of log.subscribe({ ...options, after })) {
      if (message.type === 'event') {
        events.push(message.event);
        after = message.event.position;
      } else {
        after = message.position;
      }
      await work();
      left--;
      if (left === 0 || events.length >= count) break;
    }
  }
  return events;
}

async function* abortedAt<T extends { type: string }>(
  source: AsyncIterable<T>,
  type: string,
  controller: AbortController,
  delay: number,
): AsyncGenerator<T> {
  for await (const message of source) {
    yield message;
    if (message.type !== type) continue;
    if (delay === 0) controller.abort();
    else setTimeout(() => controller.abort(), delay);
  }
}
