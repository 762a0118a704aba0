import { describe, expect, test } from 'vitest';
import { eventId } from '../../events/ids.ts';
import { outcomes } from '../../projections/outcomes.ts';
import type { Row } from '../../projections/projection.ts';
import {
  BUCKET,
  configured,
  DOMAIN,
  decided,
  failed,
  type Happened,
  HOUR,
  logOf,
  MINUTE,
  NOON,
  retracted,
  rewarded,
  rolledBack,
  succeeded,
  voided,
} from './history.ts';
import { project } from './project.ts';

async function projected(...history: readonly Happened[]) {
  const { log } = await logOf(...history);
  return project([outcomes], log);
}

async function only(table: string, ...history: readonly Happened[]): Promise<Row> {
  const rows = (await projected(...history)).rows(table);
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}

const idAt = (revision: number) => eventId('test', BUCKET, String(revision), 'RewardObserved');

describe('a decision', () => {
  test('has a row that says where it is, what was chosen and for whom', async () => {
    const row = await only(
      'decisions',
      configured(),
      decided({ subject: 'someone', requestId: 'ticket-1', time: NOON + 5, taskType: 'chat', mode: 'supervised' }),
    );
    expect(row).toMatchObject({
      ...{ stream: BUCKET, revision: 0, tenant: 'default', domain: 'support', bucket: 'aaaaaaaaaaaaaaaa' },
      ...{ time: NOON + 5, arm: 'a', subject: 'someone', request_id: 'ticket-1', task_type: 'chat' },
      ...{ policy: 'beta_thompson', policy_version: 1, domain_revision: 0, configured_at: 0, experiment: null },
      ...{ candidates: 2, slate: 0, propensity: 0.5, floor: 0.1, expected_reward: 0.5, confidence: 0.25 },
      ...{ mode: 'supervised', fallback: 0, run: 0, rewards: 0, reward_sum: 0, cost_usd: null, last_reward_at: null },
    });
  });

  test('knows which configuration was in force', async () => {
    const { rows } = await projected(
      ...[configured(), configured(), rolledBack({ configKept: true }), rolledBack({ configKept: false })],
      ...[0, 1, 2, 3].map((domainRevision) => decided({ domainRevision })),
    );
    expect(rows('decisions').map((row) => row.configured_at)).toEqual([0, 1, 1, 3]);
  });

  test('gathers its rewards, each by its share', async () => {
    const row = await only(
      'decisions',
      configured(),
      decided(),
      rewarded({ value: 1, share: 0.25 }),
      rewarded({ value: 0.5, share: 0.5, time: NOON + 7 }),
      rewarded({ value: 0.5, share: 0, kind: 'implicit', time: NOON + 9 }),
    );
    expect(row).toMatchObject({ rewards: 2, shares: 0.75, reward_sum: 0.5, retracted: 0, last_reward_at: NOON + 9 });
  });

  test('loses a reward that is taken back, once', async () => {
    const taken = retracted({ rewardId: idAt(2), rewardRevision: 2, value: 0.1, share: 0.1 });
    const row = await only(
      'decisions',
      ...[configured(), decided(), rewarded({ value: 1, share: 0.3 }), rewarded({ value: 0.1, share: 0.1 })],
      ...[taken, taken],
    );
    expect(row).toMatchObject({ rewards: 1, shares: 0.3 + 0.1 - 0.1, retracted: 1 });
  });

  test('is back at nothing when all was taken back, whatever rounding leaves', async () => {
    const values = [0.1, 0.7, 0.3];
    const row = await only(
      'decisions',
      ...[configured(), decided(), ...values.map((value) => rewarded({ value, share: 0.1 }))],
      ...values.map((_, index) => retracted({ rewardId: idAt(index + 1), rewardRevision: index + 1 })),
    );
    expect(row).toMatchObject({ rewards: 0, shares: 0, reward_sum: 0, retracted: 3 });
  });

  test('tells what its agents did: who failed, who stood in, what it cost', async () => {
    const row = await only(
      'decisions',
      ...[configured(), decided({ run: true }), failed({ category: 'overloaded' })],
      ...[succeeded({ arm: 'b', latencyMs: 250, costUsd: 0.02 }), rewarded({ arm: 'b', costUsd: 9 })],
    );
    expect(row).toMatchObject({
      calls: 2,
      agent_outcome: 'succeeded',
      answered_by: 'b',
      latency_ms: 250,
      cost_usd: 0.02,
    });
  });

  test('costs what its first reward says where no call was recorded', async () => {
    const row = await only(
      ...([
        'decisions',
        configured(),
        decided(),
        rewarded(),
        rewarded({ costUsd: 0.5 }),
        rewarded({ costUsd: 2 }),
      ] as const),
    );
    expect(row.cost_usd).toBe(0.5);
  });

  test('gets its own calls where two tenants have the same domain, bucket and revision', async () => {
    const theirs = 'bucket-acme-support-aaaaaaaaaaaaaaaa';
    const { rows } = await projected(
      ...[configured(), configured({ stream: 'domain-acme-support' })],
      ...[decided({ requestId: 'same' }), decided({ requestId: 'same', stream: theirs })],
      succeeded({ causationId: eventId('acme', 'support', 'same', 'DecisionMade') }),
    );
    expect(rows('decisions').map(({ tenant, calls }) => [tenant, calls])).toEqual([
      ['acme', 1],
      ['default', 0],
    ]);
  });
});

