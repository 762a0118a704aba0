import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compiled } from '../../compiled.ts';
import { newDirectory, removeDirectories, run, start } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

function fileOf(text: string): string {
  const file = join(newDirectory(), 'domain.json');
  writeFileSync(file, text);
  return file;
}

test('a configuration that holds is told in a line, with what should be known of it', async () => {
  const plain = fileOf(JSON.stringify({ arms: ['small', 'large'], context: { urgent: { type: 'boolean' } } }));
  expect(await run(['config', 'check', plain])).toEqual({
    code: 0,
    stdout: `ok    ${plain} is valid: 2 arms, 1 feature, one bucket, rand_ucb with a floor of 0.01.\n`,
    stderr: '',
  });
  const odd = fileOf(JSON.stringify({ arms: ['small', 'large'], policy: { name: 'lin_ucb' }, exploration: 0 }));
  const { code, stdout } = await run(['config', 'check', odd]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nwarn {2}exploration: .*counterfactuals will refuse these logs\n {6}→ Choose a policy/);
});

test('from the standard input, and as JSON with every default filled in', async () => {
  const { process, finished } = start(['config', 'check', '-', '--json']);
  process.stdin?.end('{"arms": ["a", "b"], "objective": {"preset": "cost-aware"}}');
  const { code, stdout, stderr } = await finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { valid, config, warnings } = JSON.parse(stdout);
  expect(valid).toBe(true);
  expect(config).toMatchObject({
    policy: { name: 'rand_ucb', alpha: 1.6 },
    objective: { baseQuality: 0.7, minSavingUsd: 0.001, weights: { cost: 0.4, quality: 0.5, latency: 0.1 } },
  });
  expect(warnings.map(({ path }: { path: string }) => path)).toEqual([
    'objective.weights.cost',
    'objective.weights.latency',
  ]);
});

test('what is wrong is told with its path and what to do, and exits with 1', async () => {
  const file = fileOf(
    JSON.stringify({ arms: ['a', 'a'], objective: { weights: { cost: 1 } }, constraints: { maxCost: 1 } }),
  );
  const { code, stdout, stderr } = await run(['config', 'check', file]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: The domain configuration is not valid\./);
  expect(stderr).toMatch(/\n {2}objective\.weights\.quality: must be at least 0\.05/);
  expect(stderr).toMatch(/\n {2}constraints: "maxCost" is not known here; known are maxLatencyMs, /);
  expect(stderr).toMatch(/\n→ Correct the configuration at the paths/);
  const told = await run(['config', 'check', file, '--json']);
  expect(told).toMatchObject({ code: 1, stdout: '' });
  expect(JSON.parse(told.stderr)).toMatchObject({ code: 'config_invalid', details: expect.any(Array) });
});

test('the only thing that is wrong is said once, and the whole file has no path', async () => {
  const one = await run(['config', 'check', fileOf(JSON.stringify({ arms: ['a'], constraints: 3 }))]);
  expect(one.stderr.match(/constraints/g)).toHaveLength(1);
  const { stderr } = await run(['config', 'check', fileOf('[]')]);
  expect(stderr.split('\n')).toHaveLength(3);
  expect(stderr).toMatch(/must be an object of .*\n→ /);
});

test('a file that is not there, or no JSON, exits with 2', async () => {
  const directory = newDirectory();
  mkdirSync(join(directory, 'folder'));
  expect(await run(['config', 'check', join(directory, 'none.json')])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: There is no file .*none\.json\.\n→ Name a JSON file/),
  });
  expect(await run(['config', 'check', join(directory, 'folder')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('cannot be read'),
  });
  const twice = fileOf('{"arms": ["a"], "arms": ["b"]}');
  expect(await run(['config', 'check', twice])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${twice} has an object in which a key is there twice`),
  });
});
