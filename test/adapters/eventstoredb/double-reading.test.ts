/** How the double reads and subscribes, with the client as it is published. */
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  eventTypeFilter,
  excludeSystemEvents,
  NO_STREAM,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect } from '../../contracts/event-fixtures.ts';
import { clientEvent, clientEvents, listen } from './client-events.ts';
import { type Double, startDouble } from './double.ts';
import { DoubleStore } from './double-store.ts';

let double: Double;
let client: EventStoreDBClient;
beforeEach(async () => {
  double = await startDouble();
  client = EventStoreDBClient.connectionString(double.url);
});
afterEach(async () => {
  await client.dispose();
  await double.close();
});

async function write(stream: string, count: number, type?: string): Promise<string[]> {
  const events = clientEvents(count, type);
  await client.appendToStream(stream, events);
  return events.map(({ id }) => id);
}

async function idsOf(source: AsyncIterable<{ readonly event?: { readonly id: string } }>): Promise<string[]> {
  return (await collect(source)).map(({ event }) => event?.id ?? 'nothing');
}

/** Ids and positions of all that is in buckets. */
async function inBuckets(): Promise<{ readonly id: string; readonly position: Position }[]> {
  const all = await collect(client.readAll());
  return all.flatMap(({ event }) =>
    event?.position && event.streamId.startsWith('bucket-') ? [{ id: event.id, position: event.position }] : [],
  );
}

describe('reading', () => {
  it('a stream begins at a revision and goes both ways, as far as it may', async () => {
    const ids = await write('bucket-a', 5);
    expect(await idsOf(client.readStream('bucket-a', { fromRevision: 3n }))).toEqual(ids.slice(3));
    expect(await idsOf(client.readStream('bucket-a', { fromRevision: 1n, maxCount: 2 }))).toEqual(ids.slice(1, 3));
    expect(await idsOf(client.readStream('bucket-a', { fromRevision: 9n }))).toEqual([]);
    const backwards = { direction: BACKWARDS } as const;
    expect(await idsOf(client.readStream('bucket-a', { ...backwards, fromRevision: END }))).toEqual([...ids].reverse());
    expect(await idsOf(client.readStream('bucket-a', { ...backwards, fromRevision: 2n, maxCount: 2 }))).toEqual([
      ids[2],
      ids[1],
    ]);
  });

  it('all has what the system writes in it, before anything else', async () => {
    const all = await collect(client.readAll());
    expect(all).toHaveLength(3);
    expect(all.every(({ event }) => event?.streamId.startsWith('$'))).toBe(true);
  });

  it('all begins with the event at its position, and backwards with the one before it', async () => {
    const ids = await write('bucket-a', 4);
    const { position } = (await inBuckets())[2]!;
    expect(await idsOf(client.readAll({ fromPosition: position }))).toEqual(ids.slice(2));
    expect(await idsOf(client.readAll({ fromPosition: position, direction: BACKWARDS, maxCount: 2 }))).toEqual([
      ids[1],
      ids[0],
    ]);
    expect(await idsOf(client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 1 }))).toEqual([ids[3]]);
  });

  it('and subscribing refuses a place inside of a record', async () => {
    await write('bucket-a', 2);
    const { commit } = (await inBuckets())[1]!.position;
    const inside = { commit: commit - 1n, prepare: commit - 1n };
    await expect(collect(client.readAll({ fromPosition: inside }))).rejects.toMatchObject({ code: 3 });
    const heard = listen(client.subscribeToAll({ fromPosition: inside }));
    await expect.poll(() => heard).toContain('error unknown');
  });
});

