import { hash } from 'node:crypto';

const BLOCK = 64;

/**
 * HMAC-SHA256 under one key (RFC 2104), from one-shot hashes: `createHmac` makes a stream with a finaliser for every message, and
 * two messages belong to every decision.
 * @returns the 32 bytes of a message's code
 */
export function hmacSha256(key: Uint8Array): (message: string) => Buffer {
  const short = key.length > BLOCK ? hash('sha256', key, 'buffer') : key;
  const inner = Buffer.alloc(BLOCK, 0x36);
  const outer = Buffer.alloc(BLOCK + 32, 0x5c);
  for (const [at, byte] of short.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (message) => {
    const text = Buffer.from(message, 'utf8');
    outer.write(hash('sha256', Buffer.concat([inner, text]), 'binary'), BLOCK, 'latin1');
    return Buffer.from(hash('sha256', outer, 'binary'), 'latin1');
  };
}
