import fc from 'fast-check';
import { expect, it } from 'vitest';
import { murmur3 } from '../../policies/murmur3.ts';
import { bitsAt } from '../../policies/random-signs.ts';
import { projectText, type TextReading } from '../../policies/text-projection.ts';
import { anyText } from './any-text.ts';

const WORDS: TextReading = { dimensions: 32, words: [1, 2], characters: [] };
const readings = fc.record({
  dimensions: fc.integer({ min: 1, max: 64 }),
  words: fc.subarray([1, 2, 3, 5]),
  characters: fc.subarray([1, 3, 8]),
});

/** The definition, gram by gram as strings. */
function byDefinition(text: string, { dimensions, words, characters }: TextReading): number[] {
  // Halves of surrogate pairs have no bytes of their own: all are the same character.
  const bytes = new TextEncoder().encode(text.toLowerCase().normalize('NFC'));
  const plain = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const tokens = plain.match(/[\p{L}\p{M}\p{N}]+|[^\p{Z}\p{Cc}\p{Cf}]/gu) ?? [];
  const letters = [
    ...plain
      .split(/[\p{Z}\p{Cc}\p{Cf}]+/u)
      .join(' ')
      .trim(),
  ];
  const grams = [
    ...words.flatMap((n) =>
      tokens.flatMap((_, i) => (i + n <= tokens.length ? [`0${tokens.slice(i, i + n).join(' ')}`] : [])),
    ),
    ...characters.flatMap((n) =>
      letters.flatMap((_, i) => (i + n <= letters.length ? [`1${letters.slice(i, i + n).join('')}`] : [])),
    ),
  ];
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  const sums = new Array<number>(dimensions).fill(0);
  for (const [gram, count] of counts) {
    const hash = murmur3(new TextEncoder().encode(gram.slice(1)), Number(gram[0]));
    for (let d = 0; d < dimensions; d++) {
      const sign = (bitsAt(hash, d < 32 ? 0 : 32) >>> (d % 32)) & 1 ? 1 : -1;
      sums[d]! += sign * (1 + Math.log(count));
    }
  }
  const length = Math.hypot(...sums);
  return sums.map((sum) => (length > 1e-9 ? sum / length : 0));
}

it('is of length 1 or 0, finite and the same again, whatever text it is', () => {
  fc.assert(
    fc.property(anyText, readings, (text, reading) => {
      const numbers = projectText(text, reading);
      expect(numbers.length).toBe(reading.dimensions);
      expect(numbers.every(Number.isFinite)).toBe(true);
      const length = Math.hypot(...numbers);
      expect(length === 0 || Math.abs(length - 1) < 1e-12).toBe(true);
      expect(projectText(text, reading)).toEqual(numbers);
    }),
    { numRuns: 40 },
  );
});

it('is what its definition says, gram by gram', () => {
  fc.assert(
    fc.property(anyText, readings, (given, reading) => {
      const expected = byDefinition(given, reading);
      for (const [d, number] of projectText(given, reading).entries()) expect(number).toBeCloseTo(expected[d]!, 9);
    }),
    { examples: [['a \ud800 \ud801 b', WORDS]] },
  );
});

it('bears half a surrogate pair, and texts without a gram', () => {
  expect(projectText('\ud800', WORDS).every(Number.isFinite)).toBe(true);
  for (const empty of ['', ' \n\t\u200b ']) expect(projectText(empty, WORDS)).toEqual(new Array(32).fill(0));
  expect(projectText('one word', { ...WORDS, words: [3] })).toEqual(new Array(32).fill(0));
});

it('heeds neither case, nor how Unicode writes a letter, nor the kind of white space', () => {
  expect(projectText('GRÜSSE  aus\nÉvora', WORDS)).toEqual(projectText('gru\u0308sse aus e\u0301vora', WORDS));
});

it('heeds the order of words only where grams are longer than one', () => {
  const bag = { ...WORDS, words: [1] };
  const [one, other] = ['the dog bites the man', 'the man bites the dog'];
  expect(projectText(one, bag)).toEqual(projectText(other, bag));
  expect(projectText(one, WORDS)).not.toEqual(projectText(other, WORDS));
});

it('counts a word that comes again by the logarithm', () => {
  const numbers = (text: string) => projectText(text, { dimensions: 64, words: [1], characters: [] });
  const once = numbers('spam');
  for (const [d, x] of numbers('spam '.repeat(50)).entries()) expect(x).toBeCloseTo(once[d]!, 12);
  const weight = 1 + Math.log(50);
  const both = numbers(`${'spam '.repeat(50)} egg`);
  const egg = numbers('egg');
  const sums = once.map((x, d) => weight * x + egg[d]!);
  const length = Math.hypot(...sums);
  for (const [d, x] of both.entries()) expect(x).toBeCloseTo(sums[d]! / length, 12);
});

it('keeps the cosine of two texts to about one part in the root of the dimensions', () => {
  const words = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `w${from + i}`).join(' ');
  let squares = 0;
  for (let i = 0; i < 400; i++) {
    // 20 words of 40 are shared: the cosine is 1/2.
    const [one, other] = [words(100 * i, 100 * i + 40), words(100 * i + 20, 100 * i + 60)];
    const reading = { dimensions: 32, words: [1], characters: [] };
    const [x, y] = [projectText(one, reading), projectText(other, reading)];
    squares += (x.reduce((sum, a, d) => sum + a * y[d]!, 0) - 0.5) ** 2;
  }
  // The cosine of k signs has a standard deviation of (1 - c^2) / sqrt(k).
  expect(Math.sqrt(squares / 400) * Math.sqrt(32)).toBeCloseTo(0.75, 1);
});

it('gives a text these numbers for ever', () => {
  expect(
    projectText('Write a haiku about the sea.', { dimensions: 8, words: [1, 2], characters: [] }),
  ).toMatchInlineSnapshot(`
    [
      0.5330017908890261,
      0.10660035817780521,
      0.10660035817780521,
      0.10660035817780521,
      0.10660035817780521,
      0.5330017908890261,
      0.5330017908890261,
      0.31980107453341566,
    ]
  `);
  expect(projectText('写一首关于大海的俳句', { dimensions: 4, words: [], characters: [2, 3] })).toMatchInlineSnapshot(`
    [
      0.8333333333333334,
      0.5,
      0.16666666666666666,
      0.16666666666666666,
    ]
  `);
});
