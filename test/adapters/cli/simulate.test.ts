import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import pc from 'picocolors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { registerSimulate } from '../../../adapters/cli/simulate.ts';
import { playRecorded } from '../../../adapters/cli/simulate-play.ts';
import type { Channel } from '../../../adapters/cli/terminal.ts';
import { readDataset } from '../../../adapters/datasets/read-dataset.ts';
import { learnedBuckets, visits } from '../../../adapters/simulate/learned.ts';
import { simulateOptions } from '../../../adapters/simulate/options.ts';
import { planOf } from '../../../adapters/simulate/plan.ts';
import { runShuffles } from '../../../adapters/simulate/pool.ts';
import { runShuffle } from '../../../adapters/simulate/run.ts';
import { ReckonerError } from '../../../events/errors.ts';

let folder: string;
let costly: string;
let priced: string;
let long: string;

/** The strong arm is worth its cost in one subject and not in the other. */
function costlyFile(): string {
  const rows = Array.from({ length: 150 }, (_, index) => {
    const hard = index % 2 === 0;
    const weak = hard ? index % 6 === 0 : index % 10 !== 1;
    return `${index},${hard ? 'law' : 'art'},0,${weak ? 1 : 0},1,"a, ""b""\n${index}"`;
  });
  return `id,subject,contaminated,correct_small,correct_large,prompt\n${rows.join('\n')}\nx,law,1,1,1,seen\n`;
}

function pricedFile(): string {
  const rows = Array.from({ length: 60 }, (_, index) => `${index},s${index % 3},${index % 2},0.9,0.4,0.001,0.01,0.1`);
  return `id,source,r_a,r_b,r_c,c_a,c_b,c_c\n${rows.join('\n')}\n`;
}

