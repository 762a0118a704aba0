import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { bestMix } from '../../bench/learning/mix.ts';
import { run } from '../../bench/learning.ts';

test('the best mix buys along the upper hull', () => {
  const part = { weight: 1, rewards: [0.5, 0.6, 0.9, 0.8], dollars: [1, 2, 3, 4] };
  expect(bestMix([part], 1)).toBeCloseTo(0.5, 12);
  // The second arm lies below the line from the first to the third.
  expect(bestMix([part], 2)).toBeCloseTo(0.7, 12);
  expect(bestMix([part], 100)).toBeCloseTo(0.9, 12);
  expect(bestMix([part], 0.1)).toBeCloseTo(0.5, 12);
});

test('the best mix of two parts is that of a fine grid over both', () => {
  const arm = fc.record({ reward: fc.integer({ min: 0, max: 10 }), dollars: fc.integer({ min: 1, max: 10 }) });
  const partOf = fc.tuple(arm, arm);
  fc.assert(
    fc.property(partOf, partOf, fc.integer({ min: 10, max: 20 }), (one, other, ceiling) => {
      const parts = [one, other].map((arms) => ({
        weight: 0.5,
        rewards: arms.map(({ reward }) => reward),
        dollars: arms.map(({ dollars }) => dollars),
      }));
      let best = 0;
      const steps = Array.from({ length: 101 }, (_, step) => step / 100);
      const at = (
        arms: readonly [{ reward: number; dollars: number }, { reward: number; dollars: number }],
        s: number,
      ) => ({
        reward: (1 - s) * arms[0].reward + s * arms[1].reward,
        dollars: (1 - s) * arms[0].dollars + s * arms[1].dollars,
      });
      for (const s of steps) {
        for (const t of steps) {
          const [first, second] = [at(one, s), at(other, t)];
          if ((first.dollars + second.dollars) / 2 <= ceiling + 1e-9)
            best = Math.max(best, (first.reward + second.reward) / 2);
        }
      }
      expect(bestMix(parts, ceiling)).toBeGreaterThanOrEqual(best - 1e-9);
      expect(bestMix(parts, ceiling)).toBeLessThanOrEqual(best + 0.2);
    }),
    { numRuns: 25 },
  );
});

test('a priced file is played under ceilings, after the file val beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reckoner-budget-'));
  mkdirSync(join(folder, 'mine'));
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const header = 'source,r_small,r_middle,r_large,c_small,c_middle,c_large';
  const line = (i: number, source: string) =>
    `${source},${0.7 + (i % 3) / 100},${0.9 + (i % 5) / 100},0.95,${(2 + (i % 2)) * 1e-5},5e-4,1.5e-2`;
  const lines = (count: number, source: string) => [
    header,
    ...Array.from({ length: count }, (_, i) => line(i, source)),
  ];
  writeFileSync(join(folder, 'mine', 'val.csv'), lines(150, 'a').join('\n'));
  writeFileSync(join(folder, 'mine', 'test.csv'), lines(200, 'b').join('\n'));
  try {
    const { rows } = await run({ json: true, data: folder, shuffles: '2', policy: [] });
    const found = (set: string, figure: string) => rows.find((row) => row.set === set && row.figure === figure);
    const spent = found('mine/test', 'spent of $0.00023');
    expect(spent).toMatchObject({ requests: 200, bar: 1.02, pass: true });
    const reward = found('mine/test', 'reward at $0.00023');
    // Known from val: what is left to learn is that there is a source b.
    expect(reward?.default.mean).toBeGreaterThan((found('mine/val', 'reward at $0.00023')?.default.mean ?? 1) - 0.02);
    expect(reward?.bestSingleArm).toBeCloseTo(0.71 + ((2.3e-4 - 2.5e-5) / (5e-4 - 2.5e-5)) * (0.92 - 0.71), 3);
    expect(rows.filter(({ set }) => set === 'mine/val')).toHaveLength(1 + 2 * 7);
  } finally {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  }
});
