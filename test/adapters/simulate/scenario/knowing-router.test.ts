import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../../../adapters/datasets/dataset.ts';
import { knowingRouter } from '../../../../adapters/simulate/scenario/knowing-router.ts';

const row = (task: string, rewards: number[], dollars: number[] = []): RecordedRequest => ({
  context: { task },
  rewards,
  dollars,
});

describe('a router that knows', () => {
  const rows = [
    row('easy', [0.8, 0.9], [1, 5]),
    row('easy', [0.8, 0.9], [1, 5]),
    row('hard', [0.2, 1], [1, 5]),
    row('hard', [0.2, 1], [1, 5]),
  ];

  it('takes the best arm of every bucket, of those there are, less what it costs', () => {
    expect(knowingRouter(rows, [0, 1], [0, 0], null)).toBeCloseTo(0.95, 12);
    expect(knowingRouter(rows, [0], [0, 0], null)).toBeCloseTo(0.5, 12);
    expect(knowingRouter(rows, [0, 1], [0, 0.2], null)).toBeCloseTo((0.8 + 0.8) / 2, 12);
  });

  it('spends a budget first where it brings most', () => {
    // The cheap arm everywhere costs 1; the hard half is 2 more and brings 0.4, the easy half 2 more and brings 0.05.
    expect(knowingRouter(rows, [0, 1], [0, 0], 1)).toBeCloseTo(0.5, 12);
    expect(knowingRouter(rows, [0, 1], [0, 0], 2)).toBeCloseTo(0.7, 12);
    expect(knowingRouter(rows, [0, 1], [0, 0], 3)).toBeCloseTo(0.9, 12);
    expect(knowingRouter(rows, [0, 1], [0, 0], 4)).toBeCloseTo(0.925, 12);
    expect(knowingRouter(rows, [0, 1], [0, 0], 99)).toBeCloseTo(0.95, 12);
  });

  it('buys the cheapest mix where even that is beyond the budget', () => {
    expect(knowingRouter(rows, [0, 1], [0, 0], 0.5)).toBeCloseTo(0.5, 12);
  });

  it('earns in one bucket what the best mix of any two arms earns', () => {
    const point = fc.record({ dollars: fc.integer({ min: 1, max: 20 }), reward: fc.integer({ min: 0, max: 20 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 25 }), (arms, budget) => {
        const request = row(
          'x',
          arms.map(({ reward }) => reward),
          arms.map(({ dollars }) => dollars),
        );
        let best = -1;
        for (const one of arms) {
          if (one.dollars <= budget) best = Math.max(best, one.reward);
          for (const other of arms) {
            if (one.dollars > budget || other.dollars <= budget) continue;
            const part = (budget - one.dollars) / (other.dollars - one.dollars);
            best = Math.max(best, one.reward + part * (other.reward - one.reward));
          }
        }
        if (best === -1) return;
        const places = arms.map((_, place) => place);
        const found = knowingRouter([request], places, [], budget);
        expect(found).toBeCloseTo(best, 9);
      }),
    );
  });
});
