/** The double against the client as it is published: what it must do so that a log that works with it works with a server. */
import { ANY, EventStoreDBClient, NO_STREAM, STREAM_EXISTS } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect } from '../../contracts/event-fixtures.ts';
import { clientEvent as event } from './client-events.ts';
import { type Double, startDouble } from './double.ts';

describe.each([
  ['BatchAppend', true],
  ['Append', false],
])('a double that takes %s', (_, batchAppend) => {
  let double: Double;
  let client: EventStoreDBClient;
  beforeEach(async () => {
    double = await startDouble({ batchAppend });
    client = EventStoreDBClient.connectionString(double.url);
  });
  afterEach(async () => {
    await client.dispose();
    await double.close();
  });

  it('stores events and gives them back to the byte', async () => {
    const events = [event(), event()];
    const result = await client.appendToStream('bucket-a', events, { expectedRevision: NO_STREAM });
    expect(result).toMatchObject({ success: true, nextExpectedRevision: 1n });
    const read = await collect(client.readStream('bucket-a'));
    expect(read.map((resolved) => resolved.event?.id)).toEqual(events.map(({ id }) => id));
    expect(read.map((resolved) => resolved.event?.revision)).toEqual([0n, 1n]);
    expect(read[0]?.event).toMatchObject({ streamId: 'bucket-a', type: 'DecisionMade', isJson: false });
    expect(Buffer.from(read[0]?.event?.data as Uint8Array).toString()).toBe(`data of ${events[0]?.id}`);
    expect(read[0]?.event?.metadata).toEqual(Uint8Array.from([1, 2, 3, 255]));
    expect(Math.abs(Number(read[0]?.event?.created) - Date.now())).toBeLessThan(60_000);
  });

  it('tells the place of what was appended, as reading all does, and none where a stream is read', async () => {
    const { position } = await client.appendToStream('bucket-a', [event(), event()], { expectedRevision: NO_STREAM });
    const all = await collect(client.readAll());
    expect(all.at(-1)?.event?.position).toEqual(position);
    expect(all.at(-1)?.commitPosition).toBe(position?.commit);
    const [fromStream] = await collect(client.readStream('bucket-a'));
    expect(fromStream?.event?.position).toEqual({ commit: 2n ** 64n - 1n, prepare: 2n ** 64n - 1n });
    expect(fromStream?.commitPosition).toBeUndefined();
  });

  it('refuses what does not fit the head, and tells it', async () => {
    await client.appendToStream('bucket-a', [event(), event()], { expectedRevision: NO_STREAM });
    const append = (expectedRevision: bigint | typeof NO_STREAM, stream = 'bucket-a') =>
      client.appendToStream(stream, event(), { expectedRevision });
    const wrong = (actualVersion: unknown) => ({ type: 'wrong-expected-version', actualVersion });
    await expect(append(NO_STREAM)).rejects.toMatchObject(wrong(1n));
    await expect(append(0n)).rejects.toMatchObject(wrong(1n));
    await expect(append(7n)).rejects.toMatchObject(wrong(1n));
    await expect(append(0n, 'bucket-b')).rejects.toMatchObject(wrong('no_stream'));
    await expect(client.appendToStream('bucket-b', event(), { expectedRevision: STREAM_EXISTS })).rejects.toMatchObject(
      wrong('no_stream'),
    );
    expect(await append(1n)).toMatchObject({ nextExpectedRevision: 2n });
  });

  it('lets one of many win that expect the same', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => client.appendToStream('bucket-a', event(), { expectedRevision: NO_STREAM })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await collect(client.readStream('bucket-a'))).toHaveLength(1);
  });

  it('says where a stream is not found', async () => {
    await expect(collect(client.readStream('bucket-none'))).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  describe('recognises a repetition', () => {
    const first = [event(), event(), event()];
    beforeEach(() => client.appendToStream('bucket-a', first, { expectedRevision: NO_STREAM }));

    it('by the place of its ids, also when the stream has moved on and the server was restarted', async () => {
      const { position } = await client.appendToStream('bucket-a', first, { expectedRevision: NO_STREAM });
      await client.appendToStream('bucket-a', event(), { expectedRevision: 2n });
      await client.dispose();
      await double.restart();
      client = EventStoreDBClient.connectionString(double.url);
      const again = await client.appendToStream('bucket-a', first, { expectedRevision: NO_STREAM });
      expect(again).toMatchObject({ success: true, nextExpectedRevision: 2n, position });
      expect(await collect(client.readStream('bucket-a'))).toHaveLength(4);
    });

    it('where it is only the beginning of what was appended', async () => {
      const part = await client.appendToStream('bucket-a', first.slice(0, 2), { expectedRevision: NO_STREAM });
      expect(part.nextExpectedRevision).toBe(1n);
    });

    it.each([
      ['the first id differs', () => [event(), ...first.slice(1)]],
      ['a later id differs', () => [...first.slice(0, 2), event()]],
      ['there are more', () => [...first, event()]],
    ])('and calls it a conflict where %s', async (_why, changed) => {
      await expect(client.appendToStream('bucket-a', changed(), { expectedRevision: NO_STREAM })).rejects.toMatchObject(
        { type: 'wrong-expected-version', actualVersion: 2n },
      );
    });

    it('without a revision only as long as it remembers: a restart makes a second event of it', async () => {
      expect(await client.appendToStream('bucket-a', first[0]!, { expectedRevision: ANY })).toMatchObject({
        nextExpectedRevision: 0n,
      });
      await client.dispose();
      await double.restart();
      client = EventStoreDBClient.connectionString(double.url);
      expect(await client.appendToStream('bucket-a', first[0]!, { expectedRevision: ANY })).toMatchObject({
        nextExpectedRevision: 3n,
      });
    });

    it('and takes the same id into another stream', async () => {
      await client.appendToStream('bucket-b', first[0]!, { expectedRevision: NO_STREAM });
      expect(await collect(client.readStream('bucket-b'))).toHaveLength(1);
    });
  });

  it('refuses an append of more than a mebibyte', async () => {
    const large = { ...event(), data: new Uint8Array(600_000) };
    const other = { ...event(), data: new Uint8Array(600_000) };
    await expect(
      client.appendToStream('bucket-a', [large, other], { expectedRevision: NO_STREAM }),
    ).rejects.toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1024 * 1024 });
    await client.appendToStream('bucket-a', large, { expectedRevision: NO_STREAM });
    expect(await collect(client.readStream('bucket-a'))).toHaveLength(1);
  });
});
