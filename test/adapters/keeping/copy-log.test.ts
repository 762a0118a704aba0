import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { parseAddress } from '../../../adapters/eventstoredb/address.ts';
import { openEventStoreLog } from '../../../adapters/eventstoredb/event-log.ts';
import { archiveEvents } from '../../../adapters/keeping/archive.ts';
import { type CopyEnd, copyLog } from '../../../adapters/keeping/copy-log.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { AppendResult, EventLog, RecordedEvent } from '../../../events/event-log.ts';
import { compiled, root } from '../../compiled.ts';
import { collect, someEvents } from '../../contracts/event-fixtures.ts';
import { newDirectory, removeDirectories, run, usedDirectory } from '../cli/run.ts';
import { givenDouble, QUICK } from '../eventstoredb/given-log.ts';

const [ROUNDS, BUCKETS] = [40, 8];
let used: string;
let file: string;
/** Of the log that is copied. */
let original: RecordedEvent[];

beforeAll(async () => {
  await compiled();
  used = newDirectory();
  await decideIn(used);
  file = join(used, dataFiles.log);
  original = await eventsOf(file);
});
afterAll(removeDirectories);

describe('copy-log', () => {
  it('gives every event its place, its id and its bytes, and says the root that a seal has', async () => {
    const to = join(newDirectory(), 'made', 'on the way');
    const { code, stdout } = await run(['copy-log', '--from', used, '--to', to, '--json']);
    expect(code).toBe(0);
    const seal = JSON.parse((await run(['audit', 'seal', '--json', '--data-dir', used])).stdout);
    expect(JSON.parse(stdout)).toEqual({
      ...{ from: file, to: join(to, dataFiles.log) },
      ...{ events: original.length, copied: original.length, streams: expect.any(Number) },
      ...{ root: seal.root, sameOrder: true, sourceGrew: false },
    });
    expect(placeless(await eventsOf(join(to, dataFiles.log)))).toEqual(placeless(original));
  });

  it.each([2, 100, 300])('killed before append %i is gone on with: nothing twice, nothing missing', async (append) => {
    const to = join(newDirectory(), 'copy.db');
    const script = join(root, 'dist/test/adapters/keeping/copy-child.js');
    const killed = spawnSync(process.execPath, [script, file, to, String(append)], { encoding: 'utf8' });
    expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    const before = (await eventsOf(to)).length;
    expect(before).toBeLessThan(original.length);
    const again = await run(['copy-log', '--from', file, '--to', to, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ copied: original.length - before, events: original.length });
    expect(byStream(await eventsOf(to))).toEqual(byStream(original));
  });

  it('does nothing the second time, and says so to people too', async () => {
    const to = newDirectory();
    await run(['copy-log', '--from', used, '--to', to]);
    const { code, stdout } = await run(['copy-log', '--from', used, '--to', to]);
    expect(code).toBe(0);
    expect(stdout).toContain(`0 events copied; ${original.length} were there`);
  });

  it('copies what came since, where the source went on', async () => {
    const to = join(newDirectory(), 'events.db');
    expect(await copyOf(beginningOf(file, original.length - 7), endOf(to))).toMatchObject({ sourceGrew: true });
    expect(await copyOf(endOf(file), endOf(to))).toMatchObject({ copied: 7, sameOrder: true });
  });

  it('reads archived segments through', async () => {
    const { dataDir } = await usedDirectory(30);
    const before = await eventsOf(join(dataDir, dataFiles.log));
    const row = Number.MAX_SAFE_INTEGER;
    const archived = await archiveEvents({ dataDir, names: dataFiles, before: { row }, now: 0 });
    expect(archived.events).toBeGreaterThan(10);
    const to = newDirectory();
    expect((await run(['copy-log', '--from', dataDir, '--to', to])).code).toBe(0);
    expect(existsSync(join(to, 'segments'))).toBe(false);
    expect(byStream(await eventsOf(join(to, dataFiles.log)))).toEqual(byStream(before));
  });

  it.each([
    ['another installation’s events', async () => join((await usedDirectory(2)).dataDir, dataFiles.log)],
    ['more than the source has', async () => file],
  ])('refuses a destination that holds %s, before a byte is written', async (what, destination) => {
    const shorter = join(newDirectory(), 'shorter.db');
    await copyOf(beginningOf(file, 50), endOf(shorter));
    const from = what.startsWith('more') ? shorter : file;
    const to = await destination();
    const before = await eventsOf(to);
    const { code, stderr } = await run(['copy-log', '--from', from, '--to', to, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'destination_differs' });
    expect(await eventsOf(to)).toEqual(before);
  });

  it('refuses a source that is damaged, and names where', async () => {
    const damaged = join(newDirectory(), 'events.db');
    await copyOf(endOf(file), endOf(damaged));
    const database = new Database(damaged);
    database.prepare("UPDATE events SET data = zeroblob(20) WHERE revision = 3 AND stream LIKE 'bucket-%'").run();
    database.close();
    const { code, stderr } = await run(['copy-log', '--from', damaged, '--to', newDirectory(), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'log_corrupt', message: expect.stringContaining('revision 3') });
  });

  it('asks again with the same ids and revision where the outcome is unknown', async () => {
    const to = join(newDirectory(), 'events.db');
    const end = endOf(to);
    let appends = 0;
    const append: EventLog['append'] = async (...given) => {
      const result = await end.log.append(...given);
      appends += 1;
      return appends % 3 === 1 ? ({ status: 'outcomeUnknown', cause: new Error('no answer') } as AppendResult) : result;
    };
    const report = await copyOf(endOf(file), { ...end, ordered: false, log: { ...end.log, append } });
    expect(report.events).toBe(original.length);
    expect(byStream(await eventsOf(to))).toEqual(byStream(original));
  });

  it('refuses to write beside somebody else', async () => {
    const end = endOf(join(newDirectory(), 'events.db'));
    const append: EventLog['append'] = async (stream, expected, events) => {
      await end.log.append(stream, expected, someEvents(1));
      return end.log.append(stream, expected, events);
    };
    await expect(copyOf(endOf(file), { ...end, log: { ...end.log, append } })).rejects.toMatchObject({
      code: 'destination_differs',
      message: expect.stringContaining('Somebody else'),
    });
  });

  it('moves a log to EventStoreDB and back, and is gone on with there too', async () => {
    const double = await givenDouble();
    const url = double.url.replace('esdb://', 'esdb://somebody:secret@');
    const env = { EVENTSTORE_URL: url };
    await copyOf(beginningOf(file, 100), storeEnd(double.url));
    const there = await run(['copy-log', '--from', used, '--to', 'eventstore', '--json'], env);
    expect(there.stderr).toBe('');
    const report = JSON.parse(there.stdout);
    expect(report).toMatchObject({ copied: original.length - 100, events: original.length, sourceGrew: false });
    expect(there.stdout).not.toContain('secret');
    const back = newDirectory();
    const { stdout, code } = await run(['copy-log', '--from', url, '--to', back]);
    expect(code).toBe(0);
    expect(stdout).toContain(report.root);
    expect(byStream(await eventsOf(join(back, dataFiles.log)))).toEqual(byStream(original));
    const foreign = (await usedDirectory(2)).dataDir;
    expect((await run(['copy-log', '--from', foreign, '--to', 'eventstore'], env)).stderr).toContain('beginning');
  });

  it.each(['lostAck', 'cut'] as const)('goes on through a connection that ends: %s', async (kind) => {
    const double = await givenDouble();
    for (let times = 0; times < 5; times++) double.script('append', { kind }, 1);
    expect(await copyOf(beginningOf(file, 200), storeEnd(double.url))).toMatchObject({ events: 200 });
  });

  it('copies no log that is not there, and none onto itself', async () => {
    const missing = join(newDirectory(), 'nothing');
    expect(await run(['copy-log', '--from', missing, '--to', newDirectory()])).toMatchObject({ code: 1 });
    expect(existsSync(missing)).toBe(false);
    expect(await run(['copy-log', '--from', used, '--to', file])).toMatchObject({ code: 2 });
  });
});

