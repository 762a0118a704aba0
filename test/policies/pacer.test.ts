import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ArmCost, CONFIRMED_AFTER, expectedCost, HELD_BEYOND, reportCost } from '../../policies/arm-cost.ts';
import { charge, type Pacer, pace, settle } from '../../policies/pacer.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';

interface World {
  /** Dollars that the arms' calls cost at a step, before noise. */
  readonly costs: (step: number) => Readonly<Record<string, number>>;
  /** What the arms are declared to cost. */
  readonly declared: (step: number) => Readonly<Record<string, number>>;
  /** The mean reward of each arm. */
  readonly rewards: (step: number) => Readonly<Record<string, number>>;
  /** What is told of a step's context. */
  readonly context?: (step: number) => string;
  /** What a call costs, as a part of what calls of its arm cost on average, by a draw from [0, 1). */
  readonly call?: (draw: number) => number;
}

const three: World = {
  costs: () => ({ small: 2e-5, middle: 5e-4, large: 1.5e-2 }),
  declared: () => ({ small: 2e-5, middle: 5e-4, large: 1.5e-2 }),
  rewards: () => ({ small: 0.79, middle: 0.92, large: 0.935 }),
};

/** Chooses, under a pacer, knowing what every arm would earn on each request: their means and what is particular to the request. */
function play(world: World, perRequestUsd: number, steps: number, seed = 1, delay = 0) {
  const random = randomness(seed);
  let pacer: Pacer | undefined;
  let spent = 0;
  let reward = 0;
  const calls: Record<string, number> = {};
  const waiting: (() => void)[] = [];
  for (let step = 0; step < steps; step++) {
    const declared = world.declared(step);
    const arms = Object.keys(world.costs(step));
    const context = world.context?.(step) ?? '';
    const pacing = pace(pacer, perRequestUsd, { arms, candidates: arms, declared: (arm) => declared[arm], context });
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    let earned = 0;
    for (const index of pacing.kept) {
      const value = world.rewards(step)[arms[index]!]! + 0.05 * (drawUniform(random) - 0.5);
      const score = value + pacing.shifts[index]!;
      if (score > bestScore) [best, bestScore, earned] = [index, score, value];
    }
    const arm = arms[best]!;
    const { price, least, most } = pacing;
    pacer = charge(pacer, step, { perRequestUsd, chargedUsd: pacing.costs[best]!, context, price, least, most });
    const draw = drawUniform(random);
    const cost = world.costs(step)[arm]! * (world.call?.(draw) ?? 0.4 + 1.2 * draw);
    spent += cost;
    reward += earned;
    calls[arm] = (calls[arm] ?? 0) + 1;
    const paid = pacer;
    waiting.push(() => settle(paid, step, arm, declared[arm], cost));
    if (waiting.length > delay) waiting.shift()?.();
    expect(Number.isFinite(pacer.price) && Number.isFinite(pacer.balance)).toBe(true);
  }
  return { ratio: spent / steps / perRequestUsd, reward: reward / steps, calls, pacer: pacer! };
}

