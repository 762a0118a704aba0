/** A log whose disk, file or neighbours fail it: typed errors, nothing half-written, and it goes on afterwards. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteEventLog, type SqliteEventLogOptions } from '../../../adapters/sqlite/event-log.ts';
import { examineLogFile } from '../../../adapters/sqlite/examination.ts';
import { failureOf } from '../../../adapters/sqlite/failures.ts';
import { type EventLog, type EventRecord, NO_STREAM } from '../../../events/event-log.ts';
import { collect, idsOf, someEvent, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { temporaryDirectory, temporaryFile } from './temporary.ts';

function opened(options: SqliteEventLogOptions): EventLog {
  const log = openSqliteEventLog(options);
  onTestFinished(() => log.close());
  return log;
}

function largeEvents(count: number): EventRecord[] {
  return someEvents(count).map((event) => ({ ...event, data: new Uint8Array(10_000) }));
}

/** Appends to new streams until the log refuses; what was acknowledged, and the error. */
async function fill(log: EventLog): Promise<{ acknowledged: string[]; error: unknown }> {
  const acknowledged: string[] = [];
  for (let round = 0; round < 1_000; round++) {
    const batch = Array.from({ length: 4 }, () => largeEvents(2));
    const results = await Promise.allSettled(batch.map((events) => log.append(someStream(), NO_STREAM, events)));
    for (const [index, result] of results.entries()) {
      if (result.status === 'rejected') return { acknowledged, error: result.reason };
      acknowledged.push(...idsOf(batch[index]!));
    }
  }
  throw new Error('It never filled up.');
}

describe('a full disk', () => {
  it('is a typed error that leaves nothing half-written, and the log reads on', async () => {
    const file = temporaryFile();
    const log = opened({ file, maxPages: 200 });
    const { acknowledged, error } = await fill(log);
    expect(error).toMatchObject({ code: 'log_full' });
    expect(idsOf(await collect(log.readAll()))).toEqual(acknowledged);
    await log.close();
    const roomier = opened({ file });
    expect(await roomier.append(someStream(), NO_STREAM, largeEvents(5))).toMatchObject({ status: 'appended' });
    expect(examineLogFile(file)).toEqual([]);
  });

  it.skipIf(!mayMount())('ends when space returns, without a restart', async () => {
    const directory = temporaryDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', directory]);
    const log = openSqliteEventLog({ file: join(directory, 'log.db') });
    try {
      writeFileSync(join(directory, 'ballast'), new Uint8Array(1_000_000));
      const { acknowledged, error } = await fill(log);
      expect(error).toMatchObject({ code: 'log_full' });
      await expect(log.append(someStream(), NO_STREAM, largeEvents(20))).rejects.toMatchObject({ code: 'log_full' });
      expect(idsOf(await collect(log.readAll()))).toEqual(acknowledged);
      rmSync(join(directory, 'ballast'));
      expect(await log.append(someStream(), NO_STREAM, someEvents(2))).toMatchObject({ status: 'appended' });
      expect(await collect(log.readAll())).toHaveLength(acknowledged.length + 2);
    } finally {
      await log.close();
      execFileSync('umount', [directory]);
    }
  });
});

describe('a locked file', () => {
  it('is waited for without stopping the process, then refused as locked; nothing was written', async () => {
    const file = temporaryFile();
    const log = opened({ file, lockWaitMs: 100 });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const stream = someStream();
    const early = log.append(stream, NO_STREAM, someEvents(1));
    let turns = 0;
    const turning = setInterval(() => turns++, 5);
    await sleep(30);
    const late = log.append(stream, NO_STREAM, someEvents(1));
    await expect(early).rejects.toMatchObject({ code: 'log_locked', problem: { status: 503, retryAfter: 1 } });
    await expect(late).rejects.toMatchObject({ code: 'log_locked' });
    clearInterval(turning);
    expect(turns).toBeGreaterThan(5);
    expect(await collect(log.readAll())).toEqual([]); // reading needs no lock
    other.exec('COMMIT');
    other.close();
    expect(await log.append(stream, NO_STREAM, someEvents(1))).toMatchObject({ status: 'appended', revision: 0 });
  });

  it('that is released in time is no failure, and the order of appends is kept', async () => {
    const file = temporaryFile();
    const log = opened({ file });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const stream = someStream();
    const appends = [log.append(stream, NO_STREAM, someEvents(1))];
    await sleep(20);
    appends.push(log.append(stream, 0, someEvents(1)));
    const closing = log.close(); // accepted is accepted
    await sleep(20);
    other.exec('COMMIT');
    other.close();
    expect(await Promise.all(appends)).toMatchObject([{ revision: 0 }, { revision: 1 }]);
    await closing;
  });
});

