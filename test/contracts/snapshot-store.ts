/** What every snapshot store does: a cache that may forget, and is never wrong. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Snapshot, SnapshotStore } from '../../events/snapshot-store.ts';

export interface SnapshotStoreSuite {
  /** An empty store. The suite closes it. */
  readonly create: () => SnapshotStore | Promise<SnapshotStore>;
}

export function someSnapshot(revision: number, versions = 'v1'): Snapshot {
  return { revision, versions, bytes: Buffer.from(`state at ${revision} for ${versions}`) };
}

/** Runs the whole suite against one adapter. */
export function snapshotStoreContract(name: string, suite: SnapshotStoreSuite): void {
  describe(`the snapshot store in ${name}`, () => {
    let store: SnapshotStore;
    beforeEach(async () => {
      store = await suite.create();
    });
    afterEach(() => store.close());
    const latest = async (stream: string, versions = 'v1', revision?: number) =>
      (await store.latest(stream, versions, revision))?.revision;

    it('gives back what was put, to the byte', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte).subarray(3);
      await store.put('bucket-a', { revision: 7, versions: 'v1', bytes });
      const found = await store.latest('bucket-a', 'v1');
      expect(found).toMatchObject({ revision: 7, versions: 'v1' });
      expect(Buffer.compare(found!.bytes, bytes)).toBe(0);
    });

    it('knows nothing of a stream that was never put', async () => {
      await store.put('bucket-a', someSnapshot(1));
      expect(await latest('bucket-b')).toBeUndefined();
    });

    it('gives the newest, whatever the order in which they came', async () => {
      for (const revision of [5, 9, 2]) await store.put('bucket-a', someSnapshot(revision));
      expect(await latest('bucket-a')).toBe(9);
    });

    it('gives the newest at or before a revision', async () => {
      for (const revision of [0, 10, 20]) await store.put('bucket-a', someSnapshot(revision));
      expect(await latest('bucket-a', 'v1', 20)).toBe(20);
      expect(await latest('bucket-a', 'v1', 19)).toBe(10);
      expect(await latest('bucket-a', 'v1', 9)).toBe(0);
      expect(await latest('bucket-a', 'v1', -1)).toBeUndefined();
    });

    it('never gives one with other versions', async () => {
      await store.put('bucket-a', someSnapshot(3, 'v1'));
      await store.put('bucket-a', someSnapshot(5, 'v2'));
      expect(await latest('bucket-a', 'v2', 4)).toBeUndefined();
      expect(await latest('bucket-a', 'v2')).toBe(5);
      expect(await latest('bucket-a', 'v3')).toBeUndefined();
    });

    it('replaces a snapshot of the same revision', async () => {
      await store.put('bucket-a', someSnapshot(3));
      await store.put('bucket-a', { ...someSnapshot(3), bytes: Buffer.from('newer') });
      expect(Buffer.from((await store.latest('bucket-a', 'v1'))!.bytes).toString()).toBe('newer');
    });

    it('always has the newest of a long stream, and one not far from any revision before', async () => {
      for (let revision = 50; revision <= 20_000; revision += 50) await store.put('bucket-a', someSnapshot(revision));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await latest('bucket-a')).toBe(20_000);
      for (const back of [100, 1_000, 5_000]) {
        const found = (await latest('bucket-a', 'v1', 20_000 - back)) ?? 0;
        expect(found).toBeLessThanOrEqual(20_000 - back);
        expect(found).toBeGreaterThanOrEqual(20_000 - 5 * back);
      }
    });

    it('takes puts after it was closed, and forgets them', async () => {
      await store.close();
      await store.put('bucket-a', someSnapshot(1));
      expect(await latest('bucket-a')).toBeUndefined();
      await store.close();
    });
  });
}
