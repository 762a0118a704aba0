/** A copy of everything that cannot be made again, taken while a node runs: the log, the salts of people, the keys. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ReckonerError } from '../../events/errors.ts';
import { copyFile, hashFile, PRIVATE_DIRECTORY, PRIVATE_FILE, sync } from '../files/durable.ts';
import { fingerprint, type Keys, keysText } from '../keys/keys.ts';
import { pathOf, SEGMENTS_DIRECTORY, segmentsOf } from '../sqlite/archive.ts';
import { failureOf } from '../sqlite/failures.ts';
import { summaryOf } from '../sqlite/log-summary.ts';
import { copyOnline } from '../sqlite/online-copy.ts';
import { countSalts } from '../sqlite/subject-salts.ts';
import { MANIFEST, type Manifest, manifestText } from './manifest.ts';

/** Names of the files that a data directory holds. */
export interface FileNames {
  readonly log: string;
  readonly salts: string;
}

export interface BackupOptions {
  /** An existing data directory. */
  readonly dataDir: string;
  /** The directory to make; it must not exist. */
  readonly to: string;
  readonly names: FileNames;
  /** Undefined: leave the keys out. */
  readonly keys: Keys | undefined;
  /** Of Reckoner. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Told of the share that is done, in [0, 1]; what it throws ends the backup, and nothing is left of it. */
  readonly progress?: (share: number) => void;
}

export const KEYS_FILE = 'keys.json';

/**
 * Makes the backup. Salts are copied after the log: a salt is durable before the first event that names its person, so every
 * person in the copied log has a salt in the copied store, unless erased meanwhile. The other way round, links would be lost.
 * The directory bears its name only when all of it is durable.
 * @throws ReckonerError request_invalid where the name is taken, log_full, log_unusable, log_corrupt, log_locked
 */
export async function makeBackup(options: BackupOptions): Promise<Manifest> {
  const { dataDir, to, names, keys, progress = () => {} } = options;
  requireFree(to);
  const draft = `${to}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(to), { recursive: true });
    requireSpace(join(dataDir, names.log), dirname(to));
    mkdirSync(draft, { mode: PRIVATE_DIRECTORY });
    // Copying and hashing take about as long as each other.
    await copyOnline(join(dataDir, names.log), join(draft, names.log), { progress: (share) => progress(share * 0.6) });
    let subjects = 0;
    const made = [names.log];
    const missing = await copySegments(join(dataDir, names.log), draft, made);
    if (existsSync(join(dataDir, names.salts))) {
      await copyOnline(join(dataDir, names.salts), join(draft, names.salts), { atOnce: true });
      subjects = countSalts(join(draft, names.salts));
      made.push(names.salts);
    }
    if (keys !== undefined) {
      writeFileSync(join(draft, KEYS_FILE), keysText(keys), { mode: PRIVATE_FILE });
      made.push(KEYS_FILE);
    }
    const manifest: Manifest = {
      format: 1,
      reckoner: options.version,
      node: process.version,
      createdAt: new Date(options.now).toISOString(),
      ...summaryOf(join(draft, names.log)),
      missing,
      subjects,
      keys:
        keys === undefined ? null : { decision: fingerprint(keys.decision), pseudonym: fingerprint(keys.pseudonym) },
      files: await sealed(draft, made, (share) => progress(0.6 + share * 0.4)),
    };
    writeFileSync(join(draft, MANIFEST), manifestText(manifest), { mode: PRIVATE_FILE });
    for (const name of [MANIFEST, ...made, '.']) sync(join(draft, name));
    place(draft, to);
    progress(1);
    return manifest;
  } catch (thrown) {
    throw isOfFiles(thrown) ? unwritable(to, thrown) : thrown;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Archived events belong to the log. A segment never changes: it is copied like any file. */
async function copySegments(log: string, draft: string, made: string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const segment of segmentsOf(log)) {
    const path = pathOf(log, segment);
    if (path === undefined) {
      missing.push(segment.name);
      continue;
    }
    mkdirSync(join(draft, SEGMENTS_DIRECTORY), { recursive: true, mode: PRIVATE_DIRECTORY });
    const name = `${SEGMENTS_DIRECTORY}/${segment.name}`;
    const { sha256 } = await copyFile(path, join(draft, name));
    if (sha256 !== segment.sha256) {
      throw new ReckonerError('log_corrupt', `${path} is not as it was when it was made.`, {
        remedy:
          'Bring a sound copy of it back, such as that of an earlier backup; or move it away, and the backup says that it is missing.',
      });
    }
    made.push(name);
  }
  return missing;
}

async function sealed(draft: string, names: readonly string[], progress: (share: number) => void) {
  const total = names.reduce((sum, name) => sum + statSync(join(draft, name)).size, 0);
  let done = 0;
  const files: { name: string; bytes: number; sha256: string }[] = [];
  for (const name of names) {
    const path = join(draft, name);
    chmodSync(path, PRIVATE_FILE);
    const hashed = await hashFile(path, (bytes) => {
      done += bytes;
      progress(done / Math.max(1, total));
    });
    files.push({ name, ...hashed });
  }
  return files;
}

function place(draft: string, to: string): void {
  requireFree(to); // a rename would put it in the place of an empty directory
  renameSync(draft, to);
  sync(dirname(to));
}

function requireFree(to: string): void {
  if (!existsSync(to)) return;
  throw new ReckonerError('request_invalid', `${to} is there already.`, {
    remedy: 'Name a directory that does not exist, such as one with the date in it: backups are never overwritten.',
  });
}

/** Better to say so before an hour of copying than after. */
function requireSpace(log: string, target: string): void {
  const { bavail, bsize } = statfsSync(target);
  const needed = statSync(log).size;
  if (bsize === 0 || bavail * bsize > needed) return;
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  throw new ReckonerError(
    'log_full',
    `The backup needs ${Math.ceil(needed / 2 ** 20)} MB, and ${target} has ${free} MB free.`,
    { remedy: 'Free space there, or name a directory on another disk.' },
  );
}

function isOfFiles(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'syscall' in thrown;
}

function unwritable(to: string, thrown: NodeJS.ErrnoException): ReckonerError {
  if (thrown.code === 'ENOSPC') return failureOf(Object.assign(new Error(), { code: 'SQLITE_FULL' }), to);
  return new ReckonerError('log_unusable', `${to} cannot be made (${thrown.code}).`, {
    cause: thrown,
    remedy: `Check that ${dirname(to)} is a directory that this user may write to.`,
  });
}
