/** What can go wrong between a client and EventStoreDB, and what the log makes of it: one test for each way known. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_STREAM as CREATE, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { EventStoreLog } from '../../../adapters/eventstoredb/event-log.ts';
import {
  type EventLog,
  type EventRecord,
  NO_STREAM,
  type RecordedEvent,
  START,
  type SubscribeOptions,
} from '../../../events/event-log.ts';
import { collect, idsOf, someEvent, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import type { Fault } from './double-faults.ts';
import { DoubleStore } from './double-store.ts';
import { givenDouble, givenLog } from './given-log.ts';

/** Nothing that a client does may end the process. */
function watchProcess(): unknown[] {
  const unhandled: unknown[] = [];
  const note = (thrown: unknown) => void unhandled.push(thrown);
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  onTestFinished(() => {
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  });
  return unhandled;
}

/** What a subscription delivers, as it comes. */
function following(log: EventLog, options: SubscribeOptions = {}) {
  const end = new AbortController();
  const seen: RecordedEvent[] = [];
  let caughtUp = 0;
  const ended = (async () => {
    for await (const message of log.subscribe({ ...options, signal: end.signal })) {
      if (message.type === 'event') seen.push(message.event);
      else caughtUp += 1;
    }
  })();
  onTestFinished(async () => {
    end.abort();
    await ended;
  });
  return { seen, ended, caughtUp: () => caughtUp, leave: () => end.abort() };
}

async function stored(log: EventStoreLog, stream: string): Promise<string[]> {
  return idsOf(await collect(log.readStream(stream)));
}

/** As callers do: again until the log says what became of it. A busy machine may be late where nothing was scripted. */
async function settled(log: EventStoreLog, stream: string, expected: number, events: readonly EventRecord[]) {
  for (;;) {
    const result = await log.append(stream, expected, events);
    if (result.status !== 'outcomeUnknown') return result;
  }
}

const UNTOLD: [string, Fault, boolean][] = [
  ['a server that takes it and is silent', { kind: 'silent' }, false],
  ['a server that does it and never answers', { kind: 'unanswered' }, true],
  ['a connection that is cut before', { kind: 'cut' }, false],
  ['an answer that is lost after the commit', { kind: 'lostAck' }, true],
  ['an answer that comes after the deadline', { kind: 'slow', ms: 2_500 }, true],
  ['a deadline of the server, done', { kind: 'deadline', done: true }, true],
  ['a deadline of the server, not done', { kind: 'deadline', done: false }, false],
  ['a server that is busy', { kind: 'busy' }, false],
];

test.each(UNTOLD)(
  'an append to %s has an unknown outcome; repeated with the same ids it is there once',
  async (_, fault, done) => {
    const unhandled = watchProcess();
    const double = await givenDouble();
    const log = givenLog(double);
    const stream = someStream();
    await settled(log, stream, NO_STREAM, someEvents(1));
    const events = someEvents(2);
    double.script('append', fault);
    expect(await log.append(stream, 0, events)).toMatchObject({ status: 'outcomeUnknown', cause: expect.any(Error) });
    expect(log.trouble()).toMatchObject({ code: 'log_unreachable' });
    expect(double.store.head(stream)).toBe(done ? 2 : 0);
    const again = await settled(log, stream, 0, events);
    expect(again).toMatchObject({ revision: 2 });
    expect(['appended', 'alreadyAppended']).toContain(again.status);
    expect((await stored(log, stream)).slice(1)).toEqual(idsOf(events));
    expect(again).toHaveProperty('position', (await collect(log.readStream(stream))).at(-1)?.position);
    expect(log.trouble()).toBeUndefined();
    expect(unhandled).toEqual([]);
  },
);

test('a repetition is recognised by its place also after the server has lost its memory of ids', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  const stream = someStream();
  const events = someEvents(2);
  double.script('append', { kind: 'lostAck' });
  expect(await log.append(stream, NO_STREAM, events)).toMatchObject({ status: 'outcomeUnknown' });
  await double.restart();
  await expect
    .poll(() => log.append(stream, NO_STREAM, events).then(({ status }) => status))
    .toMatch(/^(appended|alreadyAppended)$/);
  expect(await stored(log, stream)).toEqual(idsOf(events));
});

test('what another node put there under the same ids is told as being there, never as what was just appended', async () => {
  // The server says of these very ids at this very place that it succeeded, whatever their bytes.
  const double = await givenDouble();
  const [one, two] = [givenLog(double), givenLog(double)];
  const stream = someStream();
  const event = someEvent();
  const other = { ...event, data: Buffer.from('another choice for the same request') };
  const first = await one.append(stream, NO_STREAM, [event]);
  expect(await two.append(stream, NO_STREAM, [other])).toEqual({ ...first, status: 'alreadyAppended' });
  expect(Buffer.from((await collect(two.readStream(stream)))[0]!.data)).toEqual(event.data);
});

