/** The nodes of a cluster as an operator sees them: real processes, a real NATS server, the real command. */
import { expect, onTestFinished, test } from 'vitest';
import { nodeLines, troubles, viewsOf } from '../../../adapters/cli/nodes.ts';
import type { HeardNode } from '../../../adapters/nats/members.ts';
import { DOMAIN } from '../../actors/given.ts';
import { compiled } from '../../compiled.ts';
import { natsServerPath } from '../nats/find-server.ts';
import { CONFIG, ended, openAsking, startNode, TIERS } from '../nats/processes.ts';
import { startNatsServer } from '../nats/server.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import { run } from './run.ts';

const plain = new Proxy({}, { get: () => (text: string) => text }) as Parameters<typeof nodeLines>[1];

async function viewed(env: Record<string, string>): Promise<ReturnType<typeof viewsOf>> {
  return JSON.parse((await run(['nodes', '--json'], env)).stdout);
}

function heard(name: string, more: Partial<HeardNode> = {}): HeardNode {
  const status = { liveBuckets: 4, inFlight: 0, position: '0000000000000100', forwarded: 7, takenOver: 0 };
  return {
    ...{ name, instance: name, version: '0.1.0', started: Date.UTC(2026, 0, 1), clock: 0, log: 'a', takesPart: true },
    ...{ status, skewMs: 3, ...more },
  };
}

test('shares add up to everything, who is behind is told by how much, and who takes no part has no share', () => {
  const behind = { liveBuckets: 0, inFlight: 0, position: '0000000000000058', forwarded: 0, takenOver: 0 };
  const nodes = viewsOf([heard('one'), heard('two', { status: behind }), heard('three', { takesPart: false })]);
  expect(nodes.map(({ name, behind, share }) => [name, behind, Math.round(share * 10)])).toEqual([
    ['one', 0, 5],
    ['two', 42, 5],
    ['three', 0, 0],
  ]);
  expect(nodes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  const lines = nodeLines(nodes, plain);
  expect(lines[1]).toMatch(/^one +0\.1\.0 +2026-01-01 00:00:00 +\d\d\.\d % +4 +0 +7 +0 +0 {2}the same$/);
  expect(lines[3]).toMatch(/^three .* – +4/);
});

test('clocks that differ, names that come twice, several logs and nobody at all are told of', () => {
  const nodes = viewsOf([heard('one'), heard('one', { instance: 'b' }), heard('two', { skewMs: -2_500 })]);
  expect(troubles(nodes)).toEqual([
    'Two nodes have the name one: start each under a name of its own.',
    'The clock of two is 2.5 s behind: keep clocks by NTP.',
  ]);
  expect(nodeLines(nodes, plain).slice(-2)).toEqual(troubles(nodes));
  expect(troubles(viewsOf([heard('one'), heard('two', { log: '' }), heard('three', { log: 'b' })]))).toEqual([
    expect.stringContaining('different logs'),
  ]);
  expect(troubles([])).toHaveLength(1);
});

test('without NATS_URL it says what to do', async () => {
  expect(await run(['nodes'])).toMatchObject({ code: 2, stderr: expect.stringContaining('NATS_URL') });
});

test.skipIf(natsServerPath === undefined)(
  'those that run are shown with what each has done, and who was stopped is not',
  { timeout: 120_000 },
  async () => {
    await compiled();
    const server = await startNatsServer({ jetstream: false });
    onTestFinished(() => server.stop());
    const dataDir = temporaryDirectory();
    const env = { NATS_URL: server.url };
    expect(await run(['nodes'], env)).toMatchObject({ code: 1, stdout: expect.stringContaining('No node answers') });

    const one = await startNode({
      ...{ dataDir, url: server.url, node: 'one.example' },
      configure: { name: DOMAIN, config: CONFIG },
    });
    onTestFinished(() => ended(one, 'SIGKILL'));
    const two = await startNode({ dataDir, url: server.url, node: 'two' });
    onTestFinished(() => ended(two, 'SIGKILL'));
    const asking = await openAsking(server.url, 10_000);
    onTestFinished(() => asking.close());
    for (let tier = 0; tier < TIERS; tier++) await asking.reckoner.decide(DOMAIN, { context: { tier: `t${tier}` } });

    const nodes = await viewed(env);
    expect(nodes.map(({ name, takesPart }) => [name, takesPart])).toEqual([
      ['one.example', true],
      ['two', true],
    ]);
    expect(nodes.reduce((sum, { liveBuckets }) => sum + liveBuckets, 0)).toBe(TIERS);
    expect(nodes.reduce((sum, { forwarded }) => sum + forwarded, 0)).toBeGreaterThan(0);
    for (const { skewMs } of nodes) expect(Math.abs(skewMs)).toBeLessThan(500);
    expect((await run(['nodes'], env)).stdout).toMatch(/^node +version +since/);

    await ended(two, 'SIGTERM');
    const left = await viewed(env);
    expect(left).toMatchObject([{ name: 'one.example', share: expect.closeTo(1, 9) }]);
  },
);
