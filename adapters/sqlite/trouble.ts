/** Why the log takes no appends at the moment: from the first that fails until one succeeds, or a probe shows that the next one would. */
import Database from 'better-sqlite3';
import type { ReckonerError } from '../../events/errors.ts';
import { failureOf } from './failures.ts';
import { watchPlace } from './in-place.ts';

export interface Trouble {
  /** Told why an append failed. */
  failed(error: ReckonerError): void;
  /** Told of every commit. */
  mended(): void;
  /** What the last append failed of, undefined where the next one can be expected to succeed. */
  present(): ReckonerError | undefined;
}

/** A node that is not ready is sent no appends: so it has to look for itself, and not at every question. */
const PROBE_EVERY_MS = 1_000;

/** @param now milliseconds of a monotonic clock */
export function createTrouble(file: string, now: () => number): Trouble {
  const requireInPlace = watchPlace(file);
  let trouble: ReckonerError | undefined;
  let looked = 0;
  return {
    failed(error) {
      trouble = error;
      looked = now();
    },
    mended() {
      trouble = undefined;
    },
    present() {
      if (trouble === undefined || now() - looked < PROBE_EVERY_MS) return trouble;
      looked = now();
      trouble = probe(file, requireInPlace);
      return trouble;
    },
  };
}

/** Commits a transaction that changes nothing: it needs the lock, the file, a page of disk space and its sync, as an append does. */
function probe(file: string, requireInPlace: () => void): ReckonerError | undefined {
  if (file === ':memory:') return undefined;
  let database: Database.Database | undefined;
  try {
    requireInPlace();
    // A connection of its own: the log's may be in the middle of an append.
    const connection = new Database(file, { timeout: 0, fileMustExist: true });
    database = connection;
    connection.pragma('synchronous = FULL');
    const same = Number(connection.pragma('user_version', { simple: true }));
    connection.transaction(() => connection.pragma(`user_version = ${same}`)).immediate();
    return undefined;
  } catch (thrown) {
    return failureOf(thrown, file);
  } finally {
    database?.close();
  }
}
