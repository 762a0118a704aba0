/** The follower of reward windows alone: which it asks to be closed, and when. */
import { expect, onTestFinished, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { createTimeline } from '../../../actors/domain/domain-state.ts';
import { createOpenWindows } from '../../../actors/rewards/open-windows.ts';
import { followWindows } from '../../../actors/rewards/windows.ts';
import { decode } from '../../../events/catalogue.ts';
import { NO_SNAPSHOTS } from '../../../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import type { Fact } from '../facts.ts';
import { configured, DOMAIN, given, NOON, TENANT } from '../given.ts';

const HOUR = 3_600_000;
const config: DomainConfigInput = { arms: ['red', 'blue'], reward: { window: { seconds: 3600, silence: 'failure' } } };

interface Limits {
  readonly most?: number;
  readonly close?: (revision: number) => Promise<void>;
  readonly clock?: { now: number };
}

/** Follows a log of facts, all written at noon by another node; what it asked to close, in order. */
async function following(facts: readonly Fact[], { most, close = async () => {}, clock = { now: NOON } }: Limits = {}) {
  const { log, stop } = await given([configured(config), ...facts]);
  await stop();
  const timeline = createTimeline(createPolicy);
  const refresh = async () => {
    for await (const event of log.readStream(domainStream(TENANT, DOMAIN), { from: timeline.length }))
      timeline.apply(event.revision, decode(event));
  };
  await refresh();
  const asked: number[] = [];
  const errors: unknown[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 2)));
  const env = { node: 'here', now: () => clock.now, uuid: () => '', seed: () => 0, sleep };
  const source = {
    ...{ env, log, timeline, refresh, snapshots: NO_SNAPSHOTS },
    domainStream: domainStream(TENANT, DOMAIN),
    streamPrefix: bucketPrefix(TENANT, DOMAIN),
    close: async (_: string, revision: number) => {
      asked.push(revision);
      await close(revision);
    },
  };
  const follower = followWindows(source, async (thrown) => void errors.push(thrown), { most });
  onTestFinished(() => follower.stop());
  return { asked, errors, clock };
}

const decisions = (count: number) => Array.from({ length: count }, (): Fact => ({ type: 'DecisionMade' }));
const quiet = () => new Promise((resolve) => setTimeout(resolve, 40));

test('windows of another node are closed two seconds after its own time, those of rewarded decisions never', async () => {
  const facts: Fact[] = [...decisions(3), { type: 'RewardObserved', arm: 'red', value: 1, decisionRevision: 1 }];
  const { asked, clock } = await following(facts);
  clock.now = NOON + HOUR + 1_999;
  await quiet();
  expect(asked).toEqual([]);
  clock.now += 1;
  await expect.poll(() => asked).toEqual([0, 2]);
  clock.now += HOUR;
  await quiet();
  expect(asked).toEqual([0, 2]);
});

test('a decision whose clock was a day ahead holds up no other', async () => {
  const clock = { now: NOON - 24 * HOUR };
  const { asked } = await following(decisions(2), { clock });
  await quiet();
  clock.now += HOUR + 2_001;
  await expect.poll(() => asked).toEqual([0, 1]);
});

test('with more open windows than are kept the oldest close early, and what comes after is read all the same', async () => {
  const { asked } = await following(decisions(700), { most: 10 });
  await expect.poll(() => asked.length).toBe(690);
  await quiet();
  expect(asked).toEqual(Array.from({ length: 690 }, (_, index) => index));
});

test('a window that cannot be closed is tried again later, and keeps nobody else from being closed', async () => {
  let broken = true;
  const close = async (revision: number) => {
    if (broken && revision < 300) throw new Error('as scripted');
  };
  const { asked, errors, clock } = await following(decisions(310), { close });
  clock.now = NOON + 2 * HOUR;
  await expect.poll(() => asked.filter((revision) => revision >= 300).length).toBe(10);
  expect(errors.length).toBeGreaterThan(0);
  expect(asked.length).toBe(310);
  broken = false;
  clock.now += 5_000;
  await expect.poll(() => asked.length).toBe(610);
  clock.now += HOUR;
  await quiet();
  expect(asked.length).toBe(610);
});

test('open windows know which are due, which is next, and which was read first', () => {
  const open = createOpenWindows(3);
  const window = (revision: number, deadline: number) => ({ stream: 's', revision, deadline, place: revision });
  expect([open.next(), open.first(), open.size]).toEqual([Infinity, Infinity, 0]);
  open.add(window(1, 100), 100);
  open.add(window(2, 60), 50);
  open.add(window(3, 110), 100);
  expect([open.next(), open.first(), open.size]).toEqual([60, 1, 3]);
  expect(open.due(59, 9)).toEqual([]);
  expect(
    open
      .due(105, 9)
      .map(({ revision }) => revision)
      .sort(),
  ).toEqual([1, 2]);
  expect(open.due(105, 1)).toHaveLength(1);
  open.postpone(window(1, 100), 500);
  expect(open.due(105, 9).map(({ revision }) => revision)).toEqual([2]);
  expect([open.first(), open.size]).toEqual([1, 3]);
  open.remove('s', 1);
  open.remove('s', 9);
  expect([open.first(), open.size]).toEqual([2, 2]);
  open.add(window(4, 120), 100);
  open.add(window(5, 130), 100);
  // One too many: the one that has waited longest of its queue is due whatever its deadline.
  expect(open.due(0, 9)).toHaveLength(1);
});