/** As many requests as a scenario asks for. */
function longFile(): string {
  const rows = Array.from({ length: 450 }, (_, index) => `${index},s${index % 3},${index % 2},0.9,0.4`);
  return `id,source,r_a,r_b,r_c\n${rows.join('\n')}\n`;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reckoner-simulate-'));
  costly = join(folder, 'costly.csv');
  priced = join(folder, 'priced.csv');
  writeFileSync(costly, costlyFile());
  writeFileSync(priced, pricedFile());
  long = join(folder, 'long.csv');
  writeFileSync(long, longFile());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command as the command line does, with a terminal that nobody watches. */
async function simulate(...args: string[]): Promise<{ lines: string[]; errors: string[]; code: number }> {
  const lines: string[] = [];
  const errors: string[] = [];
  const channel = (into: string[]): Channel => ({
    line: async (text = '') => void into.push(...text.split('\n')),
    live: () => undefined,
    colours: pc.createColors(false),
    interactive: false,
    width: () => 80,
  });
  let code = -1;
  const program = new Command('reckoner').exitOverride();
  registerSimulate(program, {
    terminal: { out: channel(lines), err: channel(errors), gone: new AbortController().signal },
    env: { RECKONER_DATA: folder },
    exit: (wanted) => {
      code = wanted;
    },
  });
  await program.parseAsync(['simulate', ...args], { from: 'user' });
  return { lines, errors, code };
}

async function figures(...args: string[]): Promise<Record<string, unknown>> {
  const { lines } = await simulate(...args, '--json');
  const { seconds, ...rest } = JSON.parse(lines.at(-1) ?? '');
  expect(seconds).toBeGreaterThan(0);
  return rest;
}

describe('reckoner simulate', () => {
  it('gives the same figures for the same seed, and others for another', async () => {
    const run = () => figures('--dataset', 'costly', '--shuffles', '2', '--seed', '5', '--utility-cost', '0.3');
    const first = await run();
    expect(await run()).toEqual(first);
    const other = await figures('--dataset', 'costly', '--shuffles', '2', '--seed', '50', '--utility-cost', '0.3');
    expect(other.meanUtility).not.toBe(first.meanUtility);
    expect(other.oracle).toBe(first.oracle);
  });

  it('tells one JSON object with baselines in utility, calls and regret that add up', async () => {
    const told = await figures('--dataset', 'costly', '--shuffles', '3', '--utility-cost', '0.3');
    expect(told).toMatchObject({
      dataset: 'costly',
      policy: 'rand_ucb',
      requests: 150,
      shuffles: 3,
      usd: null,
      source: 'recorded',
      partial: false,
      buckets: 2,
      leftOut: { contaminated: 1, incomplete: 0 },
    });
    // small: 25 of 75 law and 60 of 75 art; large: always, less 0.3.
    expect(told.alwaysWeak).toBeCloseTo(85 / 150, 12);
    expect(told.alwaysStrong).toBeCloseTo(0.7, 12);
    expect(told.bestSingleArm).toBeCloseTo(0.7, 12);
    expect(told.perBucketHindsight).toBeCloseTo((75 * 0.7 + 60) / 150, 12);
    expect(told.oracle).toBeCloseTo((85 + 65 * 0.7) / 150, 12);
    const { small, large } = told.arms as Record<
      'small' | 'large',
      { calls: number; share: number; utilityCost: number }
    >;
    expect(small.calls + large.calls).toBeCloseTo(150, 9);
    expect(large.utilityCost).toBeCloseTo(large.calls * 0.3, 9);
    expect(told.meanUtility).toBeCloseTo(Number(told.meanReward) - 0.3 * large.share, 9);
    expect(told.regret).toBeCloseTo(150 * (Number(told.oracle) - Number(told.meanUtility)), 9);
    const [low, high] = told.ci95 as [number, number];
    expect((low + high) / 2).toBeCloseTo(Number(told.meanUtility), 9);
  });

  it('counts dollars where the file has them, and knows no weak and strong among three arms', async () => {
    const told = await figures('--dataset', priced, '--shuffles', '1');
    const arms = told.arms as Record<string, { calls: number; usd: number }>;
    expect(told.usd).toBeCloseTo((arms.a!.calls * 1 + arms.b!.calls * 10 + arms.c!.calls * 100) / 1000, 9);
    expect(told).toMatchObject({ alwaysWeak: null, alwaysStrong: null, ci95: null, bestArm: 'b' });
    expect(told.bestSingleArm).toBeCloseTo(0.9, 12);
  });

  it('tells people what a request cost, beside the budget', async () => {
    const { lines } = await simulate('--dataset', priced, '--budget-per-request', '0.004', '--shuffles', '1');
    expect(lines.join('\n')).toMatch(/\ndollars a request +0\.0\d+ {3}of \$0\.004 that may be spent\n/);
  });

  it('keeps to a budget of dollars a request', async () => {
    const spent = async (...more: string[]) => {
      const told = await figures('--dataset', priced, '--shuffles', '1', '--no-buckets', ...more);
      return [told.budgetPerRequestUsd, told.usdPerRequest] as [number, number];
    };
    const [none, unpaced] = await spent();
    const [budget, paced] = await spent('--budget-per-request', '0.004');
    expect([none, budget]).toEqual([null, 0.004]);
    expect(unpaced).toBeGreaterThan(0.004);
    expect(paced).toBeLessThan(0.006);
  });

  it('follows the policy it is given', async () => {
    const told = await figures('--dataset', 'costly', '--shuffles', '1', '--policy', 'fixed:arm=large', '--floor', '0');
    expect(told).toMatchObject({
      policy: 'fixed:arm=large',
      meanReward: 1,
      arms: { large: { calls: 150 }, small: { calls: 0, meanReward: null } },
    });
  });

  it('uses the first rows only where it is told to', async () => {
    expect(await figures('--dataset', 'costly', '--shuffles', '1', '--limit', '9')).toMatchObject({ requests: 9 });
  });

  it('prints a report of plain lines: baselines, arms, regret, what the buckets learned', async () => {
    const { lines, errors, code } = await simulate(
      ...['--dataset', 'costly', '--shuffles', '2', '--utility-cost', '0.3', '--policy', 'beta_thompson'],
    );
    const text = lines.join('\n');
    expect(code).toBe(0);
    expect(errors).toEqual([]);
    expect(text).not.toContain('\u001b');
    expect(text).toMatch(/mean utility +0\.\d{4} +95 % interval 0\.\d{4} to 0\.\d{4}/);
    expect(text).toMatch(/always small \(weak\) +0\.5667/);
    expect(text).toMatch(/best arm per bucket in hindsight +0\.7500/);
    expect(text).toMatch(/cumulative regret to always large over 150 requests/);
    expect(text).toMatch(/law +75 +[01]\.\d\d\/0\.33.? +[01]\.\d\d\/1\.00/);
    expect(lines.at(-1)).toMatch(/^300 requests in .* requests\/s/);
  });

  it('keeps a log for every shuffle where a data directory is named, and continues none', async () => {
    const dataDir = join(folder, 'kept');
    const args = ['--dataset', 'costly', '--shuffles', '2', '--limit', '10', '--data-dir', dataDir];
    const kept = await figures(...args);
    expect(readdirSync(dataDir)).toEqual(['shuffle-0000', 'shuffle-0001']);
    expect(readdirSync(join(dataDir, 'shuffle-0000')).length).toBeGreaterThan(0);
    await expect(simulate(...args)).rejects.toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining('not empty'),
    });
    expect(kept).toEqual(await figures(...args.slice(0, -2)));
  });

  it('tells every scenario that it is asked for, as what it is: simulated', async () => {
    const { lines, code } = await simulate('--dataset', 'long', '--shuffles', '1', '--scenario', 'new-bad-arm');
    const text = lines.join('\n');
    expect(code).toBe(0);
    expect(text).toMatch(/^long: 450 recorded requests, 3 arms, in worlds that change\nsimulated changes/);
    expect(text).toMatch(/new-bad-arm: a appears, made worse for this scenario/);
    expect(text).toMatch(/\nlearning +450 +0\.\d{4} +– +0\.9000 +0\.0 %\nafter +450 /);
    expect(text).toMatch(/\nnew-bad-arm +– +(never|\d+) +never +0 of 1 +adopted in none +yes\n/);
    expect(text).toMatch(/\nno worse: than published/);
  });

  it('says what is wrong with the dataset or the options as bad usage', async () => {
    const wrong: [string[], RegExp][] = [
      [['--dataset', 'none'], /There is no none in/],
      [['--dataset', 'none', '--data', join(folder, 'nowhere')], /nowhere does not exist/],
      [['--dataset', 'priced', '--utility-cost', '0.1'], /--utility-cost asks for two arms/],
      [['--dataset', 'costly', '--budget-per-request', '0.1'], /records no dollars, so there is nothing to pace/],
      [['--dataset', 'costly', '--policy', 'fixed:arm=none'], /make no domain: policy\.arm is not one of the arms\.$/],
      [['--dataset', 'costly', '--policy', 'none'], /--policy none: there is no policy of this name/],
      [['--dataset', 'costly', '--policy', 'fixed'], /arm is missing/],
      [['--dataset', 'costly', '--scenario', 'storm'], /^--scenario must be price-drop, .* or all/],
      [['--dataset', 'costly', '--scenario', 'quality-drop'], /asks for 450 requests at least/],
      [['--dataset', 'long', '--scenario', 'all'], /records no dollars/],
      [['--dataset', 'costly', '--policy', 'fixed:arm=large,eps=1'], /it has no eps/],
    ];
    for (const [args, message] of wrong) {
      await expect(simulate(...args)).rejects.toMatchObject({
        code: 'request_invalid',
        message: expect.stringMatching(message),
      });
    }
  });
});

