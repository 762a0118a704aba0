/** Several nodes on one log in calm: who handles what, whoever is asked. */
import { expect, test } from 'vitest';
import type { AgentDefinition } from '../../../actors/agents/agent.ts';
import { createRing } from '../../../actors/cluster/rendezvous.ts';
import { brokenLinks, DOMAIN, problemOf } from '../given.ts';
import { BUCKETS, CONFIG, openCluster, tierOf, writers } from './cluster-stage.ts';

test('in calm every bucket is written by the node that it belongs to, wherever its requests come in', async () => {
  const cluster = await openCluster();
  const ring = createRing(cluster.names);
  for (let round = 0; round < 6; round++) {
    await Promise.all(
      Array.from({ length: BUCKETS }, async (_, tier) => {
        const { decisionId } = await cluster.decide(cluster.names[round % 3]!, tier);
        await cluster.nodes[(round + 1) % 3]!.reckoner.reward(decisionId, { value: 1 });
      }),
    );
  }
  const found = await writers(cluster.log);
  expect(found.size).toBe(BUCKETS);
  for (const [stream, names] of found) expect([...names]).toEqual([ring.ownerOf(stream)]);
  expect(new Set([...found.values()].flatMap((names) => [...names])).size).toBe(3);
  expect(await cluster.nodes[0]!.events('DecisionMade')).toHaveLength(6 * BUCKETS);
  expect(await cluster.nodes[0]!.events('RewardObserved')).toHaveLength(6 * BUCKETS);
  expect(await brokenLinks(cluster.log)).toEqual([]);
  // Nothing is forwarded twice: what came by another node is handled where it came.
  for (const { message } of cluster.network.crossed) expect(message.headers['reckoner-hop']).toBe('1');
});

test('a request that crosses is recorded as one that does not: with its own id, or one that was made for it', async () => {
  const cluster = await openCluster();
  const tier = await tierOf(cluster, 'two');
  const given = await cluster.decide('one', tier, 'mine');
  expect(given.requestId).toBe('mine');
  expect(await cluster.decide('two', tier, 'mine')).toEqual(given);
  expect(await cluster.decide('three', tier, 'mine')).toEqual(given);
  const other = cluster.node('three').reckoner.decide(DOMAIN, { context: { tier: 't0' }, requestId: 'mine', k: 2 });
  expect(await problemOf(other)).toMatchObject({ code: 'request_id_reused' });
  const made = await cluster.decide('one', tier);
  const [event] = (await cluster.nodes[0]!.events('DecisionMade')).filter(
    ({ data }) => 'requestId' in data && data.requestId === made.requestId,
  );
  expect(event?.data).toMatchObject({ requestHash: new Uint8Array(0) });
});

test('what a bucket’s owner refuses is refused to whoever asked another node, in the same words', async () => {
  const cluster = await openCluster();
  const tier = await tierOf(cluster, 'three');
  const context = { tier: `t${tier}` };
  const ask = (at: string) => problemOf(cluster.node(at).reckoner.decide(DOMAIN, { context, candidates: ['green'] }));
  expect(await ask('one')).toEqual(await ask('three'));
  const { decisionId } = await cluster.decide('one', tier);
  await cluster.node('two').reckoner.reward(decisionId, { value: 1 });
  const again = cluster.node('one').reckoner.reward(decisionId, { value: 0 });
  expect(await problemOf(again)).toMatchObject({ code: 'reward_already_recorded' });
});

test('rewards, retractions, items and blends reach the owner from any node, and twice is once', async () => {
  const cluster = await openCluster();
  const tier = await tierOf(cluster, 'two');
  const { decisionId, arm } = await cluster.decide('one', tier);
  const [one, three] = [cluster.node('one').reckoner, cluster.node('three').reckoner];
  const items = [{ item: 'a', arm, position: 0 }];
  expect(await one.showItems(decisionId, { items })).toMatchObject({ repeated: false });
  expect(await three.showItems(decisionId, { items })).toMatchObject({ repeated: true });
  const lists = [{ arm, items: ['b', 'c'] }];
  const blended = await one.blend(decisionId, { lists, size: 2 });
  expect(await three.blend(decisionId, { lists, size: 2 })).toEqual({ ...blended, repeated: true });
  const first = await one.reward(decisionId, { value: 1, requestId: 'r' });
  expect(await three.reward(decisionId, { value: 1, requestId: 'r' })).toEqual({ ...first, repeated: true });
  expect(await three.retract(decisionId, first.rewardId)).toMatchObject({ retracted: true, repeated: false });
  expect(await one.retract(decisionId, first.rewardId)).toMatchObject({ retracted: true, repeated: true });
  const found = await writers(cluster.log);
  for (const names of found.values()) expect(names.size).toBe(1);
});

test('a run is carried out once, at the owner, though it is asked for at two nodes at once', async () => {
  let asked = 0;
  const answers: AgentDefinition = {
    id: 'echo',
    source: 'simulated',
    perform: async () => {
      asked += 1;
      return { ok: true, answer: 'yes', costUsd: 0 };
    },
  };
  const config = {
    ...CONFIG,
    arms: [
      { name: 'red', agent: 'echo' },
      { name: 'blue', agent: 'echo' },
    ],
  };
  const cluster = await openCluster(['one', 'two', 'three'], { config, agents: [answers] });
  const tier = await tierOf(cluster, 'two');
  const body = { context: { tier: `t${tier}` }, question: 'well?', requestId: 'run' };
  const runs = await Promise.all(['one', 'three', 'two'].map((at) => cluster.node(at).reckoner.run(DOMAIN, body)));
  expect(asked).toBe(1);
  expect(runs.map(({ answer }) => answer)).toEqual(['yes', 'yes', 'yes']);
  expect(new Set(runs.map(({ decision }) => decision.decisionId)).size).toBe(1);
});

test('who has configured or frozen a domain at one node is answered by no other as if it had not', async () => {
  const cluster = await openCluster(['one', 'two', 'three'], { deaf: ['two'] });
  const tier = await tierOf(cluster, 'two');
  const { reckoner } = cluster.node('one');
  const before = await cluster.decide('one', tier);
  const context = { ...CONFIG.context, hurry: { type: 'boolean' as const } };
  await reckoner.configure(DOMAIN, { ...CONFIG, context, arms: ['green'] });
  const asked = { context: { tier: `t${tier}`, hurry: true } };
  expect(await reckoner.decide(DOMAIN, asked)).toMatchObject({ arm: 'green' });
  await reckoner.freeze(DOMAIN);
  expect(await reckoner.reward(before.decisionId, { value: 1 })).toMatchObject({ learned: false });
  for (const names of (await writers(cluster.log)).values()) expect(names.size).toBe(1);
});
