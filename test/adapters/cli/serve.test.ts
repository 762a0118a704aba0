import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { compiled } from '../../compiled.ts';
import { newDirectory, pause, type Running, removeDirectories, run, runJson, start, usedDirectory } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

const servers: Running[] = [];
afterEach(() => {
  for (const { process } of servers.splice(0)) process.kill('SIGKILL');
});

/** A server on a free port, ready to be asked. */
async function serve(dataDir: string, ...args: string[]): Promise<Running & { readonly url: string }> {
  const server = start(['serve', '--port', '0', '--data-dir', dataDir, ...args]);
  servers.push(server);
  const [, url = ''] = await server.says(/(http:\/\/127\.0\.0\.1:\d+)\b[\s\S]*(Ctrl-C stops|"curl")/);
  return { ...server, url };
}

async function post(url: string, body: unknown, method = 'POST') {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

describe('serve', () => {
  test('says where things are, and the curl it suggests works as it stands', async () => {
    const dataDir = newDirectory();
    const server = await serve(dataDir, '--no-demo');
    expect(server.stdout()).toContain(`${server.url}/docs`);
    expect(server.stdout()).toContain(dataDir);
    expect(server.stdout()).toContain('simulated: no provider is configured');
    for (const name of ['model_routing', 'content_analysis', 'user_engagement', 'recommendations']) {
      expect(server.stdout()).toContain(name);
    }
    const curl = /^ +(curl .*)$/m.exec(server.stdout())?.[1] ?? '';
    const answer = JSON.parse(execFileSync('sh', ['-c', curl], { encoding: 'utf8' }));
    expect(answer).toMatchObject({ domain: 'model_routing', arm: expect.any(String), decisionId: expect.any(String) });
    expect((await fetch(`${server.url}/docs`)).status).toBe(200);
  });

  test('makes read models of what happens, unless it is told not to', async () => {
    const dataDir = newDirectory();
    const server = await serve(dataDir, '--no-demo');
    await post(`${server.url}/v1/domains/model_routing/decisions`, {});
    const projections = async (url: string) => JSON.parse(await (await fetch(`${url}/readyz`)).text()).projections;
    await expect.poll(async () => (await projections(server.url)).state).toBe('projecting');
    const sql = 'SELECT domain FROM decisions';
    const asked = () => run(['query', sql, '--data-dir', dataDir, '--json']);
    await expect.poll(async () => (await asked()).stdout).toContain('model_routing');
    server.process.kill('SIGTERM');
    expect(await server.finished).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(dataDir, 'projections.db-wal'))).toBe(false); // given back in order

    const without = newDirectory();
    const second = await serve(without, '--no-demo', '--no-projections');
    expect(await projections(second.url)).toBeUndefined();
    expect(existsSync(join(without, 'projections.db'))).toBe(false);
  });

  test('finishes and exits with 0 on SIGTERM and on Ctrl-C', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await serve(newDirectory());
      server.process.kill(signal);
      const { code, stdout, stderr } = await server.finished;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/Stopping[\s\S]*Stopped\.\n$/);
    }
  });

  test('keeps everything through kill -9: decisions, rewards, ids and changed domains', async () => {
    const dataDir = newDirectory();
    const before = await serve(dataDir, '--no-demo');
    await post(`${before.url}/v1/domains/model_routing`, { arms: ['mine', 'yours'] }, 'PUT');
    const made = await post(`${before.url}/v1/domains/model_routing/decisions`, { requestId: 'r1' });
    const path = `/v1/decisions/${made.body.decisionId}`;
    await post(`${before.url}${path}/rewards`, { value: 1 });
    before.process.kill('SIGKILL');
    await before.finished;

    const after = await serve(dataDir, '--no-demo');
    const told = JSON.parse(await (await fetch(`${after.url}${path}`)).text());
    expect(told).toMatchObject({ arm: made.body.arm, verified: true, rewards: [{ value: 1, retracted: false }] });
    const again = await post(`${after.url}/v1/domains/model_routing/decisions`, { requestId: 'r1' });
    expect(again.body.decisionId).toBe(made.body.decisionId);
    const domain = JSON.parse(await (await fetch(`${after.url}/v1/domains/model_routing`)).text());
    expect(domain.config.arms.map(({ name }: { name: string }) => name)).toEqual(['mine', 'yours']);
  });

  test('on a port that is taken says so and what to do, and exits with 1', async () => {
    const first = await serve(newDirectory(), '--no-demo');
    const { port } = new URL(first.url);
    const second = await run(['serve', '--port', port, '--data-dir', newDirectory(), '--no-demo']);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(
      new RegExp(`^error: Cannot listen on 127\\.0\\.0\\.1:${port} .*in use.*\n→ .*--port`),
    );
  });

  test('shares a data directory with a second server', async () => {
    const dataDir = newDirectory();
    const [one, other] = await Promise.all([serve(dataDir, '--no-demo'), serve(dataDir, '--no-demo')]);
    const made = await post(`${one.url}/v1/domains/model_routing/decisions`, {});
    const path = `/v1/decisions/${made.body.decisionId}`;
    expect((await post(`${other.url}${path}/rewards`, { value: 0.5 })).status).toBe(201);
    const told = JSON.parse(await (await fetch(`${one.url}${path}`)).text());
    expect(told.rewards).toMatchObject([{ value: 0.5 }]);
  });

  test('speaks JSON lines with --json', async () => {
    const server = await serve(newDirectory(), '--no-demo', '--json');
    server.process.kill('SIGTERM');
    const lines = (await server.finished).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { event: 'listening', url: server.url, mode: 'simulated', demo: false, domains: expect.any(Array) },
      { event: 'stopping' },
      { event: 'stopped' },
    ]);
  });

  test('says that a log is gone where what was made from it is still there, and not where only keys are', async () => {
    const { dataDir } = await usedDirectory(3);
    const fresh = newDirectory();
    copyFileSync(join(dataDir, 'keys.json'), join(fresh, 'keys.json'));
    rmSync(join(dataDir, 'events.db'));
    expect((await runJson(['doctor', '--data-dir', dataDir])).checks).toContainEqual(
      expect.objectContaining({ check: 'log file', status: 'fail', message: expect.stringContaining('is gone') }),
    );
    for (const [directory, stderr] of [
      [dataDir, /^\{.*events\.db is gone, but snapshots\.db and subjects\.db are still there.*\n$/],
      [dataDir, /^$/],
      [fresh, /^$/],
    ] as const) {
      const server = await serve(directory, '--no-demo');
      server.process.kill('SIGTERM');
      const ended = await server.finished;
      expect(ended.code).toBe(0);
      expect(ended.stderr).toMatch(stderr);
      if (ended.stderr !== '') expect(JSON.parse(ended.stderr).remedy).toMatch(/put .*events\.db back/);
    }
  });

  test('refuses a data directory that it cannot use', async () => {
    const file = join(newDirectory(), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await run(['serve', '--port', '0', '--data-dir', join(file, 'data')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: The data directory .*file\/data cannot be made\.\n→ /);
  });
});

describe('the demonstration', () => {
  test('decides, calls simulated agents, rewards, and keeps to its own domain', async () => {
    const dataDir = newDirectory();
    const server = await serve(dataDir);
    await server.says(/demo \(simulated\): [1-9]\d+ requests, average reward now \d\.\d\d \(random 0\.\d\d, best/);
    server.process.kill('SIGTERM');
    await server.finished;

    const { stdout } = await run(['events', '--json', '--data-dir', dataDir]);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const buckets = events.filter(({ stream }) => stream.startsWith('bucket-'));
    expect(buckets.every(({ stream }) => stream.startsWith('bucket-default-demo-'))).toBe(true);
    const calls = events.filter(({ type }) => type.startsWith('AgentCall'));
    expect(calls.length).toBeGreaterThan(10);
    expect(calls.every(({ data }) => data.source === 'simulated' && data.decisionId.startsWith('demo.'))).toBe(true);
    expect(buckets.filter(({ type }) => type === 'RewardObserved').length).toBe(calls.length);
  });

  test('goes on learning after a kill -9, and its log stays whole', async () => {
    const dataDir = newDirectory();
    const before = await serve(dataDir);
    await before.says(/demo \(simulated\): [1-9]\d+ requests/);
    before.process.kill('SIGKILL');
    await before.finished;
    const after = await serve(dataDir);
    await after.says(/demo \(simulated\): [1-9]\d+ requests/);
    after.process.kill('SIGTERM');
    expect(await after.finished).toMatchObject({ code: 0, stderr: '' });
    expect((await run(['doctor', '--data-dir', dataDir])).stdout).toMatch(/ok +hash chains +\d+ events/);
  });

  test('leaves a domain alone that has its name but other arms', async () => {
    const dataDir = newDirectory();
    const node = await openNode({ dataDir });
    await node.reckoner.configure('demo', { arms: ['mine', 'yours'] });
    await node.close();
    const server = await serve(dataDir);
    await pause(500);
    server.process.kill('SIGTERM');
    expect((await server.finished).stderr).toContain('not the demonstration');
    expect((await run(['events', '--stream', 'bucket-', '--data-dir', dataDir])).stdout).toBe('');
  });

  test('is silent with --no-demo', async () => {
    const server = await serve(newDirectory(), '--no-demo');
    await pause(1500);
    expect(server.stdout()).not.toContain('demo');
  });
});