it('events of one append are committed together where the log was written so, and are told apart by where they were prepared', async () => {
  const together = await startDouble({ store: new DoubleStore({ transactions: true }) });
  const other = EventStoreDBClient.connectionString(together.url);
  const events = clientEvents(4);
  const { position } = await other.appendToStream('bucket-a', events);
  const all = (await collect(other.readAll())).slice(3).map(({ event }) => event!);
  expect(all.at(-1)?.position).toEqual(position);
  expect(new Set(all.map((event) => event.position?.commit)).size).toBe(1);
  const second = all[1]!.position!;
  const heard = listen(other.subscribeToAll({ fromPosition: second }));
  await expect.poll(() => heard).toEqual(['confirmation', events[2]?.id, events[3]?.id, 'caughtUp']);
  const read = await collect(other.readAll({ fromPosition: second }));
  expect(read.map(({ event }) => event?.id)).toEqual(events.slice(1).map(({ id }) => id));
  await other.dispose();
  await together.close();
});

describe('a subscription', () => {
  it('to all delivers what is there, says that it has caught up once, and goes on with what comes', async () => {
    const ids = await write('bucket-a', 40);
    const heard = listen(client.subscribeToAll({ filter: excludeSystemEvents() }));
    await expect.poll(() => heard).toEqual(['confirmation', ...ids, 'caughtUp']);
    const more = await write('bucket-b', 3);
    await expect.poll(() => heard).toEqual(['confirmation', ...ids, 'caughtUp', ...more]);
  });

  it('begins after its position, or at the end', async () => {
    const ids = await write('bucket-a', 4);
    const { position } = (await inBuckets())[1]!;
    const after = listen(client.subscribeToAll({ fromPosition: position }));
    const end = listen(client.subscribeToAll({ fromPosition: END }));
    await expect.poll(() => after).toEqual(['confirmation', ...ids.slice(2), 'caughtUp']);
    await expect.poll(() => end).toEqual(['confirmation', 'caughtUp']);
    const [next] = await write('bucket-a', 1);
    await expect.poll(() => [after.at(-1), end.at(-1)]).toEqual([next, next]);
  });

  it.each([
    ['prefixes of streams', streamNameFilter({ prefixes: ['bucket-', 'agent-'] }), [0, 1, 3]],
    ['an expression over streams', streamNameFilter({ regex: '^(domain|agent)-' }), [2, 3]],
    ['prefixes of types', eventTypeFilter({ prefixes: ['Reward'] }), [1, 2]],
    ['an expression over types', eventTypeFilter({ regex: 'Made$' }), [0, 3]],
  ])('is filtered by %s', async (_, filter, wanted) => {
    const written = [
      ...(await write('bucket-a', 1, 'DecisionMade')),
      ...(await write('bucket-a', 1, 'RewardObserved')),
      ...(await write('domain-a', 1, 'RewardObserved')),
      ...(await write('agent-a', 1, 'DecisionMade')),
    ];
    const heard = listen(client.subscribeToAll({ filter }));
    await expect.poll(() => heard).toEqual(['confirmation', ...wanted.map((index) => written[index]), 'caughtUp']);
  });

  it('tells while it looks past others how far it is, each so many events', async () => {
    const places: bigint[] = [];
    const checkpointReached = async (_: unknown, { commit }: Position) => {
      places.push(commit);
    };
    await write('bucket-a', 100);
    const filter = streamNameFilter({
      prefixes: ['none-'],
      checkpointReached,
      maxSearchWindow: 10,
      checkpointInterval: 3,
    });
    const heard = listen(client.subscribeToAll({ filter }));
    await expect.poll(() => heard).toContain('caughtUp');
    // 103 events with those of the system, one in 30, and where it goes live.
    expect(places).toHaveLength(4);
    await write('bucket-a', 30);
    await expect.poll(() => places).toHaveLength(5);
    expect(places).toEqual([...places].sort((a, b) => Number(a - b)));
  });

  it('tells where it goes live a place from which a subscription would miss the next event', async () => {
    await write('bucket-a', 2);
    const places: Position[] = [];
    const checkpointReached = async (_: unknown, place: Position) => {
      places.push(place);
    };
    const filter = streamNameFilter({ prefixes: ['bucket-'], checkpointReached });
    const heard = listen(client.subscribeToAll({ filter }));
    await expect.poll(() => heard).toContain('caughtUp');
    const [missed, second] = [await write('bucket-a', 1), await write('bucket-a', 1)];
    await expect.poll(() => heard.slice(-2)).toEqual([...missed, ...second]);
    const later = listen(client.subscribeToAll({ fromPosition: places[0]!, filter }));
    await expect.poll(() => later).toEqual(['confirmation', ...second, 'caughtUp']);
    const last = (await inBuckets()).findLast(({ id }) => id === missed[0]);
    expect(places[0]).toEqual(last?.position);
  });

  it('to a stream begins after its revision', async () => {
    const ids = await write('bucket-a', 3);
    await write('bucket-b', 2);
    const all = listen(client.subscribeToStream('bucket-a', { fromRevision: START }));
    const heard = listen(client.subscribeToStream('bucket-a', { fromRevision: 1n }));
    await expect.poll(() => all).toEqual(['confirmation', ...ids, 'caughtUp']);
    await expect.poll(() => heard).toEqual(['confirmation', ids[2], 'caughtUp']);
    const more = await write('bucket-a', 1);
    await expect.poll(() => heard.slice(-1)).toEqual(more);
  });

  it('ends on the server when it is unsubscribed', async () => {
    const subscription = client.subscribeToAll();
    const heard = listen(subscription);
    await expect.poll(() => heard).toContain('caughtUp');
    expect(double.subscriptions()).toBe(1);
    await subscription.unsubscribe();
    await expect.poll(() => double.subscriptions()).toBe(0);
  });

  it('is not told that it has caught up by an older server', async () => {
    const older = await startDouble({ caughtUp: false });
    const other = EventStoreDBClient.connectionString(older.url);
    const heard = listen(other.subscribeToAll());
    await expect.poll(() => heard).toHaveLength(4);
    expect(heard[0]).toBe('confirmation');
    await other.dispose();
    await older.close();
  });
});

