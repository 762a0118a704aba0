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
