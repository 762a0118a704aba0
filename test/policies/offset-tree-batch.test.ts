import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLogistic, logOddsOf } from '../../policies/logistic-regression.ts';
import { offsetExample } from '../../policies/offset-transform.ts';
import { learnOffsetTree, type OffsetLog, type OffsetNode, predictArm } from '../../policies/offset-tree-batch.ts';

const probability = fc.double({ min: 0.01, max: 1, noNaN: true });
const reward = fc.double({ min: 0, max: 1, noNaN: true });

describe('the offset transform', () => {
  it('weighs a reward by its distance from the offset, twice where both arms were as likely', () => {
    expect(offsetExample(1, 0.25, 0.5)).toEqual({ forTried: true, weight: 1 });
    expect(offsetExample(0, 0.25, 0.5)).toEqual({ forTried: false, weight: 1 });
    expect(offsetExample(0.5, 0.1, 0.9)).toEqual({ forTried: true, weight: 0 });
    expect(offsetExample(0.75, 0.2, 0.6, 0.25).weight).toBeCloseTo(1.5, 12);
  });

  it('votes, over the draws of a pair, by the difference of the rewards, whatever the offset', () => {
    fc.assert(
      fc.property(probability, probability, reward, reward, reward, (p, q, one, other, offset) => {
        const vote = (r: number, own: number) => {
          const { forTried, weight } = offsetExample(r, own, p + q, offset);
          return forTried ? weight : -weight;
        };
        const expected = (p * vote(one, p) - q * vote(other, q)) / (p + q);
        expect(Math.abs(expected - (one - other))).toBeLessThan(1e-9);
      }),
    );
  });
});

describe('logistic regression', () => {
  it('gives the odds of the weights where there is nothing but an intercept', () => {
    const theta = fitLogistic({ rows: [[], [], []], positive: [true, false, true], weights: [2, 4, 1] }, 0, 1);
    expect(theta[0]).toBeCloseTo(Math.log(3 / 4), 9);
  });

  it('ends where the gradient vanishes', () => {
    const rows = [
      [1, 0.5],
      [-2, 1],
      [0.3, -1],
      [1.5, 2],
      [-0.7, 0.1],
    ];
    const positive = [true, false, true, false, true];
    const weights = [1, 2, 0.5, 3, 1];
    const theta = fitLogistic({ rows, positive, weights }, 2, 0.3);
    for (let i = 0; i < 3; i++) {
      const gradient = rows.reduce((sum, row, n) => {
        const p = 1 / (1 + Math.exp(-logOddsOf(theta, row)));
        return sum + weights[n]! * (p - (positive[n] ? 1 : 0)) * (i === 2 ? 1 : row[i]!);
      }, 0);
      expect(gradient + (i === 2 ? 0 : 0.3 * theta[i]!)).toBeCloseTo(0, 9);
    }
  });

  it('stays finite where one side has all the weight, or there is none', () => {
    const one = fitLogistic({ rows: [[1], [2]], positive: [true, true], weights: [1, 1] }, 1, 1);
    expect(one.every((value) => value > 0 && value < 5)).toBe(true);
    expect([...fitLogistic({ rows: [[1]], positive: [true], weights: [0] }, 1, 1)]).toEqual([0, 0]);
    const huge = fitLogistic({ rows: [[1e12], [-1e12]], positive: [true, false], weights: [1, 1] }, 1, 1);
    expect(huge.every(Number.isFinite)).toBe(true);
  });
});

/** [arm, reward, propensity] of requests that all look the same. */
function log(tries: readonly (readonly [number, number, number])[]): OffsetLog {
  return {
    rows: tries.map(() => []),
    arms: tries.map(([arm]) => arm),
    rewards: tries.map(([, reward]) => reward),
    propensity: (n, arm) => (tries[n]![0] === arm ? tries[n]![2] : 0.1),
  };
}

function inner(node: OffsetNode) {
  if (!('theta' in node)) throw new Error('a leaf');
  return node;
}

describe('the offset tree learned from a log', () => {
  // By hand. Pair weights are (p + 0.1) / p: 1.2 where p is 0.5, 1.5 where it is 0.2.
  //  arms 0, 1: 0 earned 1 (left 0.6) and 0 (right 0.75), 1 earned 0 (left 0.6)       -> left 1.2, right 0.75: 0 wins
  //  arms 2, 3: 2 earned 0.25 (right 0.3), 3 earned 1 (right 0.6) and 0.25 (left 0.3) -> left 0.3, right 0.9: 3 wins
  //  root: only 0 and 3 take part: 0's 1 (left 0.6) and 0 (right 0.75), 3's 1 (right 0.6) and 0.25 (left 0.3)
  const tries = [
    [0, 1, 0.5],
    [0, 0, 0.2],
    [1, 0, 0.5],
    [2, 0.25, 0.5],
    [3, 1, 0.5],
    [3, 0.25, 0.5],
  ] as const;

  it('is the one worked out by hand: who takes part, labels and weights', () => {
    const tree = inner(learnOffsetTree(log(tries), 4));
    expect(inner(tree.left).theta[0]).toBeCloseTo(Math.log(0.75 / 1.2), 9);
    expect(inner(tree.right).theta[0]).toBeCloseTo(Math.log(0.9 / 0.3), 9);
    expect(tree.theta[0]).toBeCloseTo(Math.log(1.35 / 0.9), 9);
    expect(predictArm(tree, [])).toBe(3);
  });

  it('lets losers vote at the root only without the winner filter', () => {
    const tree = inner(learnOffsetTree(log(tries), 4, { winnerFilter: false }));
    // Arm 1 earned 0, which votes right with 0.6; arm 2 earned 0.25, which votes left with 0.3.
    expect(tree.theta[0]).toBeCloseTo(Math.log((1.35 + 0.6) / (0.9 + 0.3)), 9);
  });

  it('takes another offset', () => {
    const tree = inner(learnOffsetTree(log(tries), 4, { offset: () => 0.25 }));
    // Arm 2's 0.25 is at the offset and weighs nothing; so does 3's second. One side only: the ridge holds the odds finite.
    expect(inner(tree.right).theta[0]).toBeGreaterThan(0);
    expect(inner(tree.left).theta[0]).toBeCloseTo(Math.log((0.25 * 1.5) / (0.75 * 1.2 + 0.25 * 1.2)), 9);
  });

  it('predicts by the context', () => {
    const rows = Array.from({ length: 400 }, (_, n) => [n % 2 === 0 ? 1 : -1]);
    const arms = rows.map((_, n) => Math.floor(n / 2) % 3);
    const tree = learnOffsetTree(
      {
        ...{ rows, arms, propensity: () => 1 / 3 },
        rewards: rows.map(([x], n) => (arms[n] === (x === 1 ? 2 : 0) ? 1 : 0)),
      },
      3,
    );
    expect(predictArm(tree, [1])).toBe(2);
    expect(predictArm(tree, [-1])).toBe(0);
  });

  it('knows one arm only, and needs one', () => {
    expect(predictArm(learnOffsetTree(log([[0, 1, 1]]), 1), [])).toBe(0);
    expect(() => learnOffsetTree(log([]), 0)).toThrow(RangeError);
  });
});
