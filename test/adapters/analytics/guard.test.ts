import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareReading, requireReading } from '../../../adapters/analytics/guard.ts';
import { connectReadOnly } from '../../../adapters/projector/reader.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { project } from '../../projections/project.ts';
import { chaining, counting, someHistory } from '../projector/samples.ts';

/** `chaining` has an internal table, `counters`. */
const visible = ['counts', 'chains'];
let database: Database.Database;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'reckoner-guard-'));
  const file = join(directory, 'projections.db');
  const log = openSqliteEventLog({ file: ':memory:' });
  await someHistory(log, 30);
  (await project([counting(), chaining()], log, { file })).close();
  database = connectReadOnly(file);
});
afterAll(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

const ask = (sql: string) => prepareReading(database, sql, visible);

describe('what is answered', () => {
  test.each([
    ['SELECT sum(events) AS n FROM counts', ['counts']],
    ['select c.stream from counts c join chains using (stream) -- both', ['counts', 'chains']],
    ['WITH many AS (SELECT * FROM counts WHERE events > 1) SELECT count(*) FROM many;', ['counts']],
    ['SELECT (SELECT max(events) FROM counts), (SELECT min(hash) FROM chains)', ['counts', 'chains']],
    ['VALUES (1), (2)', []],
    ["/* a comment */ SELECT 'DROP TABLE counts; ATTACH' AS text", []],
    ["SELECT value FROM json_each('[1,2]')", []],
    ['SELECT events FROM counts WHERE events > 0', ['counts']], // by its index alone
    ['SELECT stream FROM "counts" UNION SELECT hash FROM [chains] ORDER BY 1', ['counts', 'chains']],
  ])('%s', (sql, reads) => {
    const { statement, reads: found } = ask(sql);
    expect([...found].sort()).toEqual([...reads].sort());
    expect(statement.all().length).toBeGreaterThan(0);
  });
});

describe('what is refused, by an error of ours', () => {
  const nasty = [
    // Writes, in every dress.
    'DELETE FROM counts',
    'UPDATE counts_v1 SET events = 0',
    'INSERT INTO counts_v1 VALUES (1, 2, 3, 4)',
    'REPLACE INTO counts_v1 SELECT * FROM counts',
    'DROP VIEW counts',
    'CREATE TABLE mine (a)',
    'CREATE TEMP TABLE mine AS SELECT 1',
    'CREATE TEMP TRIGGER t AFTER INSERT ON counts_v1 BEGIN SELECT 1; END',
    'ALTER TABLE counts_v1 RENAME TO gone',
    'WITH gone AS (SELECT 1) DELETE FROM counts_v1 RETURNING stream',
    'WITH gone AS (SELECT 1) UPDATE counts_v1 SET events = 9 RETURNING *',
    'WITH it AS (SELECT 1) INSERT INTO counts_v1 SELECT * FROM it RETURNING *',
    'VACUUM',
    "VACUUM INTO '/tmp/copy.db'",
    'REINDEX',
    'ANALYZE',
    // Other files, settings, transactions.
    "ATTACH '/etc/passwd' AS other",
    "ATTACH 'file:events.db?mode=rw' AS log",
    'DETACH main',
    'PRAGMA writable_schema = ON',
    'PRAGMA query_only = OFF',
    'PRAGMA table_list',
    'pragma user_version',
    'BEGIN',
    'COMMIT',
    'SAVEPOINT a',
    'EXPLAIN SELECT * FROM counts',
    // More than one, none, or with a place for a value.
    'SELECT 1; DELETE FROM counts_v1',
    'SELECT 1; SELECT 2',
    'SELECT * FROM counts; -- and\nDROP VIEW counts',
    '',
    '   ',
    '-- nothing',
    '/* never closed',
    ';',
    'SELECT ?',
    'SELECT :name',
    'SELECT @name, $name',
    // What is not for readers.
    'SELECT * FROM sqlite_master',
    'SELECT * FROM sqlite_schema',
    'SELECT sql FROM "sqlite_master"',
    'SELECT sql FROM [sqlite_schema]',
    'SELECT sql FROM `sqlite_schema`',
    "SELECT sql FROM 'sqlite_schema'",
    'SELECT * FROM main.sqlite_schema',
    'SELECT * FROM SQLITE_TEMP_MASTER',
    'SELECT * FROM projector_lease',
    "SELECT * FROM main.'projector_editions'",
    'SELECT * FROM counters_v1',
    'SELECT (SELECT count(*) FROM counters_v1)',
    'SELECT * FROM counts WHERE EXISTS (SELECT 1 FROM counters_v1)',
    'SELECT stream FROM counts UNION ALL SELECT events FROM counters_v1',
    'WITH hidden AS (SELECT * FROM counters_v1) SELECT count(*) FROM hidden',
    'SELECT * FROM pragma_table_list',
    "SELECT * FROM pragma_table_info('counts')",
    "SELECT * FROM 'pragma_database_list'",
    'SELECT * FROM dbstat',
    'SELECT * FROM "DBSTAT"',
    // Functions that reach outside, or make large things out of nothing.
    "SELECT load_extension('/tmp/evil.so')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT fts3_tokenizer('simple')",
    'SELECT zeroblob(1000000000)',
    'SELECT hex(randomblob(400000000))',
    'SELECT "zeroblob"(10)',
    // Wrong, and said by SQLite.
    'SELECT',
    'SELECT * FROM',
    'SELECT * FROM nowhere',
    'SELECT missing FROM counts',
    'SELECT * FROM counts WHERE',
    'SELECT abs(1, 2)',
    'SELECT * FROM counts\u0000; DROP VIEW counts',
  ];
  test.each(nasty)('%j', (sql) => {
    expect(() => ask(sql)).toThrow(expect.objectContaining({ code: 'query_refused' }));
  });

  test('and after all of it everything is there', () => {
    for (const sql of nasty) expect(() => ask(sql)).toThrow();
    expect(database.prepare('SELECT sum(events) FROM counts').pluck().get()).toBe(30);
    expect(database.inTransaction).toBe(false);
  });

  test('a name within a text or a comment is no name, where it is not a whole one', () => {
    requireReading("SELECT 'see sqlite_master and pragma_x' -- dbstat");
    requireReading('SELECT \'it\'\'s\', "a""b" /* load_extension(1) */ FROM counts');
  });
});
