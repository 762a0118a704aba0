/** A backup becomes a data directory again, when every byte of it is as it was and every chain holds. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { walkChains } from '../../events/chain.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { copyFile, PRIVATE_DIRECTORY, sync } from '../files/durable.ts';
import { fingerprint, readKeysFile } from '../keys/keys.ts';
import { countErased, forgetErased } from '../sqlite/erasures.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import { examineLogFile } from '../sqlite/examination.ts';
import { isInUse } from '../sqlite/in-use.ts';
import { summaryOf } from '../sqlite/log-summary.ts';
import { type FileNames, KEYS_FILE } from './backup.ts';
import { type Manifest, readManifest } from './manifest.ts';

export interface RestoreOptions {
  /** A directory that `makeBackup` made. */
  readonly backup: string;
  /** Where to; made where it is missing. */
  readonly dataDir: string;
  readonly names: FileNames;
  /** Whether what is there may be moved aside. Default: the directory must be empty. */
  readonly replace?: boolean;
  /** What becomes of people who are in the backup and were erased since; asked for only where there are some. */
  readonly erased?: 'forget' | 'bring-back';
  /** Milliseconds since 1970: names what is moved aside. */
  readonly now: number;
  /** Told of the share that is done, in [0, 1]. */
  readonly progress?: (share: number) => void;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where what was there before is now; undefined where there was nothing. */
  readonly movedTo: string | undefined;
  /** People of the backup who were erased since: erased again, or known again. */
  readonly erased: { readonly people: number; readonly forgotten: boolean };
}

const STAGING = '.restoring-';
const ASIDE = 'replaced-';

/**
 * Restores. Nothing of the directory changes before all of the backup was verified; the log is put in place last, so that a
 * restore that was cut off leaves a directory without a log, never one with half of it.
 * @throws ReckonerError backup_invalid, request_invalid (something is there; erased people and nothing said of them), log_locked
 * where a node runs there, keys_invalid, log_unusable
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { backup, dataDir, names, progress = () => {} } = options;
  const manifest = readManifest(backup);
  requireFree(options);
  const made = firstMade(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_DIRECTORY });
  const staging = join(dataDir, `${STAGING}${randomBytes(4).toString('hex')}`);
  let complete = false;
  try {
    mkdirSync(staging, { mode: PRIVATE_DIRECTORY });
    await stage(manifest, backup, staging, (share) => progress(share * 0.4));
    await verify(manifest, staging, options, (share) => progress(0.4 + share * 0.6));
    const erased = settleErased(staging, options);
    requireFree(options); // a node may have started meanwhile
    const movedTo = moveAside(options);
    putInPlace(manifest, staging, dataDir, names);
    complete = true;
    progress(1);
    return { manifest, movedTo, erased };
  } finally {
    rmSync(staging, { recursive: true, force: true });
    // Keys and salts that a restore which was killed has left are not to lie about.
    if (complete)
      for (const name of readdirSync(dataDir).filter((one) => one.startsWith(STAGING)))
        rmSync(join(dataDir, name), { recursive: true, force: true });
    if (!complete && made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

/** The outermost directory that has to be made for this one; undefined where it is there. */
function firstMade(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  const above = dirname(path);
  return existsSync(above) ? path : (firstMade(above) ?? path);
}

function requireFree({ dataDir, names, replace = false }: RestoreOptions): void {
  if (!existsSync(dataDir)) return;
  if (!statSync(dataDir).isDirectory()) {
    throw new ReckonerError('request_invalid', `${dataDir} is not a directory.`, {
      remedy: 'Name a directory with --data-dir.',
    });
  }
  if (isInUse(join(dataDir, names.log))) {
    throw new ReckonerError('log_locked', `A node, or another command, works on ${dataDir} just now.`, {
      remedy: 'Stop it, then restore; or restore into another directory and look at it first.',
    });
  }
  if (replace || occupants(dataDir).length === 0) return;
  throw new ReckonerError('request_invalid', `${dataDir} is not empty.`, {
    remedy: `Name an empty directory, or say --replace: what is there is then moved into ${dataDir}/${ASIDE}… and not deleted.`,
  });
}

function occupants(dataDir: string): string[] {
  return readdirSync(dataDir).filter((name) => !name.startsWith(STAGING) && !name.startsWith(ASIDE));
}

async function stage(manifest: Manifest, backup: string, staging: string, progress: (share: number) => void) {
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { name, bytes, sha256 } of manifest.files) {
    const from = join(backup, name);
    if (!existsSync(from)) throw new ReckonerError('backup_invalid', `${from} is missing.`);
    mkdirSync(dirname(join(staging, name)), { recursive: true, mode: PRIVATE_DIRECTORY });
    const found = await copyFile(from, join(staging, name), (more) => {
      done += more;
      progress(Math.min(1, done / Math.max(1, total)));
    });
    if (found.bytes === bytes && found.sha256 === sha256) continue;
    const what = found.bytes === bytes ? 'its bytes were changed' : `it has ${found.bytes} bytes instead of ${bytes}`;
    throw new ReckonerError('backup_invalid', `${from} is not as it was backed up: ${what}.`);
  }
}