describe('a ceiling is kept', () => {
  test.each([2e-5, 5e-5, 2e-4, 6e-4, 2e-3, 1e-2, 1.5e-2])(
    'of $%d a request, and what it allows is earned',
    (ceiling) => {
      const { ratio, reward } = play(three, ceiling, 4000);
      expect(ratio).toBeLessThanOrEqual(1.02);
      expect(reward).toBeGreaterThanOrEqual(mixAt(ceiling) - 0.004);
    },
  );

  test('where costs are known only a hundred requests later', () => {
    expect(play(three, 2e-4, 4000, 3, 100).ratio).toBeLessThanOrEqual(1.02);
  });

  test('where prices jump, up and down, and are declared or not', () => {
    const jumping = (step: number) => ({ small: 2e-5, middle: Math.floor(step / 500) % 2 === 0 ? 5e-4 : 4e-3 });
    const told = { ...three, costs: jumping, declared: jumping };
    const untold = { ...three, costs: jumping };
    expect(play(told, 2e-4, 6000).ratio).toBeLessThanOrEqual(1.02);
    // Nobody says that the price went up: the reports do, after some.
    expect(play(untold, 2e-4, 6000).ratio).toBeLessThanOrEqual(1.02);
  });

  test('where one call of a hundred costs 25 times as much as others', () => {
    const call = (draw: number) => (draw < 0.01 ? 20.2 : 79.8 / 99);
    for (const ceiling of [2e-4, 6e-4, 2e-3]) {
      expect(play({ ...three, call }, ceiling, 6000, 5).ratio).toBeLessThanOrEqual(1.02);
    }
  });

  test('where the dearest arm was cheap for a while: what was saved is spent, and no more', () => {
    const call = (draw: number) => (draw < 0.01 ? 20.2 : 79.8 / 99);
    const costs = (step: number) => ({
      small: 2e-5,
      middle: 5e-4,
      large: step >= 1800 && step < 2400 ? 2.7e-4 : 1.5e-2,
    });
    const { ratio, calls } = play({ ...three, call, costs, declared: costs }, 6e-4, 3600, 7);
    expect(ratio).toBeLessThanOrEqual(1.02);
    expect(ratio).toBeGreaterThan(0.9);
    expect(calls.large).toBeGreaterThan(200);
  });

  test('and more is earned of it where contexts are told in which a dear arm is cheap', () => {
    const long = (step: number) => step % 4 === 0;
    const costs = (step: number) => ({ small: 2e-5, middle: long(step) ? 1.7e-3 : 1e-4, large: 1.5e-2 });
    const world = { ...three, costs };
    const told = play({ ...world, context: (step) => (long(step) ? 'long' : 'short') }, 2e-4, 4000);
    const untold = play(world, 2e-4, 4000);
    expect(told.ratio).toBeLessThanOrEqual(1.02);
    expect(told.reward).toBeGreaterThan(untold.reward + 0.03);
    expect(told.pacer.contexts.get('middle short')?.relative).toBeLessThan(0.5);
    expect(untold.pacer.contexts.size).toBe(0);
  });

  test('where nothing is declared, once every arm has been paid for', () => {
    expect(play({ ...three, declared: () => ({}) }, 2e-4, 20_000).ratio).toBeLessThanOrEqual(1.02);
  });

  test('for any arms, whatever they cost', () => {
    const dollars = fc.double({ min: 1e-7, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(dollars, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 1e6 }),
        (prices, seed) => {
          const costs = Object.fromEntries(prices.map((price, index) => [`arm${index}`, price]));
          const rewards = Object.fromEntries(prices.map((_, index) => [`arm${index}`, (index + 1) / prices.length]));
          const ceiling = Math.min(...prices) * 1.5;
          const world = { costs: () => costs, declared: () => costs, rewards: () => rewards };
          // The balance that a stream begins with, and one call that turned out dearer than expected.
          const slack = 3 + (1.6 * Math.max(...prices)) / ceiling;
          expect(play(world, ceiling, 2000, seed).ratio).toBeLessThanOrEqual(1.02 + slack / 2000);
        },
      ),
      { numRuns: 25 },
    );
  });
});

test('an arm that pays back on average is not set aside where it costs more', () => {
  const arms = ['small', 'middle'];
  const declared = (arm: string) => three.declared(0)[arm];
  const owing = charge(undefined, 0, { perRequestUsd: 1e-3, chargedUsd: 1, context: '', price: 1, least: 0, most: 60 });
  expect(owing.balance).toBeLessThan(-0.9);
  owing.contexts.set('middle long', { context: 'long', arm: 'middle', reports: 9, relative: 4 });
  const long = pace(owing, 1e-3, { arms, candidates: arms, declared, context: 'long' });
  expect(long.costs).toEqual([2e-5, 4 * 5e-4]);
  expect(long.kept).toEqual([0, 1]);
});

