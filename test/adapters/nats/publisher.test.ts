/** What happened is published from the log by a real JetStream: nothing is left out, and what comes twice has the same id. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { NatsLink } from '../../../adapters/nats/connection.ts';
import { EVENT_HEADERS, type PublisherOptions, startPublisher } from '../../../adapters/nats/publisher.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { decodeMetadata } from '../../../events/catalogue.ts';
import type { EventLog, RecordedEvent } from '../../../events/event-log.ts';
import { configured, given, openStage } from '../../actors/given.ts';
import { temporaryFile } from '../sqlite/temporary.ts';
import { natsServerPath } from './find-server.ts';
import { openSender, type Sender, until } from './intake-stage.ts';
import { type NatsServer, startNatsServer } from './server.ts';

async function stage(): Promise<{ nats: NatsServer; log: EventLog; sender: Sender }> {
  const nats = await startNatsServer();
  onTestFinished(nats.stop);
  const log = openSqliteEventLog({ file: temporaryFile(), pollMs: 5 });
  onTestFinished(log.close);
  return { nats, log, sender: await openSender(nats.url) };
}

function publishing(link: NatsLink, log: EventLog, options: Partial<PublisherOptions> = {}) {
  const trouble: unknown[] = [];
  const publisher = startPublisher({
    ...{ link, log, from: 'beginning', saveMs: 50, lookMs: 20 },
    onTrouble: (_, thrown) => void trouble.push(thrown),
    ...options,
  });
  onTestFinished(publisher.stop);
  return Object.assign(publisher, { trouble });
}

/** So many decisions in the log. */
async function decide(log: EventLog, count: number): Promise<void> {
  const stage = (await log.head()) === '' ? await given([configured()], { log }) : await openStage({ log });
  await Promise.all(Array.from({ length: count }, () => stage.reckoner.decide('testing', {})));
  await stage.stop();
}

async function all(log: EventLog): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of log.readAll()) events.push(event);
  return events;
}

/** What the stream holds, in its order. */
async function kept({ link }: Sender, stream = 'RECKONER_EVENTS') {
  const manager = await link.connection.jetstreamManager();
  const { state } = await manager.streams.info(stream);
  const found = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const { header, subject, data } = await manager.streams.getMessage(stream, { seq });
    found.push({ id: header.get('Nats-Msg-Id'), subject, data, header });
  }
  return found;
}

/** How many it holds; none while nobody answers. */
async function count({ link }: Sender): Promise<number> {
  try {
    const manager = await link.connection.jetstreamManager();
    return (await manager.streams.info('RECKONER_EVENTS')).state.messages;
  } catch {
    return 0;
  }
}