test('an id that another node has put elsewhere is refused as soon as it is known here', async () => {
  const double = await givenDouble();
  const [one, two] = [givenLog(double), givenLog(double)];
  const [first, second] = [someStream(), someStream()];
  const event = someEvent();
  await one.append(first, NO_STREAM, [event]);
  await two.indexed();
  const refused = { status: 'conflict', reason: 'eventId', id: event.id, stream: first, revision: 0 };
  expect(await two.append(second, NO_STREAM, [event])).toEqual(refused);
});

test('one connection that fails leaves the appends of another alone', async () => {
  const unhandled = watchProcess();
  const [healthy, sick] = [await givenDouble(), await givenDouble()];
  const [one, two] = [givenLog(healthy, { appendMs: 2_000 }), givenLog(sick)];
  healthy.script('append', { kind: 'slow', ms: 300 });
  sick.script('append', { kind: 'lostAck' });
  const slow = one.append(someStream(), NO_STREAM, someEvents(1));
  expect(await two.append(someStream(), NO_STREAM, someEvents(1))).toMatchObject({ status: 'outcomeUnknown' });
  expect(await slow).toMatchObject({ status: 'appended' });
  expect(unhandled).toEqual([]);
});

test('what cannot be written is refused before anything is sent, and nothing waits for ever', async () => {
  const unhandled = watchProcess();
  const double = await givenDouble();
  const log = givenLog(double);
  const stream = someStream();
  // Given what the types forbid: a BigInt in the client's JSON leaves its append without an answer.
  const wrong = [
    { ...someEvent(), data: { amount: 1n } },
    { ...someEvent(), metadata: 1n },
    { ...someEvent(), id: 'no uuid' },
    { ...someEvent(), type: '$metadata' },
  ] as unknown as RecordedEvent[];
  for (const event of wrong) {
    await expect(log.append(stream, NO_STREAM, [event])).rejects.toMatchObject({ code: 'request_invalid' });
  }
  await expect(log.append('$system', NO_STREAM, someEvents(1))).rejects.toMatchObject({ code: 'request_invalid' });
  expect(double.store.head(stream)).toBe(-1);
  expect(await log.append(stream, NO_STREAM, someEvents(1))).toMatchObject({ status: 'appended' });
  expect(unhandled).toEqual([]);
});

test('an append that is larger than the server takes is refused with both numbers, here as there', async () => {
  const double = await givenDouble({ maxAppendBytes: 20_000 });
  const large = [{ ...someEvent(), data: Buffer.alloc(30_000, 7) }];
  const knowing = givenLog(double, { maxAppendBytes: 20_000 });
  const trusting = givenLog(double);
  for (const log of [knowing, trusting]) {
    const refused = expect(log.append(someStream(), NO_STREAM, large)).rejects;
    await refused.toMatchObject({ code: 'payload_too_large', message: expect.stringContaining('20000') });
  }
});

test('a follower that refuses is left for the leader, and nothing is told of it', async () => {
  const leader = await givenDouble();
  const follower = await givenDouble({
    store: leader.store,
    leader: () => ({ address: '127.0.0.1', port: leader.port }),
  });
  const log = givenLog(follower);
  const stream = someStream();
  expect(await log.append(stream, NO_STREAM, someEvents(2))).toMatchObject({ status: 'appended', revision: 1 });
  expect(await stored(log, stream)).toHaveLength(2);
});

test('a cluster is found by gossip, and found again when its leader is gone', async () => {
  const one = await givenDouble();
  let leads = one.port;
  const members = () =>
    [one.port, two.port].map((port) => ({
      ...{ address: '127.0.0.1', port, alive: port === leads || leads === one.port },
      state: port === leads ? ('leader' as const) : ('follower' as const),
    }));
  const two = await givenDouble({ store: one.store, members });
  const first = await givenDouble({ store: one.store, members });
  const url = `esdb://127.0.0.1:${two.port},127.0.0.1:${first.port}?tls=false&discoveryInterval=10`;
  const log = givenLog({ url }, { appendMs: 2_000 });
  const stream = someStream();
  const [before, after] = [someEvents(1), someEvents(1)];
  expect(await log.append(stream, NO_STREAM, before)).toMatchObject({ status: 'appended' });
  expect(one.connections()).toBeGreaterThan(0);
  leads = two.port;
  await one.stop();
  await expect
    .poll(() => log.append(stream, 0, after).then(({ status }) => status), { timeout: 5_000 })
    .toMatch(/ppended$/);
  expect(await stored(log, stream)).toEqual(idsOf([...before, ...after]));
});

