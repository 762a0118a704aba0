import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSnapshotStore } from '../../../adapters/sqlite/snapshot-store.ts';
import { surplus } from '../../../adapters/sqlite/thinning.ts';
import { snapshotStoreContract, someSnapshot } from '../../contracts/snapshot-store.ts';
import { temporaryFile } from './temporary.ts';

snapshotStoreContract("SQLite's memory", { create: () => openSnapshotStore({ file: ':memory:' }) });
snapshotStoreContract('SQLite with a small waiting room', {
  create: () => openSnapshotStore({ file: ':memory:', batch: 2, maxWaiting: 8, flushMs: 1 }),
});

describe('the snapshot store in a SQLite file', () => {
  it('still has after a restart what was put before', async () => {
    const file = temporaryFile('snapshots.db');
    const before = openSnapshotStore({ file });
    for (let n = 0; n < 300; n++) await before.put(`bucket-${n}`, someSnapshot(n));
    await before.close();
    const after = openSnapshotStore({ file });
    for (let n = 0; n < 300; n++) expect((await after.latest(`bucket-${n}`, 'v1'))?.revision).toBe(n);
    await after.close();
  });

  it('drops snapshots of other versions when their stream is asked for', async () => {
    const file = temporaryFile('snapshots.db');
    const store = openSnapshotStore({ file });
    await store.put('bucket-a', someSnapshot(1, 'v1'));
    await store.put('bucket-b', someSnapshot(1, 'v1'));
    await sleep(60);
    expect(await store.latest('bucket-a', 'v2')).toBeUndefined();
    await store.close();
    const database = new Database(file);
    expect(database.prepare('SELECT stream FROM snapshots').pluck().all()).toEqual(['bucket-b']);
    database.close();
  });

  it.each([
    ['is not a database', (file: string) => writeFileSync(file, 'x'.repeat(10_000))],
    ['was cut off', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 5_000))],
    ['was written by a newer version', (file: string) => setVersion(file, 99)],
    ['was deleted', (file: string) => rmSync(file)],
  ])('begins anew where its file %s', async (_, damage) => {
    const file = temporaryFile('snapshots.db');
    const before = openSnapshotStore({ file });
    for (let n = 0; n < 100; n++) await before.put(`bucket-${n}`, someSnapshot(n));
    await before.close();
    damage(file);
    const store = openSnapshotStore({ file });
    await store.latest('bucket-1', 'v1');
    await store.put('bucket-new', someSnapshot(1));
    await sleep(60);
    expect((await store.latest('bucket-new', 'v1'))?.revision).toBe(1);
    await store.close();
    const again = openSnapshotStore({ file });
    expect((await again.latest('bucket-new', 'v1'))?.revision).toBe(1);
    await again.close();
  });

  it("leaves another program's database as it is, and caches nothing", async () => {
    const file = temporaryFile('foreign.db');
    const foreign = new Database(file);
    foreign.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES ('precious')");
    foreign.close();
    const bytes = readFileSync(file);
    const errors: string[] = [];
    const store = openSnapshotStore({ file, onError: ({ code }) => errors.push(code) });
    await store.put('bucket-a', someSnapshot(1));
    expect(await store.latest('bucket-a', 'v1')).toBeUndefined();
    await store.close();
    expect(errors).toEqual(['log_unusable']);
    expect(Buffer.compare(readFileSync(file), bytes)).toBe(0);
  });

  it('is empty, not an error, where its directory is missing', async () => {
    const store = openSnapshotStore({ file: temporaryFile('missing/snapshots.db') });
    await store.put('bucket-a', someSnapshot(1));
    expect(await store.latest('bucket-a', 'v1')).toBeUndefined();
    await store.close();
  });

  it('waits without stopping the process while another writes, and loses nothing', async () => {
    const file = temporaryFile('snapshots.db');
    const store = openSnapshotStore({ file });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    for (let n = 0; n < 10; n++) await store.put(`bucket-${n}`, someSnapshot(n));
    await sleep(80);
    expect((await store.latest('bucket-3', 'v1'))?.revision).toBe(3);
    other.exec('COMMIT');
    await sleep(80);
    expect(other.prepare('SELECT count(*) FROM snapshots').pluck().get()).toBe(10);
    other.close();
    await store.close();
  });

  it('keeps 100,000 puts in a row within bounds, and all of them where each is waited for', async () => {
    const file = temporaryFile('snapshots.db');
    const store = openSnapshotStore({ file, maxWaiting: 500 });
    const bytes = new Uint8Array(1_000);
    const before = process.memoryUsage();
    for (let n = 0; n < 100_000; n++) void store.put(`bucket-${n}`, { revision: n, versions: 'v1', bytes });
    const after = process.memoryUsage();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(150 * 2 ** 20);
    expect((await store.latest('bucket-99999', 'v1'))?.revision).toBe(99_999);
    for (let n = 0; n < 5_000; n++) await store.put(`awaited-${n}`, { revision: n, versions: 'v1', bytes });
    await store.close();
    const database = new Database(file);
    expect(database.prepare("SELECT count(*) FROM snapshots WHERE stream LIKE 'awaited-%'").pluck().get()).toBe(5_000);
    database.close();
    expect(existsSync(file) && statSync(file).size).toBeLessThan(60 * 2 ** 20);
  });
});

it('keeps one that is larger than all that may wait together, up to eight times', async () => {
  const store = openSnapshotStore({ file: temporaryFile('snapshots.db'), maxWaitingBytes: 1_000 });
  for (const [stream, size] of [
    ['small', 600],
    ['large', 8_000],
    ['huge', 8_001],
  ] as const)
    await store.put(stream, { revision: 1, versions: 'v1', bytes: new Uint8Array(size) });
  expect((await store.latest('small', 'v1'))?.revision).toBe(1);
  expect((await store.latest('large', 'v1'))?.bytes).toHaveLength(8_000);
  expect(await store.latest('huge', 'v1')).toBeUndefined();
  await store.close();
});

describe('thinning out', () => {
  it('keeps the newest four and few of the rest', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(100_000), { minLength: 1, maxLength: 200 }), (some) => {
        const revisions = some.sort((left, right) => right - left);
        const gone = new Set(surplus(revisions));
        const kept = revisions.filter((revision) => !gone.has(revision));
        expect(kept.slice(0, 4)).toEqual(revisions.slice(0, 4));
        expect(kept.length).toBeLessThanOrEqual(4 + 18);
        expect(kept.at(-1)).toBe(revisions.at(-1)); // the oldest of all bounds every replay
      }),
    );
  });
});

function setVersion(file: string, version: number): void {
  const database = new Database(file);
  database.pragma(`user_version = ${version}`);
  database.close();
}
