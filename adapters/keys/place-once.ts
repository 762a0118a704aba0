import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ReckonerError } from '../../events/errors.ts';
import { sync } from '../files/durable.ts';

/**
 * Puts a secret file in place, whole, durable and readable by its owner only, unless there is one already. A link is what
 * makes it so: unlike a rename it never replaces a file, and unlike writing in place it never shows half of one.
 * @returns false where a file of that name was there: it is left as it is
 * @throws ReckonerError log_unusable where the directory cannot be written
 */
export function placeOnce(file: string, text: string): boolean {
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const descriptor = openSync(draft, 'wx', 0o600);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(draft, file);
    sync(dirname(file)); // the name, not just the bytes;
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw new ReckonerError('log_unusable', `${file} cannot be written.`, {
      cause,
      remedy: `Check that ${dirname(file)} is a directory that this user may write to, on a disk with free space.`,
    });
  } finally {
    rmSync(draft, { force: true });
  }
}
