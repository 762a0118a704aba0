import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint, keysFile, keysText, openKeys, readKeys } from '../../../adapters/keys/keys.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'reckoner-keys-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const invalid = (message: RegExp) => ({ problem: { code: 'keys_invalid', message: expect.stringMatching(message) } });

describe('the keys file', () => {
  test('is made on the first start, readable by its owner only, and is the same on the second', async () => {
    const first = await openKeys({ dataDir, env: {} });
    const second = await openKeys({ dataDir, env: {} });
    expect(first).toMatchObject({ source: 'file' });
    expect([first.decision.length, first.pseudonym.length]).toEqual([32, 32]);
    expect(second).toEqual(first);
    expect(statSync(keysFile(dataDir)).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDir)).toEqual(['keys.json']);
  });

  test('is made in a directory that does not exist yet', async () => {
    await openKeys({ dataDir: join(dataDir, 'new', 'deep'), env: {} });
    expect(statSync(join(dataDir, 'new')).mode & 0o777).toBe(0o700);
  });

  test('is the same for processes that start at once', async () => {
    const program = `import { openKeys, fingerprint } from '${new URL('../../../dist/adapters/keys/keys.js', import.meta.url).href}';
      const keys = await openKeys({ dataDir: process.argv[1], env: {} });
      process.stdout.write(fingerprint(keys.decision) + fingerprint(keys.pseudonym));`;
    const run = promisify(execFile);
    const runs = await Promise.all(
      Array.from({ length: 6 }, () => run(process.execPath, ['--input-type=module', '-e', program, dataDir])),
    );
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(dataDir)).toEqual(['keys.json']);
  });

  test('that others may read is refused, with the command that mends it', async () => {
    await openKeys({ dataDir, env: {} });
    chmodSync(keysFile(dataDir), 0o644);
    await expect(openKeys({ dataDir, env: {} })).rejects.toMatchObject({
      problem: {
        code: 'keys_invalid',
        message: expect.stringContaining('644'),
        remedy: expect.stringContaining('chmod 600'),
      },
    });
  });

  test.each(['', '{', '{"version":1,"decision":"00","pseudonym":"00"}', '[]'])(
    'that is damaged (%j) is refused and left as it is',
    async (text) => {
      writeFileSync(keysFile(dataDir), text, { mode: 0o600 });
      await expect(openKeys({ dataDir, env: {} })).rejects.toMatchObject(invalid(/damaged/));
      expect(readFileSync(keysFile(dataDir), 'utf8')).toBe(text);
    },
  );

  test('is never made anew beside a log: that would break every id handed out before', async () => {
    const opened = openKeys({ dataDir, env: {}, logExists: () => true });
    await expect(opened).rejects.toMatchObject({
      problem: { code: 'keys_invalid', remedy: expect.stringContaining('keys restore') },
    });
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe('keys in the environment', () => {
  const hex = 'ab'.repeat(32);
  const base64 = Buffer.from(hex, 'hex').toString('base64');

  test('come before the file, in hex or base64, and touch no disk', async () => {
    const keys = await openKeys({ dataDir, env: { RECKONER_DECISION_KEY: hex, RECKONER_PSEUDONYM_KEY: base64 } });
    expect(keys.source).toBe('environment');
    expect(Buffer.from(keys.decision)).toEqual(Buffer.from(keys.pseudonym));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('are both there or neither', async () => {
    const opened = openKeys({ dataDir, env: { RECKONER_DECISION_KEY: hex } });
    await expect(opened).rejects.toMatchObject(invalid(/RECKONER_PSEUDONYM_KEY/));
  });

  test('may be in files, as containers are given secrets', async () => {
    const [one, other] = ['one', 'other'].map((name) => join(temporaryDirectory(), name));
    writeFileSync(one ?? '', `${hex}\n`);
    writeFileSync(other ?? '', base64);
    const env = { RECKONER_DECISION_KEY_FILE: one, RECKONER_PSEUDONYM_KEY_FILE: other };
    expect(Buffer.from((await openKeys({ dataDir, env })).decision).toString('hex')).toBe(hex);
    const missing = openKeys({ dataDir, env: { ...env, RECKONER_PSEUDONYM_KEY_FILE: `${other}-gone` } });
    await expect(missing).rejects.toMatchObject(invalid(/RECKONER_PSEUDONYM_KEY_FILE/));
  });

  test('that are too short are refused without being told', async () => {
    const opened = openKeys({ dataDir, env: { RECKONER_DECISION_KEY: hex, RECKONER_PSEUDONYM_KEY: 'hunter2' } });
    await expect(opened).rejects.toMatchObject(invalid(/^(?!.*hunter2).*32 bytes/));
  });
});

test('a fingerprint tells keys apart and tells no key', () => {
  const key = Buffer.alloc(32, 7);
  expect(fingerprint(key)).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprint(key)).not.toBe(fingerprint(Buffer.alloc(32, 8)));
  expect(key.toString('hex')).not.toContain(fingerprint(key));
});

test('what a keys file holds can be read back', () => {
  const keys = { decision: Buffer.alloc(32, 1), pseudonym: Buffer.alloc(32, 2) };
  writeFileSync(keysFile(dataDir), keysText(keys), { mode: 0o600 });
  expect(readKeys({ dataDir, env: {} })).toEqual({ ...keys, source: 'file' });
});
