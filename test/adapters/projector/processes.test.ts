/** Projectors in processes of their own: killed at the worst moments, frozen, and two at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { allProjections } from '../../../adapters/projector/catalogue.ts';
import { type Progress, startProjector } from '../../../adapters/projector/projector.ts';
import { connectReadOnly, openReadModels } from '../../../adapters/projector/reader.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { EventLog } from '../../../events/event-log.ts';
import type { Row } from '../../../projections/projection.ts';
import { compiled, root } from '../../compiled.ts';
import { project } from '../../projections/project.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import { chaining, counting, someHistory } from './samples.ts';

beforeAll(compiled, 60_000);

interface Child {
  readonly process: ChildProcess;
  /** What it has said so far, line by line. */
  readonly said: () => string[];
  readonly ended: Promise<{ readonly signal: string | null; readonly errors: string }>;
}

function runChild(...words: (string | number)[]): Child {
  const script = join(root, 'dist/test/adapters/projector/projector-child.js');
  const child = spawn(process.execPath, [script, ...words.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<Awaited<Child['ended']>>((resolve) => {
    child.on('close', (_, signal) => resolve({ signal, errors }));
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { process: child, said: () => output.split('\n').filter((line) => line !== ''), ended };
}

function opened() {
  const directory = temporaryDirectory();
  const log = openSqliteEventLog({ file: join(directory, 'log.db') });
  const models = openReadModels(join(directory, 'projections.db'));
  onTestFinished(async () => {
    models.close();
    await log.close();
  });
  const rows = (table: string): Row[] =>
    models.read([table], (database) => database.prepare<[], Row>(`SELECT * FROM ${table} ORDER BY 1`).all());
  return { directory, log, rows, models };
}

/** Projects here until everything is there. */
async function finish(directory: string, log: EventLog, version: number): Promise<void> {
  const states: Progress['state'][] = [];
  const projector = startProjector({
    ...{ log, file: join(directory, 'projections.db'), projections: [counting({ version }), chaining()] },
    ...{ owner: 'the test', leaseMs: 300, now: Date.now, random: () => 0.5, pace: { requestsMs: 10 } },
    onProgress: ({ state }) => states.push(state),
  });
  // The lease of the one that died must run out first.
  expect(await projector.whenProcessed(await log.head(), 10_000)).toBe(true);
  await vi.waitUntil(() => projector.progress().state === 'projecting', 5_000);
  await projector.stop();
}

async function expectAsFromZero(log: EventLog, rows: (table: string) => Row[]) {
  const fresh = await project([counting(), chaining()], log);
  for (const table of ['counts', 'chains']) expect(rows(table)).toEqual(fresh.rows(table));
  fresh.close();
}

describe('a projector that is killed', () => {
  test.each([1, 3])(
    'in batch %i leaves rows and checkpoint of the batches before it; the next folds none twice',
    async (times) => {
      const { directory, log, rows } = opened();
      await someHistory(log, 100);
      await finish(directory, log, 1);
      await someHistory(log, 100);
      const child = runChild(directory, 'child', 300, 1, 'midBatch', times);
      expect(await child.ended).toEqual({ signal: 'SIGKILL', errors: '' });
      const folded = rows('counts').reduce((sum, { events }) => sum + Number(events), 0);
      expect(folded).toBe(100 + (times - 1) * 20);
      await finish(directory, log, 1);
      await expectAsFromZero(log, rows);
    },
  );

  test.each([
    ['midRebuild', 1, 'old'],
    ['midRebuild', 4, 'old'],
    ['midSwap', 1, 'old'],
    ['afterSwap', 1, 'new'],
  ] as const)('%s (%i) leaves the %s read model whole, and the next goes on from there', async (point, times, left) => {
    const { directory, log, rows, models } = opened();
    await someHistory(log, 200);
    await finish(directory, log, 1);
    const before = rows('counts');
    const child = runChild(directory, 'child', 300, 2, point, times);
    expect(await child.ended).toEqual({ signal: 'SIGKILL', errors: '' });
    expect(rows('counts')).toEqual(before);
    const shown = () => models.shown().map(({ name, version }) => `${name} ${version}`);
    expect(shown()).toEqual(['chaining 1', left === 'old' ? 'counting 1' : 'counting 2']);
    await someHistory(log, 50);
    await finish(directory, log, 2);
    expect(shown()).toEqual(['chaining 1', 'counting 2']);
    await expectAsFromZero(log, rows);
  });

  test('before anything was shown leaves nothing to be seen', async () => {
    const { directory, log, rows } = opened();
    await someHistory(log, 100);
    expect(await runChild(directory, 'child', 300, 1, 'midSwap', 1).ended).toMatchObject({ signal: 'SIGKILL' });
    expect(() => rows('counts')).toThrow(/being built/);
    await finish(directory, log, 1);
    await expectAsFromZero(log, rows);
  });
});

describe('the read models of a node that decides', () => {
  test.each([
    ['midRebuild', 3],
    ['midSwap', 1],
    ['afterSwap', 1],
    ['midBatch', 2],
  ])('are those of a build from nothing, though who projected was killed %s (%i)', async (point, times) => {
    const dataDir = temporaryDirectory();
    const node = await openNode({ dataDir });
    onTestFinished(() => node.close());
    const { reckoner, log } = node;
    await reckoner.configure('support', { arms: ['small', 'large'], policy: { name: 'lin_ts' } });
    const work = async () => {
      const { decisionId } = await reckoner.decide('support', { context: {}, subject: 'lena' });
      await reckoner.reward(decisionId, { value: 0.75 });
    };
    for (let done = 0; done < 40; done++) await work();
    await reckoner.rollBack('support', { to: 1, reason: 'a test' });
    const child = runChild(dataDir, 'child', 300, 'all', point, times);
    let alive = true;
    void child.ended.then(() => {
      alive = false;
    });
    while (alive) await work();
    expect(await child.ended).toEqual({ signal: 'SIGKILL', errors: '' });

    const projections = allProjections(log);
    const file = join(dataDir, 'projections.db');
    const projector = startProjector({
      ...{ log, projections, file, owner: 'the test', leaseMs: 300, now: Date.now, random: () => 0.5 },
    });
    expect(await projector.whenProcessed(await log.head(), 20_000)).toBe(true);
    await projector.stop();
    const fresh = await project(allProjections(log), log);
    const database = connectReadOnly(file);
    onTestFinished(() => {
      database.close();
      fresh.close();
    });
    for (const { version, tables } of projections) {
      for (const { name, key } of tables) {
        const kept = database.prepare<[], Row>(`SELECT * FROM ${name}_v${version} ORDER BY ${key.join(', ')}`).all();
        expect(kept, name).toEqual(fresh.rows(name));
      }
    }
    expect(fresh.rows('decisions').length).toBeGreaterThan(40);
  });
});

describe('two processes on one file', () => {
  test('take turns: one that stands still loses the lease, and changes nothing when it wakes', async () => {
    const { directory, log, rows } = opened();
    await someHistory(log, 50);
    const [first, second] = [runChild(directory, 'first', 400, 1), runChild(directory, 'second', 400, 1)];
    const projecting = () => [first, second].filter((child) => child.said().at(-1) === 'projecting');
    await vi.waitUntil(() => projecting().length === 1, 10_000);
    for (let round = 0; round < 2; round++) {
      const [holder] = projecting();
      const other = holder === first ? second : first;
      await vi.waitUntil(() => other.said().at(-1) === 'standby', 10_000);
      holder?.process.kill('SIGSTOP');
      const writing = someHistory(log, 60);
      await vi.waitUntil(() => other.said().at(-1) === 'projecting', 10_000);
      await writing;
      holder?.process.kill('SIGCONT');
      await someHistory(log, 60);
      await vi.waitUntil(() => holder?.said().at(-1) === 'standby', 10_000);
    }
    const events = 50 + 2 * 120;
    await vi.waitUntil(() => rows('counts').reduce((sum, row) => sum + Number(row.events), 0) >= events, 10_000);
    await expectAsFromZero(log, rows);
  });
});