/** Buckets take turns, so that streams change from event to event. */
async function decideIn(dataDir: string): Promise<void> {
  const node = await openNode({ dataDir });
  const topic = { type: 'categorical' as const, values: Array.from({ length: BUCKETS }, (_, n) => `t${n}`) };
  await node.reckoner.configure('support', { arms: ['small', 'large'], context: { topic }, bucketBy: ['topic'] });
  for (let round = 0; round < ROUNDS; round++) {
    for (const value of topic.values) {
      const { decisionId } = await node.reckoner.decide('support', { context: { topic: value } });
      await node.reckoner.reward(decisionId, { value: 0.75 });
    }
  }
  await node.close();
}

function endOf(path: string): CopyEnd {
  return { log: openSqliteEventLog({ file: path }), name: path, ordered: true };
}

function storeEnd(url: string): CopyEnd {
  return { log: openEventStoreLog({ ...QUICK, address: parseAddress(url) }), name: url, ordered: false };
}

/** The same log when it had no more than so many events. */
function beginningOf(path: string, events: number): CopyEnd {
  const end = endOf(path);
  const readAll: EventLog['readAll'] = (options) => end.log.readAll({ limit: events, ...options });
  return { ...end, log: { ...end.log, readAll } };
}

async function copyOf(from: CopyEnd, to: CopyEnd) {
  try {
    return await copyLog({ from, to, sleep: async () => {} });
  } finally {
    await from.log.close();
    await to.log.close();
  }
}

async function eventsOf(path: string): Promise<RecordedEvent[]> {
  const log = openSqliteEventLog({ file: path });
  try {
    return await collect(log.readAll());
  } finally {
    await log.close();
  }
}

function placeless(events: readonly RecordedEvent[]) {
  return events.map(({ position: _, ...event }) => event);
}

/** Order within streams is what a copy owes. */
function byStream(events: readonly RecordedEvent[]) {
  const name = ({ stream, revision }: RecordedEvent) => `${stream} ${String(revision).padStart(8, '0')}`;
  return placeless(events).sort((one, other) => (name(one as RecordedEvent) < name(other as RecordedEvent) ? -1 : 1));
}
