import { expect, test } from 'vitest';
import { outcomes } from '../../projections/outcomes.ts';
import type { Row } from '../../projections/projection.ts';
import {
  configured,
  decided,
  type Happened,
  HOUR,
  logOf,
  MINUTE,
  marked,
  NOON,
  rewarded,
  rolledBack,
  succeeded,
} from './history.ts';
import { project } from './project.ts';

const ONE_AM = NOON + HOUR;

async function pointsOf(...history: readonly Happened[]): Promise<Row[]> {
  const { log } = await logOf(...history);
  return (await project([outcomes], log)).rows('rollback_points');
}

test('a point tells what it is, who marked it and why', async () => {
  const points = await pointsOf(
    marked({ name: 'before the launch', time: NOON + 5 }),
    rolledBack({ toDomainRevision: 0 }),
  );
  expect(points).toMatchObject([
    {
      revision: 0,
      time: NOON + 5,
      kind: 'marked',
      name: 'before the launch',
      cause: 'manual',
      by: 'ann',
      to_revision: 0,
    },
    { revision: 1, kind: 'rolled_back', name: '', cause: 'rollback', reason: 'why not', to_revision: 0 },
  ]);
});

test('a point tells what was done in the day before it and in the day after', async () => {
  const at = (time: number, value: number) => [decided({ time }), rewarded({ time, value, share: 0.5 })];
  const [point] = await pointsOf(
    ...[...at(NOON - 24 * HOUR - 1, 0), ...at(NOON - 24 * HOUR, 0.5), ...at(NOON + MINUTE, 1)],
    marked({ time: NOON + 2 * MINUTE }),
    ...[...at(NOON + 3 * MINUTE, 0.25), ...at(ONE_AM, 0.75), ...at(ONE_AM + 24 * HOUR - 1, 1)],
    ...at(ONE_AM + 24 * HOUR, 0),
  );
  expect(point).toMatchObject({ decisions_before: 2, rewards_before: 2, shares_before: 1, reward_mean_before: 0.75 });
  expect(point).toMatchObject({ decisions_after: 3, rewards_after: 3, shares_after: 1.5 });
  expect(point?.reward_mean_after).toBeCloseTo(2 / 3, 12);
});

test('a point tells what calls cost, and what rewards reported where there was no call, each decision once', async () => {
  const call = (revision: number, costUsd: number) =>
    succeeded({ decisionId: `support.aaaaaaaaaaaaaaaa.${revision}.check`, costUsd });
  const [, point] = await pointsOf(
    ...[configured(), decided(), call(0, 0.25), rewarded({ costUsd: 9, value: 0 }), decided()],
    ...[rewarded({ decisionRevision: 2, costUsd: 0.5 }), marked(), rewarded({ decisionRevision: 2, costUsd: 9 })],
    ...[marked(), decided(), call(5, 2)],
  );
  expect(point).toMatchObject({ priced_before: 2, cost_usd_before: 0.75, priced_after: 1, cost_usd_after: 2 });
});

test('where nothing came there is no mean, and neutral feedback is no reward', async () => {
  const [point] = await pointsOf(rewarded(), marked(), rewarded({ share: 0 }));
  expect(point).toMatchObject({ rewards_before: 1, rewards_after: 0, shares_after: 0, reward_mean_after: null });
});

test('points of one hour each have their own before and after, and other domains are not in them', async () => {
  const points = await pointsOf(
    ...[
      marked(),
      decided(),
      marked(),
      decided(),
      decided({ stream: 'bucket-acme-support-aaaaaaaaaaaaaaaa' }),
      marked(),
    ],
  );
  expect(points.map(({ decisions_before, decisions_after }) => [decisions_before, decisions_after])).toEqual([
    [0, 2],
    [1, 1],
    [2, 0],
  ]);
});
