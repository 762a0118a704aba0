import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serialiseBucket } from '../../../actors/bucket/bucket-snapshot.ts';
import { foldBucket } from '../../../actors/bucket/fold-bucket.ts';
import { readDomainHistory } from '../../../actors/domain/domain-history.ts';
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { type ArchiveOptions, archiveEvents } from '../../../adapters/keeping/archive.ts';
import { withBases } from '../../../adapters/sqlite/bases.ts';
import { openSqliteEventLog, type SqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { examineLogFile } from '../../../adapters/sqlite/examination.ts';
import { openSnapshotStore } from '../../../adapters/sqlite/snapshot-store.ts';
import { walkChains } from '../../../events/chain.ts';
import type { RecordedEvent } from '../../../events/event-log.ts';
import { compiled, root } from '../../compiled.ts';
import { collect } from '../../contracts/event-fixtures.ts';
import { newDirectory, removeDirectories, run, runJson } from '../cli/run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

const TOPICS = ['billing', 'bug', 'other'];
const topicOf = (number: number) => TOPICS[number % TOPICS.length] ?? 'other';
const config = {
  arms: ['small', 'large'],
  context: { topic: { type: 'categorical' as const, values: TOPICS } },
  bucketBy: ['topic'],
  sharing: { every: 5 },
};

/** Decisions in three buckets, each rewarded but every fourth. */
async function decideIn(dataDir: string, count: number): Promise<string[]> {
  const node = await openNode({ dataDir });
  await node.reckoner.configure('support', config);
  const numbers = Array.from({ length: count }, (_, number) => number);
  const decide = (number: number) =>
    node.reckoner.decide('support', { requestId: `r${number}-${count}`, context: { topic: topicOf(number) } });
  const ids = (await Promise.all(numbers.map(decide))).map(({ decisionId }) => decisionId);
  const reward = (number: number) => node.reckoner.reward(ids[number] ?? '', { value: (number % 7) / 6 });
  await Promise.all(numbers.filter((number) => number % 4 !== 3).map(reward));
  await node.settled('support');
  await node.close();
  return ids;
}

function archiveOf(dataDir: string, more: Partial<ArchiveOptions> = {}) {
  const before = { row: Number.MAX_SAFE_INTEGER };
  return archiveEvents({ dataDir, names: dataFiles, before, now: 0, ...more });
}

async function within<T>(dataDir: string, look: (log: SqliteEventLog) => Promise<T>): Promise<T> {
  const log = openSqliteEventLog({ file: join(dataDir, dataFiles.log) });
  try {
    return await look(log);
  } finally {
    await log.close();
  }
}

const everything = (dataDir: string) => within(dataDir, (log) => collect<RecordedEvent>(log.readAll()));

function liveEvents(dataDir: string): number {
  const database = new Database(join(dataDir, dataFiles.log), { readonly: true });
  const count = Number(database.prepare("SELECT count(*) FROM events WHERE stream LIKE 'bucket-%'").pluck().get());
  database.close();
  return count;
}

/** The state of each bucket, byte for byte: from the bases alone, or from the events where they are all there. */
async function states(dataDir: string, how: 'from bases' | 'from events'): Promise<Record<string, string>> {
  return within(dataDir, async (log) => {
    const empty = openSnapshotStore({ file: ':memory:' });
    const snapshots = how === 'from bases' ? withBases(empty, log) : empty;
    const { timeline, refresh } = await readDomainHistory(log, 'default', 'support');
    const found: Record<string, string> = {};
    const database = new Database(join(dataDir, dataFiles.log), { readonly: true });
    const streams = database.prepare("SELECT DISTINCT stream FROM events WHERE stream LIKE 'bucket-%'").pluck().all();
    database.close();
    for (const stream of streams.map(String)) {
      const state = await foldBucket({ log, snapshots, timeline, refresh }, stream);
      found[stream] = Buffer.from(serialiseBucket(state)).toString('hex');
    }
    await empty.close();
    return found;
  });
}

function hide(dataDir: string): () => void {
  const place = join(dataDir, 'segments');
  renameSync(place, `${place}-away`);
  return () => renameSync(`${place}-away`, place);
}

describe('an archived log', () => {
  it('reads, explains and learns as before; archived again and again it is the same log', async () => {
    const dataDir = newDirectory();
    const ids = await decideIn(dataDir, 40);
    const explained = await runJson(['explain', ids[3] ?? '', '--data-dir', dataDir]);
    for (let round = 0; round < 3; round++) {
      const before = await everything(dataDir);
      const posteriors = await states(dataDir, 'from events');
      const live = liveEvents(dataDir);
      const done = await archiveOf(dataDir, { chunk: 5 });
      expect(done.events).toBeGreaterThan(20);
      expect(liveEvents(dataDir)).toBe(live - done.events);
      expect(await everything(dataDir)).toEqual(before);
      expect(examineLogFile(join(dataDir, dataFiles.log))).toEqual([]);
      expect(await within(dataDir, (log) => walkChains(log, () => {}))).toMatchObject({ broken: undefined });
      expect(await states(dataDir, 'from events')).toEqual(posteriors);
      expect(await states(dataDir, 'from bases')).toEqual(posteriors);
      await decideIn(dataDir, 30 + round);
    }
    expect(await runJson(['explain', ids[3] ?? '', '--data-dir', dataDir])).toEqual(explained);
    const node = await openNode({ dataDir });
    expect(await node.reckoner.reward(ids[3] ?? '', { value: 1 })).toMatchObject({ learned: true });
    const again = await node.reckoner.decide('support', { requestId: 'r3-40', context: { topic: 'billing' } });
    expect(again.decisionId, 'a request of long ago is answered as it was').toBe(ids[3]);
    await node.close();
  });

  it('decides and learns from its bases where the segment was taken away, and refuses by name what needs it until it is back', async () => {
    const dataDir = newDirectory();
    const ids = await decideIn(dataDir, 60);
    const posteriors = await states(dataDir, 'from events');
    const { events } = await archiveOf(dataDir);
    expect(events).toBeGreaterThan(80);
    const bringBack = hide(dataDir);
    for (const name of readdirSync(dataDir).filter((found) => found.startsWith('snapshots')))
      rmSync(join(dataDir, name)); // a cache: nothing may depend on it
    expect(await states(dataDir, 'from bases')).toEqual(posteriors);

    const failures: unknown[] = [];
    const node = await openNode({ dataDir, onFailure: (_, thrown) => failures.push(thrown) });
    const { reckoner } = node;
    // What would be learned anew is away.
    for (const change of [{ policy: { name: 'nig_thompson' as const } }, { feedback: { click: 'failure' as const } }])
      await expect(reckoner.configure('support', { ...config, ...change })).rejects.toMatchObject({
        code: 'segment_missing',
      });
    for (let number = 0; number < 12; number++) {
      const made = await reckoner.decide('support', { context: { topic: topicOf(number) } });
      expect(await reckoner.reward(made.decisionId, { value: 1 })).toMatchObject({ learned: true });
      expect(await reckoner.explain(made.decisionId)).toMatchObject({ verified: true });
    }
    await node.settled('support');
    const missing = { code: 'segment_missing', message: expect.stringContaining('segment-') };
    await expect(reckoner.explain(ids[0] ?? '')).rejects.toMatchObject(missing);
    await expect(reckoner.reward(ids[3] ?? '', { value: 1 })).rejects.toMatchObject(missing);
    const asked = reckoner.decide('support', { requestId: 'r3-60', context: { topic: 'billing' } });
    await expect(asked).rejects.toMatchObject(missing);
    await expect(collect(node.log.readAll())).rejects.toMatchObject(missing);
    expect(await collect(node.log.readAll({ streamPrefix: 'domain-' }))).not.toEqual([]);
    expect(failures).toEqual([]);
    const doctor = await run(['doctor', '--data-dir', dataDir]);
    expect(doctor).toMatchObject({ code: 0, stdout: expect.stringMatching(/warn +hash chains +not walked/) });

    bringBack();
    expect(await reckoner.explain(ids[0] ?? '')).toMatchObject({ verified: true });
    expect(await reckoner.reward(ids[3] ?? '', { value: 1 })).toMatchObject({ learned: true });
    await node.close();
    expect(await within(dataDir, (log) => walkChains(log, () => {}))).toMatchObject({ broken: undefined });
  });

  it('is rolled back past what was archived where the segment is there, and refused where it is not; within the live part it needs none', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 40);
    const body = { reason: 'test' };
    const node = await openNode({ dataDir });
    const { revision: early } = await node.reckoner.domain('support');
    await node.reckoner.checkpoint('support', { name: 'between' });
    await node.close();
    await decideIn(dataDir, 41);
    const again = await openNode({ dataDir });
    const { reckoner } = again;
    await archiveOf(dataDir);
    const { revision: late } = await reckoner.checkpoint('support', { name: 'after' });
    const id = await reckoner.decide('support', { context: { topic: 'bug' } });
    await reckoner.reward(id.decisionId, { value: 0 });
    const bringBack = hide(dataDir);
    const refused = reckoner.rollBack('support', { to: early, ...body });
    await expect(refused).rejects.toMatchObject({ code: 'segment_missing' });
    expect(await reckoner.decide('support', { context: { topic: 'bug' } })).toMatchObject({ arm: expect.any(String) });
    await reckoner.rollBack('support', { to: late, ...body });
    expect(await reckoner.decide('support', { context: { topic: 'bug' } })).toMatchObject({ arm: expect.any(String) });
    bringBack();
    await reckoner.rollBack('support', { to: early, ...body });
    const made = await reckoner.decide('support', { context: { topic: 'bug' } });
    expect(await reckoner.explain(made.decisionId)).toMatchObject({ verified: true });
    await again.close();
  });

  it('makes bases anew that an upgrade or a rollback has made unfit', async () => {
    const dataDir = newDirectory();
    const node = await openNode({ dataDir });
    await node.reckoner.configure('support', config);
    const { revision } = await node.reckoner.checkpoint('support', { name: 'begin' });
    await node.close();
    await decideIn(dataDir, 40);
    await archiveOf(dataDir);
    const database = new Database(join(dataDir, dataFiles.log));
    database.exec("UPDATE bases SET versions = 'bucket/1 of old'");
    database.close();
    expect(await archiveOf(dataDir)).toMatchObject({ renewed: 3, unfit: 0 });
    const again = await openNode({ dataDir });
    await again.reckoner.rollBack('support', { to: revision });
    await again.close();
    const bringBack = hide(dataDir);
    expect(await archiveOf(dataDir)).toMatchObject({ renewed: 0, unfit: 3 });
    bringBack();
    const posteriors = await states(dataDir, 'from events');
    expect(await archiveOf(dataDir)).toMatchObject({ renewed: 3, unfit: 0 });
    hide(dataDir);
    expect(await states(dataDir, 'from bases')).toEqual(posteriors);
  });

  it('is served with its segment away', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 20);
    await archiveOf(dataDir);
    hide(dataDir);
    const { requireSoundTail } = await import('../../../adapters/cli/log-tail.ts');
    await within(dataDir, (log) => requireSoundTail(log));
  });

  it('asks for a directory where it is told to put segments into a file', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 20);
    const live = liveEvents(dataDir);
    const file = join(dataDir, dataFiles.log);
    const words = ['archive', '--before', '2100-01-01T00:00:00Z', '--to', file, '--data-dir', dataDir];
    const { code, stderr } = await run(words);
    expect(code).toBe(2);
    expect(stderr).toContain('is a file');
    expect(liveEvents(dataDir)).toBe(live);
  });

  it('takes no other file for its segment', async () => {
    const dataDir = newDirectory();
    const other = newDirectory();
    await decideIn(dataDir, 20);
    await decideIn(other, 30);
    const { segment = '' } = await archiveOf(dataDir);
    const { segment: stranger = '' } = await archiveOf(other);
    rmSync(segment);
    cpSync(stranger, segment);
    await expect(everything(dataDir)).rejects.toMatchObject({ code: 'log_corrupt' });
  });

  it('refuses an id that is archived, also where its segment is away', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 20);
    const [, first] = (await everything(dataDir)).filter(({ stream }) => stream.startsWith('bucket-'));
    await archiveOf(dataDir);
    await within(dataDir, async (log) => {
      const twin = { ...first!, data: first!.data };
      const refused = { status: 'conflict', reason: 'eventId', stream: first!.stream, revision: first!.revision };
      expect(await log.append('bucket-x', -1, [twin])).toMatchObject(refused);
    });
    hide(dataDir);
    await within(dataDir, async (log) => {
      await expect(log.append('bucket-x', -1, [first!])).rejects.toMatchObject({ code: 'segment_missing' });
    });
  });

  it('is backed up with its segments, and restored with them', async () => {
    const dataDir = newDirectory();
    const ids = await decideIn(dataDir, 30);
    await archiveOf(dataDir, { to: join(newDirectory(), 'cold') });
    const before = await everything(dataDir);
    const backup = join(newDirectory(), 'backup');
    expect((await run(['backup', backup, '--data-dir', dataDir])).code).toBe(0);
    const restored = join(newDirectory(), 'data');
    expect(await run(['restore', backup, '--data-dir', restored])).toMatchObject({ code: 0 });
    rmSync(dataDir, { recursive: true });
    expect(await everything(restored)).toEqual(before);
    expect(await runJson(['explain', ids[0] ?? '', '--data-dir', restored])).toMatchObject({ verified: true });
    // Its manifest is a seal over all of it, and counts what was archived.
    const seal = join(backup, 'manifest.json');
    expect(JSON.parse(readFileSync(seal, 'utf8')).events).toBe(
      Number((await runJson(['audit', 'seal', '--data-dir', restored])).events),
    );
    expect(await run(['audit', 'verify', '--seal', seal, '--data-dir', restored])).toMatchObject({ code: 0 });
  });
});

