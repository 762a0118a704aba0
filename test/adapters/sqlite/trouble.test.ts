/** What a log says of itself while it takes no appends, and when it stops saying so. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteEventLog, type SqliteEventLogOptions } from '../../../adapters/sqlite/event-log.ts';
import { NO_STREAM } from '../../../events/event-log.ts';
import { collect, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { temporaryFile } from './temporary.ts';

/** A log with a clock that the test moves. */
function opened(options: Omit<SqliteEventLogOptions, 'now'>) {
  const clock = { ms: 0 };
  const log = openSqliteEventLog({ ...options, now: () => clock.ms });
  onTestFinished(() => log.close());
  const append = (bytes = 10) =>
    log.append(
      someStream(),
      NO_STREAM,
      someEvents(1).map((event) => ({ ...event, data: new Uint8Array(bytes) })),
    );
  return { log, clock, append, codes: () => log.trouble()?.code };
}

it('is nothing before an append failed, and goes with the next that succeeds', async () => {
  const { append, codes } = opened({ file: temporaryFile(), maxPages: 60 });
  await append();
  expect(codes()).toBeUndefined();
  await expect(append(500_000)).rejects.toMatchObject({ code: 'log_full' });
  expect(codes()).toBe('log_full');
  await append();
  expect(codes()).toBeUndefined();
});

it('is the lock while another process holds it, and ends by itself', async () => {
  const file = temporaryFile();
  const { append, codes, clock } = opened({ file, lockWaitMs: 0 });
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  await expect(append()).rejects.toMatchObject({ code: 'log_locked' });
  for (let second = 1; second <= 3; second++) {
    expect(codes()).toBe('log_locked');
    clock.ms = second * 2_000;
  }
  other.exec('ROLLBACK');
  other.close();
  expect(codes()).toBeUndefined();
});

it('is the missing file until it is back, whatever lies in its place meanwhile', async () => {
  const file = temporaryFile();
  const { log, append, codes, clock } = opened({ file });
  await append();
  renameSync(file, `${file}.away`);
  await expect(append()).rejects.toMatchObject({ code: 'log_unusable' });
  clock.ms += 2_000;
  expect(codes()).toBe('log_unusable');
  writeFileSync(file, readFileSync(`${file}.away`));
  clock.ms += 2_000;
  expect(codes()).toBe('log_unusable');
  renameSync(`${file}.away`, file);
  clock.ms += 500;
  expect(codes(), 'it does not look at every question').toBe('log_unusable');
  clock.ms += 2_000;
  expect(codes()).toBeUndefined();
  const before = await log.head();
  await append();
  expect(await collect(log.readAll({ after: before }))).toHaveLength(1);
});

it('is what the disk left open, until it takes something again', async () => {
  let fails = true;
  const { append, codes } = opened({
    file: temporaryFile(),
    onPoint: (point) => {
      if (point === 'beforeCommit' && fails) throw Object.assign(new Error('disk'), { code: 'SQLITE_IOERR_FSYNC' });
    },
  });
  expect(await append()).toMatchObject({ status: 'outcomeUnknown' });
  expect(codes()).toBe('outcome_unknown');
  fails = false;
  await append();
  expect(codes()).toBeUndefined();
});
