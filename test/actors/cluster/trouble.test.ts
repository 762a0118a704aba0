/** Nodes that die, disagree, or answer too late: nothing is lost, nothing is doubled, and the log says what was learned. */
import { expect, test } from 'vitest';
import { createRing } from '../../../actors/cluster/rendezvous.ts';
import type { DecodedEvent } from '../../../events/catalogue.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { domainStream } from '../../../events/streams.ts';
import { brokenLinks, DOMAIN, decodedOf, TENANT } from '../given.ts';
import { posteriorOf, stateFrom } from '../posterior.ts';
import { BUCKETS, type Cluster, CONFIG, openCluster, streamOf, tierOf, writers } from './cluster-stage.ts';

/** Sends it again where the answer was that one may: as every client of a node does. */
async function insisting<T>(send: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send(attempt);
    } catch (thrown) {
      if (attempt === 9 || !(thrown instanceof ReckonerError) || thrown.problem.status !== 503) throw thrown;
    }
  }
}

/** Decides and rewards all over the cluster; what was acknowledged is told. */
async function load(cluster: Cluster, at: readonly string[], rounds: number, prefix: string) {
  const decisions = new Map<string, string>();
  const rewards = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      Array.from({ length: BUCKETS }, async (_, tier) => {
        const requestId = `${prefix}-${round}-${tier}`;
        const turn = (attempt: number) => at[(round + tier + attempt) % at.length]!;
        const { decisionId } = await insisting((attempt) => cluster.decide(turn(attempt), tier, requestId));
        decisions.set(requestId, decisionId);
        const value = (round + tier) % 3 === 0 ? 0 : 1;
        await insisting((attempt) => cluster.node(turn(attempt + 1)).reckoner.reward(decisionId, { value }));
        rewards.add(decisionId);
      }),
    );
  }
  return { decisions, rewards };
}

const requestsOf = (events: readonly DecodedEvent[]) =>
  events.flatMap(({ data }) => ('requestId' in data ? [data.requestId] : []));

/** Everything that was acknowledged is in the log once, and nothing else. */
async function expectWhole(cluster: Cluster, ...loads: Awaited<ReturnType<typeof load>>[]): Promise<void> {
  const decided = requestsOf(await decodedOf(cluster.log.readAll({ types: ['DecisionMade'] })));
  expect(decided.sort()).toEqual(loads.flatMap(({ decisions }) => [...decisions.keys()]).sort());
  const rewarded = await decodedOf(cluster.log.readAll({ types: ['RewardObserved'] }));
  expect(rewarded).toHaveLength(loads.reduce((sum, { rewards }) => sum + rewards.size, 0));
  expect(await brokenLinks(cluster.log)).toEqual([]);
}

/** What each bucket believes live, wherever it is, is what one node makes of the log alone. */
async function expectReplayed(cluster: Cluster, at: string): Promise<void> {
  for (let tier = 0; tier < BUCKETS; tier++) {
    const { decisionId } = await cluster.decide(at, tier);
    const explained = await cluster.node(at).reckoner.explain(decisionId);
    expect(explained).toMatchObject({ verified: true });
    const stream = streamOf(decisionId);
    const alone = await stateFrom(cluster.log, { stream });
    const owner = cluster.node(createRing(cluster.live()).ownerOf(stream));
    const shelved = await stateFrom(cluster.log, { stream, snapshots: owner.snapshots });
    expect(posteriorOf(shelved)).toBe(posteriorOf(alone));
  }
}

test('a node that dies leaves its buckets to the others at the next request, and what they learned goes on', async () => {
  const cluster = await openCluster();
  const before = await load(cluster, ['one', 'two', 'three'], 4, 'before');
  cluster.kill('two');
  const after = await load(cluster, ['one', 'three'], 4, 'after');
  await expectWhole(cluster, before, after);
  const ring = createRing(['one', 'three']);
  for (const { stream, metadata, data } of await decodedOf(cluster.log.readAll({ types: ['DecisionMade'] })))
    if ('requestId' in data && data.requestId.startsWith('after')) expect(metadata.writer).toBe(ring.ownerOf(stream));
  await expectReplayed(cluster, 'one');
});

test('a node that dies unnoticed is found out by the first who asks it, and not asked again', async () => {
  const cluster = await openCluster();
  const tier = await tierOf(cluster, 'two');
  // The others still believe that it lives.
  for (const name of ['one', 'three']) cluster.network.believe(name, ['one', 'two', 'three']);
  cluster.kill('two');
  cluster.network.crossed.length = 0;
  for (let round = 0; round < 5; round++) expect((await cluster.decide('one', tier)).decisionId).toBeTruthy();
  expect(cluster.network.crossed.filter(({ to }) => to === 'two')).toEqual([]);
  expect(cluster.placement('one').ownerOf(streamOf((await cluster.decide('one', tier)).decisionId))).not.toBe('two');
  // It is trusted again later, where the members still name it.
  cluster.node('one').time += 10_000;
  expect(cluster.placement('one').ownerOf(domainStream(TENANT, DOMAIN))).toBe(
    createRing(cluster.names).ownerOf(domainStream(TENANT, DOMAIN)),
  );
});

