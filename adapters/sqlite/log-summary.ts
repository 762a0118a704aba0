/** A log file in a few figures: how much there is, and one hash that stands for all of it. */
import Database from 'better-sqlite3';
import { createRoot } from '../../events/log-seal.ts';
import { chainHash } from '../../events/seal.ts';
import { failureOf } from './failures.ts';
import { positionOf } from './schema.ts';

export interface LogSummary {
  /** Archived ones too, wherever their segments are. */
  readonly events: number;
  readonly streams: number;
  /** Position of the last event. */
  readonly head: string;
  /** The root of the log, as `audit seal` gives it: SHA-256 in hex over the heads of all streams. */
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
      const root = createRoot();
      let streams = 0;
      for (const head of heads.iterate()) {
        streams++;
        root.add(head.stream, { revision: head.revision, hash: chainHash(head) });
      }
      return { events: events + archivedIn(database), streams, head: positionOf(last ?? 0), rootHash: root.digest() };
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
}

/** Events that were moved to segments, and are in the live log no more. A log of before there were any has no table of them. */
function archivedIn(database: Database.Database): number {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'archived'").get();
  if (table === undefined) return 0;
  return Number(database.prepare('SELECT coalesce(sum(through - first + 1), 0) FROM archived').pluck().get());
}
