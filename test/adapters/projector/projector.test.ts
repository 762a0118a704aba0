import { closeSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { deadLettersIn } from '../../../adapters/projector/dead-letters.ts';
import { type ProjectorOptions, startProjector } from '../../../adapters/projector/projector.ts';
import { connectReadOnly, openReadModels } from '../../../adapters/projector/reader.ts';
import { ask, requestIn } from '../../../adapters/projector/requests.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { type EventLog, START } from '../../../events/event-log.ts';
import type { Projection, Row } from '../../../projections/projection.ts';
import { project } from '../../projections/project.ts';
import { temporaryFile } from '../sqlite/temporary.ts';
import { appendTo, chaining, counting, emptyEvent, someHistory } from './samples.ts';

const both = () => [counting(), chaining()];

function memoryLog(): EventLog {
  return openSqliteEventLog({ file: ':memory:', pollMs: 5 });
}

let owners = 0;

/** A projector that is stopped after the test, and what it told. */
function projecting(log: EventLog, more: Partial<ProjectorOptions> = {}) {
  const troubles: string[] = [];
  const file = more.file ?? temporaryFile('projections.db');
  const projector = startProjector({
    ...{ log, file, projections: both(), owner: `owner ${owners++}`, now: Date.now, random: () => 0.5 },
    onTrouble: (where, thrown) => troubles.push(`${where}: ${thrown instanceof Error ? thrown.message : thrown}`),
    ...more,
    pace: { requestsMs: 10, rest: 0, ...more.pace },
  });
  const models = openReadModels(file);
  onTestFinished(async () => {
    await projector.stop();
    models.close();
  });
  const rows = (table: string): Row[] =>
    models.read([table], (database) => database.prepare<[], Row>(`SELECT * FROM ${table} ORDER BY 1`).all());
  const caughtUp = async () => expect(await projector.whenProcessed(await log.head(), 10_000)).toBe(true);
  return { projector, file, models, rows, troubles, caughtUp };
}

/** Writes a request as `reckoner projections` does, and waits for its end. */
async function asking(file: string, action: 'rebuild' | 'retry', projection?: string) {
  const database = new Database(file, { timeout: 1_000 });
  const id = ask(database, action, projection, Date.now());
  await vi.waitUntil(() => ['done', 'failed'].includes(requestIn(database, id)?.state ?? ''), 10_000);
  const { state, result } = requestIn(database, id) ?? {};
  database.close();
  return { state, result: JSON.parse(result ?? '{}') };
}

/** Bytes that mean nothing, from a place on, in a file that is as long as it was. */
function garble(file: string, from: number): void {
  const bytes = readFileSync(file);
  const descriptor = openSync(file, 'r+'); // not written anew: whoever has it open has this one
  writeSync(descriptor, Buffer.alloc(bytes.length - from, 0xa5), 0, bytes.length - from, from);
  closeSync(descriptor);
}

/** The law: what was kept live is what is built from nothing. */
async function expectAsFromZero(log: EventLog, rows: (table: string) => Row[], projections: Projection[] = both()) {
  const fresh = await project(projections, log);
  for (const table of ['counts', 'chains']) {
    expect(fresh.rows(table).length).toBeGreaterThan(0);
    expect(rows(table)).toEqual(fresh.rows(table));
  }
  fresh.close();
}

describe('the projector', () => {
  test('builds what is there and follows what comes; the rows are those of a build from nothing', async () => {
    const log = memoryLog();
    await someHistory(log, 700);
    const { rows, caughtUp, projector } = projecting(log);
    await caughtUp();
    await expectAsFromZero(log, rows);
    for (let round = 0; round < 10; round++) {
      await someHistory(log, 23);
      await caughtUp();
      await expectAsFromZero(log, rows);
    }
    expect(projector.progress().state).toBe('projecting');
  });

  test('tells who waits for their own writes when readers see them, and false where the time is over first', async () => {
    const log = memoryLog();
    const { rows, projector, caughtUp } = projecting(log);
    await caughtUp();
    for (let event = 1; event <= 20; event++) {
      await appendTo(log, 'bucket-mine', [emptyEvent()]);
      expect(await projector.whenProcessed(await log.head(), 5_000)).toBe(true);
      expect(rows('counts')).toMatchObject([{ stream: 'bucket-mine', events: event }]);
    }
    const beyond = '9'.repeat(16) as Awaited<ReturnType<EventLog['head']>>;
    expect(await projector.whenProcessed(beyond, 20)).toBe(false);
    expect(await projector.whenProcessed(beyond, 20, [])).toBe(true);
    expect(await projector.whenProcessed(await log.head(), 20, ['nobody'])).toBe(false);
  });

  test('goes on where it stopped', async () => {
    const log = memoryLog();
    await someHistory(log, 100);
    const file = temporaryFile('projections.db');
    const first = projecting(log, { file });
    await first.caughtUp();
    await first.projector.stop();
    await someHistory(log, 100);
    let folded = 0;
    const counted = counting({ meanwhile: () => void folded++ });
    const second = projecting(log, { file, projections: [counted, chaining()] });
    await second.caughtUp();
    expect(folded).toBe(100);
    await expectAsFromZero(log, second.rows);
  });

  test.each<[string, (file: string) => void]>([
    ['the write-ahead log', (file) => garble(`${file}-wal`, 32)],
    ['a file that was emptied', (file) => truncateSync(file)],
  ])('heeds readers who find damage in %s, which it does not come across itself', async (_, spoil) => {
    const log = memoryLog();
    await someHistory(log, 300);
    const { file, rows, troubles, caughtUp } = projecting(log);
    await caughtUp();
    expect(rows('counts').length).toBeGreaterThan(0);
    spoil(file);
    const asked = openReadModels(file);
    onTestFinished(() => asked.close());
    const read = () => asked.read(['counts'], (database) => database.prepare('SELECT * FROM counts').all());
    expect(read).toThrow(expect.objectContaining({ code: 'projections_building' }));
    await vi.waitUntil(() => troubles.length > 0, 5_000);
    await vi.waitFor(() => expect(read().length).toBeGreaterThan(0), 5_000);
    expect(troubles).toEqual([expect.stringMatching(/^projections: .*damaged/)]);
    await caughtUp();
    await expectAsFromZero(log, rows);
  });

  test('makes everything anew where the file is deleted under it, and where it is damaged in the middle', async () => {
    const log = memoryLog();
    await someHistory(log, 2_000, 200);
    const { file, rows, caughtUp, projector, troubles, models } = projecting(log);
    await caughtUp();
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    await someHistory(log, 30);
    await vi.waitFor(() => expect(troubles.join()).toMatch(/deleted or replaced/), 5_000);
    await vi.waitUntil(() => projector.progress().state === 'projecting', 5_000);
    await caughtUp();
    await expectAsFromZero(log, rows);
    models.close();
    await projector.stop(); // the last connection leaves all of it in the one file

    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 8 * 4_096), Buffer.alloc(bytes.length - 8 * 4_096, 0xa5)]));
    await someHistory(log, 2_000, 200);
    const after = projecting(log, { file });
    await after.caughtUp();
    expect(after.troubles.join()).toMatch(/damaged/);
    await expectAsFromZero(log, after.rows);
  });

  test('makes everything anew where the log is not the one that the read models came from', async () => {
    const file = temporaryFile('projections.db');
    const old = memoryLog();
    await someHistory(old, 100);
    const before = projecting(old, { file });
    await before.caughtUp();
    await before.projector.stop();
    for (const events of [50, 300]) {
      const log = memoryLog();
      await someHistory(log, events);
      const after = projecting(log, { file });
      await after.caughtUp();
      await expectAsFromZero(log, after.rows);
      await after.projector.stop();
    }
  });

  test('takes away what is no longer projected', async () => {
    const log = memoryLog();
    await someHistory(log, 20);
    const file = temporaryFile('projections.db');
    const before = projecting(log, { file });
    await before.caughtUp();
    await before.projector.stop();
    const after = projecting(log, { file, projections: [counting()] });
    await after.caughtUp();
    expect(() => after.rows('chains')).toThrow(/being built/);
    const database = connectReadOnly(file);
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'chain%'").all()).toEqual([]);
    database.close();
  });

  test('reads on from its checkpoint where the log fails, and folds nothing twice', async () => {
    const log = memoryLog();
    await someHistory(log, 50);
    let failures = 0;
    const shaky: EventLog = {
      ...log,
      subscribe: (options) => ({
        async *[Symbol.asyncIterator]() {
          let seen = 0;
          for await (const message of log.subscribe(options)) {
            yield message;
            if (message.type !== 'event' || ++seen % 40 !== 0) continue;
            failures += 1;
            throw new ReckonerError('log_unusable', `The disk reported error ${failures}.`);
          }
        },
      }),
    };
    const { rows, caughtUp, troubles } = projecting(shaky, { pace: { batchEvents: 7 } });
    await caughtUp();
    for (let round = 0; round < 5; round++) {
      await someHistory(log, 50);
      await caughtUp();
    }
    expect(failures).toBeGreaterThan(3);
    expect(troubles.length).toBeGreaterThan(3);
    await expectAsFromZero(log, rows);
  });

  test('without archived events fails a rebuild, follows on with what is live, and builds the rest when they are back', async () => {
    const log = memoryLog();
    await someHistory(log, 100);
    let away = false;
    const archived: EventLog = {
      ...log,
      readAll: (options) => {
        if (away && options?.after === START) throw new ReckonerError('segment_missing', 'The segment is away.');
        return log.readAll(options);
      },
    };
    const { file, rows, caughtUp, projector, troubles } = projecting(archived);
    await caughtUp();
    away = true;
    expect(await asking(file, 'rebuild')).toMatchObject({ state: 'failed', result: { code: 'segment_missing' } });
    expect(troubles).toEqual(['projections: The segment is away.']);
    await someHistory(log, 50);
    await caughtUp();
    await expectAsFromZero(log, rows);
    expect(projector.progress().state).toBe('projecting');
    await projector.stop();

    const next = projecting(archived, {
      file,
      projections: [counting({ version: 2 }), chaining()],
      pace: { missingMs: 20 },
    });
    await someHistory(log, 50);
    const head = await log.head();
    expect(await next.projector.whenProcessed(head, 5_000, ['chaining'])).toBe(true);
    expect(await next.projector.whenProcessed(head, 50, ['counting'])).toBe(false);
    expect(next.troubles).toEqual(troubles);
    away = false;
    await next.caughtUp();
    await expectAsFromZero(log, next.rows);
  });

  test('outlives a disk that is full: it tells, and goes on when there is space again', async () => {
    const log = memoryLog();
    let full = false;
    const meanwhile = () => {
      if (full) throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    };
    const { rows, caughtUp, projector, troubles } = projecting(log, {
      projections: [counting({ meanwhile }), chaining()],
    });
    await someHistory(log, 30);
    await caughtUp();
    full = true;
    await someHistory(log, 30);
    await vi.waitUntil(() => projector.progress().state === 'trouble', 5_000);
    expect(projector.progress().problem).toMatchObject({ code: 'log_full' });
    await sleep(300);
    expect(troubles).toHaveLength(1); // told once, however often it is tried
    full = false;
    await caughtUp();
    expect(projector.progress()).toMatchObject({ state: 'projecting' });
    await expectAsFromZero(log, rows);
  });
});