describe('the audit of an archived log', () => {
  it('sees through segments, and gives the seal that it gave before', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 30);
    const seal = join(newDirectory(), 'seal.json');
    writeFileSync(seal, (await run(['audit', 'seal', '--json', '--data-dir', dataDir])).stdout);
    const before = await runJson(['audit', 'verify', '--seal', seal, '--data-dir', dataDir]);
    const { segment = '' } = await archiveOf(dataDir);
    const after = await run(['audit', 'verify', '--seal', seal, '--json', '--data-dir', dataDir]);
    expect(after.code).toBe(0);
    expect(before).toMatchObject({ events: expect.any(Number), decisions: 30 });
    const { events, decisions } = JSON.parse(after.stdout);
    expect({ events, decisions }).toEqual({ events: before.events, decisions: before.decisions });

    const bringBack = hide(dataDir);
    const missing = await run(['audit', 'verify', '--data-dir', dataDir]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('segment-') });
    bringBack();
    chmodSync(segment, 0o600);
    const database = new Database(segment);
    database.exec(
      "UPDATE events SET data = CAST(data || x'00' AS BLOB) WHERE position = (SELECT max(position) FROM events)",
    );
    database.close();
    expect((await run(['audit', 'verify', '--data-dir', dataDir])).code).toBe(1);
  });
});

