/**
 * A decision id is its address, `domain.bucketId.revision36.check`: whoever holds it can find the decision with one read, and
 * nobody can make one up, because the check is a keyed hash.
 */
import { timingSafeEqual } from 'node:crypto';
import { ReckonerError } from '../../events/errors.ts';
import { base32 } from './base32.ts';
import { hmacSha256 } from './hmac.ts';

export interface DecisionAddress {
  readonly domain: string;
  readonly bucketId: string;
  readonly revision: number;
}

const SHAPE = /^([a-z0-9_]{1,24})\.([a-z2-7]{16})\.([0-9a-z]{1,8})\.([a-z2-7]{13})$/;

/** At most 64 characters, URL-safe. */
export function decisionId(key: Uint8Array, tenant: string, address: DecisionAddress): string {
  const text = `${address.domain}.${address.bucketId}.${address.revision.toString(36)}`;
  return `${text}.${check(key, tenant, text)}`;
}

/** @throws ReckonerError decision_id_invalid where it is malformed, tampered with, or another installation's */
export function parseDecisionId(key: Uint8Array, tenant: string, id: string): DecisionAddress {
  const parts = SHAPE.exec(id);
  const [, domain = '', bucketId = '', revision36 = '', given = ''] = parts ?? [];
  const expected = check(key, tenant, `${domain}.${bucketId}.${revision36}`);
  if (parts === null || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) {
    throw new ReckonerError('decision_id_invalid', 'This is not a decision id of this installation.');
  }
  return { domain, bucketId, revision: Number.parseInt(revision36, 36) };
}

/** A node has one key for good: its code is made ready once. */
const codes = new WeakMap<Uint8Array, (message: string) => Buffer>();

function check(key: Uint8Array, tenant: string, text: string): string {
  let code = codes.get(key);
  if (code === undefined) {
    code = hmacSha256(key);
    codes.set(key, code);
  }
  return base32(code(`${tenant}\u001f${text}`), 64);
}
