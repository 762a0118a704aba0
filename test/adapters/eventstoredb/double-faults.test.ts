/** What the double can be told to do wrong, and what the client as it is published makes of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANY, EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { type ClientWritableStream, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect } from '../../contracts/event-fixtures.ts';
import { makeCertificates } from '../certificates.ts';
import { again, clientEvent, clientEvents, listen } from './client-events.ts';
import { type Double, type DoubleOptions, startDouble } from './double.ts';
import { type AppendRequest, streamsService } from './wire.ts';

const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0).reverse()) await end();
});

async function started(options?: DoubleOptions): Promise<Double> {
  const double = await startDouble(options);
  running.push(() => double.close());
  return double;
}

function connected(url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  running.push(() => client.dispose());
  return client;
}

/** What became of it within so many milliseconds. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'pending'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'pending'>((resolve) => {
    timer = setTimeout(() => resolve('pending'), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

describe.each([
  ['BatchAppend', true],
  ['Append', false],
])('of an append by %s', (_, batchAppend) => {
  let double: Double;
  let client: EventStoreDBClient;
  beforeEach(async () => {
    double = await started({ batchAppend });
    client = connected(double.url);
    await client.appendToStream('bucket-a', clientEvent(), { expectedRevision: NO_STREAM });
  });
  const append = (events = clientEvents(1)) => client.appendToStream('bucket-a', events, { expectedRevision: 0n });
  const written = () => double.store.head('bucket-a');

  it('a lost answer: it is unavailable, stored, and recognised when it is repeated', async () => {
    double.script('append', { kind: 'lostAck' });
    const events = clientEvents(2);
    await expect(append(events)).rejects.toMatchObject({ type: 'unavailable' });
    expect(written()).toBe(2);
    expect(await again(() => append(events))).toMatchObject({ success: true, nextExpectedRevision: 2n });
    expect(written()).toBe(2);
  });

  it('a connection that is cut before: it is unavailable just so, and not stored', async () => {
    double.script('append', { kind: 'cut' });
    await expect(append()).rejects.toMatchObject({ type: 'unavailable' });
    expect(written()).toBe(0);
  });

  it('a late answer: stored at once, and told later', async () => {
    double.script('append', { kind: 'slow', ms: 150 });
    const answer = append();
    await expect.poll(written).toBe(1);
    expect(await within(50, answer)).toBe('pending');
    expect(await answer).toMatchObject({ success: true });
  });

  it.each([true, false])('a deadline of the server, done: %s', async (done) => {
    double.script('append', { kind: 'deadline', done });
    const type = batchAppend ? 'deadline-exceeded' : 'timeout';
    await expect(append()).rejects.toMatchObject({ type });
    expect(written()).toBe(done ? 1 : 0);
  });

  it('a follower that does not forward: it names the leader', async () => {
    const leader = { address: '127.0.0.1', port: 2113 };
    double.script('append', { kind: 'notLeader', leader });
    await expect(append()).rejects.toMatchObject({ type: 'not-leader', leader });
    expect(written()).toBe(0);
  });

  it('a refusal for who asks', async () => {
    double.script('append', { kind: 'accessDenied' });
    await expect(append()).rejects.toMatchObject({ type: 'access-denied' });
  });

  it('a server that is busy', async () => {
    double.script('append', { kind: 'busy' });
    await expect(append()).rejects.toMatchObject({ type: batchAppend ? 'unknown' : 'unavailable' });
    expect(written()).toBe(0);
  });

  it('a full disk: the server is gone until it is restarted, and nothing is stored', async () => {
    double.script('append', { kind: 'full' });
    await expect(append()).rejects.toMatchObject({ type: 'unavailable' });
    await expect(append()).rejects.toThrow();
    await double.restart();
    expect(await again(() => append())).toMatchObject({ success: true });
    expect(written()).toBe(1);
  });

  it('that is scripted counts: after that all goes well, as it does when it is taken back', async () => {
    const back = double.script('append', { kind: 'accessDenied' }, 2);
    await expect(append()).rejects.toThrow();
    back();
    expect(await append()).toMatchObject({ success: true });
    double.script('append', { kind: 'accessDenied' }, Number.POSITIVE_INFINITY);
    await expect(append()).rejects.toThrow();
    await expect(append()).rejects.toThrow();
    double.heal();
    await client.appendToStream('bucket-a', clientEvent(), { expectedRevision: ANY });
  });
});

it.each([
  ['cut', false, -1],
  ['cancelled', false, -1],
  // Of one that was cancelled, a server that reads the end of the messages first has what had come.
  ['cancelled', true, 4],
] as const)(
  'an append that is %s in the midst of it by a server that is hasty: %s, ends at %i',
  async (how, hasty, head) => {
    const double = await started({ hasty });
    const Streams = makeGenericClientConstructor(streamsService, 'Streams');
    const client = new Streams(`127.0.0.1:${double.port}`, credentials.createInsecure());
    running.push(async () => client.close());
    // The client is made from the service, which its type does not know.
    const append = (client as unknown as { append: (done: () => void) => ClientWritableStream<AppendRequest> }).append;
    await new Promise<void>((resolve) => {
      const call = append.call(client, resolve);
      call.write({ options: { stream: { name: Buffer.from('bucket-a') }, noStream: {} } });
      const system = { type: 'DecisionMade', 'content-type': 'application/octet-stream' };
      for (const { id } of clientEvents(5)) call.write({ event: { id: { text: id }, system } });
      setTimeout(() => (how === 'cut' ? double.cut() : call.cancel()), 100);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(double.store.head('bucket-a')).toBe(head);
  },
);

it('a silent server answers Append no later than the deadline allows, and BatchAppend never', async () => {
  for (const batchAppend of [false, true]) {
    const double = await started({ batchAppend });
    const client = connected(double.url);
    double.script('append', { kind: 'silent' });
    const asked = client.appendToStream('bucket-a', clientEvent(), { expectedRevision: NO_STREAM, deadline: 200 });
    const outcome = await within(
      600,
      asked.catch((error: Error) => Reflect.get(error, 'type')),
    );
    expect(outcome).toBe(batchAppend ? 'pending' : 'deadline-exceeded');
    expect(double.store.head('bucket-a')).toBe(-1);
  }
});

it('an append that is stored and never answered is recognised when it is asked again', async () => {
  const double = await started({ batchAppend: true });
  const client = connected(double.url);
  double.script('append', { kind: 'unanswered' });
  const events = clientEvents(2);
  const ask = () => client.appendToStream('bucket-a', events, { expectedRevision: NO_STREAM });
  const first = ask().catch(() => undefined);
  await expect.poll(() => double.store.head('bucket-a')).toBe(1);
  expect(await ask()).toMatchObject({ nextExpectedRevision: 1n });
  expect(await within(50, first)).toBe('pending');
});

describe('of reading', () => {
  let double: Double;
  let client: EventStoreDBClient;
  let ids: string[];
  beforeEach(async () => {
    double = await started();
    client = connected(double.url);
    const events = clientEvents(50);
    ids = events.map(({ id }) => id);
    await client.appendToStream('bucket-a', events, { expectedRevision: NO_STREAM });
  });

  it('a read that breaks off gives some of the events and an error', async () => {
    double.script('read', { kind: 'dropAfter', events: 20 });
    const seen: string[] = [];
    const read = async () => {
      for await (const { event } of client.readStream('bucket-a')) seen.push(event?.id ?? '');
    };
    await expect(read()).rejects.toMatchObject({ type: 'unavailable' });
    expect(seen).toEqual(ids.slice(0, seen.length));
    expect(seen.length).toBeLessThan(21);
    expect(await again(() => collect(client.readStream('bucket-a')))).toHaveLength(50);
  });

  it('a read that is never answered stays', async () => {
    double.script('read', { kind: 'silent' });
    const stream = client.readStream('bucket-a', { deadline: 100 });
    expect(await within(400, collect(stream))).toBe('pending');
    await stream.cancel();
  });

  it('a subscription that breaks off says so once and is dead', async () => {
    double.script('subscribe', { kind: 'dropAfter', events: 20 });
    const heard = listen(client.subscribeToStream('bucket-a'));
    await expect.poll(() => heard.at(-1)).toBe('error unavailable');
    await again(() => client.appendToStream('bucket-a', clientEvent(), { expectedRevision: 49n }));
    expect(heard.filter((word) => word.startsWith('error'))).toHaveLength(1);
    expect(heard.at(-1)).toBe('error unavailable');
    expect(double.subscriptions()).toBe(0);
  });

  it('a subscription that delivers everything twice', async () => {
    double.script('subscribe', { kind: 'duplicates' });
    const heard = listen(client.subscribeToStream('bucket-a'));
    await expect.poll(() => heard).toEqual(['confirmation', ...ids.flatMap((id) => [id, id]), 'caughtUp']);
  });
});

it('is found on its port again after a restart, by clients that were connected before', async () => {
  const double = await started();
  const client = connected(double.url);
  await client.appendToStream('bucket-a', clientEvent(), { expectedRevision: NO_STREAM });
  const heard = listen(client.subscribeToAll());
  await expect.poll(() => heard).toContain('caughtUp');
  await double.restart();
  await expect.poll(() => heard.at(-1)).toBe('error unavailable');
  await again(() => client.appendToStream('bucket-a', clientEvent(), { expectedRevision: 0n }));
  expect(double.store.head('bucket-a')).toBe(1);
  await double.stop();
  expect(double.connections()).toBe(0);
  await expect(client.appendToStream('bucket-a', clientEvent(), { expectedRevision: 1n })).rejects.toThrow();
});

it('is one node of a cluster: clients find the leader by gossip, and followers name it', async () => {
  const nodes: Double[] = [];
  const members = () =>
    nodes.map(({ port }, index) => ({
      address: '127.0.0.1',
      port,
      state: index === 1 ? ('leader' as const) : ('follower' as const),
    }));
  const first = await started({ members, leader: () => ({ address: '127.0.0.1', port: nodes[1]!.port }) });
  const second = await started({ members, store: first.store });
  nodes.push(first, second);
  const discovering = connected(
    `esdb://127.0.0.1:${first.port},127.0.0.1:${second.port}?tls=false&nodePreference=leader`,
  );
  await discovering.appendToStream('bucket-a', clientEvent(), { expectedRevision: NO_STREAM });
  expect([first.connections(), second.connections()]).toEqual([expect.any(Number), 1]);
  const direct = connected(first.url);
  const ask = () => direct.appendToStream('bucket-a', clientEvent(), { expectedRevision: 0n, requiresLeader: true });
  await expect(ask()).rejects.toMatchObject({ type: 'not-leader', leader: { port: second.port } });
  // The client goes to the leader it was told.
  expect(await again(ask)).toMatchObject({ nextExpectedRevision: 1n });
  expect(await collect(direct.readStream('bucket-a'))).toHaveLength(2);
});

it('speaks TLS and asks who is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reckoner-double-'));
  running.push(async () => rmSync(folder, { recursive: true }));
  const { ca, cert, key } = makeCertificates(folder);
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  const double = await started({ tls, credentials: 'reckoner:s3cret' });
  const url = (user: string) => `${double.url.replace('://', `://${user}`)}&tlsCAFile=${ca}`;
  const append = (client: EventStoreDBClient) =>
    client.appendToStream('bucket-a', clientEvent(), { expectedRevision: NO_STREAM });
  await expect(append(connected(url('')))).rejects.toMatchObject({ type: 'access-denied' });
  await expect(append(connected(url('reckoner:other@')))).rejects.toMatchObject({ type: 'access-denied' });
  expect(await append(connected(url('reckoner:s3cret@')))).toMatchObject({ nextExpectedRevision: 0n });
  await expect(append(connected(double.url))).rejects.toMatchObject({
    details: expect.stringContaining('self-signed'),
  });
});