/** Does the log say what the manifest says, do its chains hold, and are the keys those that it names? */
async function verify(
  manifest: Manifest,
  staging: string,
  { names }: RestoreOptions,
  progress: (share: number) => void,
): Promise<void> {
  const file = join(staging, names.log);
  if (!existsSync(file)) throw new ReckonerError('backup_invalid', 'The backup holds no log.');
  const { events, streams, head, rootHash } = summaryOf(file);
  const told = [manifest.events, manifest.streams, manifest.head, manifest.rootHash];
  if ([events, streams, head, rootHash].some((value, index) => value !== told[index])) {
    throw new ReckonerError('backup_invalid', 'The log in the backup is not the one that its manifest describes.');
  }
  const [damage] = examineLogFile(file, { gaps: false });
  if (damage !== undefined) throw new ReckonerError('backup_invalid', `The log in the backup is damaged: ${damage}`);
  const log = openSqliteEventLog({ file });
  try {
    let seen = 0;
    const chains = brokenChain(log, () => progress(Math.min(1, ++seen / Math.max(1, events))));
    // What was archived and taken away before the backup cannot be walked; all else is sound by its hashes.
    const broken = await chains.catch((thrown: unknown) => (isMissing(thrown, manifest) ? undefined : raise(thrown)));
    if (broken !== undefined)
      throw new ReckonerError('backup_invalid', `A chain in the backup’s log is broken: ${broken}`);
  } finally {
    await log.close();
  }
  const keys = readKeysFile(join(staging, KEYS_FILE));
  const prints = keys && { decision: fingerprint(keys.decision), pseudonym: fingerprint(keys.pseudonym) };
  if (prints?.decision !== manifest.keys?.decision || prints?.pseudonym !== manifest.keys?.pseudonym)
    throw new ReckonerError('backup_invalid', 'The keys in the backup are not those that its manifest names.');
}

/** What is wrong with the chains of the log, in words; undefined where they hold. */
async function brokenChain(log: EventLog, progress: () => void): Promise<string | undefined> {
  const { broken } = await walkChains(log, progress);
  return broken && `${broken.stream}, revision ${broken.revision}: ${broken.what}`;
}

function isMissing(thrown: unknown, { missing }: Manifest): boolean {
  return thrown instanceof ReckonerError && thrown.code === 'segment_missing' && missing.length > 0;
}

function raise(thrown: unknown): never {
  throw thrown;
}

/**
 * An older backup knows people who were erased since. Where the store of salts of today is there, it tells who; what is to become
 * of them is not for us to choose: a store that lost its content in the disaster looks as if everybody had been erased.
 */
function settleErased(staging: string, { dataDir, names, erased }: RestoreOptions): Restored['erased'] {
  const [copy, present] = [join(staging, names.salts), join(dataDir, names.salts)];
  if (!existsSync(copy) || !existsSync(present)) return { people: 0, forgotten: false };
  const people = countErased(copy, present);
  if (people === 0 || erased === 'bring-back') return { people, forgotten: false };
  if (erased === 'forget') return { people: forgetErased(copy, present), forgotten: true };
  throw new ReckonerError(
    'request_invalid',
    `${people === 1 ? 'One person of the backup is' : `${people} people of the backup are`} not in ${present} any more: erased since.`,
    {
      remedy:
        'Say --erased forget, and they stay erased; or --erased bring-back, where that file lost its content and they were not.',
    },
  );
}

function moveAside({ dataDir, now }: RestoreOptions): string | undefined {
  const present = occupants(dataDir);
  if (present.length === 0) return undefined;
  const aside = join(dataDir, `${ASIDE}${new Date(now).toISOString().replace(/[:.]/g, '-')}`);
  mkdirSync(aside, { mode: PRIVATE_DIRECTORY });
  for (const name of present) renameSync(join(dataDir, name), join(aside, name));
  return aside;
}

function putInPlace(manifest: Manifest, staging: string, dataDir: string, names: FileNames): void {
  const files = manifest.files.map(({ name }) => name).filter((name) => name !== names.log);
  for (const name of [...files, names.log]) {
    mkdirSync(dirname(join(dataDir, name)), { recursive: true, mode: PRIVATE_DIRECTORY });
    if (name === names.log) sync(dataDir); // all else is in place before there is a log
    renameSync(join(staging, name), join(dataDir, name));
  }
  sync(dataDir);
}
