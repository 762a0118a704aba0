/** A log of which everything old is archived again and again. */
import { dirname, join } from 'node:path';
import {
  openSqliteEventLog,
  type SqliteEventLog,
  type SqliteEventLogOptions,
} from '../../../adapters/sqlite/event-log.ts';
import { type ArchiverOptions, openArchiver } from '../../../adapters/sqlite/segment-writer.ts';

/** Archives of each bucket and agent all but its newest event. Events that mean nothing have no bases. */
export async function archiveAll(options: ArchiverOptions): Promise<number> {
  const archiver = openArchiver(options);
  try {
    const drain = { baseOf: async () => undefined };
    let moved = 0;
    for (const segment of archiver.undrained()) moved += await archiver.drainSegment(segment, drain);
    const upTo = Number.MAX_SAFE_INTEGER;
    const keepFrom = new Map(archiver.spansUpTo(upTo).map(({ stream, last }) => [stream, last]));
    const directory = join(dirname(options.file), 'segments');
    const facts = await archiver.writeSegment({ directory, registeredAs: 'segments', keepFrom, upTo, now: 0 });
    if (facts === undefined) return moved;
    return moved + (await archiver.drainSegment(await archiver.registerSegment(facts), drain));
  } finally {
    archiver.close();
  }
}

export function openArchivedLog(options: SqliteEventLogOptions): SqliteEventLog {
  const log = openSqliteEventLog(options);
  let archiving: Promise<unknown> = Promise.resolve();
  let appended = 0;
  return {
    ...log,
    async append(stream, expected, events) {
      const result = await log.append(stream, expected, events);
      // After the first append, the sixteenth, …: so that whatever is asked for may be on either side.
      if (result.status === 'appended' && Number.isInteger(Math.log2(++appended) / 4)) {
        archiving = archiving.then(() => archiveAll({ file: options.file, chunk: 3 }));
        await archiving;
      }
      return result;
    },
    async close() {
      const closing = log.close();
      await archiving;
      await closing;
    },
  };
}
