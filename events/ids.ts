import { hash } from 'node:crypto';

/** Namespace of Reckoner's event ids (a random UUID, fixed for ever), as its 16 bytes. */
const NAMESPACE = Buffer.from('5e1f7c0a9d3b4f6e8a2d41c60b7f95d3', 'hex').toString('latin1');

const NAMESPACE_BYTES = 16;
/** For what is hashed at once: an id is made for every decision and every reward. */
const scratch = Buffer.alloc(1024);

/**
 * Name-based UUID, version 5 (RFC 9562, 5.5): the same name gives the same id on every node, which is what makes an append
 * idempotent.
 * @param namespace the 16 bytes of the namespace as a latin1 string
 */
export function uuidV5(name: string, namespace: string = NAMESPACE): string {
  // The longest that a name of so many units can be.
  const longest = NAMESPACE_BYTES + 3 * name.length;
  const bytes = longest <= scratch.length ? scratch : Buffer.allocUnsafe(longest);
  const length = bytes.write(namespace, 0, 'latin1') + bytes.write(name, NAMESPACE_BYTES, 'utf8');
  const hex = hash('sha1', bytes.subarray(0, length), 'hex');
  // The version goes into the 13th digit, the variant (binary 10) into the two upper bits of the 17th.
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Id of an event that a request causes: UUIDv5(tenant, domain, requestId, type, ordinal). */
export function eventId(tenant: string, domain: string, requestId: string, type: string, ordinal = 0): string {
  // Unit separators: no part can contain one, so that no two tuples have the same name.
  return uuidV5(`${tenant}\u001f${domain}\u001f${requestId}\u001f${type}\u001f${ordinal}`);
}

/** Randomness of `learn`: the first 32 bits of the reward's event id. */
export function seedOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16);
}
