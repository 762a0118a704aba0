import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { run as learning } from '../../bench/learning.ts';
import { compiled, root } from '../compiled.ts';

beforeAll(async () => {
  await compiled();
}, 60_000);

test('a bench that there is not is bad usage, not a missed bar, and it is said where the names are', {
  timeout: 60_000,
}, () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist/bench/main.js'), 'nope'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: "error: unknown command 'nope'\n→ npm run -s bench -- --help lists the benches.\n",
  });
});

test('learning gives the same figures however many threads play', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reckoner-threads-'));
  const quiet = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    const rows = Array.from({ length: 30 }, (_, i) => `${i % 2 === 0 ? 'a' : 'b'},${i % 3 === 0 ? 1 : 0},1,0.5`);
    writeFileSync(join(folder, 'mine.csv'), ['task,s_x,s_y,s_z', ...rows].join('\n'));
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'dist/bench/main.js'), 'learning', '--data', folder, '--shuffles', '5', '--workers', '2', '--json'],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const threaded: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(threaded).toMatchObject({ rows: [{ set: 'mine', figure: 'reward', shuffles: 5, requests: 30 }] });
    // The sources play in this thread.
    expect(threaded).toEqual(await learning({ json: true, data: folder, shuffles: '5' }));
  } finally {
    quiet.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a bench that lacks its data says where to put it, as bad usage', { timeout: 60_000 }, () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist/bench/main.js'), 'learning', '--data', join(root, 'no-such-folder')],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(
      /^error: There is no set in .*no-such-folder: nothing was measured\.\n→ .*RECKONER_DATA/,
    ),
  });
});