describe('rewards', () => {
  test('have a row each, and are counted by kind and source', async () => {
    const { rows } = await projected(
      ...[configured(), decided()],
      rewarded({ kind: 'explicit', feedback: 'thumbs_up', share: 0.5, subject: 'someone' }),
      rewarded({ kind: 'explicit', feedback: 'thumbs_up', share: 0.5, value: 0.5 }),
      rewarded({ kind: 'outcome', share: 0, outdated: true, setAside: true }),
      rewarded({ kind: 'outcome', feedback: 'silence', value: 0, share: 0.5, time: NOON + HOUR }),
      retracted({ rewardId: idAt(2), rewardRevision: 2, time: NOON + 2 * HOUR }),
    );
    expect(rows('rewards')).toHaveLength(4);
    expect(rows('rewards')[0]).toMatchObject({
      ...{ reward_id: idAt(1), decision_revision: 0, subject: 'someone', feedback: 'thumbs_up', retracted_at: null },
    });
    expect(rows('rewards')[1]?.retracted_at).toBe(NOON + 2 * HOUR);
    expect(rows('reward_counts')).toMatchObject([
      { kind: 'explicit', source: 'thumbs_up', observed: 2, retracted: 1, rewards: 1, shares: 0.5, reward_sum: 0.5 },
      { kind: 'outcome', source: 'value', observed: 1, neutral: 1, outdated: 1, set_aside: 1, rewards: 0 },
      { kind: 'outcome', source: 'silence', start: NOON + HOUR, observed: 1, rewards: 1 },
    ]);
  });

  const spam = [
    ...[configured(), decided(), rewarded({ subject: 'spammer', value: 1, time: NOON + MINUTE })],
    rewarded({ subject: 'friend', value: 0.5, time: NOON + 2 * MINUTE }),
    rewarded({ subject: 'spammer', value: 0, time: NOON + 3 * MINUTE }),
  ];

  test('of one person are taken out of everything, also those made before that come later', async () => {
    const { rows } = await projected(
      ...spam,
      voided({ subject: 'spammer', time: NOON + HOUR }),
      rewarded({ subject: 'spammer', domainRevision: 0 }),
      rewarded({ subject: 'spammer', domainRevision: 1, value: 0.25 }),
    );
    expect(rows('rewards').map(({ voided_at, voided_by }) => [voided_at, voided_by])).toEqual([
      ...[
        [NOON + HOUR, 1],
        [null, null],
        [NOON + HOUR, 1],
      ],
      ...[
        [NOON + HOUR, 1],
        [null, null],
      ],
    ]);
    expect(rows('decisions')[0]).toMatchObject({ rewards: 2, shares: 2, reward_sum: 0.75, voided: 3 });
    expect(rows('performance_days')[0]).toMatchObject({ rewards: 2, shares: 2, reward_sum: 0.75, voided: 3 });
    expect(rows('exploration_days')[0]).toMatchObject({ rewards: 2, shares: 2, reward_mean: 0.375 });
    expect(rows('reward_counts')[0]).toMatchObject({ observed: 5, rewards: 2, voided: 3 });
  });

  test('of a span of time are taken out whoever they are from', async () => {
    const { rows } = await projected(...spam, voided({ fromTime: NOON + 2 * MINUTE, toTime: NOON + 3 * MINUTE }));
    expect(rows('rewards').map(({ voided_by }) => voided_by)).toEqual([null, 1, null]);
  });

  test('that were taken out come back when that is rolled back, and go again when the rollback is', async () => {
    const taken = [...spam, voided({ subject: 'spammer' })];
    const restored = [...taken, rolledBack({ toDomainRevision: 0 })];
    const again = [...restored, rolledBack({ toDomainRevision: 1 })];
    const totals = async (history: readonly Happened[]) => {
      const { rewards, reward_sum, voided: out } = await only('decisions', ...history);
      return [rewards, reward_sum, out];
    };
    expect(await totals(taken)).toEqual([1, 0.5, 2]);
    expect(await totals(restored)).toEqual([3, 1.5, 0]);
    expect(await totals(again)).toEqual([1, 0.5, 2]);
  });

  test('of another tenant’s domain of the same name stay', async () => {
    const theirs = 'bucket-acme-support-aaaaaaaaaaaaaaaa';
    const { rows } = await projected(
      ...[configured(), decided({ stream: theirs }), rewarded({ stream: theirs, subject: 'spammer' })],
      voided({ subject: 'spammer' }),
    );
    expect(rows('rewards')[0]?.voided_at).toBeNull();
  });

  test('taken back before they are taken out count as taken back alone', async () => {
    const row = await only('decisions', ...spam, retracted({ rewardId: idAt(1), rewardRevision: 1 }), voided());
    expect(row).toMatchObject({ rewards: 0, retracted: 1, voided: 2 });
  });
});