describe('what is told of the prompts', () => {
  it('is learned from, by policies that learn about features', async () => {
    const path = join(folder, 'prompts.csv');
    const row = (index: number) => (index % 2 === 0 ? '1,0,prove the sum' : '0,1,sing a song');
    writeFileSync(path, `s_a,s_b,prompt\n${Array.from({ length: 100 }, (_, index) => row(index)).join('\n')}\n`);
    const utility = async (...more: string[]) => {
      const { lines } = await simulate('--dataset', path, '--policy', 'lin_ucb', '--shuffles', '2', '--json', ...more);
      return JSON.parse(lines.join('')).meanUtility as number;
    };
    expect(await utility()).toBeLessThan(0.7);
    expect(await utility('--features', 'text')).toBeGreaterThan(0.8);
    await expect(utility('--features', 'chars')).rejects.toMatchObject({
      message: 'The file has no column prompt_chars.',
    });
  });
});

describe('a simulated run', () => {
  const planned = async (more: Record<string, string>) => {
    const options = simulateOptions({ dataset: costly, shuffles: '3', ...more });
    return planOf(await readDataset(costly), options);
  };

  it('ends between two requests when it is interrupted, and gives the shuffles that were complete', async () => {
    const plan = await planned({});
    const interrupted = new AbortController();
    let served = 0;
    const progress = (requests: number) => {
      served += requests;
      if (served === 150) interrupted.abort();
    };
    const results = await runShuffles(plan, {
      run: playRecorded,
      workers: 1,
      progress,
      signal: interrupted.signal,
    });
    expect(results.map(({ shuffle }) => shuffle)).toEqual([0]);
  });

  it('puts the utility cost on the strong arm as its shift, and no outcome into the context', async () => {
    const { config } = await planned({ utilityCost: '0.3', policy: 'beta_thompson' });
    expect(config.arms.map(({ name, shift }) => [name, shift])).toEqual([
      ['small', 0],
      ['large', -0.3],
    ]);
    expect(config.context).toEqual({ subject: { type: 'categorical', values: ['law', 'art'] } });
    expect(config.bucketBy).toEqual(['subject']);
    // The default learns about the subject, and so about all requests together.
    expect((await planned({})).config.bucketBy).toEqual([]);
  });

  it('tells what was learned of each value of the bucket feature where all requests share a bucket', async () => {
    const { learned } = await runShuffle(await planned({}), 2, openNode);
    const [law, art] = ['subject=law', 'subject=art'].map((label) => learned.find((one) => one.label === label));
    expect([learned.length, law?.pulls, art?.pulls]).toEqual([2, 75, 75]);
    // The small arm fails two times of three in law and one of five in art, and is known to.
    expect(law?.arms[0]?.learned).toBeLessThan(art?.arms[0]?.learned ?? 0);
  });

  it('tells what the buckets learned after the last shuffle only', async () => {
    const plan = await planned({ policy: 'beta_thompson' });
    expect((await runShuffle(plan, 0, openNode)).learned).toEqual([]);
    const { learned } = await runShuffle(plan, 2, openNode);
    expect(learned.map(({ pulls }) => pulls)).toEqual([75, 75]);
    for (const { arms, pulls } of learned) expect(arms.reduce((sum, arm) => sum + arm.pulls, 0)).toBe(pulls);
  });
});

