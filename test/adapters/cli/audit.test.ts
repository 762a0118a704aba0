import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealGiven } from '../../../adapters/cli/audit-seal.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { summaryOf } from '../../../adapters/sqlite/log-summary.ts';
import { createIntegrity } from '../../../events/integrity.ts';
import { rootOf } from '../../../events/log-seal.ts';
import { compiled } from '../../compiled.ts';
import { newDirectory, removeDirectories, run, runJson, type UsedDirectory, usedDirectory } from './run.ts';

let used: UsedDirectory;
beforeAll(async () => {
  await compiled();
  used = await usedDirectory(20);
});
afterAll(removeDirectories);

/** A copy of the used directory whose log was changed by hand. */
function changed(statement: string): string {
  const dataDir = newDirectory();
  cpSync(used.dataDir, dataDir, { recursive: true });
  const database = new Database(join(dataDir, 'events.db'));
  database.exec(statement);
  database.close();
  return dataDir;
}

describe('reckoner audit verify', () => {
  test('recomputes every decision of a log that nobody touched', async () => {
    const told = await runJson(['audit', 'verify', '--propensities', '--data-dir', used.dataDir]);
    expect(told).toMatchObject({ ok: true, decisions: 20, propensities: 20, passedOver: 0, found: 0, findings: [] });
    const alone = await runJson(['audit', 'verify', '--propensities', '--threads', '1', '--data-dir', used.dataDir]);
    expect(alone).toEqual({ ...told, seconds: alone.seconds, choicesPerSecond: alone.choicesPerSecond });
    const { code, stdout } = await run(['audit', 'verify', '--data-dir', used.dataDir]);
    expect(code).toBe(0);
    expect(stdout).toContain('20 decisions made again');
    expect(stdout).toContain('All is as it was written.');
  });

  test('names what was changed by hand, and ends with 1', async () => {
    const dataDir = changed("UPDATE events SET type = 'DomainThawed' WHERE position = 6");
    const { code, stdout } = await run(['audit', 'verify', '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/changed +bucket-default-greeting-\w+@\d+ position 6 /);
    expect(stdout).toContain('decisions could not be: what they were made from is damaged.');
    const { ok, findings } = await runJson(['audit', 'verify', '--data-dir', dataDir]);
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ kind: 'changed', position: '0000000000000006' }]);
  });

  test('reports on a part of the log, and folds it from its beginning', async () => {
    const args = ['audit', 'verify', '--data-dir', used.dataDir];
    const whole = await runJson(args);
    const part = await runJson([...args, '--from', '20', '--domain', 'greeting']);
    expect(part.ok).toBe(true);
    expect(Number(part.decisions)).toBeGreaterThan(0);
    expect(Number(part.decisions)).toBeLessThan(20);
    expect(part.root).toBe(whole.root);
    expect(await runJson([...args, '--to', '2000-01-01'])).toMatchObject({ ok: true, decisions: 0 });
    expect(await run([...args, '--domain', 'nobody'])).toMatchObject({ code: 1 });
    expect(await run([...args, '--from', 'yesterday'])).toMatchObject({ code: 2 });
  });
});

