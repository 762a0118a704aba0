/** A node that is killed loses nothing that it acknowledged, and doubles nothing. Hundreds more in `test/long`. */
import { beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';
import { compiled } from '../compiled.ts';
import type { Crash } from './crash-plan.ts';
import { crashAndReopen } from './crash-run.ts';

const crashes: readonly Crash[] = [
  { point: 'beforeCommit', times: 1 },
  { point: 'beforeCommit', times: 9 },
  { point: 'afterCommit', times: 2 },
  { point: 'afterCommit', times: 14 },
  { point: 'midBatch', times: 43 },
  { point: 'midSnapshot', times: 1 },
  { point: 'midSnapshot', times: 3 },
  { point: 'never', times: 150 },
];

beforeAll(compiled);

for (const crash of crashes) {
  const moment = crash.point === 'never' ? `after ${crash.times} ms` : `at ${crash.point}, time ${crash.times}`;
  test(`SIGKILL ${moment}: all that was acknowledged is there, once`, { timeout: 60_000 }, async () => {
    await crashAndReopen(temporaryDirectory(), crash);
  });
}

test('a directory that was crashed in again and again is still whole', { timeout: 120_000 }, async () => {
  const directory = temporaryDirectory();
  let acknowledged = 0;
  const points = ['afterCommit', 'midSnapshot', 'beforeCommit', 'midBatch'] as const;
  for (const [index, point] of points.entries())
    acknowledged += (await crashAndReopen(directory, { point, times: 3 + index, from: index * 1000 })).acknowledged;
  expect(acknowledged).toBeGreaterThan(0);
});
