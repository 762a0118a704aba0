import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { openNode, type ReckonerNode } from '../../../adapters/cli/compose.ts';
import { type BackupOptions, makeBackup } from '../../../adapters/keeping/backup.ts';
import { type RestoreOptions, restoreBackup } from '../../../adapters/keeping/restore.ts';
import { readKeys } from '../../../adapters/keys/keys.ts';
import { openSubjectSalts } from '../../../adapters/sqlite/subject-salts.ts';
import { decode } from '../../../events/catalogue.ts';
import { compiled } from '../../compiled.ts';
import { newDirectory, type Running, removeDirectories, run, runJson, start, usedDirectory } from '../cli/run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

function backupOf(dataDir: string, more: Partial<BackupOptions> = {}) {
  const to = join(newDirectory(), 'backup');
  const keys = readKeys({ dataDir, env: {} });
  return makeBackup({ dataDir, to, names: dataFiles, keys, version: 'test', now: 0, ...more }).then(() => to);
}

function restoreOf(backup: string, dataDir: string, more: Partial<RestoreOptions> = {}) {
  return restoreBackup({ backup, dataDir, names: dataFiles, now: 0, ...more });
}

/** Makes the log's file large, so that copying it takes a while. */
function grow(dataDir: string): void {
  const database = new Database(join(dataDir, 'events.db'));
  database.exec('CREATE TABLE ballast (bytes BLOB)');
  const fill = database.prepare('INSERT INTO ballast VALUES (randomblob(4000000))');
  for (let times = 0; times < 15; times++) fill.run();
  database.close();
}

/** Waits until a command has put something into a directory, or has ended without. */
async function begins({ finished }: Running, place: string): Promise<void> {
  let ended = false;
  void finished.then(() => {
    ended = true;
  });
  while (!ended && readdirSync(place).length === 0) await sleep(1);
}

/** Decides and rewards, with people in it, until it is told to stop; gives what was acknowledged. */
function keepDeciding(node: ReckonerNode) {
  const decided: string[] = [];
  let going = true;
  const working = (async () => {
    while (going) {
      const many = Array.from({ length: 8 }, (_, index) =>
        node.reckoner.decide('greeting', { context: {}, subject: `person ${decided.length + index}` }),
      );
      for (const { decisionId } of await Promise.all(many)) decided.push(decisionId);
    }
  })();
  return {
    decided,
    stop: () => {
      going = false;
      return working;
    },
  };
}

