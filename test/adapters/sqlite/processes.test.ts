/** Several processes on one log file, and processes that die. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { examineLogFile } from '../../../adapters/sqlite/examination.ts';
import { NO_STREAM } from '../../../events/event-log.ts';
import { compiled } from '../../compiled.ts';
import { collect, idsOf, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { runChild } from './child.ts';
import { BATCH, crashEvent, crashStream } from './crash-plan.ts';
import { temporaryFile } from './temporary.ts';

beforeAll(compiled, 60_000);

describe('several processes on one file', () => {
  it('make it together, and none takes it for another program’s while it is half made', async () => {
    const file = temporaryFile();
    const children = [1, 2, 3, 4].map(() => runChild('open', file, 100));
    for (const child of children) expect(await child.ended).toMatchObject({ code: 0, errors: '' });
  }, 60_000);

  it('lose no event and double none, on streams of their own and on one they share; a subscriber sees each once', async () => {
    const file = temporaryFile();
    const [writers, each] = [3, 60];
    const total = writers * each * 2;
    const subscriber = runChild('subscribe', file, total);
    const children = Array.from({ length: writers }, (_, writer) => runChild('append', file, writer, each));
    for (const child of children) expect(await child.ended).toMatchObject({ code: 0, errors: '' });
    expect(await subscriber.ended).toMatchObject({ code: 0, errors: '' });

    const log = openSqliteEventLog({ file });
    const stored = await collect(log.readAll());
    await log.close();
    const acknowledged = children.flatMap((child) => child.lines());
    expect(acknowledged).toHaveLength(total);
    expect(idsOf(stored).sort()).toEqual(acknowledged.sort());
    expect(subscriber.lines()).toEqual(idsOf([...stored].sort((a, b) => (a.position < b.position ? -1 : 1))));
    for (const stream of new Set(stored.map((event) => event.stream))) {
      const revisions = stored.filter((event) => event.stream === stream).map(({ revision }) => revision);
      expect(revisions).toEqual([...revisions.keys()]);
    }
    expect(examineLogFile(file)).toEqual([]);
  }, 60_000);

  it('do not stand still while one of them holds the lock for a second', async () => {
    const file = temporaryFile();
    const log = openSqliteEventLog({ file });
    await log.append(someStream(), NO_STREAM, someEvents(1));
    const holder = runChild('hold', file, 1_000);
    await holder.spoken;
    let last = performance.now();
    let longest = 0;
    const watching = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 2);
    const asked = performance.now();
    const stream = someStream();
    const results = await Promise.all([
      log.append(stream, NO_STREAM, someEvents(1)),
      sleep(100).then(() => log.append(stream, 0, someEvents(1))),
    ]);
    clearInterval(watching);
    expect(results).toMatchObject([
      { status: 'appended', revision: 0 },
      { status: 'appended', revision: 1 },
    ]);
    expect(performance.now() - asked).toBeGreaterThan(500); // it did wait
    expect(longest).toBeLessThan(250);
    await holder.ended;
    await log.close();
  });
});

describe('a process that is killed', () => {
  it.each([
    ['beforeCommit', 1, 'appended'],
    ['beforeCommit', 5, 'appended'],
    ['afterCommit', 1, 'alreadyAppended'],
    ['afterCommit', 5, 'alreadyAppended'],
  ] as const)(
    '%s, at commit %i, leaves all it acknowledged; the same append again is %s',
    async (point, times, status) => {
      const file = temporaryFile();
      const child = runChild('crash', file, point, times);
      expect(await child.ended).toMatchObject({ signal: 'SIGKILL', errors: '' });
      const acknowledged = child.lines();
      expect(acknowledged).toHaveLength((times - 1) * BATCH);

      const log = openSqliteEventLog({ file });
      const stored = idsOf(await collect(log.readAll()));
      expect(new Set(stored).size).toBe(stored.length);
      expect(stored).toEqual(expect.arrayContaining(acknowledged));

      // What it was about to say, and all it had said, asked again by whoever did not hear it.
      for (let batch = 0; batch < times; batch++) {
        const results = await Promise.all(
          Array.from({ length: BATCH }, (_, place) =>
            log.append(crashStream(place), batch - 1, [crashEvent(batch, place)]),
          ),
        );
        const expected = batch === times - 1 ? status : 'alreadyAppended';
        expect(results.map((result) => result.status)).toEqual(Array(BATCH).fill(expected));
      }
      expect(await collect(log.readAll())).toHaveLength(times * BATCH);
      await log.close();
      expect(examineLogFile(file)).toEqual([]);
    },
  );
});