describe('a commit whose outcome the disk does not tell', () => {
  it.each([
    ['beforeCommit', 'appended'],
    ['afterCommit', 'alreadyAppended'],
  ] as const)('%s: is said to be unknown, and the same append again is %s', async (point, status) => {
    let failing = true;
    const log = opened({
      file: temporaryFile(),
      onPoint: (name) => {
        if (failing && name === point) throw Object.assign(new Error('fsync failed'), { code: 'SQLITE_IOERR_FSYNC' });
      },
    });
    const stream = someStream();
    const events = someEvents(2);
    const result = await log.append(stream, NO_STREAM, events);
    expect(result).toMatchObject({ status: 'outcomeUnknown', cause: expect.any(Error) });
    failing = false;
    expect(await log.append(stream, NO_STREAM, events)).toMatchObject({ status, revision: 1 });
    expect(idsOf(await collect(log.readStream(stream)))).toEqual(idsOf(events));
  });
});

describe('an event that cannot be stored', () => {
  it('fails its own append alone', async () => {
    const log = opened({ file: ':memory:' });
    const [bad, good] = [someStream(), someStream()];
    // From JavaScript, or through a cast, a value of the wrong type can arrive.
    const broken = { ...someEvent(), data: 'text' as unknown as Uint8Array };
    const missing = { ...someEvent(), type: undefined as unknown as string };
    const results = await Promise.allSettled([
      log.append(bad, NO_STREAM, [someEvent(), broken]),
      log.append(good, NO_STREAM, someEvents(1)),
      log.append(bad, NO_STREAM, [someEvent(), missing]),
      log.append(good, 0, someEvents(1)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[0]).toMatchObject({ reason: { code: 'internal' } });
    expect(await collect(log.readStream(bad))).toEqual([]);
    expect(await collect(log.readStream(good))).toHaveLength(2);
  });
});

describe('opening', () => {
  const open = (file: string) => () => openSqliteEventLog({ file, lockWaitMs: 50 });

  it('refuses what is not a database, and leaves it as it is', () => {
    const file = temporaryFile();
    writeFileSync(file, 'Not a database, but a letter. '.repeat(400));
    expect(open(file)).toThrow(expect.objectContaining({ code: 'log_corrupt' }));
    expect(readFileSync(file, 'utf8')).toBe('Not a database, but a letter. '.repeat(400));
  });

  it("refuses another program's database, and leaves it as it is", () => {
    const file = temporaryFile();
    const foreign = new Database(file);
    foreign.exec('CREATE TABLE theirs (x)');
    foreign.close();
    const bytes = readFileSync(file);
    expect(open(file)).toThrow(expect.objectContaining({ code: 'log_unusable' }));
    expect(Buffer.compare(readFileSync(file), bytes)).toBe(0);
  });

  it('refuses a log that a newer version wrote', async () => {
    const file = temporaryFile();
    await openSqliteEventLog({ file }).close();
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.close();
    expect(open(file)).toThrow(expect.objectContaining({ code: 'log_newer' }));
  });

  it('refuses a directory that does not exist, and a directory in place of a file', () => {
    expect(open(temporaryFile('missing/log.db'))).toThrow(expect.objectContaining({ code: 'log_unusable' }));
    const directory = temporaryFile('directory');
    mkdirSync(directory);
    expect(open(directory)).toThrow(expect.objectContaining({ code: 'log_unusable' }));
  });

  it('refuses a file that this user may not write to', async () => {
    const file = temporaryFile();
    await openSqliteEventLog({ file }).close();
    chmodSync(join(file, '..'), 0o555);
    chmodSync(file, 0o444);
    becomeNobody();
    expect(open(file)).toThrow(expect.objectContaining({ code: 'log_unusable' }));
  });

  it('takes an empty file for a new log', async () => {
    const file = temporaryFile();
    writeFileSync(file, '');
    const log = opened({ file });
    expect(await log.append(someStream(), NO_STREAM, someEvents(1))).toMatchObject({ status: 'appended' });
  });
});

describe.skipIf(process.platform === 'win32')('a file that is taken away while it is in use', () => {
  it.each(['', '-wal'])('is no place to write to: log%s', async (suffix) => {
    const file = temporaryFile();
    const log = opened({ file });
    const stream = someStream();
    await log.append(stream, NO_STREAM, someEvents(1));
    renameSync(file + suffix, `${file}.away`);
    await expect(log.append(stream, 0, someEvents(1))).rejects.toMatchObject({ code: 'log_unusable' });
    writeFileSync(file + suffix, '');
    await expect(log.append(stream, 0, someEvents(1))).rejects.toMatchObject({ code: 'log_unusable' });
    renameSync(`${file}.away`, file + suffix);
    expect(await log.append(stream, 0, someEvents(1))).toMatchObject({ status: 'appended' });
  });
});

describe('a native part of SQLite', () => {
  const load = createRequire(createRequire(import.meta.url).resolve('better-sqlite3'));

  it.each([
    [
      'does not fit this Node',
      () => {
        const nativeBinding = temporaryFile('other.node');
        writeFileSync(nativeBinding, 'built for another one');
        return new Database(':memory:', { nativeBinding });
      },
    ],
    ['is missing', () => load('bindings')('missing.node')],
  ])('that %s is not taken for a fault of the file', (_how, open) => {
    expect(failureOf(thrownBy(open), 'events.db').problem).toMatchObject({
      code: 'log_unusable',
      message: expect.stringMatching(/^SQLite cannot be loaded/),
      remedy: expect.stringContaining('npm rebuild better-sqlite3'),
    });
  });
});

describe('a damaged file', () => {
  it('is found by the examination, and reading it is a typed error', async () => {
    const file = temporaryFile();
    const before = openSqliteEventLog({ file });
    await before.append(someStream(), NO_STREAM, largeEvents(50));
    await before.close();
    expect(examineLogFile(file)).toEqual([]);
    const bytes = readFileSync(file);
    bytes.fill(0xff, 8_192); // everything but the header and the first table
    writeFileSync(file, bytes);
    expect(examineLogFile(file)).not.toEqual([]);
    const log = opened({ file });
    await expect(collect(log.readAll())).rejects.toMatchObject({ code: 'log_corrupt' });
    await expect(log.append(someStream(), NO_STREAM, someEvents(1))).rejects.toMatchObject({ code: 'log_corrupt' });
  });

  it('is found where only an index is damaged: an id in it would not be found again', async () => {
    const file = temporaryFile();
    const log = openSqliteEventLog({ file });
    const events = someEvents(5);
    await log.append(someStream(), NO_STREAM, events);
    await log.close();
    const bytes = readFileSync(file);
    // The id stands twice in the file, in its row and in the index. Changing either makes them disagree.
    const at = bytes.indexOf(events[2]!.id);
    bytes.write('f', bytes[at] === 0x66 ? at + 1 : at);
    writeFileSync(file, bytes);
    expect(examineLogFile(file)).not.toEqual([]);
  });

  it('with a gap in a stream is found by the examination', async () => {
    const file = temporaryFile();
    const log = openSqliteEventLog({ file });
    await log.append('bucket-a', NO_STREAM, someEvents(5));
    await log.append('bucket-b', NO_STREAM, someEvents(5));
    await log.close();
    const database = new Database(file);
    database.exec("DELETE FROM events WHERE stream = 'bucket-b' AND revision = 2");
    database.close();
    expect(examineLogFile(file)).toEqual(['bucket-b has 4 events, and revisions 0 to 4']);
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('It did not throw.');
}

function mayMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/** Root may write anywhere: for such a test it steps down. */
function becomeNobody(): void {
  if (process.getuid?.() !== 0) return;
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
}
