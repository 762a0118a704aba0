/** Copying, hashing and syncing of files that must be whole or not there. */
import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, fsyncSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Readable by its owner only. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_DIRECTORY = 0o700;

export interface Hashed {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

const CHUNK = 1 << 20;

/** @param progress told of the bytes read, again and again; what it throws ends the reading */
export async function hashFile(file: string, progress: (bytes: number) => void = () => {}): Promise<Hashed> {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) {
    digest.update(chunk);
    bytes += chunk.length;
    progress(chunk.length);
  }
  return { bytes, sha256: digest.digest('hex') };
}

/** Copies to a new file, durable and private, and hashes what it copied. Never overwrites. */
export async function copyFile(
  from: string,
  to: string,
  progress: (bytes: number) => void = () => {},
): Promise<Hashed> {
  const digest = createHash('sha256');
  let bytes = 0;
  const target = await open(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE);
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: CHUNK })) {
      await target.writeFile(chunk);
      digest.update(chunk);
      bytes += chunk.length;
      progress(chunk.length);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  return { bytes, sha256: digest.digest('hex') };
}

/** Makes a file's bytes, or a directory's names, durable. Windows does not sync a directory, and does not need to. */
export function sync(path: string): void {
  try {
    const descriptor = openSync(path, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    if (process.platform !== 'win32') throw thrown;
  }
}
