import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
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
