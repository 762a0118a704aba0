/** Where benches write: a directory of their own on a real disk, gone afterwards. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = new Set([0x01021994, 0x858458f6]); // tmpfs, ramfs: syncing costs nothing there

/**
 * A directory to write to.
 * @param wanted where the caller wants it
 * @throws Error where it lies in memory, so that a bench of durable writes would measure none
 */
export function diskDirectory(wanted?: string): string {
  const found = (wanted === undefined ? [tmpdir(), '/var/tmp'] : [wanted]).find((directory) => {
    mkdirSync(directory, { recursive: true });
    return !IN_MEMORY.has(statfsSync(directory).type);
  });
  if (found === undefined)
    throw new Error(`${wanted ?? tmpdir()} lies in memory: give a directory on disk with --data.`);
  return found;
}

/** Runs `measure` with a fresh directory on disk and removes it afterwards. */
export async function withScratch<T>(
  wanted: string | undefined,
  measure: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(diskDirectory(wanted), 'reckoner-bench-'));
  try {
    return await measure(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
