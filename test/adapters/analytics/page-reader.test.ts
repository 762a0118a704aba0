import { pathToFileURL } from 'node:url';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { openPageReader, type PageReaderOptions } from '../../../adapters/analytics/page-reader.ts';
import { configHistory } from '../../../projections/config-history.ts';
import { compiled, root } from '../../compiled.ts';
import { project } from '../../projections/project.ts';
import { play, stageWith } from '../export/stage.ts';
import { temporaryFile } from '../sqlite/temporary.ts';

beforeAll(compiled, 120_000);

const asked = { tenant: 'default', domain: 'testing', limit: 10 };
const code = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);

function opened(options: Partial<PageReaderOptions>) {
  const reader = openPageReader({ file: temporaryFile('projections.db'), ...options });
  onTestFinished(() => reader.close());
  return reader;
}

test('a thread reads what the process itself would', async () => {
  const stage = await stageWith();
  await play(stage, 3);
  const file = temporaryFile('projections.db');
  (await project([configHistory], stage.log, { file })).close();
  await stage.stop();
  const thread = pathToFileURL(`${root}/dist/adapters/analytics/reading-thread.js`);
  const [here, there] = [opened({ file }), opened({ file, thread, timeoutMs: 60_000 })];
  const page = await there.page('config', asked);
  expect(page.rows.length).toBe(1);
  expect(page).toEqual(await here.page('config', asked));
  expect(await there.asOf('config')).toEqual(page.asOf);
  await expect(there.page('decisions', asked)).rejects.toMatchObject({ code: 'projections_building' });
});

test('a thread that hangs is given up, with all who wait for it, and the next question gets another one', async () => {
  const reader = opened({
    thread: code("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {})"),
    timeoutMs: 300,
  });
  const both = await Promise.allSettled([reader.page('config', asked), reader.asOf('config')]);
  for (const { status, ...rest } of both)
    expect([status, rest]).toMatchObject(['rejected', { reason: { code: 'deadline_exceeded' } }]);
  await expect(reader.page('config', asked)).rejects.toMatchObject({ code: 'deadline_exceeded' });
});

test('a thread that ends is told of, and made anew', async () => {
  const reader = opened({ thread: code('throw new Error("broken")'), timeoutMs: 60_000 });
  for (let times = 0; times < 2; times++)
    await expect(reader.page('config', asked)).rejects.toMatchObject({ code: 'internal' });
});

test('too many questions are told to wait, and after closing there are none', async () => {
  const reader = opened({
    thread: code("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {})"),
    timeoutMs: 60_000,
  });
  const waiting = Promise.allSettled(Array.from({ length: 256 }, () => reader.page('config', asked)));
  await expect(reader.page('config', asked)).rejects.toMatchObject({ code: 'overloaded' });
  await reader.close();
  expect((await waiting).every(({ status }) => status === 'rejected')).toBe(true);
  await expect(reader.page('config', asked)).rejects.toMatchObject({ code: 'shutting_down' });
});
