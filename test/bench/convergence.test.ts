import { expect, test } from 'vitest';
import { reportOf } from '../../bench/convergence/report.ts';
import {
  bareEpsilonGreedy,
  convergedAt,
  MEANS,
  type Player,
  play,
  policyPlayer,
  ROUNDS,
  rewardTable,
} from '../../bench/convergence/rounds.ts';

const always = (arm: number): Player => ({ name: 'always', begin: () => ({ choose: () => arm, learn: () => {} }) });
const TABLE = rewardTable(1);

test('rewards are those of the stated arms: means, noise and clipping', () => {
  for (const [arm, mean] of MEANS.entries()) {
    const rewards = Array.from({ length: ROUNDS }, (_, round) => TABLE[round * MEANS.length + arm]!);
    const average = rewards.reduce((sum, value) => sum + value, 0) / ROUNDS;
    const variance = rewards.reduce((sum, value) => sum + (value - average) ** 2, 0) / ROUNDS;
    expect(Math.abs(average - mean)).toBeLessThan(0.006);
    expect(Math.sqrt(variance)).toBeCloseTo(0.1, 2);
    expect(rewards.every((value) => value >= 0 && value <= 1)).toBe(true);
  }
  expect(rewardTable(1)).toEqual(TABLE);
  expect(rewardTable(2)).not.toEqual(TABLE);
});

test('regret counts means, not luck, and the best arm has none', () => {
  expect(play(always(1), TABLE, 1)).toEqual({ regret: 0, optimalShare: 1, lastShare: 1, convergenceRound: 100 });
  const worst = play(always(0), TABLE, 1);
  expect(worst.regret).toBeCloseTo(0.5 * ROUNDS, 6);
  expect(worst).toMatchObject({ optimalShare: 0, lastShare: 0, convergenceRound: undefined });
});

test('an arm is converged to at the end of the first 100 rounds of which it had 90', () => {
  const rounds = (had: (round: number) => boolean) => Uint8Array.from({ length: 500 }, (_, i) => (had(i) ? 1 : 0));
  expect(convergedAt(rounds((i) => i >= 200))).toBe(290);
  expect(convergedAt(rounds((i) => i % 10 !== 0))).toBe(100);
  expect(convergedAt(rounds((i) => i % 9 !== 0))).toBeUndefined();
  expect(convergedAt(rounds((i) => i >= 10).subarray(0, 99))).toBeUndefined();
});

test('a policy and the bare loop play the same for the same seed, and learn which arm is best', () => {
  const thompson = policyPlayer('beta_thompson', { name: 'beta_thompson', shrinkage: 10 });
  for (const player of [thompson, bareEpsilonGreedy(0.1)]) {
    const outcome = play(player, TABLE, 3);
    expect(play(player, TABLE, 3)).toEqual(outcome);
    expect(outcome.lastShare).toBeGreaterThan(0.9);
    expect(outcome.regret).toBeLessThan(200);
  }
});

test('the report has the least regret first, and says who never converged', () => {
  const share = { mean: 0.5, standardError: 0.01, interval: [0.48, 0.52] as const };
  const row = { optimalShare: share, lastShare: share, roundsPerSecond: 1234567, timesLoop: 2 };
  const regret = (mean: number) => ({ mean, standardError: 1, interval: [mean - 2, mean + 2] as const });
  const lines = reportOf(
    [
      { ...row, policy: 'slow', regret: regret(90), convergenceRound: null, converged: 1 },
      {
        ...{ ...row, policy: 'quick', regret: regret(9), convergenceRound: 120, converged: 4 },
        ...{ heapGrowthBytes: 2048, posteriorBytes: { before: 10, after: 12 } },
      },
    ],
    { seeds: 4, rounds: 5000, updates: 10_000 },
  ).split('\n');
  expect(lines.slice(-2)).toEqual([
    '| quick | 9.0 ± 2.0 | 0.5000 ± 0.0200 | 0.5000 ± 0.0200 | 120 | 1,234,567 | 2.0 | 2.0 KiB | 10 to 12 B |',
    '| slow | 90.0 ± 2.0 | 0.5000 ± 0.0200 | 0.5000 ± 0.0200 | never (1 of 4 runs) | 1,234,567 | 2.0 | – | – |',
  ]);
});
