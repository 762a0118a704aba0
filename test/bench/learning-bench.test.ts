import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EntrantFinding, Figure } from '../../bench/learning/experiment.ts';
import { judge } from '../../bench/learning/judge.ts';
import { run } from '../../bench/learning.ts';

describe('the bench on a folder of sets', () => {
  let folder: string;
  let said: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reckoner-learning-'));
    mkdirSync(join(folder, 'mine'));
    said = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  });

  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, lines: readonly string[]) => writeFileSync(join(folder, 'mine', name), lines.join('\n'));

  test('measures what it understands by the columns, and leaves the rest', async () => {
    write('two.csv', [
      'id,subject,contaminated,correct_weak,correct_strong',
      ...Array.from(
        { length: 60 },
        (_, i) => `${i},${i % 2 === 0 ? 'a' : 'b'},${i < 10 ? 1 : 0},${i % 3 === 0 ? 1 : 0},1`,
      ),
    ]);
    write('labels.csv', [
      'x0,x1,label',
      ...Array.from({ length: 40 }, (_, i) => `${i},${i % 2 === 0 ? 'p' : 'q'},${i % 2}`),
    ]);
    write('prices.csv', ['model,usd', 'a,1']);

    const { rows, absent } = await run({ json: true, data: folder, shuffles: '2', policy: [] });

    expect(rows.map(({ set, figure }) => `${set} ${figure}`)).toEqual([
      'mine/labels error',
      'mine/two utility at 0.1',
      'mine/two APGR',
      'mine/two APGR, second half',
      'mine/two CPT(50 %)',
      'mine/two CPT(80 %)',
    ]);
    const [labels, two] = rows;
    expect(labels).toMatchObject({ requests: 40, arms: 2, bestSingleArm: 0.5, oracle: 0, bar: null });
    expect(labels?.entrants.find(({ name }) => name === 'ridge LinUCB(1)')?.mean).toBeLessThan(0.25);
    expect(two).toMatchObject({ requests: 50, arms: 2, bestSingleArm: expect.closeTo(0.9, 9) });
    expect(two?.default.differences['flat Beta-TS']?.mean).toBeCloseTo(
      two!.default.mean - two!.entrants.find(({ name }) => name === 'flat Beta-TS')!.mean,
      12,
    );
    expect(absent).toContain('routellm/mmlu');
    expect(said.join('\n')).toContain('absent from');
  });

  test('tells ours of the prompts where it is asked to, and the references nothing', async () => {
    write('prompts.csv', [
      's_a,s_b,s_c,prompt_chars,prompt',
      ...Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? `1,0,0,3,prove the sum` : `0,1,0,3,sing a song`)),
    ]);
    const meansOf = async (features?: string) => {
      const given = features === undefined ? {} : { features };
      const { rows } = await run({ json: true, data: folder, shuffles: '2', policy: ['lin_ucb'], ...given });
      return new Map(rows[0]!.entrants.map(({ name, mean }) => [name, mean]));
    };
    const [blind, told] = [await meansOf(), await meansOf('text,chars')];
    expect(blind.get('lin_ucb')).toBeLessThan(0.7);
    expect(told.get('lin_ucb')).toBeGreaterThan(0.8);
    expect(told.get('ridge LinUCB(1)')).toBe(blind.get('ridge LinUCB(1)'));
  });

  test('says that there is nothing rather than that nothing failed', async () => {
    await expect(run({ json: true, data: join(folder, 'nowhere') })).rejects.toMatchObject({ code: 'request_invalid' });
  });
});

describe('the rule of a figure', () => {
  const figure: Figure = {
    name: 'utility',
    better: 'higher',
    scale: 1,
    bestSingleArm: 0.7,
    perBucketHindsight: null,
    oracle: null,
  };
  const rule = { against: ['reference'], allowance: 0, aboveBestArm: false };
  const found = (mean: number, off: readonly [number, number]): EntrantFinding => ({
    name: 'ours',
    reference: false,
    mean,
    standardError: 0.001,
    interval: [mean - 0.002, mean + 0.002],
    differences: { reference: { mean: (off[0] + off[1]) / 2, standardError: 0.001, interval: off } },
  });
  const reference = { ...found(0.72, [0, 0]), name: 'reference', reference: true, differences: {} };
  const verdict = (one: EntrantFinding, bar: number, given = figure, as = rule) =>
    judge({ figure: given, entrants: [one, reference] }, one, { bar, peers: {} }, as);

  test.each([
    ['reaches the bar within one standard error', found(0.7192, [-0.001, 0.001]), 0.72, true],
    ['misses the bar by more', found(0.718, [-0.001, 0.001]), 0.72, false],
    ['may be worse than the reference by less than the margin', found(0.75, [-0.0029, 0.01]), 0.72, true],
    ['may be worse by more', found(0.75, [-0.0031, 0.01]), 0.72, false],
    ['may be worse than the best single arm', found(0.698, [0, 0.01]), 0.69, false],
  ])('%s', (_, one, bar, pass) => {
    expect(verdict(one, bar).pass).toBe(pass);
  });

  test('has room where every comparison is above chance', () => {
    expect(verdict(found(0.75, [0.001, 0.01]), 0.72).stretch).toBe(true);
    expect(verdict(found(0.75, [-0.001, 0.01]), 0.72)).toMatchObject({ pass: true, stretch: false });
  });

  test('turns round where less is better, and grows with what a figure sums up', () => {
    const regret: Figure = { ...figure, better: 'lower', scale: 100, bestSingleArm: null };
    expect(verdict(found(50, [-2, 0.29]), 60, regret).pass).toBe(true);
    expect(verdict(found(50, [-2, 0.31]), 60, regret).pass).toBe(false);
    expect(verdict(found(61, [-2, 0]), 60, regret).pass).toBe(false);
  });

  test('asks nothing where no bar is set', () => {
    const one = found(0.1, [-1, -0.5]);
    expect(judge({ figure, entrants: [one, reference] }, one, { bar: null, peers: {} }, rule).pass).toBe(null);
  });
});
