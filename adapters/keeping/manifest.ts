/** What a backup says of itself: enough to tell whether it is whole, byte for byte, and whose it is. No secret is in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ReckonerError } from '../../events/errors.ts';

export const MANIFEST = 'manifest.json';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Count = z.int().nonnegative();
const Fingerprint = z.string().regex(/^[0-9a-f]{16}$/);

const Manifest = z.object({
  format: z.literal(1),
  /** Versions that made it. */
  reckoner: z.string(),
  node: z.string(),
  createdAt: z.iso.datetime(),
  /** Of the log: events, streams, position of the last event, and one hash over the heads of all streams. */
  events: Count,
  streams: Count,
  head: z.string(),
  rootHash: Hash,
  /** Names of archived segments that were not there when it was made. */
  missing: z.array(z.string()).default([]),
  /** People whose salts are in it. */
  subjects: Count,
  /** Fingerprints of its keys; null where it has none. */
  keys: z.object({ decision: Fingerprint, pseudonym: Fingerprint }).nullable(),
  /** All its files but this one. No name leads out of the directory. */
  files: z.array(z.object({ name: z.string().regex(/^(segments\/)?\w[\w.-]*$/), bytes: Count, sha256: Hash })),
});

export type Manifest = z.output<typeof Manifest>;

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** @throws ReckonerError backup_invalid where the directory is no backup, or of a later kind */
export function readManifest(backup: string): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(join(backup, MANIFEST), 'utf8'));
  } catch (cause) {
    throw new ReckonerError('backup_invalid', `${backup} is no backup: its ${MANIFEST} cannot be read.`, { cause });
  }
  const found = Manifest.safeParse(parsed);
  if (found.success) return found.data;
  const later = z.object({ format: z.number().gt(1) }).safeParse(parsed).success;
  if (later) {
    throw new ReckonerError('backup_invalid', `${backup} was made by a newer version of Reckoner.`, {
      remedy: 'Upgrade Reckoner, then restore.',
    });
  }
  throw new ReckonerError('backup_invalid', `${backup} is damaged: its ${MANIFEST} is not one that was written here.`);
}
