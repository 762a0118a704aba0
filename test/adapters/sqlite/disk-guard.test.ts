import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { type DiskSpace, leastFree, minFreeFrom, watchDisk } from '../../../adapters/sqlite/disk-guard.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { openSnapshotStore } from '../../../adapters/sqlite/snapshot-store.ts';
import { openSubjectSalts } from '../../../adapters/sqlite/subject-salts.ts';
import type { ReckonerError } from '../../../events/errors.ts';
import { NO_STREAM } from '../../../events/event-log.ts';
import { compiled } from '../../compiled.ts';
import { someEvent, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { newDirectory, pause, removeDirectories, run, start } from '../cli/run.ts';
import { temporaryFile } from './temporary.ts';

beforeAll(compiled);
afterAll(removeDirectories);

const MB = 2 ** 20;
const GB = 2 ** 30;

/** A disk of 100 GB whose free space the test sets. */
function disk(freeMb: number) {
  const space = { free: freeMb * MB };
  let looks = 0;
  const statfs = (): DiskSpace => {
    looks++;
    return { bsize: 4096, blocks: (100 * GB) / 4096, bavail: Math.floor(space.free / 4096) };
  };
  return { statfs, set: (mb: number) => (space.free = mb * MB), looks: () => looks };
}

function guarded(freeMb: number, minFreeMb = 100) {
  const { statfs, ...rest } = disk(freeMb);
  const turns: (ReckonerError | undefined)[] = [];
  const onTurn = (refusal: ReckonerError | undefined) => void turns.push(refusal);
  const guard = watchDisk({ directory: '/data', minFreeBytes: minFreeMb * MB, statfs, everyMs: 5, onTurn });
  onTestFinished(() => guard.close());
  return { guard, turns, ...rest };
}

describe('the watch over the disk', () => {
  it('refuses below the limit, and takes up work again half as much above it, telling each turn once', async () => {
    const { guard, turns, set } = guarded(101);
    expect(guard.refusal()).toBeUndefined();
    set(99);
    await pause(30);
    expect(guard.refusal()).toMatchObject({ code: 'disk_nearly_full', message: expect.stringContaining('99 MB') });
    set(149);
    await pause(30);
    expect(guard.refusal()).toBeDefined();
    set(151);
    await pause(30);
    expect(guard.refusal()).toBeUndefined();
    expect(turns).toMatchObject([{ code: 'disk_nearly_full' }, undefined]);
    expect(turns).toHaveLength(2);
  });

  it('looks before its time where much was written', () => {
    const { statfs, set, looks } = disk(500);
    const guard = watchDisk({ directory: '/data', minFreeBytes: 80 * MB, statfs, everyMs: 1e6 });
    onTestFinished(() => guard.close());
    set(50);
    guard.wrote(9 * MB);
    expect(looks()).toBe(1);
    guard.wrote(2 * MB);
    expect(looks()).toBe(2);
    expect(guard.refusal()?.code).toBe('disk_nearly_full');
  });

  it('holds nothing against a disk that does not tell, and watches nothing where the limit is 0', () => {
    const fails = () => {
      throw new Error('ENOSYS');
    };
    for (const statfs of [fails, () => ({ blocks: 0, bavail: 0, bsize: 0 })]) {
      const guard = watchDisk({ directory: '/data', statfs });
      expect(guard.refusal()).toBeUndefined();
      guard.close();
    }
    expect(watchDisk({ directory: '/data', minFreeBytes: 0, statfs: fails }).refusal()).toBeUndefined();
  });

  it('wants 256 MB of a large disk, a hundredth of a smaller one, and 32 MB of the smallest', () => {
    const least = (bytes: number) => leastFree({ blocks: bytes / 4096, bavail: 0, bsize: 4096 });
    expect([1000 * GB, 10 * GB, GB].map(least)).toEqual([256 * MB, 10 * GB * 0.01, 32 * MB]);
    expect(minFreeFrom({ RECKONER_MIN_FREE_MB: '1.5' })).toBe(1.5 * MB);
    expect(minFreeFrom({})).toBeUndefined();
    expect(() => minFreeFrom({ RECKONER_MIN_FREE_MB: '-1' })).toThrow('not a number');
  });
});

describe('while the disk is nearly full', () => {
  it('the log refuses appends and reads on; trouble says why', async () => {
    const { guard, set } = guarded(500);
    const log = openSqliteEventLog({ file: temporaryFile(), guard });
    onTestFinished(() => log.close());
    const event = someEvent();
    await log.append(someStream(), NO_STREAM, [event]);
    set(10);
    await pause(30);
    await expect(log.append(someStream(), NO_STREAM, someEvents(1))).rejects.toMatchObject({
      code: 'disk_nearly_full',
    });
    expect(log.trouble()?.code).toBe('disk_nearly_full');
    expect(await log.find(event.id)).toBeDefined();
    set(500);
    await pause(30);
    expect(log.trouble()).toBeUndefined();
    expect(await log.append(someStream(), NO_STREAM, someEvents(1))).toMatchObject({ status: 'appended' });
  });

  it('no new person gets a salt, a known one keeps it, and erasing goes on; no snapshot is kept', async () => {
    const { guard, set } = guarded(500);
    const salts = openSubjectSalts({ file: temporaryFile('salts.db'), guard });
    const snapshots = openSnapshotStore({ file: temporaryFile('snapshots.db'), guard, flushMs: 1 });
    onTestFinished(() => Promise.all([salts.close(), snapshots.close()]).then(() => {}));
    const [known, stranger] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const salt = await salts.saltOf(known);
    set(10);
    await pause(30);
    expect(await salts.saltOf(known)).toEqual(salt);
    await expect(salts.saltOf(stranger)).rejects.toMatchObject({ code: 'disk_nearly_full' });
    expect(await salts.erase(known)).toBe(true);
    await snapshots.put('bucket-a', { revision: 1, versions: 'v', bytes: Buffer.alloc(10) });
    expect(await snapshots.latest('bucket-a', 'v')).toBeUndefined();
  });

  it('a node refuses what would be recorded, explains what was, and goes on by itself when there is room', async () => {
    const { statfs, set } = disk(500);
    const turns: boolean[] = [];
    const node = await openNode({
      dataDir: newDirectory(),
      disk: { statfs, everyMs: 5 },
      onDisk: (refusal) => void turns.push(refusal !== undefined),
    });
    onTestFinished(() => node.close());
    const { reckoner } = node;
    await reckoner.configure('greeting', { arms: ['hello', 'hi'], bucketBy: [] });
    const body = { requestId: 'first', context: {} };
    const made = await reckoner.decide('greeting', body);
    set(10);
    await pause(30);
    const nearlyFull = { code: 'disk_nearly_full', problem: { status: 507 } };
    await expect(reckoner.decide('greeting', { context: {} })).rejects.toMatchObject(nearlyFull);
    await expect(reckoner.decide('greeting', { context: {}, subject: 'lena' })).rejects.toMatchObject(nearlyFull);
    await expect(reckoner.reward(made.decisionId, { value: 1 })).rejects.toMatchObject(nearlyFull);
    await expect(reckoner.configure('other', { arms: ['a', 'b'] })).rejects.toMatchObject(nearlyFull);
    await expect(reckoner.freeze('greeting')).rejects.toMatchObject(nearlyFull);
    expect(await reckoner.decide('greeting', body), 'what is recorded is answered').toMatchObject({
      decisionId: made.decisionId,
    });
    expect(await reckoner.explain(made.decisionId)).toMatchObject({ verified: true });
    expect(await reckoner.health()).toMatchObject({ ready: false, problem: { code: 'disk_nearly_full' } });
    set(500);
    await pause(30);
    expect(await reckoner.health()).toMatchObject({ ready: true });
    expect(await reckoner.reward(made.decisionId, { value: 1 })).toMatchObject({ learned: true });
    expect(await reckoner.decide('greeting', { context: {} })).toMatchObject({ decisionId: expect.any(String) });
    expect(turns).toEqual([true, false]);
  });
});

/** A file system of 40 MB of its own; undefined where this user may mount none. */
function smallDisk(): string | undefined {
  const place = newDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', place], { stdio: 'pipe' });
  } catch (thrown) {
    console.warn(`NOT TESTED on a real small disk: ${thrown instanceof Error ? thrown.message : thrown}`);
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', place]));
  return place;
}

describe('a server on a small disk of its own', () => {
  it('reads only while it is nearly full, by itself and not at all broken', async (context) => {
    const place = smallDisk();
    if (place === undefined) return context.skip('mounting is not allowed here');
    const dataDir = join(place, 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const env = { RECKONER_MIN_FREE_MB: '10' };
    const serving = start(['serve', '--port', '0', '--no-demo', '--json', '--data-dir', dataDir], env);
    const [, url] = await serving.says(/"url":"([^"]+)"/);
    const ask = async (path: string, body?: object) => {
      const init = body && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      };
      const answer = await fetch(`${url}${path}`, init);
      const json: Record<string, unknown> = JSON.parse(await answer.text());
      return { status: answer.status, json };
    };
    const { exampleContext } = (await ask('/v1/domains/user_engagement')).json;
    const decide = () => ask('/v1/domains/user_engagement/decisions', { context: exampleContext });
    const until = async (path: string, status: number) => {
      for (let tries = 0; tries < 200; tries++) {
        const answer = await ask(path);
        if (answer.status === status) return answer;
        await pause(50);
      }
      throw new Error(`${path} never answered ${status}`);
    };
    const made = await decide();
    expect(made).toMatchObject({ status: 201 });
    const { bavail, bsize } = statfsSync(place);
    writeFileSync(join(place, 'ballast'), Buffer.alloc(bavail * bsize - 5 * MB, 1));
    expect((await until('/readyz', 503)).json).toMatchObject({ problem: { code: 'disk_nearly_full' } });
    expect(await decide()).toMatchObject({ status: 507, json: { code: 'disk_nearly_full' } });
    expect(await ask(`/v1/decisions/${made.json.decisionId}`)).toMatchObject({ status: 200, json: { verified: true } });
    const doctor = await run(['doctor', '--data-dir', dataDir], env);
    expect(doctor.stdout).toMatch(/fail +disk space .*nothing is recorded/);
    rmSync(join(place, 'ballast'));
    await until('/readyz', 200);
    expect(await decide()).toMatchObject({ status: 201 });
    serving.process.kill('SIGTERM');
    expect(await serving.finished).toMatchObject({ code: 0 });
    const told = serving
      .stderr()
      .split('\n')
      .filter((line) => line.includes('"where":"disk"'));
    expect(told).toHaveLength(2);
    expect((await run(['doctor', '--data-dir', dataDir], env)).code).toBe(0);
  });
});
