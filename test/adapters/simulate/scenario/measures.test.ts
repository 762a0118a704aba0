import { describe, expect, it } from 'vitest';
import {
  adaptationStep,
  adoptionStep,
  meanCurve,
  movedStep,
  trailing,
} from '../../../../adapters/simulate/scenario/measures.ts';

const times = (count: number, value: number) => Array.from({ length: count }, () => value);

describe('a trailing mean', () => {
  it('is over what there is at the beginning, and over the window later', () => {
    expect(trailing([4, 2, 0, 8], 2)).toEqual([4, 3, 1, 4]);
  });

  it('of a mean over runs is taken place by place', () => {
    expect(meanCurve([[0, 1], [1, 1], [2, 4]])).toEqual([1, 2]); // biome-ignore format: three runs
  });
});

describe('adaptation', () => {
  it('is when the mean of fifty requests is back at 95 % of where it ends, after its lowest point', () => {
    // 0.4 for 60 steps, then 0.8 again: the window is lowest from step 50 to 60, and back at 0.76 with 45 good ones of 50.
    const curve = [...times(100, 0.8), ...times(60, 0.4), ...times(240, 0.8)];
    expect(adaptationStep(curve, 100, 400)).toBe(60 + 45);
  });

  it('is the lowest point where that is no lower than 95 %: this measure sees no such fall', () => {
    const curve = [...times(100, 0.8), ...times(60, 0.79), ...times(240, 0.8)];
    expect(adaptationStep(curve, 100, 400)).toBe(50);
  });

  it('reads nothing after the phase', () => {
    const curve = [...times(100, 0.8), ...times(60, 0.4), ...times(240, 0.8), ...times(300, 0)];
    expect(adaptationStep(curve, 100, 400)).toBe(105);
  });
});

describe('the move of the calls', () => {
  it('is over when nine tenths of the way are made', () => {
    // From all calls to none at step 30: a window of fifty holds a tenth of calls 45 steps after that.
    const shares = [...times(200, 1), ...times(30, 1), ...times(170, 0)];
    expect(movedStep(shares, 200, 400)).toBe(30 + 45);
  });

  it('goes up as well as down', () => {
    const shares = [...times(200, 0.2), ...times(30, 0.2), ...times(170, 0.7)];
    expect(movedStep(shares, 200, 400)).toBe(75);
  });

  it('is never over where there is none', () => {
    expect(movedStep([...times(200, 0.5), ...times(200, 0.52)], 200, 400)).toBeNull();
  });
});

describe('adoption', () => {
  const every = (nth: number, from: number, to: number) =>
    Array.from({ length: 400 }, (_, step) => step >= from && step < to && step % nth === 0);

  it('counts from request 101 on', () => {
    expect(adoptionStep(every(2, 0, 400))).toBe(101);
    expect(adoptionStep(every(10, 0, 400))).toBe(101);
  });

  it('is the first of fifty steps with a tenth of the calls', () => {
    // Every fifth from request 201 on: ten calls of a hundred at the tenth of them, request 246.
    expect(adoptionStep(every(5, 200, 400))).toBe(246);
  });

  it('does not happen where the newcomer is tried and let go', () => {
    expect(adoptionStep(every(1, 0, 30))).toBeNull(); // 30 calls of 100 up to step 100, less than ten from step 121 on
    expect(adoptionStep(every(11, 0, 400))).toBeNull();
  });
});
