/** Reward windows of a domain that several nodes share: its own node sees that nothing came, the bucket's node records it. */
import { expect, test } from 'vitest';
import { createRing } from '../../../actors/cluster/rendezvous.ts';
import { brokenLinks } from '../given.ts';
import { BUCKETS, CONFIG, openCluster, writers } from './cluster-stage.ts';

test('silence is recorded once for each decision, by the node of its bucket', async () => {
  const reward = { window: { seconds: 60, silence: 'failure' as const } };
  const cluster = await openCluster(['one', 'two', 'three'], { config: { ...CONFIG, reward } });
  for (let tier = 0; tier < BUCKETS; tier++) await cluster.decide('one', tier);
  for (const node of cluster.nodes) node.time += 120_000;
  const silences = () => cluster.nodes[0]!.events('RewardObserved');
  await expect.poll(async () => (await silences()).length).toBe(BUCKETS);
  for (const { data } of await silences()) expect(data).toMatchObject({ feedback: 'silence' });
  const ring = createRing(cluster.names);
  for (const [stream, names] of await writers(cluster.log)) expect([...names]).toEqual([ring.ownerOf(stream)]);
  expect(cluster.network.crossed.some(({ message }) => message.subject.startsWith('silence.'))).toBe(true);
  expect(await brokenLinks(cluster.log)).toEqual([]);
});
