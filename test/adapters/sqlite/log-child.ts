/**
 * A process of its own on a log file, for the tests in `processes.test.ts`. It says what it has done as lines on its standard
 * output, written synchronously: what it said before it was killed is true.
 *
 *   append <file> <writer> <count>   one event after another to a stream of its own and one that all share
 *   open <file> <count>              opens so many files, each new to whoever comes first: <file>.0, <file>.1, …
 *   subscribe <file> <count>         the ids of so many events, as a subscription sees them
 *   hold <file> <milliseconds>       holds the write lock
 *   crash <file> <point> <times>     appends batches, kills itself when the commit point is passed so many times
 */
import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { type EventLog, NO_STREAM } from '../../../events/event-log.ts';
import { someEvent } from '../../contracts/event-fixtures.ts';
import { BATCH, crashEvent, crashStream } from './crash-plan.ts';

const [task = '', file = '', ...rest] = process.argv.slice(2);

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function appendMany(log: EventLog, writer: string, count: number): Promise<void> {
  let shared = NO_STREAM;
  for (let own = 0; own < count; own++) {
    const mine = someEvent();
    const ours = someEvent();
    const first = log.append(`bucket-${writer}`, own - 1, [mine]);
    for (;;) {
      const result = await log.append('bucket-shared', shared, [ours]);
      if (result.status === 'appended') {
        shared = result.revision;
        break;
      }
      if (result.status !== 'conflict' || result.reason !== 'revision') throw new Error(JSON.stringify(result));
      shared = result.actual; // another process was first
    }
    const result = await first;
    if (result.status !== 'appended') throw new Error(JSON.stringify(result));
    say(mine.id);
    say(ours.id);
  }
}

async function subscribeTo(log: EventLog, count: number): Promise<void> {
  let seen = 0;
  const alive = setInterval(() => {}, 1_000);
  for await (const message of log.subscribe()) {
    if (message.type !== 'event') continue;
    say(message.event.id);
    if (++seen === count) break;
  }
  clearInterval(alive);
}

function hold(milliseconds: number): void {
  const database = new Database(file);
  database.exec('BEGIN IMMEDIATE');
  say('held');
  setTimeout(() => {
    database.exec('COMMIT');
    database.close();
  }, milliseconds);
}

async function crash(point: string, times: number): Promise<void> {
  let passed = 0;
  const log = openSqliteEventLog({
    file,
    onPoint: (name) => {
      if (name === point && ++passed === times) process.kill(process.pid, 'SIGKILL');
    },
  });
  for (let batch = 0; ; batch++) {
    await Promise.all(
      Array.from({ length: BATCH }, async (_, place) => {
        const event = crashEvent(batch, place);
        const result = await log.append(crashStream(place), batch - 1, [event]);
        if (result.status === 'appended') say(event.id);
      }),
    );
  }
}

/** Everyone begins at the same moment, which processes that start do not: at the next tenth of a second but one. */
async function openMany(count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 200 - (Date.now() % 100)));
  for (let number = 0; number < count; number++) await openSqliteEventLog({ file: `${file}.${number}` }).close();
}

if (task === 'open') await openMany(Number(rest[0]));
else if (task === 'hold') hold(Number(rest[0]));
else if (task === 'crash') await crash(rest[0] ?? '', Number(rest[1]));
else {
  const log = openSqliteEventLog({ file });
  if (task === 'append') await appendMany(log, rest[0] ?? '', Number(rest[1]));
  else await subscribeTo(log, Number(rest[0]));
  await log.close();
}