test('an arm that costs little less than the ceiling is set aside only where more is owed than it pays back soon', () => {
  const wares = { arms: ['cheap', 'near'], candidates: ['cheap', 'near'], context: '' };
  const declared = (arm: string) => (arm === 'cheap' ? 0.1 : 0.9);
  const owing = charge(undefined, 0, { perRequestUsd: 1, chargedUsd: 17, context: '', price: 0, least: 0, most: 1 });
  expect(owing.balance).toBe(-14);
  expect(pace(owing, 1, { ...wares, declared }).kept).toEqual([0, 1]);
  owing.balance = -16;
  expect(pace(owing, 1, { ...wares, declared }).kept).toEqual([0]);
});

test('what is owed is paid back by whatever costs less than the ceiling, not by the cheapest alone', () => {
  const arms = ['small', 'middle', 'large'];
  const declared = (arm: string) => three.declared(0)[arm];
  const owing = charge(undefined, 0, {
    perRequestUsd: 2e-3,
    chargedUsd: 1.5e-2,
    context: '',
    price: 1,
    least: 0,
    most: 60,
  });
  settle(owing, 0, 'large', 1.5e-2, 0.14);
  expect(owing.balance).toBeLessThan(-0.1);
  expect(pace(owing, 2e-3, { arms, candidates: arms, declared, context: '' }).kept).toEqual([0, 1]);
  expect(pace(owing, 5e-4, { arms, candidates: arms, declared, context: '' }).kept).toEqual([0]);
});

describe('what changes is seen', () => {
  test('a price that falls is used at once where it is declared', () => {
    const costs = (step: number) => ({ small: 2e-5, middle: step < 1000 ? 5e-3 : 2e-4 });
    const before = play({ ...three, costs, declared: costs }, 2e-4, 1000);
    const after = play({ ...three, costs, declared: costs }, 2e-4, 1400);
    expect(after.calls.middle! - before.calls.middle!).toBeGreaterThan(300);
  });

  test('a new arm that is better and cheaper takes over', () => {
    const costs = (step: number): Record<string, number> =>
      step < 1000 ? { small: 2e-5, large: 1.5e-2 } : { small: 2e-5, large: 1.5e-2, newcomer: 1e-4 };
    const world = { costs, declared: costs, rewards: () => ({ small: 0.79, large: 0.93, newcomer: 0.95 }) };
    const { calls, ratio } = play(world, 2e-4, 2000);
    expect(calls.newcomer).toBeGreaterThan(900);
    expect(ratio).toBeLessThanOrEqual(1.02);
  });
});

test('no arm is priced by more than rewards can differ, and the cheapest is always there', () => {
  const dollars = fc.oneof(
    fc.constantFrom(0, Number.MIN_VALUE, 1e-300, 1e6),
    fc.double({ min: 0, max: 1e6, noNaN: true }),
  );
  const costs = fc.array(fc.option(dollars, { nil: undefined }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      costs,
      fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
      fc.integer({ min: 0, max: 9 }),
      (of, ceiling, n) => {
        const arms = of.map((_, index) => String(index));
        const declared = (arm: string) => of[Number(arm)];
        let pacer: Pacer | undefined;
        for (let step = 0; step <= n; step++) {
          const context = ['', 'one', 'other'][step % 3]!;
          const pacing = pace(pacer, ceiling, { arms, candidates: arms, declared, context });
          expect(pacing.kept.length).toBeGreaterThan(0);
          expect(pacing.shifts.every((shift) => Number.isFinite(shift) && shift <= 0)).toBe(true);
          expect(pacing.kept.every((index) => pacing.shifts[index]! >= -1)).toBe(true);
          expect(pacing.kept.some((index) => pacing.costs[index] === Math.min(...pacing.costs))).toBe(true);
          const index = pacing.kept[step % pacing.kept.length]!;
          const { price, least, most } = pacing;
          pacer = charge(pacer, step, {
            perRequestUsd: ceiling,
            chargedUsd: pacing.costs[index]!,
            context,
            price,
            least,
            most,
          });
          settle(pacer, step, arms[index]!, declared(arms[index]!), [0, 1e6, 1e-300][step % 3]!);
          expect([pacer.price, pacer.balance].every(Number.isFinite)).toBe(true);
          expect([...pacer.arms.values()].every(({ mean }) => Number.isFinite(mean) && mean >= 0)).toBe(true);
        }
      },
    ),
  );
});

