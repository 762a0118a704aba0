import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantileSketch } from '../../projections/quantile-sketch.ts';

const latencies = fc.array(
  fc.oneof(fc.double({ min: 0.01, max: 1e9, noNaN: true }), fc.integer({ min: 0, max: 5000 })),
  {
    minLength: 1,
    maxLength: 200,
  },
);

function sketchOf(values: readonly number[]) {
  const sketch = quantileSketch();
  for (const value of values) sketch.accept(value);
  return sketch;
}

test('a quantile is within 1 % of the number at its rank', () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const exact = values.toSorted((left, right) => left - right)[Math.floor(q * (values.length - 1))] ?? 0;
      const told = sketchOf(values).quantile(q) ?? Number.NaN;
      expect(Math.abs(told - exact)).toBeLessThanOrEqual(0.01 * exact + 1e-9);
    }),
  );
});

test('the same numbers give the same bytes in any order, also with a rest in between', () => {
  fc.assert(
    fc.property(latencies, fc.nat(), (values, at) => {
      const whole = sketchOf(values).serialise();
      expect(sketchOf(values.toReversed()).serialise()).toEqual(whole);
      const middle = at % (values.length + 1);
      const resumed = quantileSketch(sketchOf(values.slice(0, middle)).serialise());
      for (const value of values.slice(middle)) resumed.accept(value);
      expect(resumed.serialise()).toEqual(whole);
      expect(resumed.quantile(0.95)).toBe(sketchOf(values).quantile(0.95));
    }),
  );
});

test('nothing has no quantile, and what is no latency does no harm', () => {
  expect(quantileSketch().quantile(0.5)).toBeNull();
  const sketch = sketchOf([Number.NaN, Number.NEGATIVE_INFINITY, -1, 0, Number.POSITIVE_INFINITY, 1e300]);
  expect(sketch.quantile(0)).toBe(0);
  expect(sketch.quantile(1)).toBeGreaterThan(0.98e12);
  expect(sketch.quantile(1)).toBeLessThan(1.02e12);
});
