import { describe, expect, it } from 'vitest';
import { policyOf, simulateOptions } from '../../../adapters/simulate/options.ts';
import { shuffled } from '../../../adapters/simulate/run.ts';
import { studentT975 } from '../../../adapters/simulate/student.ts';
import { estimate } from '../../../adapters/simulate/summary.ts';

describe('the interval over shuffles', () => {
  it('uses the t quantile of every number of shuffles', () => {
    // Published tables, two-sided 5 %.
    const table: [freedom: number, t: number][] = [
      [1, 12.7062],
      [2, 4.3027],
      [3, 3.1824],
      [4, 2.7764],
      [5, 2.5706],
      [9, 2.2622],
      [10, 2.2281],
      [19, 2.093],
      [39, 2.0227],
      [120, 1.9799],
    ];
    for (const [freedom, t] of table) expect(studentT975(freedom)).toBeCloseTo(t, 4);
  });

  it('is the one reckoned by hand', () => {
    // Mean 2, sd 1, three values: 2 ± 4.30265 / sqrt(3).
    const { mean, interval } = estimate([1, 2, 3]);
    expect(mean).toBe(2);
    expect(interval?.[0]).toBeCloseTo(-0.484138, 5);
    expect(interval?.[1]).toBeCloseTo(4.484138, 5);
  });

  it('is not there for one shuffle', () => {
    expect(estimate([0.5])).toEqual({ mean: 0.5, interval: null });
  });
});

describe('a shuffle', () => {
  const items = Array.from({ length: 50 }, (_, index) => index);

  it('keeps every request and is the same for the same seed only', () => {
    expect([...shuffled(items, 7)].sort((a, b) => a - b)).toEqual(items);
    expect(shuffled(items, 7)).toEqual(shuffled(items, 7));
    expect(shuffled(items, 7)).not.toEqual(shuffled(items, 8));
  });

  it('puts every request everywhere equally often', () => {
    // Chi-squared with 9 degrees of freedom over 2,000 seeds in a row: above 27.9 once in 1,000.
    const places = Array.from({ length: 10 }, () => 0);
    for (let seed = 0; seed < 2000; seed++) {
      const place = shuffled(items.slice(0, 10), seed).indexOf(9);
      places[place] = places[place]! + 1;
    }
    expect(places.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0)).toBeLessThan(27.9);
  });
});

describe('the options of simulate', () => {
  it('have defaults', () => {
    expect(simulateOptions({ dataset: 'x' })).toMatchObject({
      shuffles: 20,
      seed: 1,
      utilityCost: 0,
      floor: 0.01,
      json: false,
      buckets: true,
    });
    expect(simulateOptions({ dataset: 'x' }).features).toBeUndefined();
    expect(simulateOptions({ dataset: 'x', features: 'none' }).features).toEqual([]);
    expect(simulateOptions({ dataset: 'x', features: 'chars, text' }).features).toEqual(['chars', 'text']);
  });

  it('are refused by name where they are wrong', () => {
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{}, /^--dataset is missing/],
      [{ dataset: '' }, /^--dataset is empty/],
      [{ dataset: 'x', shuffles: '0' }, /^--shuffles must be a whole number from 1/],
      [{ dataset: 'x', shuffles: '2.5' }, /^--shuffles must be a whole number/],
      [{ dataset: 'x', seed: '-1' }, /^--seed must/],
      [{ dataset: 'x', utilityCost: 'much' }, /^--utility-cost must be a number from 0 to 1/],
      [{ dataset: 'x', floor: '2' }, /^--floor must/],
      [{ dataset: 'x', limit: '0' }, /^--limit must/],
      [{ dataset: 'x', workers: 'all' }, /^--workers must/],
      [{ dataset: 'x', features: 'text,colour' }, /^--features text,colour is not right/],
      [{ dataset: 'x', features: 'text,text' }, /^--features text,text is not right/],
      [{ dataset: 'x', policy: 'nonesuch' }, /^--policy nonesuch/],
      [{ dataset: 'x', policy: 'beta_thompson:colour=red' }, /^--policy .*colour/],
    ];
    for (const [options, message] of wrong) {
      expect(() => simulateOptions(options)).toThrowError(
        expect.objectContaining({ code: 'request_invalid', message: expect.stringMatching(message) }),
      );
    }
  });

  it('name a detector of changes alone or with its parameters', () => {
    const changesOf = (changes: string) => simulateOptions({ dataset: 'x', changes }).changes;
    expect(changesOf('glr')).toEqual({ detector: 'glr', falseAlarm: 0.01, minPulls: 30 });
    expect(changesOf('page_hinkley:threshold=9,minPulls=50')).toMatchObject({ threshold: 9, minPulls: 50 });
    expect(simulateOptions({ dataset: 'x' }).changes).toBeUndefined();
    for (const wrong of ['cusum', 'glr:falseAlarm=2', 'glr:colour=1'])
      expect(() => changesOf(wrong)).toThrowError(
        expect.objectContaining({ code: 'request_invalid', message: expect.stringMatching(`^--changes ${wrong}: `) }),
      );
  });

  it('name a policy alone or with its parameters', () => {
    expect(policyOf('beta_thompson')).toMatchObject({ name: 'beta_thompson' });
    expect(policyOf('beta_thompson:shrinkage=3')).toEqual({ name: 'beta_thompson', shrinkage: 3 });
    expect(policyOf('{"name": "lin_ucb", "alpha": 0.5}')).toEqual({ name: 'lin_ucb', alpha: 0.5, lambda: 1 });
    expect(policyOf('epsilon_greedy:epsilon=0.2,shrinkage=0')).toEqual({
      name: 'epsilon_greedy',
      epsilon: 0.2,
      shrinkage: 0,
    });
    expect(policyOf('fixed:arm=meta/llama:8b')).toEqual({ name: 'fixed', arm: 'meta/llama:8b' });
  });
});
