import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { compiled } from '../../compiled.ts';
import { newDirectory, type Running, removeDirectories, run, runJson, start, usedDirectory } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

const servers: Running[] = [];
afterEach(() => {
  for (const { process } of servers.splice(0)) process.kill('SIGKILL');
});

interface Status {
  readonly holder?: { readonly owner: string };
  readonly projections: readonly { readonly name: string; readonly state: string; readonly events: number }[];
}

async function statusOf(dataDir: string): Promise<Status> {
  return (await runJson(['projections', 'status', '--data-dir', dataDir])) as unknown as Status; // what the command says
}

const decisions = async (dataDir: string) => {
  const { stdout } = await run(['query', 'SELECT count(*) AS n FROM decisions', '--json', '--data-dir', dataDir]);
  return JSON.parse(stdout || '{"rows":[]}').rows[0]?.n;
};

describe('projections', () => {
  test('tells that nothing was made yet, makes it where nobody else does, and tells how far it is', async () => {
    const { dataDir } = await usedDirectory(3);
    const before = await run(['projections', '--data-dir', dataDir]);
    expect(before).toMatchObject({ code: 0, stderr: '' });
    expect(before.stdout).toMatch(/outcomes +missing[\s\S]*rebuild --all/);

    const rebuilt = await run(['projections', 'rebuild', '--all', '--data-dir', dataDir]);
    expect(rebuilt).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('rebuilt') });
    const { projections, holder } = await statusOf(dataDir);
    expect(projections.length).toBeGreaterThan(3);
    for (const projection of projections)
      expect(projection).toMatchObject({ state: 'live', deadLetters: 0, secondsBehind: 0 });
    expect(holder).toBeUndefined(); // given back
    expect(await decisions(dataDir)).toBe(3);
  });

  test('takes no room for a rebuild that the log needs', async () => {
    const { dataDir } = await usedDirectory(3);
    // In megabytes: no disk has so much.
    const full = { RECKONER_MIN_FREE_MB: '1000000000' };
    const command = start(['projections', 'rebuild', '--all', '--data-dir', dataDir], full);
    await expect.poll(command.stderr, { timeout: 20_000 }).toContain('nothing is recorded');
    command.process.kill('SIGINT');
    await command.finished;
    expect((await statusOf(dataDir)).projections.map(({ state }) => state)).not.toContain('live');
  });

  test('has a running server rebuild, which goes on', async () => {
    const dataDir = newDirectory();
    const server = start(['serve', '--port', '0', '--no-demo', '--json', '--data-dir', dataDir]);
    servers.push(server);
    const [, url = ''] = await server.says(/"url":"([^"]+)"/);
    await fetch(`${url}/v1/domains/model_routing/decisions`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    await expect
      .poll(async () => (await statusOf(dataDir)).projections.every(({ state }) => state === 'live'))
      .toBe(true);
    const holder = (await statusOf(dataDir)).holder?.owner;
    expect(holder).toBeDefined();
    expect(await run(['projections', 'rebuild', 'outcomes', '--data-dir', dataDir, '--json'])).toEqual({
      ...{ code: 0, stderr: '', stdout: '{"rebuilt":"outcomes"}\n' },
    });
    expect((await statusOf(dataDir)).holder?.owner).toBe(holder);
    const database = new Database(join(dataDir, 'projections.db'), { readonly: true });
    const generation = "SELECT generation FROM projector_editions WHERE name = 'outcomes'";
    expect(database.prepare(generation).pluck().all()).toEqual([1]);
    database.close();
    expect(await decisions(dataDir)).toBe(1);
  });

  test('shows dead letters, and why, and retries them', async () => {
    const { dataDir } = await usedDirectory(1);
    await run(['projections', 'rebuild', '--all', '--data-dir', dataDir]);
    const none = await run(['projections', 'dead-letters', '--data-dir', dataDir]);
    expect(none.stdout).toContain('There are none');

    const database = new Database(join(dataDir, 'projections.db'));
    const insert = database.prepare(
      `INSERT INTO projector_dead_letters
       SELECT name, version, '0000000000000002', 'bucket-x', 7, ?, 'DecisionMade', 'Error: no', 0, 1, generation
       FROM projector_editions WHERE name = ?`,
    );
    insert.run('an id', 'posteriors');
    database.close();
    const listed = await run(['projections', 'dead-letters', '--data-dir', dataDir]);
    expect(listed.stdout).toMatch(/posteriors +DecisionMade +bucket-x @7 +1×, 1970-01-01T00:00:00.000Z +Error: no/);
    expect(await run(['projections', '--data-dir', dataDir])).toMatchObject({ code: 1 });
    const retried = await run(['projections', 'retry', '--data-dir', dataDir]);
    expect(retried.code).toBe(1);
    expect(retried.stdout).toContain(
      'posteriors depends on the order of events: reckoner projections rebuild posteriors.',
    );
    expect(await run(['projections', 'rebuild', 'posteriors', '--data-dir', dataDir])).toMatchObject({ code: 0 });
    expect(await run(['projections', '--data-dir', dataDir])).toMatchObject({ code: 0 });
  });

  test('tells how far one is that is being built', async () => {
    const { dataDir } = await usedDirectory(5);
    await run(['projections', 'rebuild', '--all', '--data-dir', dataDir]);
    const database = new Database(join(dataDir, 'projections.db'));
    // As a process leaves it that is killed in the middle.
    const head = Number(database.prepare('SELECT max(position) FROM projector_editions').pluck().get());
    const half = String(Math.floor(head / 2)).padStart(16, '0');
    database
      .prepare(
        `INSERT INTO projector_editions SELECT name, version, generation + 1, 'building', '[]', ?, NULL, 3, NULL, NULL
         FROM projector_editions WHERE name = 'outcomes'`,
      )
      .run(half);
    database.close();
    const { stdout } = await run(['projections', '--data-dir', dataDir]);
    expect(stdout).toMatch(new RegExp(`outcomes +live, rebuilding ${Math.floor((100 * Number(half)) / head)} % `));
    expect(stdout).toMatch(/posteriors +live /);
  });

  test('refuses a projection that is not there, and a rebuild of nothing in particular', async () => {
    const { dataDir } = await usedDirectory(1);
    const unknown = await run(['projections', 'rebuild', 'regret', '--data-dir', dataDir]);
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no projection regret[\s\S]*There are outcomes/),
    });
    expect(await run(['projections', 'rebuild', '--data-dir', dataDir])).toMatchObject({ code: 2 });
    expect(await run(['projections', 'status', '--data-dir', newDirectory()])).toMatchObject({ code: 1 });
  });
});