describe.skipIf(natsServerPath === undefined)('the publisher of events', () => {
  it('publishes every event under its own id, in the order of the log, as the log has it', async () => {
    const { log, sender } = await stage();
    await decide(log, 30);
    publishing(sender.link, log);
    await until('what was there is published', async () => (await count(sender)) === 31);
    await decide(log, 5);
    await until('what came is published', async () => (await count(sender)) === 36);
    const events = await all(log);
    const found = await kept(sender);
    expect(found.map(({ id, subject }) => [id, subject])).toEqual(events.map(({ id, type }) => [id, `events.${type}`]));
    for (const [at, { data, header }] of found.entries()) {
      const event = events[at] as RecordedEvent;
      expect(Buffer.from(data)).toEqual(Buffer.from(event.data));
      expect([header.get(EVENT_HEADERS.stream), header.get(EVENT_HEADERS.revision)]).toEqual([
        event.stream,
        String(event.revision),
      ]);
      const metadata = Buffer.from(header.get(EVENT_HEADERS.metadata), 'base64');
      expect(decodeMetadata({ id: event.id, metadata })).toEqual(decodeMetadata(event));
    }
  });

  it('begins with what comes where nothing else is said, in JSON where that is wanted, and tells who only listens', async () => {
    const { log, sender } = await stage();
    await decide(log, 3);
    const heard: unknown[] = [];
    sender.link.connection.subscribe('events.*', {
      callback: (_, message) => void heard.push([message.headers?.get('content-type'), JSON.parse(message.string())]),
    });
    const publisher = publishing(sender.link, log, {
      ...{ from: 'now', stream: false },
      json: ({ type, revision }) => ({ type, revision }),
    });
    await until('it publishes', () => publisher.status().publishing);
    await decide(log, 2);
    await until('they came', () => heard.length === 2);
    expect(heard).toEqual([3, 4].map((revision) => ['application/json', { type: 'DecisionMade', revision }]));
    const manager = await sender.link.connection.jetstreamManager();
    await expect(manager.streams.info('RECKONER_EVENTS')).rejects.toThrow('stream not found');
  });

  it('loses nothing and repeats under the same ids where it ends without a word, and where the server is killed', async () => {
    const { nats, log, sender } = await stage();
    await decide(log, 40);
    const first = await openSender(nats.url);
    publishing(first.link, log, { saveMs: 60_000 }); // it notes nothing before it is gone
    await until('some are published', async () => (await count(sender)) > 0);
    await first.link.connection.close();
    const second = publishing(sender.link, log);
    await until('all are published', async () => second.status().published === 41);
    expect(await count(sender)).toBe(41); // those that came twice are known by their ids
    const writing = decide(log, 200);
    await until('some more are published', async () => (await count(sender)) > 60);
    await nats.kill();
    await writing;
    await nats.start();
    await until('all are published', async () => (await count(sender)) === 241, 20_000);
    const ids = (await kept(sender)).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set((await all(log)).map(({ id }) => id)));
    expect(ids.length).toBe(241);
  }, 60_000);

  it('is one node’s at a time: who is elected next goes on where the one before it stood', async () => {
    const { nats, log, sender } = await stage();
    let elected = 0;
    const nodes = await Promise.all(
      [0, 1].map(async (n) =>
        publishing((await openSender(nats.url)).link, log, { elected: () => elected === n, saveMs: 20 }),
      ),
    );
    for (let round = 0; round < 4; round++) {
      elected = round % 2;
      await decide(log, 25);
      await until('it is published', async () => (await count(sender)) === 1 + 25 * (round + 1));
    }
    // Who is elected next may say once more what the one before it had not yet noted: the stream holds each once, and both took part.
    const published = () => nodes.map((node) => node.status().published);
    await until('all was counted', () => published().reduce((sum, count) => sum + count) >= 101);
    for (const count of published()) expect(count).toBeGreaterThanOrEqual(25);
    expect(nodes.flatMap(({ trouble }) => trouble)).toEqual([]);
  }, 30_000);

  it('waits where the stream is full, and finds its place in a log that was copied', async () => {
    const { log, sender } = await stage();
    await decide(log, 20);
    const manager = await sender.link.connection.jetstreamManager();
    await manager.streams.add({
      ...{ name: 'RECKONER_EVENTS', subjects: ['events.*'], max_msgs: 10, discard: 'new' as never },
    });
    const publisher = publishing(sender.link, log);
    await until('it is full', () => publisher.trouble.length > 0);
    expect(publisher.trouble).toMatchObject([{ code: 'bus_unreachable' }]);
    expect(publisher.status().published).toBe(10);
    const { config } = await manager.streams.info('RECKONER_EVENTS');
    await manager.streams.update('RECKONER_EVENTS', { ...config, max_msgs: 1_000 });
    await until('all are published', async () => (await count(sender)) === 21);
    await publisher.stop();
    // Other positions, the same events.
    const copy = openSqliteEventLog({ file: ':memory:' });
    onTestFinished(copy.close);
    await decide(copy, 3);
    const before = (await all(copy)).length;
    const revisions = new Map<string, number>();
    for (const { stream, revision, ...event } of await all(log)) {
      await copy.append(`${stream}-copied`, revisions.get(stream) ?? -1, [event]).catch(() => {});
      revisions.set(stream, revision);
    }
    const own = (await all(copy)).length - before;
    await decide(copy, 4);
    const next = publishing(sender.link, copy);
    await until('what followed is published', async () => (await count(sender)) === 21 + 4);
    expect([own > 10, next.status().published]).toEqual([true, 4]);
  }, 30_000);
});
