/**
 * MurmurHash3, the 32-bit one (Appleby 2011, `MurmurHash3_x86_32`): exact integer arithmetic, so the same on every machine. It spreads
 * well and keeps nothing secret: whoever knows a hash can look for what has it.
 */

/**
 * The hash of the bytes from `start` to before `end`.
 * @param seed unsigned 32 bits
 * @returns unsigned 32 bits
 */
export function murmur3(bytes: Uint8Array, seed: number, start = 0, end: number = bytes.length): number {
  const tail = start + ((end - start) & ~3);
  let hash = seed | 0;
  for (let at = start; at < tail; at += 4) {
    hash ^= scrambled(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = end - 1; at >= tail; at--) rest = (rest << 8) | bytes[at]!;
  if (tail < end) hash ^= scrambled(rest);
  return mixed(hash ^ (end - start));
}

function scrambled(block: number): number {
  const k = Math.imul(block, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

/** Its finaliser: a bijection of 32 bits in which every bit of the result depends on every bit given. Unsigned. */
export function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