describe('what the buckets learned', () => {
  it('says why where a decision cannot be explained, and still tells the rest', async () => {
    const seen = visits();
    const request = { context: { task: 'x' }, rewards: [0.25, 0.75], dollars: [] };
    seen.add(request, { bucket: 'x', bucketLabel: 'task=x', arm: 'b', decisionId: '1' });
    const failing = () => Promise.reject(new ReckonerError('log_corrupt', 'A page is gone.'));
    expect(await learnedBuckets(['a', 'b'], seen, failing)).toEqual([
      {
        label: 'task=x',
        pulls: 1,
        unexplained: 'A page is gone.',
        arms: [
          { pulls: 0, learned: null, recorded: 0.25 },
          { pulls: 1, learned: null, recorded: 0.75 },
        ],
      },
    ]);
  });
});

describe('the compiled command', () => {
  const run = (file: string, args: string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile(process.execPath, [file, ...args], (error, stdout, stderr) =>
        error ? reject(new Error(stderr || error.message)) : resolve(stdout),
      );
    });

  it('gives the same figures with one thread and with two', { timeout: 120_000 }, async () => {
    // Worker threads run JavaScript only: the tree is compiled, into a place of its own from which the packages are found.
    const compiled = mkdtempSync(join('node_modules', '.simulate-test-'));
    try {
      await run('node_modules/typescript/bin/tsc', [
        '-p',
        '.',
        '--outDir',
        compiled,
        '--incremental',
        'false',
        '--tsBuildInfoFile',
        'null',
      ]).catch(() => undefined);
      const entry = join(compiled, 'adapters', 'cli', 'main.js');
      writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
      const figuresOf = async (workers: number, ...more: string[]) => {
        const told = await run(entry, ['simulate', '--workers', String(workers), '--json', ...more]);
        const { seconds, ...rest } = JSON.parse(told);
        expect(seconds).toBeGreaterThan(0);
        return rest;
      };
      const recorded = ['--dataset', costly, '--shuffles', '3'];
      const alone = await figuresOf(1, ...recorded);
      expect(await figuresOf(2, ...recorded)).toEqual(alone);
      expect(alone).toEqual(await figures(...recorded));
      const changing = ['--dataset', long, '--shuffles', '2', '--scenario', 'quality-drop', '--no-buckets'];
      const dropped = await figuresOf(2, ...changing);
      expect(dropped).toEqual(await figures(...changing));
      expect(dropped.scenarios['quality-drop'].phases).toHaveLength(4);
    } finally {
      rmSync(compiled, { recursive: true, force: true });
    }
  });
});
