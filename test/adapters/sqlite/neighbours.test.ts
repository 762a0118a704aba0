/** Two logs on one file, as two processes have them: none may trust what it remembers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { NO_STREAM } from '../../../events/event-log.ts';
import { collect, idsOf, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { temporaryFile } from './temporary.ts';

describe('two logs on one file', () => {
  it('see each other’s heads at the next append', async () => {
    const file = temporaryFile();
    const [first, second] = [openSqliteEventLog({ file }), openSqliteEventLog({ file })];
    const stream = someStream();
    await first.append(stream, NO_STREAM, someEvents(1));
    await second.append(stream, 0, someEvents(2));
    expect(await first.append(stream, 0, someEvents(1))).toEqual({
      status: 'conflict',
      reason: 'revision',
      actual: 2,
    });
    expect(await first.append(stream, 2, someEvents(1))).toMatchObject({ status: 'appended', revision: 3 });
    expect(await second.append(stream, NO_STREAM, someEvents(1))).toMatchObject({ actual: 3 });
    await first.close();
    await second.close();
  });

  it('know each other’s repetitions', async () => {
    const file = temporaryFile();
    const [first, second] = [openSqliteEventLog({ file }), openSqliteEventLog({ file })];
    const stream = someStream();
    const events = someEvents(2);
    const appended = await first.append(stream, NO_STREAM, events);
    expect(await second.append(stream, NO_STREAM, events)).toEqual({ ...appended, status: 'alreadyAppended' });
    await first.close();
    await second.close();
  });

  it('wake each other’s subscriptions, several at once', async () => {
    const file = temporaryFile();
    const [writer, reader] = [openSqliteEventLog({ file }), openSqliteEventLog({ file, pollMs: 5 })];
    const stream = someStream();
    const events = someEvents(30);
    const seen = [0, 1, 2].map(async () => {
      const ids: string[] = [];
      for await (const message of reader.subscribe()) {
        if (message.type === 'event') ids.push(message.event.id);
        if (ids.length === events.length) return ids;
      }
      return ids;
    });
    for (const [index, event] of events.entries()) {
      await sleep(index % 3);
      await writer.append(stream, index - 1, [event]);
    }
    for (const ids of await Promise.all(seen)) expect(ids).toEqual(idsOf(events));
    await writer.close();
    expect(await collect(reader.readStream(stream))).toHaveLength(30);
    await reader.close();
  });

  it('lose nothing to a subscription where an append that was refused comes between the other’s and an own one', async () => {
    const file = temporaryFile();
    const [own, other] = [openSqliteEventLog({ file, pollMs: 200 }), openSqliteEventLog({ file })];
    const [noise, wanted] = [someStream(), someStream()];
    const events = someEvents(5);
    await own.append(noise, NO_STREAM, someEvents(1));
    const ids: string[] = [];
    const seen = (async () => {
      for await (const message of own.subscribe({ streamPrefix: wanted }))
        if (message.type === 'event' && ids.push(message.event.id) === events.length) return;
    })();
    for (const [index, event] of events.entries()) {
      await sleep(20); // it has read everything, and waits
      await other.append(wanted, index - 1, [event]);
      expect(await own.append(noise, NO_STREAM, someEvents(1))).toMatchObject({ status: 'conflict' });
      await own.append(noise, index, someEvents(1));
    }
    await Promise.race([seen, sleep(1_000)]);
    expect(ids).toEqual(idsOf(events));
    await own.close();
    await other.close();
  });

  it('lose nothing to a subscription that this process’s own commits pass by', async () => {
    const file = temporaryFile();
    // Polls so seldom that only commits can tell it anything.
    const [own, other] = [openSqliteEventLog({ file, pollMs: 200 }), openSqliteEventLog({ file })];
    const noise = someStream();
    const wanted = someStream();
    const events = someEvents(20);
    const seen = (async () => {
      const ids: string[] = [];
      for await (const message of own.subscribe({ streamPrefix: wanted })) {
        if (message.type === 'event') ids.push(message.event.id);
        if (ids.length === events.length) break;
      }
      return ids;
    })();
    for (const [index, event] of events.entries()) {
      await own.append(noise, 2 * index - 1, someEvents(1));
      await other.append(wanted, index - 1, [event]);
      await own.append(noise, 2 * index, someEvents(1));
      await sleep(index % 3);
    }
    expect(await seen).toEqual(idsOf(events));
    await own.close();
    await other.close();
  });
});