describe('an event that cannot be folded', () => {
  test('is put aside for the projection that threw, alone and whole; retried when it was mended, it is as if nothing had been', async () => {
    const log = memoryLog();
    const poison = new Set<string>();
    const { file, rows, caughtUp, troubles } = projecting(log, { projections: [counting({ poison }), chaining()] });
    await someHistory(log, 20);
    await caughtUp();
    const bad = [emptyEvent(), emptyEvent()];
    for (const { id } of bad) poison.add(id);
    await appendTo(log, 'bucket-0', [emptyEvent(), ...bad, emptyEvent()]);
    await someHistory(log, 20);
    await caughtUp();

    const fresh = await project(both(), log);
    const whole = fresh.rows('counts');
    expect(rows('chains')).toEqual(fresh.rows('chains'));
    expect(rows('counts')).toEqual(
      whole.map((row) => (row.stream === 'bucket-0' ? { ...row, events: Number(row.events) - 2 } : row)),
    );
    const letters = () => {
      const database = connectReadOnly(file);
      const found = deadLettersIn(database);
      database.close();
      return found;
    };
    expect(letters()).toMatchObject(
      bad.map(({ id }) => ({ projection: 'counting', eventId: id, reason: `Error: cannot fold ${id}`, attempts: 1 })),
    );
    expect(troubles).toHaveLength(2);

    poison.delete(bad[0]?.id ?? '');
    expect(await asking(file, 'retry')).toEqual({ state: 'done', result: { folded: 1, failed: 1, needRebuild: [] } });
    expect(letters()).toMatchObject([{ eventId: bad[1]?.id, attempts: 2 }]);
    poison.clear();
    expect(await asking(file, 'retry', 'counting')).toMatchObject({ result: { folded: 1, failed: 0 } });
    expect(letters()).toEqual([]);
    // Its last revision is that of the event that came late: counting has no order.
    const byStream = (all: readonly Row[]) => all.map(({ stream, events }) => ({ stream, events }));
    expect(byStream(rows('counts'))).toEqual(byStream(whole));
    fresh.close();
  });

  test('takes a rebuild where the projection depends on the order', async () => {
    const log = memoryLog();
    const poison = new Set<string>();
    const { file, rows, caughtUp } = projecting(log, { projections: [counting(), chaining({ poison })] });
    await caughtUp();
    const bad = emptyEvent();
    poison.add(bad.id);
    await appendTo(log, 'bucket-0', [emptyEvent(), bad, emptyEvent()]);
    await caughtUp();
    poison.clear();
    expect(await asking(file, 'retry')).toMatchObject({ result: { folded: 0, failed: 0, needRebuild: ['chaining'] } });
    expect(await asking(file, 'rebuild', 'chaining')).toEqual({ state: 'done', result: {} });
    await expectAsFromZero(log, rows);
    const database = connectReadOnly(file);
    expect(deadLettersIn(database)).toEqual([]);
    database.close();
  });

  test('stops a rebuild, and says which it was; what readers see goes on, and so do the others', async () => {
    const log = memoryLog();
    const poison = new Set<string>();
    const { file, rows, caughtUp, projector } = projecting(log, { projections: [counting({ poison }), chaining()] });
    await someHistory(log, 50);
    await caughtUp();
    const bad = emptyEvent();
    await appendTo(log, 'bucket-0', [bad]);
    await caughtUp();
    poison.add(bad.id);
    const { state, result } = await asking(file, 'rebuild');
    expect(state).toBe('failed');
    expect(result.message).toContain(
      `counting cannot be built: the event ${bad.id} (DecisionMade, bucket-0, revision 10)`,
    );
    expect(result.remedy).toContain('rebuild counting');
    await someHistory(log, 50);
    await caughtUp();
    expect(projector.progress().state).toBe('projecting');
    await expectAsFromZero(log, rows);
    poison.clear();
    expect(await asking(file, 'rebuild', 'counting')).toMatchObject({ state: 'done' });
    await expectAsFromZero(log, rows);
  });

  test('is built without what is damaged in the log, which is told until the next one is built', async () => {
    const log = memoryLog();
    const reading: Projection = {
      ...counting(),
      open(tables) {
        const handler = counting().open(tables);
        return {
          ...handler,
          apply(event) {
            event.decoded();
            return handler.apply(event);
          },
        };
      },
    };
    const bad = { ...emptyEvent(), data: Buffer.from([0xff]) };
    await appendTo(log, 'bucket-0', [emptyEvent(), bad, emptyEvent()]);
    const { file, rows, caughtUp } = projecting(log, { projections: [reading] });
    const letters = () => {
      const database = connectReadOnly(file);
      const found = deadLettersIn(database);
      database.close();
      return found;
    };
    await caughtUp();
    expect(rows('counts')).toMatchObject([{ stream: 'bucket-0', events: 2 }]);
    expect(letters()).toMatchObject([{ projection: 'counting', generation: 0, eventId: bad.id, attempts: 1 }]);
    expect(await asking(file, 'rebuild', 'counting')).toMatchObject({ state: 'done' });
    expect(rows('counts')).toMatchObject([{ stream: 'bucket-0', events: 2 }]);
    expect(letters()).toMatchObject([{ generation: 1, eventId: bad.id, attempts: 1 }]);
    expect(await asking(file, 'retry', 'counting')).toMatchObject({ result: { folded: 0, failed: 1 } });
    expect(letters()).toMatchObject([{ generation: 1, attempts: 2 }]);
  });

  test('keeps a projection that was never built from being seen', async () => {
    const log = memoryLog();
    const bad = emptyEvent();
    await someHistory(log, 20);
    await appendTo(log, 'bucket-0', [bad]);
    const { rows, troubles, projector } = projecting(log, {
      projections: [counting({ poison: new Set([bad.id]) }), chaining()],
    });
    expect(await projector.whenProcessed(await log.head(), 5_000, ['chaining'])).toBe(true);
    expect(() => rows('counts')).toThrow(/being built/);
    expect(troubles.join()).toContain('counting cannot be built');
  });
});

