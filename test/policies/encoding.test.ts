import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEncoder, type FeatureKind } from '../../policies/encoding.ts';

const KINDS: FeatureKind[] = [
  { type: 'number' },
  { type: 'category', values: 3 },
  { type: 'boolean' },
  { type: 'number' },
];

/** The vector of a context that was seen. */
function vectorOf(contexts: readonly (readonly number[])[], features: readonly number[], kinds = KINDS): number[] {
  const encoder = createEncoder(kinds);
  const seen = encoder.begin();
  for (const context of contexts) encoder.see(seen, context, 1);
  const into = new Float64Array(encoder.dimension);
  encoder.encode(seen, features, 0, into);
  return [...into];
}

it('gives a bias, categories one-hot, true booleans, and standardised numbers, each part divided by its root', () => {
  const half = 1 / Math.sqrt(2);
  const contexts = [
    [1, 0, 0, 5],
    [3, 2, 1, 5],
  ];
  expect(vectorOf(contexts, [3, 2, 1, 5])).toEqual([1, 0, 0, half, half, half, 0]);
  expect(vectorOf(contexts, [1, 0, 0, 5])).toEqual([1, half, 0, 0, 0, -half, 0]);
});

it('standardises as two passes over the data would', () => {
  const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(fc.array(number, { minLength: 2, maxLength: 40 }), number, (values, value) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
      fc.pre(deviation > 1e-3);
      const expected = Math.max(-4, Math.min(4, (value - mean) / deviation));
      const contexts = values.map((x) => [x]);
      expect(vectorOf(contexts, [value], [{ type: 'number' }])[1]).toBeCloseTo(expected, 8);
    }),
  );
});

it('gives a context the same vector before it is seen as after', () => {
  const encoder = createEncoder(KINDS);
  const seen = encoder.begin();
  const [before, after] = [new Float64Array(encoder.dimension), new Float64Array(encoder.dimension)];
  for (let i = 0; i < 50; i++) {
    const features = [Math.sqrt(i), i % 3, i % 2, 1 / (1 + i)];
    encoder.encode(seen, features, 1, before);
    encoder.see(seen, features, 1);
    encoder.encode(seen, features, 0, after);
    expect(after).toEqual(before);
  }
});

it('weighs a context that is seen in parts as one', () => {
  const encoder = createEncoder([{ type: 'number' }]);
  const [whole, parts] = [encoder.begin(), encoder.begin()];
  for (const x of [1, 4, 9]) {
    encoder.see(whole, [x], 1);
    for (const share of [0.25, 0.25, 0.5]) encoder.see(parts, [x], share);
  }
  expect(parts.weight).toBe(3);
  expect(parts.means[0]).toBeCloseTo(whole.means[0]!, 12);
  expect(parts.squares[0]).toBeCloseTo(whole.squares[0]!, 12);
});

it('is never NaN, clips what is far out, and leaves out what has no spread or no place', () => {
  for (const scale of [0, 1e-200, 1e-12, 1, 1e12, 1e300, Number.POSITIVE_INFINITY, Number.NaN]) {
    const contexts = Array.from({ length: 20 }, (_, i) => [scale * i, 0, 0, scale]);
    const vector = vectorOf(contexts, [scale * 1e9, 7, 0, scale]);
    expect(vector.every((x) => Math.abs(x) <= 4)).toBe(true);
    expect(vector.slice(1, 5)).toEqual([0, 0, 0, 0]);
    expect(vector[6]).toBe(0);
  }
  const ordinary = Array.from({ length: 20 }, (_, i) => [1e12 * i, 0, 0, 1]);
  expect(vectorOf(ordinary, [1e30, 0, 0, 1])[5]).toBeCloseTo(4 / Math.sqrt(2), 12);
});

it('knows of a context of another schema its bias only', () => {
  expect(vectorOf([[1, 0, 0, 1]], [])).toEqual([1, 0, 0, 0, 0, 0, 0]);
});

it('has a number that is not known at its mean, and of what is not all values alike', () => {
  const contexts = [
    [1, 0, 1, 1],
    [3, 2, 0, 5],
    [8, 1, 1, 9],
  ];
  const unknown = Number.NaN;
  const all = [0, 1].flatMap((boolean) => [0, 1, 2].map((category) => vectorOf(contexts, [4, category, boolean, 5])));
  const mean = vectorOf(contexts, [unknown, unknown, unknown, unknown]);
  for (const [place, x] of mean.entries())
    expect(x).toBeCloseTo(
      all.reduce((sum, vector) => sum + vector[place]! / all.length, 0),
      15,
    );
  expect(vectorOf(contexts, [unknown, 2, 1, unknown])).toEqual(vectorOf(contexts, [4, 2, 1, 5]));
  expect(vectorOf(contexts, [unknown, 2, 1, 9])[5]).toBe(0);
  expect(vectorOf(contexts, [unknown, 2, 1, 9])[6]).toBeGreaterThan(0);
});

it('refuses more than 1,024 numbers', () => {
  expect(createEncoder([{ type: 'category', values: 1023 }]).dimension).toBe(1024);
  expect(() => createEncoder([{ type: 'category', values: 1024 }])).toThrow(/a vector of 1025 numbers/);
});

it('standardises the numbers of a vector like numbers, as a part of its own', () => {
  const kinds: FeatureKind[] = [
    { type: 'number' },
    { type: 'vector', size: 2, weight: 1 },
    { type: 'category', values: 2 },
    { type: 'vector', size: 3, weight: 0.25 },
  ];
  const random = fc.sample(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 6, maxLength: 6 }), 20);
  const contexts = random.map(([a, b, c, d, e, f]) => [a!, b!, c!, 1, d!, e!, f!]);
  const last = contexts.at(-1)!;
  const vector = vectorOf(contexts, last, kinds);
  expect(vector.slice(0, 3)).toEqual([1, 0, 1]);
  // Each as if it were the only number, but divided by the root of its part's size, and times its weight.
  const places = [0, 1, 2, 4, 5, 6];
  const sizes = [1, 2, 2, 3, 3, 3];
  const weights = [1, 1, 1, 0.25, 0.25, 0.25];
  for (const [i, place] of places.entries()) {
    const alone = contexts.map((context) => [context[place]!]);
    expect(vector[3 + i]).toBe(
      vectorOf(alone, [last[place]!], [{ type: 'number' }])[1]! * (weights[i]! / Math.sqrt(sizes[i]!)),
    );
  }
});

it('counts the numbers of vectors towards the longest vector that is taken', () => {
  expect(createEncoder([{ type: 'vector', size: 1023, weight: 1 }])).toMatchObject({ dimension: 1024, doubles: 1023 });
  expect(() => createEncoder([{ type: 'vector', size: 1024, weight: 1 }])).toThrow(/fewer categories or dimensions/);
});
