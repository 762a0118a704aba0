import { describe, expect, it } from 'vitest';
import {
  baselines,
  declaredDollars,
  meanDollars,
  oracleUtility,
  rowsByBucket,
  strongArm,
} from '../../../adapters/datasets/baselines.ts';
import type { Dataset } from '../../../adapters/datasets/dataset.ts';
import { recordedAgents } from '../../../adapters/datasets/recorded-agent.ts';

function dataset(arms: string[], rows: [bucket: string, ...rewards: number[]][]): Dataset {
  return {
    name: 'hand',
    arms,
    bucketFeature: 'task',
    promptFeatures: [],
    buckets: [...new Set(rows.map(([bucket]) => bucket))],
    priced: false,
    rows: rows.map(([task, ...rewards]) => ({ context: { task }, rewards, dollars: [] })),
    leftOut: { contaminated: 0, incomplete: 0 },
  };
}

// In x the weak arm is as good as the strong one, in y it fails.
const two = dataset(
  ['weak', 'strong'],
  [
    ['x', 1, 1],
    ['x', 1, 1],
    ['x', 0, 1],
    ['y', 0, 1],
    ['y', 0, 1],
  ],
);

describe('what is declared of costs', () => {
  it('is known from the first twenty rows', () => {
    const rows = Array.from({ length: 40 }, (_, index) => ({
      context: {},
      rewards: [],
      dollars: [index < 20 ? 2 : 50],
    }));
    expect(declaredDollars(rows, 0)).toBe(2);
    expect(meanDollars(rows, 0)).toBe(26);
  });
});

describe('baselines', () => {
  it('are those reckoned by hand, without a utility cost', () => {
    const found = baselines(two, [0, 0], 1);
    expect(found.perArm).toEqual([0.4, 1]);
    expect(found.bestSingleArm).toEqual({ arm: 'strong', utility: 1 });
    expect(found.perBucketHindsight).toBeCloseTo(1, 12);
    expect(found.oracle).toBe(1);
    expect(found.alwaysWeak).toEqual({ arm: 'weak', utility: 0.4 });
    expect(found.alwaysStrong).toEqual({ arm: 'strong', utility: 1 });
  });

  it('are in utility where the strong arm costs', () => {
    // strong: 1 - 0.4. x: weak 2/3 beats 0.6; y: strong 0.6. Oracle: 1, 1, 0.6, 0.6, 0.6.
    const found = baselines(two, [0, 0.4], 1);
    expect(found.bestSingleArm.arm).toBe('strong');
    expect(found.bestSingleArm.utility).toBeCloseTo(0.6, 12);
    expect(found.perBucketHindsight).toBeCloseTo((3 * (2 / 3) + 2 * 0.6) / 5, 12);
    expect(found.oracle).toBeCloseTo(3.8 / 5, 12);
    expect(found.alwaysWeak?.utility).toBeCloseTo(0.4, 12);
  });

  it('know no weak and strong among three arms', () => {
    const three = dataset(['a', 'b', 'c'], [['x', 0.2, 0.9, 0.1]]);
    const found = baselines(three, [0, 0, 0], strongArm(three));
    expect(found.alwaysWeak).toBeNull();
    expect(found.alwaysStrong).toBeNull();
    expect(found.bestSingleArm).toEqual({ arm: 'b', utility: 0.9 });
  });
});

describe('the strong arm', () => {
  it('is the one with the higher mean reward, wherever it stands', () => {
    expect(strongArm(two)).toBe(1);
    expect(strongArm(dataset(['strong', 'weak'], [['x', 0.9, 0.1]]))).toBe(0);
    expect(strongArm(dataset(['a', 'b'], [['x', 0.5, 0.5]]))).toBe(1);
  });
});

describe('rows', () => {
  it('fall into the buckets of their values', () => {
    expect([...rowsByBucket(two.rows)].map(([value, rows]) => [value, rows.length])).toEqual([
      ['x', 3],
      ['y', 2],
    ]);
  });

  it('have an oracle of their own', () => {
    expect(oracleUtility({ context: {}, rewards: [0.5, 0.9], dollars: [] }, [0, 0.5])).toBe(0.5);
  });
});

describe('recorded agents', () => {
  const call = (question: unknown) => ({ decisionId: '', arm: '', correlationId: '', question });
  const ask = async (arm: string, question: unknown) =>
    recordedAgents(['a', 'b'])
      .find(({ id }) => id === arm)
      ?.perform(call(question), new AbortController().signal);

  it('tell the outcome of the arm that was called, labelled as recorded', async () => {
    expect(recordedAgents(['a', 'b']).map(({ source }) => source)).toEqual(['recorded', 'recorded']);
    const priced = { context: {}, rewards: [0.1, 0.7], dollars: [0.001, 0.02] };
    expect(await ask('b', priced)).toMatchObject({ ok: true, quality: 0.7, costUsd: 0.02 });
    expect(await ask('a', { ...priced, dollars: [] })).toMatchObject({ ok: true, quality: 0.1, costUsd: 0 });
  });

  it('read no other arm', async () => {
    const read: string[] = [];
    const rewards = new Proxy([0.1, 0.7], {
      get(target, key, receiver) {
        read.push(String(key));
        return Reflect.get(target, key, receiver);
      },
    });
    await ask('b', { context: {}, rewards, dollars: [] });
    expect(read).toEqual(['1']);
  });

  it('decline a request that their arm was not recorded for', async () => {
    expect(await ask('b', { context: {}, rewards: [0.1], dollars: [] })).toMatchObject({ ok: false });
  });
});
