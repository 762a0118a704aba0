/** Events where the log has none: its first position is 1, and whoever reads it in its order begins there. */
import type Database from 'better-sqlite3';

/**
 * A bucket reads its stream and would learn from them; audits, projections and seals would not see them. Reckoner writes none.
 * @returns which there are, in words, at most a hundred
 */
export function eventsBeforeFirst(database: Database.Database): string[] {
  return database
    .prepare<[], string>(
      `SELECT stream || ', revision ' || revision || ', lies at position ' || position || ', before the first: it was not written by Reckoner'
       FROM main.events WHERE position < 1 LIMIT 100`,
    )
    .pluck()
    .all();
}
