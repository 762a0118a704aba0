import { describe, expect, test } from 'vitest';
import { type ContextCost, KNOWN_AT_MOST, learnContext, relativeCost } from '../../policies/context-cost.ts';

const arm = { reports: 50, mean: 0.01, basis: 0, held: 0, heldUsd: 0 };

function told(reports: readonly number[], context = 'long') {
  const contexts = new Map<string, ContextCost>();
  for (const usd of reports) learnContext(contexts, context, 'large', arm, usd);
  return contexts;
}

describe('what an arm costs in a context, as a part of what it costs on average', () => {
  test('is 1 before the first report, and then a mean in which 1 counts twice', () => {
    expect(relativeCost(undefined, 'long', 'large')).toBe(1);
    expect(relativeCost(told([]), 'long', 'large')).toBe(1);
    const contexts = told([0.03, 0.05]);
    expect(relativeCost(contexts, 'long', 'large')).toBeCloseTo((1 + 1 + 3 + 5) / 4, 12);
    expect(relativeCost(contexts, 'short', 'large')).toBe(1);
    expect(relativeCost(contexts, 'long', 'small')).toBe(1);
  });

  test('is not learned of no context, of a report that is held, nor of an arm that is free', () => {
    expect(told([0.03], '').size).toBe(0);
    const contexts = told([]);
    learnContext(contexts, 'long', 'large', { ...arm, held: 1 }, 5);
    learnContext(contexts, 'long', 'large', { ...arm, mean: 0 }, 0);
    expect(contexts.size).toBe(0);
  });

  test('is at most ten, and follows what changes', () => {
    expect(relativeCost(told([5e9]), 'long', 'large')).toBeCloseTo((1 + 1 + 10) / 3, 12);
    const contexts = told(Array.from({ length: 5000 }, () => 0.03));
    for (let report = 0; report < 1000; report++) learnContext(contexts, 'long', 'large', arm, 0.001);
    expect(relativeCost(contexts, 'long', 'large')).toBeLessThan(0.25);
  });

  test('is forgotten where there are too many, the one first that was not reported on for longest', () => {
    const contexts = told([0.03]);
    for (let other = 1; other < KNOWN_AT_MOST; other++) learnContext(contexts, `c${other}`, 'large', arm, 0.03);
    learnContext(contexts, 'long', 'large', arm, 0.03);
    learnContext(contexts, 'new', 'large', arm, 0.03);
    expect(contexts.size).toBe(KNOWN_AT_MOST);
    expect(relativeCost(contexts, 'c1', 'large')).toBe(1);
    for (const known of ['long', 'c2', 'new']) expect(relativeCost(contexts, known, 'large')).toBeGreaterThan(1);
  });
});
