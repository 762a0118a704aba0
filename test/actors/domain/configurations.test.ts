/** What a domain keeps of configurations that were replaced, and what it gets back from the log. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { foldBucket } from '../../../actors/bucket/fold-bucket.ts';
import { parseDomainConfig } from '../../../actors/config/domain-config.ts';
import { createConfigurations } from '../../../actors/domain/configurations.ts';
import { createTimeline, type DomainTimeline } from '../../../actors/domain/domain-state.ts';
import { canonical } from '../../../actors/identity/canonical.ts';
import { decode } from '../../../events/catalogue.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { configured, DOMAIN, given, openStage, TENANT } from '../given.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const config = (round: number) => ({
  arms: [{ name: 'red', costUsd: round }, 'blue'],
  context: { user: { type: 'numeric' as const, round: 1 } },
  bucketBy: ['user'],
});

const STREAM = domainStream(TENANT, DOMAIN);

/** Folds a domain's stream, and watches whether the configurations that were replaced can be forgotten. */
async function watchedTimeline(log: EventLog): Promise<{ timeline: DomainTimeline; old: WeakRef<object>[] }> {
  const timeline = createTimeline(createPolicy);
  const old: WeakRef<object>[] = [];
  for await (const event of log.readStream(STREAM)) {
    timeline.apply(event.revision, decode(event));
    if (event.type === 'DomainConfigured' && timeline.latest !== undefined) old.push(new WeakRef(timeline.latest.arms));
  }
  return { timeline, old: old.slice(0, -1) };
}

test('a configuration that was replaced is not held in memory, also while buckets stand at it', async () => {
  const stage = await given([configured(config(0))]);
  const streams: string[] = [];
  for (let round = 0; round < 8; round++) {
    await stage.reckoner.configure(DOMAIN, config(round));
    const { bucket } = await stage.reckoner.decide(DOMAIN, { context: { user: round } });
    streams.push(bucketPrefix(TENANT, DOMAIN) + bucket);
  }
  const { timeline, old } = await watchedTimeline(stage.log);
  const source = { log: stage.log, snapshots: NO_SNAPSHOTS, timeline, refresh: async () => {} };
  const buckets = await Promise.all(streams.map((stream) => foldBucket(source, stream)));
  await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds until the end of the turn it was read in
  collectGarbage();
  expect(old).toHaveLength(7);
  expect(old.filter((ref) => ref.deref() !== undefined)).toEqual([]);
  expect(new Set(buckets.map(({ domain }) => domain.configuredAt)).size).toBe(8);
  await stage.stop();
});

test('the configuration of any revision comes back from the log as it was', async () => {
  const stage = await given([configured(config(0))]);
  await stage.reckoner.freeze(DOMAIN);
  await stage.reckoner.configure(DOMAIN, { ...config(1), policy: { name: 'epsilon_greedy' } });
  await stage.reckoner.thaw(DOMAIN);
  await stage.reckoner.configure(DOMAIN, config(2));
  const { timeline } = await watchedTimeline(stage.log);
  const configurations = createConfigurations(stage.log, createPolicy);
  const costs = [];
  for (let revision = 0; revision < timeline.length; revision++) {
    const compiled = await configurations.at(STREAM, timeline, revision);
    const standing = timeline.standingAt(revision);
    expect(standing).toMatchObject({ revision, policyKey: compiled.policyKey });
    expect(canonical(compiled.config)).toBe(canonical(parseDomainConfig(compiled.config)));
    costs.push([compiled.config.arms[0]?.costUsd, standing?.frozen, standing?.configuredAt]);
  }
  expect(costs).toEqual([
    ...[[0, false, 0]],
    ...[[0, true, 0]],
    ...[
      [1, true, 2],
      [1, true, 2],
    ], // with the mark of its rollback point
    ...[
      [1, false, 2],
      [1, false, 2],
    ],
    ...[
      [2, false, 6],
      [2, false, 6],
    ],
  ]);
  expect(timeline.standingAt(8)).toBeUndefined();
  expect(timeline.standingAt(-1)).toBeUndefined();
  await expect(configurations.at(STREAM, timeline, 8)).rejects.toMatchObject({ code: 'log_corrupt' });
  await stage.stop();
});

test('decisions and rewards under configurations that were replaced are told as they were, by this node and the next', async () => {
  const stage = await given([configured(config(0))]);
  const made = [];
  for (let round = 0; round < 5; round++) {
    await stage.reckoner.configure(DOMAIN, {
      ...config(round),
      feedback: { click: round % 2 ? 'success' : 'failure' },
    });
    const body = { context: { user: round % 2 }, requestId: `request-${round}` };
    const decision = await stage.reckoner.decide(DOMAIN, body);
    made.push({
      round,
      body,
      decision,
      reward: await stage.reckoner.reward(decision.decisionId, { feedback: 'click' }),
    });
  }
  for (const one of [stage, await openStage({ log: stage.log })]) {
    for (const { round, body, decision, reward } of made) {
      expect(await one.reckoner.decide(DOMAIN, body)).toEqual(decision);
      const again = await one.reckoner.reward(decision.decisionId, { feedback: 'click' });
      expect(again).toEqual({ ...reward, repeated: true, value: round % 2 });
      expect(await one.reckoner.explain(decision.decisionId)).toMatchObject({ verified: true, context: body.context });
    }
    await one.stop();
  }
});