test('a stream that breaks off while it is read is read again, each event once', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  const stream = someStream();
  const events = someEvents(150);
  await settled(log, stream, NO_STREAM, events);
  double.script('read', { kind: 'dropAfter', events: 20 }, 2);
  expect(await stored(log, stream)).toEqual(idsOf(events));
  double.script('subscribe', { kind: 'dropAfter', events: 20 }, 2);
  expect(idsOf(await collect(log.readAll()))).toEqual(idsOf(events));
});

test('a read that gets no answer is asked again; where none ever comes it says so', async () => {
  const double = await givenDouble();
  const log = givenLog(double, { readMs: 200, patienceMs: 800 });
  const stream = someStream();
  await settled(log, stream, NO_STREAM, someEvents(1));
  await log.indexed();
  double.script('read', { kind: 'silent' }, 2);
  expect(await stored(log, stream)).toHaveLength(1);
  double.script('read', { kind: 'silent' }, 1_000);
  await expect(stored(log, stream)).rejects.toMatchObject({ code: 'log_unreachable' });
  await expect(log.find(randomUUID())).rejects.toMatchObject({ code: 'log_unreachable' });
  double.heal();
  // Its index begins anew behind the silence, which on a busy machine takes its time.
  await expect.poll(() => log.find(randomUUID()).catch(({ code }) => code)).toBeUndefined();
});

test('nobody listens on the server for a consumer that has left', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  await settled(log, someStream(), NO_STREAM, someEvents(5));
  for (let round = 0; round < 5; round++) {
    for await (const _ of log.subscribe()) break;
    for await (const _ of log.readAll()) break;
  }
  const { caughtUp, leave, ended } = following(log);
  await expect.poll(caughtUp).toBe(1);
  leave();
  await ended;
  await expect.poll(() => double.subscriptions()).toBe(0);
});

test('reads that were left early and a server that is silent do not keep the log from closing', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  const stream = someStream();
  await settled(log, stream, NO_STREAM, someEvents(100));
  for await (const _ of log.readStream(stream)) break;
  for await (const _ of log.readStream(stream, { limit: 1 })) break;
  for await (const _ of log.readAll()) break;
  const { ended } = following(log);
  for (const call of ['append', 'read', 'subscribe'] as const) double.script(call, { kind: 'silent' }, 1_000);
  const accepted = log.append(stream, 99, someEvents(1));
  const reading = collect(log.readStream(stream)).catch((thrown) => thrown);
  const began = performance.now();
  await log.close();
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(await accepted).toMatchObject({ status: 'outcomeUnknown' });
  expect(await reading).toMatchObject({ code: 'shutting_down' });
  await ended;
});

test('a consumer has one event at a time, and the server waits for it', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  await settled(log, someStream(), NO_STREAM, someEvents(200));
  let [atOnce, most, count] = [0, 0, 0];
  for await (const message of log.subscribe()) {
    if (message.type === 'caughtUp') break;
    atOnce += 1;
    most = Math.max(most, atOnce);
    await sleep(0);
    atOnce -= 1;
    count += 1;
  }
  expect([most, count]).toEqual([1, 200]);
});

test('a subscription that breaks off goes on where its consumer is, through cuts, restarts and repeated deliveries', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  const stream = someStream();
  const written: string[] = [];
  const write = async (count: number) => {
    const events = someEvents(count);
    await expect
      .poll(() => log.append(stream, written.length - 1, events).then(({ status }) => status))
      .toMatch(/ppended$/);
    written.push(...idsOf(events));
  };
  await write(30);
  double.script('subscribe', { kind: 'dropAfter', events: 7 });
  double.script('subscribe', { kind: 'duplicates' });
  const { seen, caughtUp } = following(log);
  await expect.poll(() => seen.length).toBe(30);
  await write(5);
  await expect.poll(() => seen.length).toBe(35);
  double.cut();
  await write(5);
  await expect.poll(() => seen.length).toBe(40);
  const told = caughtUp();
  await double.restart();
  await write(5);
  await expect.poll(() => seen.length).toBe(45);
  await expect.poll(caughtUp).toBeGreaterThan(told);
  expect(idsOf(seen)).toEqual(written);
});

test('a subscription that hears nothing any more is asked for anew', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  double.script('subscribe', { kind: 'silent' });
  const { seen, caughtUp } = following(log);
  const events = someEvents(3);
  await settled(log, someStream(), NO_STREAM, events);
  await expect.poll(caughtUp, { timeout: 5_000 }).toBeGreaterThan(0);
  expect(idsOf(seen)).toEqual(idsOf(events));
});