describe('a rebuild', () => {
  test('unknown to this release is refused', async () => {
    const { file, caughtUp } = projecting(memoryLog());
    await caughtUp();
    const { state, result } = await asking(file, 'rebuild', 'regret');
    expect(state).toBe('failed');
    expect(result).toMatchObject({ code: 'request_invalid', remedy: 'There are counting, chaining.' });
  });

  test('under live traffic: readers see the old one going on until the new one takes its place, and never a part', async () => {
    const log = memoryLog();
    await someHistory(log, 3_000);
    const file = temporaryFile('projections.db');
    const before = projecting(log, { file });
    await before.caughtUp();
    await before.projector.stop();

    // The new version counts double, so that every state a reader sees tells which one it is, and whether it is whole.
    const doubled: Projection = {
      ...counting({ version: 2 }),
      open: (tables) => ({
        apply: ({ record: { stream, revision } }) =>
          tables.add('counts', { stream }, { events: 2 }, { last: revision }),
        reset() {},
      }),
    };
    const after = projecting(log, { file, projections: [doubled, chaining()], pace: { batchEvents: 50, rest: 1 } });
    const sums: number[] = [];
    let writing = true;
    const writer = (async () => {
      while (writing) await someHistory(log, 5);
    })();
    const chained = async () =>
      expect(await after.projector.whenProcessed(await log.head(), 5_000, ['chaining'])).toBe(true);
    while ((sums.at(-1) ?? 0) < 6_000) {
      await chained(); // what is live goes on while the other is built
      await sleep(1);
      sums.push(after.rows('counts').reduce((sum, { events }) => sum + Number(events), 0));
    }
    writing = false;
    await writer;
    await after.caughtUp();
    expect(new Set(sums.filter((sum) => sum < 6_000))).toEqual(new Set([3_000]));
    expect(sums.length).toBeGreaterThan(3);
    await expectAsFromZero(log, after.rows, [doubled, chaining()]);
    const database = connectReadOnly(file);
    expect(
      database.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'counts%' ORDER BY 1").pluck().all(),
    ).toEqual(['counts', 'counts_v2', 'counts_v2_by_0']);
    database.close();
  });

  test('of the same version is built beside the live one, which goes on', async () => {
    const log = memoryLog();
    await someHistory(log, 2_000);
    const { file, rows, caughtUp } = projecting(log, { pace: { batchEvents: 20, rest: 1 } });
    await caughtUp();
    const rebuilt = asking(file, 'rebuild', 'chaining');
    let rounds = 0;
    let over = false;
    void rebuilt.finally(() => {
      over = true;
    });
    while (!over) {
      await someHistory(log, 10);
      await caughtUp();
      await expectAsFromZero(log, rows);
      rounds += 1;
    }
    expect(await rebuilt).toMatchObject({ state: 'done' });
    expect(rounds).toBeGreaterThan(1);
    await someHistory(log, 10);
    await caughtUp();
    await expectAsFromZero(log, rows);
  });

  test('is asked for and not done where the tables changed and the version did not', async () => {
    const log = memoryLog();
    await someHistory(log, 30);
    const file = temporaryFile('projections.db');
    const before = projecting(log, { file });
    await before.caughtUp();
    await before.projector.stop();
    const [table] = counting().tables;
    if (table === undefined) throw new Error('counting has a table');
    const wider = { ...table, columns: { ...table.columns, more: { ...table.columns.note, type: 'text', about: '' } } };
    const after = projecting(log, {
      file,
      projections: [{ ...counting(), tables: [wider as typeof table] }, chaining()],
    });
    await after.caughtUp();
    expect(Object.keys(after.rows('counts')[0] ?? {})).toContain('more');
  });
});