test('the first report of a decision settles it, and no other', () => {
  const pacer = charge(undefined, 7, { perRequestUsd: 1, chargedUsd: 2, context: '', price: 0.1, least: 0, most: 1 });
  expect(pacer.balance).toBeCloseTo(2 + 1 - 2, 12);
  settle(pacer, 7, 'arm', 2, 1.5);
  expect(pacer.balance).toBeCloseTo(1.5, 12);
  settle(pacer, 7, 'arm', 2, 1.5);
  settle(pacer, 6, 'arm', 2, 1.5);
  expect(pacer.balance).toBeCloseTo(1.5, 12);
  expect(pacer.arms.get('arm')?.reports).toBe(6);
});

describe('what a call of an arm costs', () => {
  const known: ArmCost = { reports: 20, mean: 0.01, basis: 0.02, held: 0, heldUsd: 0 };

  test('is what was declared, before the first report; and moves with it afterwards', () => {
    expect(expectedCost(undefined, 0.02)).toBe(0.02);
    expect(expectedCost(undefined, undefined)).toBe(undefined);
    expect(expectedCost(known, 0.02)).toBe(0.01);
    expect(expectedCost(known, 0.01)).toBeCloseTo(0.005, 15);
    expect(expectedCost(known, undefined)).toBe(0.01);
  });

  test('is the running mean of reports, the declared price worth five of them', () => {
    let cost: ArmCost | undefined;
    for (const usd of [2, 4, 6, 8]) cost = reportCost(cost, 5, usd).cost;
    expect(cost?.mean).toBeCloseTo((5 * 5 + 20) / 9, 12);
  });

  test('does not follow one report that is far off: it moves the mean by ten times of it, or a tenth', () => {
    const high = reportCost(known, 0.02, 0.5);
    expect(high.cost.mean).toBeCloseTo(0.01 + (0.1 - 0.01) / 21, 12);
    expect(reportCost(known, 0.02, 1e-6).cost.mean).toBeCloseTo(0.01 + (0.001 - 0.01) / 21, 12);
  });

  test('pays what is reported, up to a hundred times the mean', () => {
    for (const usd of [0, 1e-6, 0.02, 0.5, 1]) expect(reportCost(known, 0.02, usd).counted).toBe(usd);
    expect(reportCost(known, 0.02, 5).counted).toBeCloseTo(1, 12);
  });

  test('follows reports that are far off when five in a row say so', () => {
    let cost = known;
    for (let report = 0; report < CONFIRMED_AFTER - 1; report++) cost = reportCost(cost, 0.02, 50).cost;
    expect(cost.mean).toBeLessThan(HELD_BEYOND * known.mean * 2);
    expect(reportCost(cost, 0.02, 50).cost.mean).toBe(50);
    // One that is as usual ends the row.
    expect(reportCost(cost, 0.02, cost.mean).cost.held).toBe(0);
  });

  test('can rise from nothing', () => {
    const free = reportCost(undefined, 0, 0).cost;
    expect(reportCost(free, 0, 3).cost.mean).toBeGreaterThan(0);
  });
});

/** The reward of the best mix of the three arms whose mean cost is the ceiling: on the upper hull of their points. */
function mixAt(ceiling: number): number {
  const points = Object.entries(three.costs(0)).map(([arm, cost]) => [cost, three.rewards(0)[arm]!] as const);
  let best = 0;
  for (const [lowCost, low] of points) {
    if (lowCost <= ceiling) best = Math.max(best, low);
    for (const [highCost, high] of points) {
      if (lowCost > ceiling || highCost <= ceiling) continue;
      best = Math.max(best, low + ((ceiling - lowCost) / (highCost - lowCost)) * (high - low));
    }
  }
  return best;
}