describe('archiving', () => {
  it('beside a node that decides disturbs nothing: all that was acknowledged is there once', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 60);
    const node = await openNode({ dataDir });
    let going = true;
    const decided: string[] = [];
    const working = (async () => {
      while (going) {
        const { decisionId } = await node.reckoner.decide('support', {
          context: { topic: topicOf(decided.length) },
        });
        await node.reckoner.reward(decisionId, { value: 0.5 });
        decided.push(decisionId);
      }
    })();
    const { stdout, code } = await run(['archive', '--before', '999999', '--json', '--data-dir', dataDir]);
    going = false;
    await working;
    expect(code).toBe(0);
    expect(JSON.parse(stdout).events).toBeGreaterThan(60);
    expect(await node.reckoner.explain(decided[0] ?? '')).toMatchObject({ verified: true });
    await node.close();
    const events = await everything(dataDir);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(events.filter(({ type }) => type === 'DecisionMade')).toHaveLength(60 + decided.length);
    expect(await within(dataDir, (log) => walkChains(log, () => {}))).toMatchObject({ broken: undefined });
  });

  it.each([
    ['segmentWritten', 1],
    ['segmentPlaced', 1],
    ['registered', 1],
    ['chunkDrained', 1],
    ['chunkDrained', 4],
    ['drained', 1],
  ])('killed at %s (%i) loses nothing and shows nothing twice, and is gone on with', async (point, times) => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 40);
    const before = await everything(dataDir);
    const posteriors = await states(dataDir, 'from events');
    const script = join(root, 'dist/test/adapters/keeping/archive-child.js');
    const killed = spawnSync(process.execPath, [script, dataDir, point, String(times)], { encoding: 'utf8' });
    expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    expect(await everything(dataDir)).toEqual(before);
    expect(await states(dataDir, 'from bases')).toEqual(posteriors);
    const live = liveEvents(dataDir);
    const done = await archiveOf(dataDir);
    expect(done.events + done.resumed).toBe(live - liveEvents(dataDir));
    expect(liveEvents(dataDir)).toBeLessThan(30);
    expect(await everything(dataDir)).toEqual(before);
    expect(await states(dataDir, 'from bases')).toEqual(posteriors);
    const listed = JSON.parse((await run(['archive', '--list', '--verify', '--json', '--data-dir', dataDir])).stdout);
    expect(listed.map(({ state }: { state: string }) => state)).toEqual(['verified']);
  });

  it('shows a reader who is in the middle of the log each event once, whatever is moved meanwhile', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 60);
    const before = await everything(dataDir);
    const file = join(dataDir, dataFiles.log);
    const log = openSqliteEventLog({ file, pageSize: 2, window: 4 });
    const moving = archiveOf(dataDir, { chunk: 2 });
    let during = 0;
    let moved = false;
    void moving.then(() => {
      moved = true;
    });
    for (let rounds = 0; !moved || rounds === 0; rounds++) {
      const read = await collect<RecordedEvent>(log.readAll());
      expect(read).toEqual(before);
      const { stream } = before.at(-2) ?? { stream: '' };
      const wanted = before.filter((event) => event.stream === stream);
      expect(await collect(log.readStream(stream))).toEqual(wanted);
      expect(await collect(log.readStream(stream, { backwards: true }))).toEqual([...wanted].reverse());
      during += moved ? 0 : 1;
    }
    await moving;
    await log.close();
    expect(during).toBeGreaterThan(2);
  });

  it('by time takes what was before it, and by a moment before everything nothing', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 20);
    const early = await archiveOf(dataDir, { before: { time: 0 } });
    expect(early).toMatchObject({ segment: undefined, events: 0 });
    const late = await archiveOf(dataDir, { before: { time: Date.now() + 1_000 } });
    expect(late.events).toBeGreaterThan(10);
  });

  it.each([
    ['first events', 'revision = 1'],
    ['last events', 'revision = (SELECT max(revision) - 1 FROM events AS others WHERE others.stream = events.stream)'],
  ])('puts nothing away that was changed: the %s of its streams', async (_, which) => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 20);
    const database = new Database(join(dataDir, dataFiles.log));
    database.exec(`UPDATE events SET type = 'RewardRetracted' WHERE stream LIKE 'bucket-%' AND ${which}`);
    database.close();
    await expect(archiveOf(dataDir)).rejects.toMatchObject({ code: 'log_corrupt' });
    expect(readdirSync(join(dataDir, 'segments')).filter((name) => name.endsWith('.db'))).toEqual([]);
  });

  it('says where things are, finds a changed byte, gives space back, and explains what it does not understand', async () => {
    const dataDir = newDirectory();
    await decideIn(dataDir, 20);
    const args = ['--data-dir', dataDir];
    expect(await run(['archive', ...args])).toMatchObject({ code: 2 });
    expect(await run(['archive', '--before', 'yesterday', ...args])).toMatchObject({ code: 2 });
    expect((await run(['archive', '--list', ...args])).stdout).toContain('Nothing was archived');
    const segments = join(dataDir, 'segments');
    mkdirSync(segments);
    // Left by a process that was killed.
    for (const name of ['segment-2147483646.tmp', 'segment-2147483646.tmp-journal'])
      writeFileSync(join(segments, name), 'half of it');
    const { segment } = await runJson(['archive', '--before', '999999', ...args]);
    const path = String(segment);
    expect(readdirSync(segments).filter((name) => name.includes('.tmp'))).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o400);
    const shrunk = await run(['archive', '--shrink', ...args]);
    expect(shrunk).toMatchObject({ code: 0, stderr: '' });
    expect((await run(['archive', '--list', ...args])).stdout).toMatch(/segment-\d+.*present/);
    const bytes = readFileSync(path);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    chmodSync(path, 0o600);
    writeFileSync(path, bytes);
    expect(await run(['archive', '--list', '--verify', ...args])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('damaged'),
    });
    mkdirSync(join(dataDir, 'x'));
    renameSync(path, join(dataDir, 'x', 'gone'));
    expect((await run(['archive', '--list', ...args])).stdout).toContain('missing');
  });
});