describe('the lease', () => {
  test('lets one project; the next takes over when it is given back', async () => {
    const log = memoryLog();
    await someHistory(log, 30);
    const first = projecting(log);
    await first.caughtUp();
    const second = projecting(log, { file: first.file });
    await second.caughtUp(); // by the first, but its readers are ours too
    expect(second.projector.progress().state).toBe('standby');
    await first.projector.stop();
    await someHistory(log, 30);
    await second.caughtUp();
    expect(second.projector.progress().state).toBe('projecting');
    await expectAsFromZero(log, second.rows);
  });

  test('that has run out is taken over, and what its old owner still had in hand is refused', async () => {
    const log = memoryLog();
    let time = 1_000;
    const file = temporaryFile('projections.db');
    await someHistory(log, 30);
    // Given: the first stands still between two transactions for longer than the lease lasts.
    const slow: EventLog = {
      ...log,
      subscribe: (options) => ({
        async *[Symbol.asyncIterator]() {
          for await (const message of log.subscribe(options)) {
            await stuck;
            yield message;
          }
        },
      }),
    };
    let free = () => {};
    let stuck: Promise<void> | undefined;
    const holder = projecting(slow, { file, now: () => time, leaseMs: 60_000 });
    await holder.caughtUp();
    stuck = new Promise((resolve) => {
      free = resolve;
    });
    await someHistory(log, 30);
    // When: another comes after that.
    time += 60_001;
    const other = projecting(log, { file, now: () => time, leaseMs: 60_000 });
    await other.caughtUp();
    expect(other.projector.progress().state).toBe('projecting');
    // Then: the first finds out at its next batch, changes nothing, and stands by.
    free();
    await vi.waitUntil(() => holder.projector.progress().state === 'standby', 5_000);
    await someHistory(log, 30);
    await other.caughtUp();
    await expectAsFromZero(log, other.rows);
  });
});
