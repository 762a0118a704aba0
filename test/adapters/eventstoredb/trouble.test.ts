/** The log over EventStoreDB through troubles that last, mix, or that only some servers have; single ones are in `hazards.test.ts`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EventStoreLog, EventStoreLogOptions } from '../../../adapters/eventstoredb/event-log.ts';
import {
  type EventLog,
  type EventRecord,
  NO_STREAM,
  type RecordedEvent,
  type SubscribeOptions,
} from '../../../events/event-log.ts';
import { collect, idsOf, someEvent, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { makeCertificates } from '../certificates.ts';
import type { Double } from './double.ts';
import { DoubleStore } from './double-store.ts';
import { givenDouble, givenLog } from './given-log.ts';

/** A log that is not in a hurry: on a machine that has other work, silence is not what is tried here. */
function patientLog(double: Pick<Double, 'url'>, options: Partial<EventStoreLogOptions> = {}): EventStoreLog {
  return givenLog(double, { appendMs: 10_000, readMs: 10_000, patienceMs: 10_000, ...options });
}

/** As callers do: the same events and the same expected revision, until the log says what became of them. */
async function persistently(log: EventLog, stream: string, expected: number, events: readonly EventRecord[]) {
  for (;;) {
    const result = await log.append(stream, expected, events);
    if (result.status !== 'outcomeUnknown') return result;
    await sleep(20);
  }
}

async function stored(log: EventLog, stream: string): Promise<string[]> {
  return idsOf(await collect(log.readStream(stream)));
}

/** Reads a subscription until it has so many events. */
async function take(log: EventLog, count: number, options: SubscribeOptions = {}): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const message of log.subscribe(options)) {
    if (message.type === 'event') events.push(message.event);
    if (events.length >= count) break;
  }
  return events;
}

/** A way to a port that can be held: connections stay, and nothing comes through. */
async function givenProxy(port: number): Promise<{ url: string; hold(): void; release(): void }> {
  const pairs: [Socket, Socket][] = [];
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    pairs.push([near, far]);
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const [near] of pairs) near.destroy();
    proxy.close();
  });
  return {
    // A server that listens on TCP has an address of this form.
    url: `esdb://127.0.0.1:${(proxy.address() as AddressInfo).port}?tls=false`,
    hold() {
      for (const [near, far] of pairs) near.unpipe(far).pause();
    },
    release() {
      for (const [near, far] of pairs) near.pipe(far);
    },
  };
}

