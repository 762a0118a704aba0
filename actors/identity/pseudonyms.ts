/** People as the log knows them: each a pseudonym that means nothing once their salt is erased. */
import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SubjectSalts } from '../../events/subjects.ts';

/** Pseudonyms that are kept in memory. */
const KNOWN_SUBJECTS = 10_000;

/**
 * HMAC of the subject under a random salt of their own: erasing the salt erases the link between person and events.
 * @param key the installation's, 32 bytes
 * @returns the pseudonym of a tenant's subject: 22 characters of base64url, the same as long as the salt is kept
 */
export function createPseudonyms(
  salts: SubjectSalts,
  key: Uint8Array,
): (tenant: string, subject: string) => Promise<string> {
  const known = new LRUCache<string, string>({ max: KNOWN_SUBJECTS });
  return async (tenant, subject) => {
    const lookup = lookupOf(key, tenant, subject);
    const name = lookup.toString('base64url');
    const found = known.get(name);
    if (found !== undefined) return found;
    const salt = await salts.saltOf(lookup);
    const pseudonym = pseudonymOf(salt, lookup);
    known.set(name, pseudonym);
    return pseudonym;
  };
}

/** The pseudonym of a person who has one already; undefined for everybody else, and nothing is made for them. */
export async function knownPseudonym(
  salts: Pick<SubjectSalts, 'knownSaltOf'>,
  key: Uint8Array,
  tenant: string,
  subject: string,
): Promise<string | undefined> {
  const lookup = lookupOf(key, tenant, subject);
  const salt = await salts.knownSaltOf(lookup);
  return salt === undefined ? undefined : pseudonymOf(salt, lookup);
}

/** The salts are found by a keyed hash, so that their store names nobody either. */
function lookupOf(key: Uint8Array, tenant: string, subject: string): Buffer {
  return createHmac('sha256', key).update(`${tenant}\u001f${subject}`).digest();
}

function pseudonymOf(salt: Uint8Array, lookup: Uint8Array): string {
  return createHmac('sha256', salt).update(lookup).digest('base64url').slice(0, 22);
}
