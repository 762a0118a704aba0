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
 * zero byte and the chain hash. Positions are not in it: a copy of the log in another store has the same root.
 */
export function rootOf(heads: ReadonlyMap<string, Head>): string {
  const root = createHash('sha256');
  // By code units, as everywhere, whatever the language of the machine is.
  for (const stream of [...heads.keys()].sort()) {
    const head = heads.get(stream);
    if (head === undefined) continue;
    root.update(`${stream}\0${head.revision}\0`);
    root.update(head.hash);
  }
  return root.digest('hex');
}
