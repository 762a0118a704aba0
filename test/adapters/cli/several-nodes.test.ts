/** Nodes as they are started by an operator: what the environment says is what they are. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, headers } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../../../adapters/nats/connection.ts';
import { natsSettings } from '../../../adapters/nats/settings.ts';
import { openNatsSalts } from '../../../adapters/nats/subject-salts.ts';
import { openSubjectSalts } from '../../../adapters/sqlite/subject-salts.ts';
import { compiled } from '../../compiled.ts';
import { type Double, startDouble } from '../eventstoredb/double.ts';
import { natsServerPath } from '../nats/find-server.ts';
import { type NatsServer, startNatsServer } from '../nats/server.ts';
import { newDirectory, type Running, removeDirectories, run, start, usedDirectory } from './run.ts';

const keys = {
  RECKONER_DECISION_KEY: randomBytes(32).toString('hex'),
  RECKONER_PSEUDONYM_KEY: randomBytes(32).toString('hex'),
};

beforeAll(compiled);
afterAll(removeDirectories);

/** What these tests look at of an answer. */
interface Answer {
  readonly decisionId: string;
  readonly rewards?: readonly object[];
}

async function post(url: string, path: string, body: object, method = 'POST') {
  const response = await fetch(`${url}${path}`, {
    ...{ method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

async function listening(node: Running): Promise<string> {
  const [, url = ''] = await node.says(/"url":"([^"]+)"/);
  return url;
}

async function stopped(nodes: readonly Running[]): Promise<void> {
  for (const { process } of nodes) process.kill('SIGTERM');
  for (const { finished } of nodes) expect(await finished).toMatchObject({ code: 0 });
}

const domain = { arms: ['small', 'large'], context: { urgent: { type: 'boolean' } }, bucketBy: ['urgent'] };
const serve = ['serve', '--port', '0', '--no-demo', '--json'];

describe.skipIf(natsServerPath === undefined)('several nodes over a real nats-server', () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNatsServer();
  });
  afterAll(() => nats.stop());

  /** Decides at one and rewards at the other, for a person, in every bucket; both must count. */
  async function work(urls: readonly [string, string]): Promise<string> {
    expect((await post(urls[0], '/v1/domains/support', domain, 'PUT')).status).toBe(201);
    let decisionId = '';
    for (let n = 0; n < 12; n++) {
      const [here, there] = n % 2 === 0 ? urls : [urls[1], urls[0]];
      const request = { context: { urgent: n % 3 === 0 }, subject: 'ada' };
      await expect
        .poll(async () => {
          const made = await post(here, '/v1/domains/support/decisions', { ...request, requestId: `r${n}` });
          decisionId = made.body.decisionId;
          return made.status;
        })
        .toBe(201);
      const rewarded = await post(there, `/v1/decisions/${decisionId}/rewards`, { value: 1 });
      expect(rewarded).toMatchObject({ status: 201 });
    }
    return decisionId;
  }

  /** A reward that nobody waits for, through JetStream, from a client that knows nothing of us but subjects. */
  async function rewardByStream(url: string): Promise<void> {
    const made = await post(url, '/v1/domains/support/decisions', { context: { urgent: true }, requestId: 'late' });
    const { decisionId } = made.body;
    const connection = await connect({ servers: nats.url });
    const header = headers();
    header.set('content-type', 'application/json');
    const body = JSON.stringify({ decisionId, body: { value: 0.5 } });
    await connection.jetstream().publish('file.reward.support', body, { msgID: 'late-1', headers: header });
    await connection.close();
    const rewards = async () => ((await (await fetch(`${url}/v1/decisions/${decisionId}`)).json()) as Answer).rewards;
    await expect.poll(rewards, { timeout: 15_000 }).toMatchObject([{ value: 0.5 }]);
  }

  it('share one file of one machine: log, keys and salts together, the rest each its own', async () => {
    const shared = newDirectory();
    const env = { NATS_URL: nats.url, NATS_SUBJECT_PREFIX: 'file' };
    const places = [newDirectory(), newDirectory()];
    const nodes = places.map((place) =>
      start([...serve, '--data-dir', place, '--log-file', join(shared, 'events.db')], env),
    );
    const urls = await Promise.all(nodes.map(listening));
    await work([urls[0] ?? '', urls[1] ?? '']);
    await rewardByStream(urls[1] ?? '');
    const told = JSON.parse((await run(['nodes', '--json'], env)).stdout);
    expect(told).toMatchObject([{ takesPart: true }, { takesPart: true }]);
    await stopped(nodes);
    expect(readdirSync(shared).sort()).toEqual(['events.db', 'keys.json', 'subjects.db']);
    for (const place of places) {
      expect(existsSync(join(place, 'snapshots.db'))).toBe(true);
      expect(existsSync(join(place, 'events.db'))).toBe(false);
    }
    const verified = await run(['audit', 'verify', '--json', '--data-dir', shared]);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ decisions: 13 });
  });

  describe('on an EventStoreDB (its double: no real server runs here)', () => {
    let double: Double;
    let env: Record<string, string>;
    beforeAll(async () => {
      double = await startDouble();
      env = { ...keys, NATS_URL: nats.url, NATS_SUBJECT_PREFIX: 'store', EVENTSTORE_URL: double.url };
    });
    afterAll(() => double.close());

    it('decide and learn together, and have no log and no salts of their own', async () => {
      const places = [newDirectory(), newDirectory()];
      const nodes = places.map((place) => start([...serve, '--data-dir', place], env));
      const decisionId = await work([await listening(nodes[0] as Running), await listening(nodes[1] as Running)]);
      const explained = await run(['explain', decisionId, '--data-dir', newDirectory()], env);
      expect(explained.stderr).toBe('');
      expect(explained.stdout).toContain(decisionId);
      await stopped(nodes);
      for (const place of places) {
        expect(existsSync(join(place, 'events.db'))).toBe(false);
        expect(existsSync(join(place, 'subjects.db'))).toBe(false);
      }
      const copy = newDirectory();
      expect((await run(['copy-log', '--from', 'eventstore', '--to', copy], env)).stderr).not.toContain('error');
      const verified = await run(['audit', 'verify', '--json', '--data-dir', copy], env);
      expect(JSON.parse(verified.stdout)).toMatchObject({ decisions: 12 });
    });

    it('know people by the salts of the machine that was outgrown', async () => {
      const { dataDir } = await usedDirectory(1);
      const salts = openSubjectSalts({ file: join(dataDir, 'subjects.db') });
      const salt = await salts.saltOf(Buffer.alloc(32, 5));
      await salts.close();
      const own = { NATS_URL: nats.url, NATS_SUBJECT_PREFIX: 'moved' };
      const to = newDirectory();
      const words = ['copy-log', '--from', dataDir, '--to', to, '--with-salts', '--json'];
      for (let times = 0; times < 2; times++)
        expect(JSON.parse((await run(words, own)).stdout)).toMatchObject({ salts: 1 });
      const settings = natsSettings(own);
      if (settings === undefined) throw new Error('no settings');
      const link = await connectNats(settings, { name: 'test' });
      const shared = await openNatsSalts({ link });
      expect(Buffer.from(await shared.saltOf(Buffer.alloc(32, 5)))).toEqual(Buffer.from(salt));
      await link.close();
      expect(await run(words)).toMatchObject({ code: 2 });
    });

    it('make no keys that other nodes would not have', async () => {
      const { RECKONER_DECISION_KEY: _one, RECKONER_PSEUDONYM_KEY: _other, ...without } = env;
      const { code, stderr } = await run([...serve, '--data-dir', newDirectory()], without);
      expect(code).toBe(1);
      expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ code: 'keys_invalid' });
    });

    it.each([['events'], ['audit', 'verify'], ['backup', '/tmp/never'], ['query', 'SELECT 1']])(
      'have no file that %s could read, which it says',
      async (...command) => {
        const { code, stderr } = await run([...command, '--json'], env);
        expect(code).toBe(1);
        expect(JSON.parse(stderr)).toMatchObject({
          code: 'log_elsewhere',
          remedy: expect.stringContaining('copy-log'),
        });
      },
    );
  });
});
