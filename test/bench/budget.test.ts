import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { run } from '../../bench/learning.ts';

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