describe('an append', () => {
  it('whose answer is lost is a conflict for others, and done for who made it', async () => {
    const double = await givenDouble();
    const [mine, other] = [patientLog(double), patientLog(double)];
    const [stream, events] = [someStream(), someEvents(1)];
    double.script('append', { kind: 'lostAck' });
    expect(await mine.append(stream, NO_STREAM, events)).toMatchObject({ status: 'outcomeUnknown' });
    const conflict = { status: 'conflict', reason: 'revision', actual: 0 };
    expect(await persistently(other, stream, NO_STREAM, someEvents(1))).toEqual(conflict);
    expect(await other.append(stream, 0, someEvents(1))).toMatchObject({ status: 'appended', revision: 1 });
    const again = await persistently(mine, stream, NO_STREAM, events);
    expect(again).toMatchObject({ status: expect.stringMatching(/ppended$/), revision: 0 });
    expect(await stored(mine, stream)).toHaveLength(2);
  });

  it('waits out a disk that is full: nothing is stored until there is room, and then once', async () => {
    const double = await givenDouble();
    const log = patientLog(double);
    const [stream, events] = [someStream(), someEvents(1)];
    double.script('append', { kind: 'full' });
    expect(await log.append(stream, NO_STREAM, events)).toMatchObject({ status: 'outcomeUnknown' });
    expect(double.store.head(stream)).toBe(NO_STREAM);
    const waiting = persistently(log, stream, NO_STREAM, events);
    await sleep(50);
    await double.restart();
    expect(await waiting).toMatchObject({ status: 'appended', revision: 0 });
    expect(await stored(log, stream)).toEqual(idsOf(events));
  });

  it('after the other, whatever becomes of each: every event is there once, in order', async () => {
    const double = await givenDouble();
    const log = patientLog(double, { appendMs: 200 });
    const [stream, events] = [someStream(), someEvents(22)];
    const faults = ['lostAck', 'cut', 'silent', 'unanswered', 'busy'] as const;
    for (const [index, event] of events.entries()) {
      if (index % 2 === 0) double.script('append', { kind: faults[(index / 2) % faults.length]! });
      if (index % 11 === 10) await double.restart();
      expect(await persistently(log, stream, index - 1, [event])).toMatchObject({ revision: index });
    }
    expect(await stored(log, stream)).toEqual(idsOf(events));
  });

  it('that does not get through in time is never stored in part', async () => {
    const double = await givenDouble({ hasty: true });
    const proxy = await givenProxy(double.port);
    const log = patientLog(proxy, { appendMs: 150 });
    await persistently(log, someStream(), NO_STREAM, someEvents(1));
    const stream = someStream();
    // More than a connection takes before somebody reads it.
    const events = Array.from({ length: 60 }, () => ({ ...someEvent(), data: new Uint8Array(2_000) }));
    proxy.hold();
    expect(await log.append(stream, NO_STREAM, events)).toMatchObject({ status: 'outcomeUnknown' });
    proxy.release();
    await expect.poll(() => double.store.head(stream)).toBe(59);
    expect(await persistently(log, stream, NO_STREAM, events)).toMatchObject({ revision: 59 });
    expect(await stored(log, stream)).toEqual(idsOf(events));
  });

  it('to a store that is slow is one of many under way, and each stream keeps its order', async () => {
    const double = await givenDouble();
    const log = patientLog(double);
    double.script('append', { kind: 'slow', ms: 100 }, Number.POSITIVE_INFINITY);
    const streams = Array.from({ length: 30 }, () => someStream());
    const began = performance.now();
    const results = await Promise.all(
      streams.flatMap((stream) => [0, 1].map((at) => log.append(stream, at - 1, someEvents(1)))),
    );
    expect(results.every(({ status }) => status === 'appended')).toBe(true);
    // Sixty one after the other would take six seconds.
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe('a subscription', () => {
  it('does not run ahead of a consumer that rests', async () => {
    const double = await givenDouble();
    const log = patientLog(double);
    const stream = someStream();
    const events = Array.from({ length: 1_000 }, () => ({ ...someEvent(), data: new Uint8Array(4_000) }));
    for (let at = 0; at < events.length; at += 200) await log.append(stream, at - 1, events.slice(at, at + 200));
    await log.indexed();
    const before = double.delivered();
    let seen = 0;
    for await (const message of log.subscribe()) {
      if (message.type !== 'event' || ++seen < 6) continue;
      await sleep(300);
      break;
    }
    // Four megabytes are there; what is under way is bounded.
    expect(double.delivered() - before).toBeLessThan(500);
  });

  it('loses and doubles nothing where connections break and servers restart while writers write', async () => {
    const double = await givenDouble();
    const log = patientLog(double);
    const [stream, events] = [someStream(), someEvents(120)];
    await persistently(log, stream, NO_STREAM, events.slice(0, 60));
    double.script('subscribe', { kind: 'dropAfter', events: 25 }, 3);
    const taken = take(log, 120, { streamPrefix: stream });
    await sleep(50);
    await persistently(log, stream, 59, events.slice(60, 90));
    await double.restart();
    await persistently(log, stream, 89, events.slice(90));
    expect(idsOf(await taken)).toEqual(idsOf(events));
  });

  it('is taken up between events that were committed together', async () => {
    const double = await givenDouble({ store: new DoubleStore({ transactions: true }) });
    const log = patientLog(double);
    const [stream, events] = [someStream(), someEvents(6)];
    const result = await log.append(stream, NO_STREAM, events);
    const all = await collect(log.readAll());
    expect(idsOf(all)).toEqual(idsOf(events));
    expect(result).toHaveProperty('position', all.at(-1)?.position);
    expect(await log.head()).toBe(all.at(-1)?.position);
    expect(new Set(all.map(({ position }) => position)).size).toBe(6);
    for (const [index, { position }] of all.slice(0, -1).entries()) {
      expect(idsOf(await take(log, 5 - index, { after: position }))).toEqual(idsOf(events.slice(index + 1)));
      expect(idsOf(await collect(log.readAll({ after: position })))).toEqual(idsOf(events.slice(index + 1)));
    }
  });

  it('to a server older than 23.10, which never says that it has caught up, is refused with what to do', async () => {
    const double = await givenDouble({ caughtUp: false });
    const log = givenLog(double);
    await persistently(log, someStream(), NO_STREAM, someEvents(3));
    const tooOld = { problem: { code: 'log_unusable', remedy: expect.stringContaining('23.10') } };
    // More than there is: it would wait.
    await expect(take(log, 4)).rejects.toMatchObject(tooOld);
  });
});

it('leaves no connection behind when it is closed', async () => {
  const double = await givenDouble();
  const log = patientLog(double);
  const stream = someStream();
  await log.append(stream, NO_STREAM, someEvents(300));
  for await (const _ of log.readStream(stream)) break;
  for await (const _ of log.readAll()) break;
  for await (const _ of log.subscribe()) break;
  expect(double.connections()).toBeGreaterThan(0);
  await log.close();
  await expect.poll(() => double.connections()).toBe(0);
});

it('works over TLS for whom the server knows, and for nobody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reckoner-esdb-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { ca, cert, key } = makeCertificates(folder);
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  const double = await givenDouble({ tls, credentials: 'reckoner:s3cret' });
  const log = (user: string) => patientLog({ url: `${double.url.replace('://', `://${user}@`)}&tlsCAFile=${ca}` });
  const append = (of: EventStoreLog) => of.append(someStream(), NO_STREAM, someEvents(1));
  expect(await append(log('reckoner:s3cret'))).toMatchObject({ status: 'appended' });
  await expect(append(log('reckoner:other'))).rejects.toMatchObject({ code: 'log_unusable' });
});
