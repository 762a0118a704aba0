import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compiled } from '../../compiled.ts';
import { newDirectory, removeDirectories, run } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

describe('help', () => {
  test.each([
    [],
    ['serve'],
    ['events'],
    ['explain'],
    ['domains'],
    ['simulate'],
    ['doctor'],
    ['keys'],
    ['config'],
    ['export'],
    ['query'],
    ['projections'],
  ])('of `reckoner %s` says how it is used, with examples', async (...command) => {
    const { code, stdout, stderr } = await run([...command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: reckoner/);
    expect(stdout).toMatch(/Examples?:\n {2}reckoner /);
  });

  test('of the keys commands names their options', async () => {
    for (const command of ['backup', 'restore', 'show']) {
      expect((await run(['keys', command, '--help'])).stdout).toContain('--data-dir');
    }
  });

  test('says what the exit codes mean', async () => {
    expect((await run(['--help'])).stdout).toMatch(
      /Exit codes:\n {2}0 +done.*\n {2}1 +failed.*\n {2}2 .*not right\n {2}130 +Ctrl-C/,
    );
  });
});

test('the version is the one of the package', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

describe('bad usage', () => {
  test.each([
    [['evnts'], 'Did you mean events?'],
    [['serve', '--prot', '1'], 'Did you mean --port?'],
    [['serve', '--port', '70000'], 'from 0 to 65535'],
    [['events', '--limit', '0'], 'whole number from 1'],
    [['events', '--from', 'yesterday'], '`start` or `end`'],
    [['explain'], 'missing required argument'],
    [['keys', 'backup'], "required option '--to <file>'"],
  ])('%j exits with 2 and says what to do', async (args, words) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/→ reckoner .*--help shows/);
  });

  test('with --json is a problem as JSON', async () => {
    const { code, stderr } = await run(['events', '--limit', 'x', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'request_invalid', remedy: expect.any(String) });
  });
});

describe('a failure', () => {
  test('says what happened and what to do, and exits with 1', async () => {
    const { code, stdout, stderr } = await run(['events', '--data-dir', '/nowhere']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'error: There is no data directory /nowhere.\n→ Name the data directory with --data-dir DIR, or begin one: reckoner serve --data-dir DIR.\n',
    );
  });

  test('is a problem as JSON with --json', async () => {
    const { code, stderr } = await run(['domains', '--json', '--data-dir', '/nowhere']);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'log_unusable', message: expect.stringContaining('/nowhere') });
  });

  test('shows a stack trace only where RECKONER_DEBUG asks for it', async () => {
    const args = ['domains', '--data-dir', '/nowhere'];
    expect((await run(args)).stderr).not.toMatch(/^ {4}at /m);
    expect((await run(args, { RECKONER_DEBUG: '1' })).stderr).toMatch(/^ {4}at /m);
  });
});

test.each([['events'], ['domains'], ['explain', 'x'], ['keys', 'show']])(
  '`reckoner %s %s` creates nothing where there is no data directory',
  async (...args) => {
    const dataDir = join(newDirectory(), 'absent');
    const words = args.filter((word) => typeof word === 'string');
    expect((await run([...words, '--data-dir', dataDir])).code).toBe(1);
    expect(existsSync(dataDir)).toBe(false);
  },
);

test('nothing is coloured where nobody sees it', async () => {
  for (const args of [['--help'], ['evnts'], ['doctor', '--data-dir', '/nowhere']]) {
    const { stdout, stderr } = await run(args, { CI: 'true' });
    expect(stdout + stderr).not.toContain('\u001b');
  }
});
