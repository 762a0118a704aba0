import { expect, it } from 'vitest';
import { drawNormal, randomness } from '../../policies/sampling.ts';
import { vectorProjection } from '../../policies/vector-projection.ts';

function normals(count: number, seed: number): number[] {
  const random = randomness(seed);
  return Array.from({ length: count }, () => drawNormal(random));
}

const dot = (one: readonly number[], other: readonly number[]) => one.reduce((sum, x, i) => sum + x * other[i]!, 0);

it('changes nothing where there is nothing to save', () => {
  const vector = [0.1, -3, 1e100];
  for (const dimensions of [3, 64]) expect(vectorProjection(3, dimensions)(vector)).toEqual(vector);
});

it('is linear, and the same whenever it is made', () => {
  const project = vectorProjection(300, 16);
  const [x, y] = [normals(300, 1), normals(300, 2)];
  const sum = project(x.map((value, i) => value + 2 * y[i]!));
  const [px, py] = [project(x), vectorProjection(300, 16)(y)];
  for (const [d, value] of sum.entries()) expect(value).toBeCloseTo(px[d]! + 2 * py[d]!, 9);
});

it('keeps squared lengths and inner products on average, with the variance of the theorem', () => {
  const [size, dimensions, pairs] = [768, 32, 300];
  const project = vectorProjection(size, dimensions);
  let bias = 0;
  let squares = 0;
  for (let i = 0; i < pairs; i++) {
    const vector = normals(size, i + 1);
    const ratio = dot(project(vector), project(vector)) / dot(vector, vector);
    bias += (ratio - 1) / pairs;
    squares += (ratio - 1) ** 2 / pairs;
  }
  // One matrix for all of them: its own luck stays in the mean.
  expect(Math.abs(bias)).toBeLessThan(0.05);
  expect(squares * dimensions).toBeGreaterThan(1.4);
  expect(squares * dimensions).toBeLessThan(2.8);
});

it('reads every number that is given', () => {
  const project = vectorProjection(100, 64);
  const none = project(new Array(100).fill(0));
  for (let i = 0; i < 100; i++)
    expect(project(Array.from({ length: 100 }, (_, j) => Number(i === j)))).not.toEqual(none);
});

it('gives an embedding these numbers for ever', () => {
  expect(vectorProjection(12, 4)(Array.from({ length: 12 }, (_, i) => i + 1))).toMatchInlineSnapshot(`
    [
      12.12435565298214,
      -5.196152422706632,
      -20.784609690826528,
      -10.392304845413264,
    ]
  `);
});