test('an answer that is lost on its way is given by who asked for it, and recorded once', async () => {
  const cluster = await openCluster(['one', 'two'], { timeoutMs: 30 });
  const tier = await tierOf(cluster, 'two');
  const count = (await cluster.node('one').events('DecisionMade')).length;
  cluster.network.loseAnswersOf('two', true);
  const decision = await cluster.decide('one', tier);
  const given = await cluster.node('one').reckoner.reward(decision.decisionId, { value: 1 });
  expect(given.decisionId).toBe(decision.decisionId);
  cluster.network.loseAnswersOf('two', false);
  const events = await cluster.node('one').events('DecisionMade');
  expect(events).toHaveLength(count + 1);
  expect(requestsOf(events)).toContain(decision.requestId);
  expect(await cluster.node('one').events('RewardObserved')).toHaveLength(1);
});

test('two nodes that both believe they own everything lose nothing and double nothing', async () => {
  const cluster = await openCluster();
  for (const name of cluster.names) cluster.network.believe(name, [name]);
  const done = await load(cluster, cluster.names, 6, 'split');
  await expectWhole(cluster, done);
  const found = await writers(cluster.log);
  expect([...found.values()].some((names) => names.size > 1)).toBe(true);
  for (const name of cluster.names) cluster.network.believe(name, undefined);
  await expectReplayed(cluster, 'two');
});

test('where the views differ in a circle, a request crosses once and is answered', async () => {
  const cluster = await openCluster();
  cluster.network.believe('one', ['two']);
  cluster.network.believe('two', ['three']);
  cluster.network.believe('three', ['one']);
  const done = await load(cluster, cluster.names, 5, 'circle');
  await expectWhole(cluster, done);
  for (const { message } of cluster.network.crossed) expect(message.headers['reckoner-hop']).toBe('1');
  await expectReplayed(cluster, 'three');
});

test('members come and go under load: whatever was acknowledged is there once', async () => {
  const cluster = await openCluster(['one', 'two', 'three'], { timeoutMs: 200 });
  const views = [['one'], ['one', 'two'], ['two', 'three'], ['one', 'two', 'three'], ['three']];
  let turn = 0;
  const turning = setInterval(() => {
    const name = cluster.names[turn % 3]!;
    cluster.network.believe(name, views[(turn * 7 + 3) % views.length]);
    turn += 1;
  }, 5);
  const done = await load(cluster, cluster.names, 12, 'moving');
  clearInterval(turning);
  expect(turn).toBeGreaterThan(3);
  for (const name of cluster.names) cluster.network.believe(name, undefined);
  await expectWhole(cluster, done);
  await expectReplayed(cluster, 'one');
});

test('a bucket is put away where it belongs no more', async () => {
  const cluster = await openCluster(['one', 'two']);
  cluster.network.believe('one', ['one']);
  for (let tier = 0; tier < BUCKETS; tier++) await cluster.decide('one', tier);
  expect((await cluster.node('one').reckoner.health()).liveBuckets).toBe(BUCKETS);
  cluster.network.believe('one', undefined);
  const ring = createRing(['one', 'two']);
  const streams = [...(await writers(cluster.log)).keys()];
  const own = streams.filter((stream) => ring.ownerOf(stream) === 'one').length;
  expect(own).toBeLessThan(BUCKETS);
  await expect.poll(async () => (await cluster.node('one').reckoner.health()).liveBuckets).toBe(own);
});

test('what one node configures, freezes or rolls back holds on all of them', async () => {
  const cluster = await openCluster();
  const [one, two, three] = cluster.nodes.map(({ reckoner }) => reckoner);
  for (let tier = 0; tier < BUCKETS; tier++) await cluster.decide('one', tier);
  await two!.configure(DOMAIN, { ...CONFIG, arms: ['green'] });
  const armsAt = async () => {
    const decided = cluster.names.flatMap((at) => [0, 1, 2, 3, 4, 5].map((tier) => cluster.decide(at, tier)));
    return new Set((await Promise.all(decided)).map(({ arm }) => arm));
  };
  await expect.poll(armsAt).toEqual(new Set(['green']));
  await one!.freeze(DOMAIN);
  for (const name of cluster.names)
    await expect.poll(async () => (await cluster.node(name).reckoner.domain(DOMAIN)).frozen).toBe(true);
  const { decisionId } = await cluster.decide('three', 3);
  expect(await two!.reward(decisionId, { value: 1 })).toMatchObject({ learned: false });
  await three!.rollBack(DOMAIN, { to: 0 });
  for (const name of cluster.names)
    await expect.poll(async () => (await cluster.node(name).reckoner.domain(DOMAIN)).config.arms).toHaveLength(2);
});

test('what is learned of a whole domain is shared by its own node alone, and by the next one when it goes', async () => {
  const config = { ...CONFIG, sharing: { every: 10 } };
  const cluster = await openCluster(['one', 'two', 'three'], { config });
  const first = await load(cluster, cluster.names, 3, 'first');
  const leader = createRing(cluster.names).ownerOf(domainStream(TENANT, DOMAIN));
  const sharings = () => decodedOf(cluster.log.readAll({ types: ['PriorShared'] }));
  await expect.poll(async () => (await sharings()).length).toBe(3);
  for (const { metadata } of await sharings()) expect(metadata.writer).toBe(leader);
  cluster.kill(leader);
  await cluster.node(leader).stop();
  const others = cluster.names.filter((name) => name !== leader);
  const second = await load(cluster, others, 3, 'second');
  await expect.poll(async () => (await sharings()).length).toBe(7);
  const heir = createRing(others).ownerOf(domainStream(TENANT, DOMAIN));
  for (const { metadata } of (await sharings()).slice(3)) expect(metadata.writer).toBe(heir);
  await expectWhole(cluster, first, second);
});
