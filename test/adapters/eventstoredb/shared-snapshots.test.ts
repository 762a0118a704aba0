import { expect, onTestFinished, test } from 'vitest';
import { openSnapshotStore } from '../../../adapters/sqlite/snapshot-store.ts';
import { NO_STREAM } from '../../../events/event-log.ts';
import type { SnapshotStore } from '../../../events/snapshot-store.ts';
import { collect, idsOf, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { snapshotStoreContract, someSnapshot } from '../../contracts/snapshot-store.ts';
import { givenDouble, givenLog } from './given-log.ts';

const PATIENT = { appendMs: 5_000, readMs: 5_000, shareEvery: 100 };

async function givenNodes() {
  const double = await givenDouble();
  const log = givenLog(double, PATIENT);
  const node = (): SnapshotStore => {
    const store = log.shareSnapshots(openSnapshotStore({ file: ':memory:' }));
    onTestFinished(() => store.close());
    return store;
  };
  return { double, log, node };
}

snapshotStoreContract('SQLite beside an EventStoreDB that is not there', {
  create: () => {
    const nobody = { url: 'esdb://127.0.0.1:1?tls=false' };
    return givenLog(nobody, { shareEvery: 1_000_000 }).shareSnapshots(openSnapshotStore({ file: ':memory:' }));
  },
});

test('a node that has no snapshot of a stream begins with one that another has shared', async () => {
  const { double, node } = await givenNodes();
  const [one, two] = [node(), node()];
  for (const revision of [50, 150, 160, 290]) await one.put('bucket-a', someSnapshot(revision));
  await expect.poll(() => double.store.head('snapshot-bucket-a')).toBe(1);
  expect(await two.latest('bucket-a', 'v1')).toMatchObject(someSnapshot(290));
  expect(await node().latest('bucket-a', 'v1', 200)).toMatchObject(someSnapshot(150));
  expect(await node().latest('bucket-a', 'v1', 100)).toBeUndefined();
  expect(await node().latest('bucket-a', 'v2')).toBeUndefined();
  expect(await node().latest('bucket-b', 'v1')).toBeUndefined();
});

test('the store keeps the last few of a stream, and they are no part of the log', async () => {
  const { double, log, node } = await givenNodes();
  const one = node();
  for (let revision = 100; revision <= 600; revision += 100) {
    await one.put('bucket-a', someSnapshot(revision));
    await expect.poll(() => double.store.head('snapshot-bucket-a')).toBe(revision / 100 - 1);
  }
  expect(double.store.readable('snapshot-bucket-a')).toHaveLength(3);
  const events = someEvents(2);
  await log.append(someStream(), NO_STREAM, events);
  expect(idsOf(await collect(log.readAll()))).toEqual(idsOf(events));
  await log.indexed();
  expect((await log.find(events[1]!.id))?.id).toBe(events[1]!.id);
});

test('a store that does not answer is no reason to wait for more than a deadline, nor to fail', async () => {
  const { double, node } = await givenNodes();
  const one = node();
  double.script('append', { kind: 'cut' });
  await one.put('bucket-a', someSnapshot(400));
  expect(await one.latest('bucket-a', 'v1')).toMatchObject(someSnapshot(400));
  double.script('read', { kind: 'cut' });
  expect(await node().latest('bucket-a', 'v1')).toBeUndefined();
});
