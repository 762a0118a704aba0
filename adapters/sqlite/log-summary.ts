/** A log file in a few figures: how much there is, and one hash that stands for all of it. */
import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import { chainHash } from '../../events/seal.ts';
import { failureOf } from './failures.ts';
import { positionOf } from './schema.ts';

export interface LogSummary {
  readonly events: number;
  readonly streams: number;
  /** Position of the last event. */
  readonly head: string;
  /**
   * SHA-256 in hex over the heads of all streams, in the order of their names: for each the name, a zero byte, the revision in
   * decimals, a zero byte, and the chain hash of its last event. Each event holds the hash of the one before it: so this one
   * stands for every byte.
   */
  readonly rootHash: string;
}

interface HeadRow {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

/**
 * Reads the index of streams and the last event of each; changes nothing.
 * @throws ReckonerError log_corrupt, log_unusable, log_locked
 */
export function summaryOf(file: string): LogSummary {
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    try {
      const { events, last } = database
        .prepare<[], { events: number; last: number | null }>(
          'SELECT count(*) AS events, max(position) AS last FROM events',
        )
        .get() ?? { events: 0, last: 0 };
      const heads = database.prepare<[], HeadRow>(
        `SELECT * FROM (SELECT stream AS name, max(revision) AS newest FROM events GROUP BY stream) AS heads
         JOIN events ON stream = name AND revision = newest ORDER BY name`,
      );
      const root = createHash('sha256');
      let streams = 0;
      for (const head of heads.iterate()) {
        streams++;
        root.update(`${head.stream}\0${head.revision}\0`).update(chainHash(head));
      }
      return { events, streams, head: positionOf(last ?? 0), rootHash: root.digest('hex') };
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
}