describe('a stream', () => {
  it('shows its last events where its metadata limit their number', async () => {
    const ids = await write('bucket-a', 5);
    await client.setStreamMetadata('bucket-a', { maxCount: 2 });
    expect(await idsOf(client.readStream('bucket-a'))).toEqual(ids.slice(3));
    expect(await client.getStreamMetadata('bucket-a')).toMatchObject({ metadata: { maxCount: 2 } });
    await client.appendToStream('bucket-a', clientEvent(), { expectedRevision: 4n });
    const left = await collect(client.readStream('bucket-a'));
    expect(left.map(({ event }) => event?.revision)).toEqual([4n, 5n]);
    // What is hidden is still there for who reads all, until a server scavenges.
    expect(await inBuckets()).toHaveLength(6);
  });

  it('begins where its metadata say', async () => {
    const ids = await write('bucket-a', 5);
    await client.setStreamMetadata('bucket-a', { truncateBefore: 3 });
    expect(await idsOf(client.readStream('bucket-a'))).toEqual(ids.slice(3));
  });

  it('that is deleted is not found, and goes on at its old revision', async () => {
    await write('bucket-a', 3);
    await client.deleteStream('bucket-a', { expectedRevision: 2n });
    await expect(collect(client.readStream('bucket-a'))).rejects.toMatchObject({ type: 'stream-not-found' });
    await client.appendToStream('bucket-a', clientEvent(), { expectedRevision: NO_STREAM });
    const left = await collect(client.readStream('bucket-a'));
    expect(left.map(({ event }) => event?.revision)).toEqual([3n]);
  });

  it('that is tombstoned is gone for good', async () => {
    await write('bucket-a', 1);
    await client.tombstoneStream('bucket-a');
    await expect(collect(client.readStream('bucket-a'))).rejects.toMatchObject({ type: 'stream-deleted' });
    await expect(client.appendToStream('bucket-a', clientEvent())).rejects.toMatchObject({ type: 'stream-deleted' });
  });
});
