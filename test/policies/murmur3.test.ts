import { expect, it } from 'vitest';
import { mixed, murmur3 } from '../../policies/murmur3.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

it('gives the published hashes, whatever is left after the blocks of four', () => {
  const published: [string, number, number][] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
    ['a', 0x9747b28c, 0x7fa09ea6],
    ['aa', 0x9747b28c, 0x5d211726],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['aaaa', 0x9747b28c, 0x5a97808a],
  ];
  for (const [text, seed, hash] of published) expect([text, murmur3(bytes(text), seed)]).toEqual([text, hash]);
});

it('hashes a part of the bytes as if it stood alone', () => {
  const text = bytes('ein Satz mit Umläuten');
  for (let start = 0; start <= text.length; start++) {
    for (let end = start; end <= text.length; end++) {
      expect(murmur3(text, 7, start, end)).toBe(murmur3(text.slice(start, end), 7));
    }
  }
});

it('mixes one to one: no two of many numbers meet', () => {
  const mixes = new Set(Array.from({ length: 100_000 }, (_, i) => mixed(i * 40_503)));
  expect(mixes.size).toBe(100_000);
});
