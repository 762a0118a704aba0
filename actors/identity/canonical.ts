import { hash } from 'node:crypto';
import { hmacSha256 } from './hmac.ts';

/** JSON with sorted keys and without what is undefined: equal values have equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** First 16 bytes of the SHA-256 of the canonical JSON: tells a repeated request from another one under the same id. */
export function requestHash(value: unknown): Uint8Array {
  return hash('sha256', Buffer.from(canonical(value)), 'buffer').subarray(0, 16);
}

/**
 * What tells one value from another in the hash of a request without being it. Keyed: a guess at a short text could be tried on it otherwise.
 * @param use keeps marks of different things apart
 */
export function keyedMark(key: Uint8Array, use: string, value: unknown): string {
  return hmacSha256(key)(`${use}\u001f${canonical(value)}`).toString('base64url');
}
