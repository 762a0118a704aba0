import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { READ_MODELS_FILE } from '../../../adapters/projector/file.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { compiled } from '../../compiled.ts';
import { project } from '../../projections/project.ts';
import { chaining, counting, someHistory } from '../projector/samples.ts';
import { newDirectory, removeDirectories, run } from './run.ts';

let dataDir: string;

beforeAll(async () => {
  await compiled();
  dataDir = newDirectory();
  const log = openSqliteEventLog({ file: join(dataDir, 'events.db') });
  await someHistory(log, 30);
  (await project([counting(), chaining()], log, { file: join(dataDir, READ_MODELS_FILE) })).close();
  await someHistory(log, 5);
  await log.close();
});
afterAll(removeDirectories);

const ask = (...args: string[]) => run(['query', '--data-dir', dataDir, ...args]);

describe('an answer', () => {
  test('is a table for a person, and says what is not in it yet', async () => {
    const { code, stdout, stderr } = await ask(
      "SELECT sum(events) AS n, 'a' || char(10) || 'b' AS text, NULL FROM counts",
    );
    expect([code, stdout]).toEqual([0, ' n  text  NULL\n30  a b\n']);
    expect(stderr).toMatch(/^\d+ events of the log are not in it yet/);
  });

  test('shows fractions to six digits, and says where there is nothing', async () => {
    const { stdout } = await ask('SELECT 0.1 + 0.2 AS a, 2.0 / 3 AS b, 1795298314038.5 AS c, -1.5e-9 / 7 AS d');
    expect(stdout).toBe('  a         b                c             d\n0.3  0.666667  1795298314038.5  -2.14286e-10\n');
    const none = await ask('SELECT events FROM counts WHERE 0');
    expect([none.code, none.stdout]).toEqual([0, 'events\n']);
    expect(none.stderr).toMatch(/^no rows; \d+ events of the log/);
  });

  test('is an object for a program, every column of its own name', async () => {
    const { stdout, stderr } = await ask(
      "SELECT 1 AS a, 2.5 AS a, NULL AS b, x'00ff' AS c FROM chains LIMIT 1",
      '--json',
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      columns: ['a', 'a', 'b', 'c'],
      rows: [{ a: 1, a_2: 2.5, b: null, c: "x'00ff'" }],
      truncated: false,
      asOf: { position: expect.stringMatching(/^\d+$/), time: expect.stringMatching(/Z$/), behind: expect.any(Number) },
    });
  });

  test('says of a table that is built for the first time that it is, and of others that they are not there', async () => {
    const elsewhere = newDirectory();
    for (const name of ['events.db', READ_MODELS_FILE]) copyFileSync(join(dataDir, name), join(elsewhere, name));
    const database = new Database(join(elsewhere, READ_MODELS_FILE));
    database.exec("DROP VIEW counts; UPDATE projector_editions SET state = 'building' WHERE name = 'counting'");
    database.close();
    const building = await run(['query', 'SELECT * FROM Counts', '--json', '--data-dir', elsewhere]);
    expect(JSON.parse(building.stderr)).toMatchObject({ code: 'projections_building' });
    const unknown = await run(['query', 'SELECT * FROM counted', '--json', '--data-dir', elsewhere]);
    expect(JSON.parse(unknown.stderr)).toMatchObject({ code: 'query_refused' });
  });

  test('is CSV for a spreadsheet', async () => {
    const { stdout } = await ask(`SELECT 'say "a, b"' AS said, NULL AS missing, 0.1 AS tenth`, '--csv');
    expect(stdout).toBe('said,missing,tenth\n"say ""a, b""",,0.1\n');
  });

  test('is no formula in a spreadsheet, and numbers stay numbers', async () => {
    const cells = [
      "'=1+1'",
      "'@SUM(A1)'",
      "'+1 (555) 1'",
      "'-x'",
      "'-5'",
      '-5',
      '-1.5e-7',
      'char(9) || 1',
      "'a=b'",
      "'\"=1'",
    ];
    const { stdout } = await ask(
      `SELECT ${cells.map((cell, at) => `${cell} AS c${at}`).join(', ')}, 1 AS "=x"`,
      '--csv',
    );
    expect(stdout.split('\n')).toEqual([
      "c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,'=x",
      `'=1+1,'@SUM(A1),'+1 (555) 1,'-x,-5,-5,-1.5e-7,'\t1,a=b,"""=1",1`,
      '',
    ]);
  });

  test('has as many rows as asked for, and says where there were more', async () => {
    const bomb = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
    const { stdout } = await ask(bomb, '--limit', '3', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ i: 1 }, { i: 2 }, { i: 3 }], truncated: true, asOf: null });
    const { stdout: table, stderr } = await ask(bomb);
    expect(table.trim().split('\n').length).toBe(1_001);
    expect(stderr).toContain('only the first 1,000 rows');
  });
});

describe('what does not come to an end by itself', () => {
  test('is ended when its time is over', async () => {
    const bomb = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
    const { code, stderr } = await ask(bomb, '--timeout', '0.8', '--json');
    expect([code, JSON.parse(stderr)]).toEqual([1, expect.objectContaining({ code: 'deadline_exceeded' })]);
  });

  test.runIf(process.platform === 'linux')('is ended when it takes all the memory', async () => {
    const large =
      "WITH RECURSIVE s(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM s WHERE length(t) < 4e8) SELECT length(max(t)) FROM s";
    const { code, stderr } = await ask(large, '--json');
    expect([code, JSON.parse(stderr)]).toEqual([2, expect.objectContaining({ code: 'query_refused' })]);
  });
});

test('a write is refused with what to do instead', async () => {
  const { code, stderr } = await ask('DELETE FROM counts');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: Only SELECT.*\n→ Ask with one SELECT over the tables/);
  const { code: second, stderr: said } = await ask('SELECT * FROM nowhere', '--json');
  expect([second, JSON.parse(said)]).toEqual([
    2,
    expect.objectContaining({ code: 'query_refused', message: 'no such table: nowhere.' }),
  ]);
});

test('the tables are told with what their columns mean, the internal ones not', async () => {
  const { stdout } = await ask('--tables');
  expect(stdout).toMatch(/^chains {2}A hash over all events of one stream\.\n {2}stream, /);
  expect(stdout).toMatch(/^counts .*\n {2}.*\bnote\b/m);
  expect(stdout).toContain('reckoner query --tables NAME');
  expect((await ask('--tables', 'chains')).stdout).toMatch(
    /^chains {2}A hash over all events of one stream\. Key: stream\.\n {2}stream +text +Its name\./,
  );
  expect((await ask('--tables', 'counts')).stdout).toMatch(/^counts .*\n(.*\n)*? {2}note +text\? +Nothing\./);
  expect(stdout).not.toContain('counters');
  const { stdout: one } = await ask('--tables', 'counts', '--json');
  expect(JSON.parse(one)).toMatchObject([{ name: 'counts', columns: { events: { about: 'How many.' } } }]);
  expect((await ask('--tables', 'counters')).code).toBe(2);
});

test('where there are no read models yet, that is said', async () => {
  const bare = newDirectory();
  copyFileSync(join(dataDir, 'events.db'), join(bare, 'events.db'));
  for (const args of [['SELECT 1'], ['--tables']]) {
    const { code, stderr } = await run(['query', '--data-dir', bare, ...args]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('There are no read models yet')]);
  }
  rmSync(bare, { recursive: true });
  expect((await ask()).code).toBe(2);
});