test('who goes on where it was told to have caught up misses nothing', async () => {
  // The server's own checkpoint when it goes live is the place of the next event, and a subscription begins after its place.
  const double = await givenDouble();
  const log = givenLog(double);
  const stream = someStream('domain');
  await settled(log, stream, NO_STREAM, someEvents(3));
  for (const filter of [{}, { streamPrefix: 'domain-' }, { types: ['DecisionMade'] }]) {
    let after = START;
    for await (const message of log.subscribe(filter)) {
      if (message.type === 'event') continue;
      after = message.position;
      break;
    }
    const head = (await collect(log.readStream(stream))).length - 1;
    const next = someEvent();
    await log.append(stream, head, [next]);
    expect(idsOf(await collect(log.readAll({ ...filter, after })))).toEqual([next.id]);
  }
});

test('what the store and others write is not in the log', async () => {
  const double = await givenDouble();
  const log = givenLog(double, { pageSize: 5 });
  const client = EventStoreDBClient.connectionString(double.url);
  onTestFinished(() => client.dispose());
  const [stream, events] = [someStream(), someEvents(3)];
  await settled(log, stream, NO_STREAM, events.slice(0, 2));
  const head = await log.head();
  double.store.noise(40);
  const foreign = jsonEvent({ type: 'DecisionMade', data: { theirs: true }, metadata: { id: 'theirs' } });
  await client.appendToStream(someStream(), foreign, { expectedRevision: CREATE });
  await client.setStreamMetadata(stream, { truncateBefore: 0 });
  expect(await log.head()).toBe(head);
  const { seen, caughtUp } = following(log);
  await expect.poll(caughtUp).toBeGreaterThan(0);
  await log.append(stream, 1, events.slice(2));
  await expect.poll(() => seen.length).toBe(3);
  expect(idsOf(seen)).toEqual(idsOf(events));
  expect(idsOf(await collect(log.readAll()))).toEqual(idsOf(events));
  expect(idsOf(await log.newest(2))).toEqual(idsOf(events).slice(1).reverse());
  // In a stream of ours its revision is taken, and whoever reads it must know that.
  await client.appendToStream(stream, jsonEvent({ type: 'Theirs', data: { a: 1 } }), { expectedRevision: 2n });
  expect((await collect(log.readStream(stream))).map(({ revision, type }) => [revision, type]).at(-1)).toEqual([
    3,
    'Theirs',
  ]);
  expect(await log.append(stream, 2, someEvents(1))).toEqual({ status: 'conflict', reason: 'revision', actual: 3 });
});

test('events that were committed together are told apart, wherever a reader goes on between them', async () => {
  const double = await givenDouble({ store: new DoubleStore({ transactions: true }) });
  const log = givenLog(double);
  const [stream, events] = [someStream(), someEvents(4)];
  const appended = await log.append(stream, NO_STREAM, events);
  await settled(log, someStream('domain'), NO_STREAM, someEvents(2));
  const all = await collect(log.readAll({ streamPrefix: 'bucket-' }));
  expect(idsOf(all)).toEqual(idsOf(events));
  expect(appended).toHaveProperty('position', all.at(-1)?.position);
  for (const [index, { position }] of all.entries()) {
    const rest = idsOf(events).slice(index + 1);
    expect(idsOf(await collect(log.readAll({ after: position, streamPrefix: 'bucket-' })))).toEqual(rest);
    const { seen, caughtUp } = following(log, { after: position, streamPrefix: 'bucket-' });
    await expect.poll(caughtUp).toBe(1);
    expect(idsOf(seen)).toEqual(rest);
  }
  expect(await log.find(events[1]!.id)).toEqual(all[1]);
});

test('two installations share a store, each with its own streams', async () => {
  const double = await givenDouble();
  const [one, two] = [givenLog(double, { prefix: 'one_' }), givenLog(double, { prefix: 'two_' })];
  const [mine, theirs] = [someEvents(2), someEvents(1)];
  await one.append('bucket-a', NO_STREAM, mine);
  await two.append('bucket-a', NO_STREAM, theirs);
  expect(idsOf(await collect(one.readAll({ streamPrefix: 'bucket-' })))).toEqual(idsOf(mine));
  expect((await collect(two.readStream('bucket-a'))).map(({ stream, id }) => [stream, id])).toEqual([
    ['bucket-a', theirs[0]!.id],
  ]);
  expect(await one.find(theirs[0]!.id)).toBeUndefined();
});

test('who may not is told which credentials to give, and no secret is shown', async () => {
  const double = await givenDouble();
  const log = givenLog(double);
  const written = vi.spyOn(console, 'warn');
  onTestFinished(() => written.mockRestore());
  double.script('append', { kind: 'accessDenied' });
  await expect(log.append(someStream(), NO_STREAM, someEvents(1))).rejects.toMatchObject({
    problem: { code: 'log_unusable', remedy: expect.stringContaining('EVENTSTORE_USER') },
  });
  expect(written).not.toHaveBeenCalled();
});
