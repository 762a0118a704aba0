/** Whether a log file is sound, for `doctor`. */
import type Database from 'better-sqlite3';
import { eventsBeforeFirst } from './before-first.ts';
import { openDatabase } from './database.ts';
import { failureOf } from './failures.ts';
import { patience } from './patience.ts';
import { logFile } from './schema.ts';

/**
 * What is wrong with a log file, in words; nothing where it is sound. Reads the whole file and blocks meanwhile: for
 * `doctor`, not for a server. Whether the hash chains hold is a question of their own.
 * @param gaps false: leave revisions that are missing from a stream to somebody who walks the streams
 * @throws ReckonerError log_corrupt, log_newer, log_unusable, log_locked where it cannot even be opened
 */
export function examineLogFile(file: string, { gaps = true } = {}): readonly string[] {
  const database = openDatabase(file, logFile(), patience({}));
  try {
    return [...damage(database), ...(gaps ? gapsOf(database) : [])];
  } catch (thrown) {
    const failure = failureOf(thrown, file);
    if (failure.code === 'log_corrupt') return [failure.message.replace(`${file}: `, '')];
    throw failure;
  } finally {
    database.close();
  }
}

/** What SQLite finds in its own structures, indexes too: by a damaged one an id that was used before would not be found. */
function damage(database: Database.Database): string[] {
  const found = database.prepare<[], string>('PRAGMA integrity_check').pluck().all();
  return [...found.filter((line) => line !== 'ok'), ...eventsBeforeFirst(database)];
}

/** Streams whose revisions are not 0, 1, 2, …, or do not go on where archived ones end; at most a hundred of them. */
function gapsOf(database: Database.Database): string[] {
  return database
    .prepare<[], string>(
      `SELECT stream || ' has ' || count(*) || ' events, and revisions ' || min(revision) || ' to ' || max(revision)
       FROM events LEFT JOIN
         (SELECT stream AS shortened, max(through) + 1 AS begin FROM archived GROUP BY stream) ON shortened = stream
       GROUP BY stream
       HAVING min(revision) <> coalesce(begin, 0) OR count(*) <> max(revision) + 1 - coalesce(begin, 0) LIMIT 100`,
    )
    .pluck()
    .all();
}