describe('performance', () => {
  test('is told by the hour and the day in which things happened', async () => {
    const { rows } = await projected(
      ...[configured(), decided(), decided({ arm: 'b', fallback: true }), decided({ time: NOON + HOUR })],
      ...[rewarded({ value: 1, time: NOON + HOUR }), rewarded({ value: 0, decisionRevision: 2, time: NOON + HOUR })],
    );
    const told = (table: string) => rows(table).map((row) => [row.start, row.arm, row.decisions, row.rewards]);
    expect(told('performance_hours')).toEqual([
      [NOON, 'a', 1, 0],
      [NOON, 'b', 1, 0],
      [NOON + HOUR, 'a', 1, 2],
    ]);
    expect(told('performance_days')).toEqual([
      [NOON - 12 * HOUR, 'a', 2, 2],
      [NOON - 12 * HOUR, 'b', 1, 0],
    ]);
    expect(rows('performance_hours')[1]?.fallbacks).toBe(1);
  });

  test('has a mean with Wilson’s interval', async () => {
    // 7 of 10: 0.3968 to 0.8922, as Newcombe (1998) has such intervals computed.
    const { rows } = await projected(
      ...[configured(), ...Array.from({ length: 10 }, () => decided())],
      ...Array.from({ length: 10 }, (_, index) => rewarded({ decisionRevision: index, value: index < 7 ? 1 : 0 })),
    );
    const [row] = rows('performance_hours');
    expect(row?.reward_mean).toBeCloseTo(0.7, 12);
    expect(row?.reward_lower).toBeCloseTo(0.3968, 4);
    expect(row?.reward_upper).toBeCloseTo(0.8922, 4);
  });

  test('estimates what an arm alone would have earned from the propensities', async () => {
    const row = await only(
      'performance_hours',
      configured(),
      decided(),
      rewarded({ value: 1, propensity: 0.5 }), // weight 2
      rewarded({ value: 0, propensity: 0.1 }), // weight 10
      rewarded({ value: 1, propensity: undefined }),
    );
    expect(row).toMatchObject({ ips_rewards: 2, ips_weights: 12, ips_squares: 104, ips_sum: 2 });
    expect(row.ips_mean).toBeCloseTo(1 / 6, 12);
  });

  test('tells what calls cost, how long they took and why they failed', async () => {
    const calls = Array.from({ length: 100 }, (_, index) => succeeded({ latencyMs: index + 1, costUsd: 0.01 }));
    const row = await only(
      'performance_hours',
      configured(),
      decided(),
      ...calls,
      ...[failed({ category: 'timeout' }), failed({ category: 'refused' }), failed({ category: 'odd' })],
    );
    expect(row).toMatchObject({ calls: 103, failures: 3, timeouts: 1, refusals: 1, overloads: 0, faults: 1 });
    expect(row.cost_usd).toBeCloseTo(1, 9);
    expect(Math.abs(Number(row.latency_p50_ms) / 50.5 - 1)).toBeLessThan(0.02);
    expect(Math.abs(Number(row.latency_p95_ms) / 95 - 1)).toBeLessThan(0.02);
  });
});