describe('reckoner audit trail', () => {
  test('tells who asked, what was in force, where the event lies and what came later', async () => {
    const dataDir = newDirectory();
    const node = await openNode({ dataDir, nodeName: 'here' });
    const { reckoner } = node;
    const configured = { tenant: 'default', by: 'olive' };
    await reckoner.configure('greeting', { arms: ['hello', 'hi'], bucketBy: [] }, configured);
    const { decisionId, requestId } = await reckoner.decide('greeting', { subject: 'olive@example.org' });
    const { rewardId } = await reckoner.reward(decisionId, { value: 1 });
    await reckoner.retract(decisionId, rewardId, { reason: 'spam' }, { tenant: 'default', by: 'mo' });
    const { revision } = await reckoner.domain('greeting');
    await reckoner.freeze('greeting');
    const late = await reckoner.decide('greeting', {});
    await reckoner.rollBack('greeting', { to: String(revision), reason: 'a bad week' }, configured);
    await node.close();

    const trail = await runJson(['audit', 'trail', decisionId, '--data-dir', dataDir]);
    expect(trail).toMatchObject({
      decision: { decisionId, verified: true },
      asked: { requestId, subject: expect.stringMatching(/./), node: 'here', tenant: 'default' },
      inForce: {
        configuration: { type: 'DomainConfigured', revision: 0, by: 'olive' },
        policy: 'rand_ucb',
        frozen: false,
      },
      chain: {
        checksum: true,
        previous: null,
        previousHash: '',
        next: { type: 'RewardObserved', revision: 1, linked: true },
      },
      afterwards: [{ type: 'RewardObserved' }, { type: 'RewardRetracted', by: 'mo', reason: 'spam' }],
      calls: [],
      setAside: null,
    });
    expect(JSON.stringify(trail)).not.toContain('@example.org');
    const { code, stdout } = await run(['audit', 'trail', late.decisionId, '--data-dir', dataDir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/counts +no: .* RolledBack@\d+, by olive \(a bad week\), written by here/);
    expect(stdout).toContain('last of its stream');
  });
});

describe('reckoner audit seal', () => {
  test('holds as long as what it covers is there, whatever comes later', async () => {
    const seal = await runJson(['audit', 'seal', '--at', '30', '--data-dir', used.dataDir]);
    expect(seal).toMatchObject({
      events: 30,
      position: '0000000000000030',
      root: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const file = join(newDirectory(), 'seal.json');
    writeFileSync(file, JSON.stringify(seal));
    expect(await run(['audit', 'verify', '--seal', file, '--data-dir', used.dataDir])).toMatchObject({ code: 0 });
    const line = (await run(['audit', 'seal', '--data-dir', used.dataDir])).stdout.trim();
    expect(await run(['audit', 'verify', '--seal', line, '--data-dir', used.dataDir])).toMatchObject({ code: 0 });
    expect(sealGiven(line)).toMatchObject({ events: 42 });
  });

  test('finds that the end of the log was cut off, which no chain can tell', async () => {
    const seal = join(newDirectory(), 'seal.json');
    writeFileSync(seal, JSON.stringify(await runJson(['audit', 'seal', '--data-dir', used.dataDir])));
    const dataDir = changed('DELETE FROM events WHERE position > 39');
    expect(await run(['audit', 'verify', '--data-dir', dataDir])).toMatchObject({ code: 0 });
    const { ok, findings } = await runJson(['audit', 'verify', '--seal', seal, '--data-dir', dataDir]);
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ kind: 'seal', what: 'The log has 39 events, and 42 were sealed: 3 are gone.' }]);
  });

  test('finds a log that is whole in itself, and another one', async () => {
    const { root } = await runJson(['audit', 'seal', '--data-dir', used.dataDir]);
    const other = await usedDirectory(20);
    const { findings } = await runJson(['audit', 'verify', '--seal', String(root), '--data-dir', other.dataDir]);
    expect(findings).toMatchObject([{ kind: 'seal', what: expect.stringContaining('are not those that were sealed') }]);
  });

  test('is the same for a copy of the log in another store', async () => {
    const seal = await runJson(['audit', 'seal', '--data-dir', used.dataDir]);
    const original = openSqliteEventLog({ file: join(used.dataDir, 'events.db') });
    const copy = openSqliteEventLog({ file: ':memory:' });
    await copy.append('elsewhere', -1, [
      { id: 'one that is taken out again', type: 'Gap', data: Buffer.alloc(0), metadata: Buffer.alloc(0) },
    ]);
    for await (const event of original.readAll()) await copy.append(event.stream, event.revision - 1, [event]);
    const integrity = createIntegrity(() => {});
    for await (const event of copy.readAll()) if (event.stream !== 'elsewhere') integrity.check(event);
    expect(rootOf(integrity.heads)).toBe(seal.root);
    // Who has a backup has a seal: its manifest holds the same root.
    expect(summaryOf(join(used.dataDir, 'events.db')).rootHash).toBe(seal.root);
    await original.close();
    await copy.close();
  });

  test('is refused to a log whose chains do not hold', async () => {
    const dataDir = changed("UPDATE events SET data = x'00' WHERE position = 6");
    const { code, stderr } = await run(['audit', 'seal', '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stderr).toContain('The log is not sealed');
    // Nor does verify show a root: what was changed is in the middle, and the heads are those of the log that was written.
    const { stdout } = await run(['audit', 'verify', '--data-dir', dataDir]);
    expect(stdout).toContain('not as it was written');
    expect(stdout).not.toMatch(/root|[ \t]$/m);
  });
});
