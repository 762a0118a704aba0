/**
 * A seal of a log: one hash over where all its streams stood after its first n events. Kept elsewhere, it tells later whether these
 * events are still the same: also where a whole stream was written anew, hashes and all, or the end of the log was cut off.
 */
import { createHash } from 'node:crypto';
import type { Head } from './seal.ts';

export interface LogSeal {
  /** How many events it covers, from the first; absent for all that there are. */
  readonly events?: number;
  /** SHA-256 in hexadecimal. */
  readonly root: string;
}

/**
 * The root over the heads of all streams: for each, in the order of their names, the name, a zero byte, the revision in decimals, a
 * zero byte and the chain hash. Each event holds the hash of the one before it: so this one stands for every byte. Positions are not
 * in it: a copy of the log in another store has the same root.
 */
export function rootOf(heads: ReadonlyMap<string, Head>): string {
  const root = createRoot();
  // By code units, as everywhere, whatever the language of the machine is.
  for (const stream of [...heads.keys()].sort()) {
    const head = heads.get(stream);
    if (head !== undefined) root.add(stream, head);
  }
  return root.digest();
}

/** The same for who has the heads one by one. */
export interface Root {
  /** To be called in the order of the streams' names. */
  add(stream: string, head: Head): void;
  /** In hexadecimal. */
  digest(): string;
}

export function createRoot(): Root {
  const root = createHash('sha256');
  return {
    add(stream, { revision, hash }) {
      root.update(`${stream}\0${revision}\0`).update(hash);
    },
    digest: () => root.digest('hex'),
  };
}