describe('exploration', () => {
  test('is the chance that another arm would have come out, and what is left to chance', async () => {
    const row = await only(
      'exploration_hours',
      configured(),
      decided({ propensity: 0.75, floor: 0.2 }),
      ...[decided({ propensity: 0.25, floor: 0 }), decided({ propensity: undefined, floor: 0.1 })],
      decided({ propensity: 1, floor: 0, fallback: true, mode: 'escalated', expectedReward: 0.1 }),
    );
    expect(row).toMatchObject({ decisions: 4, fallbacks: 1, measured: 2, exploration: 0.5, escalated: 1 });
    expect(row.floor_share).toBeCloseTo(0.075, 12);
    expect(row.expected_mean).toBeCloseTo(0.4, 12);
    expect(row).toMatchObject({ reward_mean: null, best_arm: null, regret_proxy: null });
  });

  test('compares what was obtained with the best single arm, once enough is known of it', async () => {
    const round = (arm: string, value: number) => rewarded({ arm, value, propensity: 0.5 });
    const few = Array.from({ length: 9 }, () => round('b', 1));
    const many = Array.from({ length: 10 }, () => round('a', 0.5));
    const early = await only('exploration_hours', configured(), decided(), ...few, ...many);
    expect(early).toMatchObject({ best_arm: 'a', best_mean: 0.5 });
    const late = await only('exploration_hours', configured(), decided(), ...few, ...many, round('b', 1));
    expect(late).toMatchObject({ best_arm: 'b', best_mean: 1, reward_mean: 0.75, regret_proxy: 0.25 });
  });
});

describe('strange logs', () => {
  test('retractions of what is unknown, rewards of no decision and calls for nothing change nothing', async () => {
    const { rows } = await projected(
      ...[configured(), rewarded({ decisionRevision: 77 }), retracted({ rewardId: 'none', rewardRevision: 0 })],
      ...[retracted({ rewardRevision: 9 }), succeeded({ decisionId: '' }), succeeded({ decisionId: 'support.x.!.y' })],
      ...[failed({ decisionId: 'other.aaaaaaaaaaaaaaaa.0.check' }), voided({ stream: 'domain-acme-support' })],
    );
    expect(rows('decisions')).toEqual([]);
    expect(rows('rewards')).toMatchObject([{ retracted_at: null, voided_at: null }]);
    expect(rows('performance_hours')).toMatchObject([{ rewards: 1, calls: 0 }]);
  });

  test('streams of nobody are left out', async () => {
    const { rows } = await projected(
      ...[
        decided({ stream: 'bucket-x' }),
        rewarded({ stream: 'bucket-a-b-c-d' }),
        configured({ stream: `${DOMAIN}-x` }),
      ],
    );
    expect(rows('decisions').length + rows('rewards').length).toBe(0);
  });
});