describe('a backup', () => {
  it('taken while a node decides holds all that was acknowledged before it began, and everybody in it has a salt', async () => {
    const { dataDir, decisionIds } = await usedDirectory(3);
    const node = await openNode({ dataDir });
    const work = keepDeciding(node);
    while (work.decided.length < 100) await sleep(5);
    const before = [...decisionIds, ...work.decided];
    const to = join(newDirectory(), 'backup');
    const { code, stdout } = await run(['backup', to, '--data-dir', dataDir, '--json']);
    const during = work.decided.length;
    await work.stop();
    await node.close();

    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(during).toBeGreaterThan(before.length - 3);
    const restored = join(newDirectory(), 'data');
    expect(await runJson(['restore', to, '--data-dir', restored])).toMatchObject({ events: told.events, keys: true });
    const again = await openNode({ dataDir: restored });
    try {
      for (const id of [before[0], before.at(-1)]) {
        expect(await again.reckoner.explain(id ?? '')).toMatchObject({ verified: true });
      }
      // Each person of the log was given a salt once, before the event: none is in the log and not in the store.
      const people = new Set<string>();
      for await (const event of again.log.readAll({ types: ['DecisionMade'] })) {
        const decoded = decode(event);
        if (decoded?.type === 'DecisionMade' && decoded.data.subject.length > 0)
          people.add(Buffer.from(decoded.data.subject).toString('hex'));
      }
      expect(people.size).toBeGreaterThan(90);
      expect(told.holds.salts).toBeGreaterThanOrEqual(people.size);
      expect(await again.reckoner.decide('greeting', { context: {} })).toMatchObject({
        decisionId: expect.any(String),
      });
    } finally {
      await again.close();
    }
  });

  it('is readable by its owner only, holds no caches, and prints no key', async () => {
    const { dataDir } = await usedDirectory(2);
    const to = join(newDirectory(), 'backup');
    const { stdout, stderr, code } = await run(['backup', to, '--data-dir', dataDir]);
    expect(code).toBe(0);
    expect(stderr).toContain('IT HOLDS THE KEYS');
    expect(readdirSync(to).sort()).toEqual(['events.db', 'keys.json', 'manifest.json', 'subjects.db']);
    expect(statSync(to).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(to)) expect(statSync(join(to, name)).mode & 0o777, name).toBe(0o600);
    const keys = JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8'));
    const said = stdout + stderr + readFileSync(join(to, 'manifest.json'), 'utf8');
    for (const key of [keys.decision, keys.pseudonym]) expect(said).not.toContain(key);
  });

  it('overwrites nothing, an empty directory neither, and leaves nothing where it fails', async () => {
    const { dataDir } = await usedDirectory(1);
    const to = join(newDirectory(), 'taken');
    mkdirSync(to);
    expect(await run(['backup', to, '--data-dir', dataDir])).toMatchObject({ code: 2 });
    expect(readdirSync(to)).toEqual([]);
    const place = newDirectory();
    const broken = backupOf(dataDir, {
      to: join(place, 'backup'),
      progress: () => {
        throw new Error('enough');
      },
    });
    await expect(broken).rejects.toThrow('enough');
    expect(readdirSync(place)).toEqual([]);
  });

  it('without keys at hand is refused, unless they are to be left out', async () => {
    const { dataDir } = await usedDirectory(1);
    rmSync(join(dataDir, 'keys.json'));
    const to = join(newDirectory(), 'backup');
    expect(await run(['backup', to, '--data-dir', dataDir])).toMatchObject({ code: 1 });
    expect(existsSync(to)).toBe(false);
    expect((await run(['backup', to, '--data-dir', dataDir, '--without-keys'])).code).toBe(0);
    expect(existsSync(join(to, 'keys.json'))).toBe(false);
  });

  it('that is killed half-way never bears its name', async () => {
    const { dataDir } = await usedDirectory(1);
    grow(dataDir);
    const place = newDirectory();
    const running = start(['backup', join(place, 'backup'), '--data-dir', dataDir]);
    await begins(running, place);
    running.process.kill('SIGKILL');
    await running.finished;
    expect(existsSync(join(place, 'backup'))).toBe(false);
    expect((await run(['backup', join(place, 'backup'), '--data-dir', dataDir])).code).toBe(0);
  });
});

