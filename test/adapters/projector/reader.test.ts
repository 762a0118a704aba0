import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createEditions } from '../../../adapters/projector/editions.ts';
import { openReadModelsFile } from '../../../adapters/projector/file.ts';
import { connectReadOnly, openReadModels } from '../../../adapters/projector/reader.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { project } from '../../projections/project.ts';
import { temporaryFile } from '../sqlite/temporary.ts';
import { chaining, counting, someHistory } from './samples.ts';

async function history(events = 30) {
  const log = openSqliteEventLog({ file: ':memory:' });
  await someHistory(log, events);
  return log;
}

const total = 'SELECT sum(events) AS events FROM counts';

describe('a reader', () => {
  test('sees the tables by the names that were declared, not the internal ones, and what each holds', async () => {
    const file = temporaryFile('projections.db');
    const projected = await project([counting(), chaining()], await history(), { file });
    const models = openReadModels(file);
    expect(models.read(['counts', 'chains'], (database) => database.prepare(total).get())).toEqual({ events: 30 });
    expect(models.shown().map(({ name, tables }) => [name, tables.map((table) => table.name)])).toEqual([
      ['chaining', ['chains']],
      ['counting', ['counts']],
    ]);
    expect(() => models.read(['counters'], () => {})).toThrow(/counters are still being built/);
    models.close();
    projected.close();
  });

  test('is told that the read models are being built where there is no file, and where one is not yet shown', async () => {
    const file = temporaryFile('projections.db');
    const models = openReadModels(file);
    const code = () => {
      try {
        return models.read(['counts'], () => 'read');
      } catch (thrown) {
        return (thrown as { code?: string }).code;
      }
    };
    expect(code()).toBe('projections_building');
    const database = openReadModelsFile(file, () => {});
    const editions = createEditions(database);
    const edition = editions.begin(counting());
    expect(code()).toBe('projections_building');
    editions.show(edition);
    expect(code()).toBe('read');
    models.close();
    database.close();
  });

  test('can write nothing, whatever it tries', async () => {
    const file = temporaryFile('projections.db');
    (await project([counting()], await history(), { file })).close();
    const database = connectReadOnly(file);
    for (const sql of [
      'DELETE FROM counts_v1',
      'DROP VIEW counts',
      'CREATE TABLE mine (a)',
      'PRAGMA user_version = 9',
      "ATTACH ':memory:' AS other; CREATE TABLE other.mine (a)",
    ])
      expect(() => database.exec(sql), sql).toThrow();
    database.exec('PRAGMA query_only = OFF');
    expect(() => database.exec('DELETE FROM counts_v1')).toThrow(/readonly/);
    database.close();
    const models = openReadModels(file);
    expect(models.read(['counts'], (open) => open.prepare(total).get())).toEqual({ events: 30 });
    models.close();
  });

  test('finds the new file where the old one was deleted under it', async () => {
    const file = temporaryFile('projections.db');
    (await project([counting()], await history(10), { file })).close();
    const models = openReadModels(file);
    expect(models.read(['counts'], (database) => database.prepare(total).get())).toEqual({ events: 10 });
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    expect(() => models.read(['counts'], () => {})).toThrow(/no read models yet/);
    (await project([counting()], await history(20), { file })).close();
    expect(models.read(['counts'], (database) => database.prepare(total).get())).toEqual({ events: 20 });
    models.close();
  });

  test('does not say of a damaged file that the log is, and tells how it is made anew', async () => {
    const file = temporaryFile('projections.db');
    (await project([counting()], await history(10), { file })).close();
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 0xa5)]));
    const models = openReadModels(file);
    const read = () => models.read(['counts'], (database) => database.prepare(total).get());
    expect(read).toThrow(expect.objectContaining({ code: 'projections_building' }));
    expect(read).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({ remedy: expect.stringMatching(/^A running node makes them anew/) }),
      }),
    );
    models.close();
  });
});

describe('the file', () => {
  test.each<[string, (file: string) => void]>([
    ['is damaged', (file) => writeFileSync(file, Buffer.alloc(8_192, 7))],
    [
      'was written by a newer release',
      (file) => {
        const database = openReadModelsFile(file, () => {});
        database.pragma('user_version = 99');
        database.close();
      },
    ],
  ])('is made anew where it %s, and that is told', (_, spoil) => {
    const file = temporaryFile('projections.db');
    spoil(file);
    const told: string[] = [];
    const database = openReadModelsFile(file, ({ problem }) => told.push(problem.remedy));
    expect(createEditions(database).all()).toEqual([]);
    expect(told).toEqual(['Nothing is lost: the read models are made anew.']);
    database.close();
  });
});

test('the tables depend neither on where batches end nor on what is remembered between them', async () => {
  const log = await history(100);
  const [whole, single, forgetful] = await Promise.all([
    project([counting(), chaining()], log, { batch: 1_000 }),
    project([counting(), chaining()], log, { batch: 1 }),
    project([counting(), chaining()], log, { batch: 7, forgetful: true }),
  ]);
  for (const table of ['counts', 'chains', 'counters']) {
    expect(whole.rows(table).length).toBeGreaterThan(0);
    expect(single.rows(table)).toEqual(whole.rows(table));
    expect(forgetful.rows(table)).toEqual(whole.rows(table));
  }
});
