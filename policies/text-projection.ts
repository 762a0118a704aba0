/**
 * Text as a few numbers: its n-grams are hashed (Weinberger, Dasgupta, Langford, Smola & Attenberg 2009), each counts 1 + ln(how often it is
 * there), and a random projection of signs (Achlioptas 2003, theorem 1.1) takes them to k dimensions, where the sum gets length 1.
 * Inner products of texts are kept to about 1 / sqrt(k). The sign with which Weinberger et al. enter a hash is one of the projection's.
 *
 * A gram's place is its whole 32-bit hash, so that two of them share one seldom. Case and the ways in which Unicode writes a letter do not
 * count. What is a letter, and its lower case, is the engine's: a newer one may read characters that are new to Unicode otherwise.
 */

import { murmur3 } from './murmur3.ts';
import { bitsAt } from './random-signs.ts';

/** How a text is read. */
export interface TextReading {
  /** Numbers that are made of it, in 1..64. */
  readonly dimensions: number;
  /** Lengths of n-grams of words: runs of letters, marks and digits; any other visible character is a word too. */
  readonly words: readonly number[];
  /** Lengths of n-grams of characters; white space of any length is one character. */
  readonly characters: readonly number[];
}

/** Grams of words and of characters that look the same are different. */
const SEED = { words: 0, characters: 1 } as const;
const SPACE = 0x20;

/**
 * The numbers of a text: finite, of length 1 together, or all 0 where it has no grams. The same on every machine, whatever text it is.
 * O(grams * dimensions).
 */
export function projectText(text: string, { dimensions, words, characters }: TextReading): number[] {
  const plain = text.toLowerCase().normalize('NFC');
  const grams: number[] = [];
  if (words.length > 0) hashWords(plain, words, grams);
  if (characters.length > 0) hashCharacters(plain, characters, grams);
  return unitLength(projected(Int32Array.from(grams).sort(), dimensions));
}

function hashWords(plain: string, sizes: readonly number[], into: number[]): void {
  const bytes = new TextEncoder().encode(plain.match(/[\p{L}\p{M}\p{N}]+|[^\p{Z}\p{Cc}\p{Cf}]/gu)?.join(' ') ?? '');
  // A gram is the bytes from where its first word begins to where its last one ends.
  const starts = [0];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === SPACE) starts.push(at + 1);
  const count = bytes.length === 0 ? 0 : starts.length;
  starts.push(bytes.length + 1);
  for (const size of sizes) {
    for (let i = 0; i + size <= count; i++) into.push(murmur3(bytes, SEED.words, starts[i]!, starts[i + size]! - 1));
  }
}

function hashCharacters(plain: string, sizes: readonly number[], into: number[]): void {
  const bytes = new TextEncoder().encode(plain.replace(/[\p{Z}\p{Cc}\p{Cf}]+/gu, ' ').trim());
  // A character begins with any byte but those that continue one.
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at++) if ((bytes[at]! & 0xc0) !== 0x80) starts.push(at);
  const count = starts.length;
  starts.push(bytes.length);
  for (const size of sizes) {
    for (let i = 0; i + size <= count; i++) into.push(murmur3(bytes, SEED.characters, starts[i]!, starts[i + size]!));
  }
}

/** Adds up the signs of every gram, weighted. @param grams sorted: equal ones stand together, and the order of the words does not round */
function projected(grams: Int32Array, dimensions: number): Float64Array {
  const sums = new Float64Array(dimensions);
  for (let at = 0; at < grams.length; ) {
    const gram = grams[at]!;
    let end = at + 1;
    while (end < grams.length && grams[end] === gram) end++;
    const weight = 1 + Math.log(end - at);
    for (let first = 0; first < dimensions; first += 32) {
      let bits = bitsAt(gram, first);
      const last = Math.min(dimensions, first + 32);
      for (let d = first; d < last; d++) {
        // A sign by arithmetic: processors guess a random branch wrong every second time.
        sums[d]! += (((bits & 1) << 1) - 1) * weight;
        bits >>>= 1;
      }
    }
    at = end;
  }
  return sums;
}

function unitLength(sums: Float64Array): number[] {
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  const length = Math.sqrt(squares);
  return Array.from(sums, (sum) => (length > 0 ? sum / length : 0));
}