describe('a restore', () => {
  it.each(['events.db', 'subjects.db', 'keys.json'])(
    'finds one changed byte of %s, and makes nothing',
    async (name) => {
      const { dataDir } = await usedDirectory(2);
      const backup = await backupOf(dataDir);
      const file = join(backup, name);
      const bytes = readFileSync(file);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      const place = newDirectory();
      const target = join(place, 'deep', 'data');
      const error = { code: 'backup_invalid', message: expect.stringContaining(name) };
      await expect(restoreOf(backup, target)).rejects.toMatchObject(error);
      expect(readdirSync(place)).toEqual([]);
    },
  );

  it('leaves nothing where it is interrupted, and takes away what one that was killed has left', async () => {
    const { dataDir } = await usedDirectory(1);
    grow(dataDir);
    const backup = await backupOf(dataDir);
    const place = newDirectory();
    const target = join(place, 'data');
    const running = start(['restore', backup, '--data-dir', target]);
    await begins(running, place);
    running.process.kill('SIGINT');
    expect(await running.finished).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('nothing was restored'),
    });
    expect(readdirSync(place)).toEqual([]);
    mkdirSync(join(target, '.restoring-dead'), { recursive: true });
    await restoreOf(await backupOf((await usedDirectory(1)).dataDir), target);
    expect(readdirSync(target).sort()).toEqual(['events.db', 'keys.json', 'subjects.db']);
  });

  it('finds a file that is missing, and one that is no backup', async () => {
    const { dataDir } = await usedDirectory(1);
    const backup = await backupOf(dataDir);
    rmSync(join(backup, 'subjects.db'));
    const error = { code: 'backup_invalid' };
    await expect(restoreOf(backup, join(newDirectory(), 'data'))).rejects.toMatchObject(error);
    await expect(restoreOf(dataDir, join(newDirectory(), 'data'))).rejects.toMatchObject(error);
  });

  it('of a backup whose log had a broken chain is refused, though its bytes are those that were backed up', async () => {
    const { dataDir } = await usedDirectory(3);
    const database = new Database(join(dataDir, 'events.db'));
    database.exec("UPDATE events SET data = CAST(data || x'00' AS BLOB) WHERE type = 'DecisionMade' AND revision = 0");
    database.close();
    const backup = await backupOf(dataDir);
    const error = { code: 'backup_invalid', message: expect.stringContaining('chain') };
    await expect(restoreOf(backup, join(newDirectory(), 'data'))).rejects.toMatchObject(error);
  });

  it('leaves a directory alone that is not empty; told to, it moves what is there aside', async () => {
    const { dataDir, decisionIds } = await usedDirectory(2);
    const other = await usedDirectory(1);
    const backup = await backupOf(dataDir);
    expect(await run(['restore', backup, '--data-dir', other.dataDir])).toMatchObject({ code: 2 });
    rmSync(join(other.dataDir, 'subjects.db')); // of another installation, it could tell of nobody
    const { movedTo } = await restoreOf(backup, other.dataDir, { replace: true });
    expect(readdirSync(movedTo ?? '')).toContain('events.db');
    const explained = await runJson(['explain', decisionIds[0] ?? '', '--data-dir', other.dataDir]);
    expect(explained).toMatchObject({ verified: true });
    const lost = await run(['explain', other.decisionIds[0] ?? '', '--data-dir', other.dataDir]);
    expect(lost.code).toBe(1);
  });

  it('is refused while a node runs there, a node of this process too', async () => {
    const { dataDir } = await usedDirectory(1);
    const backup = await backupOf(dataDir);
    const serving = start(['serve', '--port', '0', '--no-demo', '--data-dir', dataDir]);
    await serving.says(/http:\/\//);
    const refused = await run(['restore', backup, '--replace', '--data-dir', dataDir]);
    serving.process.kill('SIGTERM');
    await serving.finished;
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('works on') });
    const node = await openNode({ dataDir });
    await expect(restoreOf(backup, dataDir, { replace: true })).rejects.toMatchObject({ code: 'log_locked' });
    await node.close();
    await restoreOf(backup, dataDir, { replace: true });
  });

  it('asks what becomes of people who were erased since, and erases them again or not', async () => {
    const { dataDir } = await usedDirectory(1);
    const file = join(dataDir, 'subjects.db');
    const [lena, omar] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const salts = openSubjectSalts({ file });
    const kept = await salts.saltOf(lena);
    const gone = Buffer.from(await salts.saltOf(omar));
    const backup = await backupOf(dataDir);
    await salts.erase(omar);
    await salts.saltOf(omar); // came back: a new salt, with no relation to the old
    await salts.close();

    const asks = { code: 'request_invalid', message: expect.stringContaining('One person') };
    await expect(restoreOf(backup, dataDir, { replace: true })).rejects.toMatchObject(asks);
    const forgotten = await restoreOf(backup, dataDir, { replace: true, erased: 'forget' });
    expect(forgotten.erased).toEqual({ people: 1, forgotten: true });
    const restored = openSubjectSalts({ file });
    expect(await restored.saltOf(lena)).toEqual(kept);
    await restored.close();
    expect(readFileSync(file).includes(gone)).toBe(false);

    const fresh = join(newDirectory(), 'data');
    expect((await restoreOf(backup, fresh)).erased.people).toBe(0);
    expect(readFileSync(join(fresh, 'subjects.db')).includes(gone)).toBe(true);
  });

  it('notes keys that it was not made with', async () => {
    const { dataDir } = await usedDirectory(1);
    const backup = await backupOf(dataDir);
    const manifest = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'));
    manifest.keys.decision = '0'.repeat(16);
    writeFileSync(join(backup, 'manifest.json'), JSON.stringify(manifest));
    await expect(restoreOf(backup, join(newDirectory(), 'data'))).rejects.toThrow('keys');
    appendFileSync(join(backup, 'manifest.json'), '{');
    await expect(restoreOf(backup, join(newDirectory(), 'data'))).rejects.toMatchObject({ code: 'backup_invalid' });
  });
});
