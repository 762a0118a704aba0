/** What `copy-log` can copy from and to, by what is typed. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ReckonerError } from '../../events/errors.ts';
import type { CopyEnd } from '../keeping/copy-log.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import { dataFiles, makeDirectory } from './compose/data-files.ts';

/**
 * Opens the log that is copied.
 * @param spec a data directory, or the file of a log
 * @throws ReckonerError log_unusable where there is none; none is made
 */
export async function openSource(spec: string): Promise<CopyEnd> {
  const file = fileOf(spec);
  if (existsSync(file)) return sqliteEnd(file);
  throw new ReckonerError('log_unusable', `There is no log ${file}.`, {
    remedy: 'Name a data directory, or the file of a log, with --from.',
  });
}

/** Opens the log that is written; what is missing of a directory or file is made. */
export async function openDestination(spec: string): Promise<CopyEnd> {
  const file = fileOf(spec);
  makeDirectory(dirname(file));
  return sqliteEnd(file);
}

/** Whether both are one log: then there is nothing to copy. */
export function isSame(from: string, to: string): boolean {
  return fileOf(from) === fileOf(to);
}

function sqliteEnd(file: string): CopyEnd {
  return { log: openSqliteEventLog({ file }), name: file, ordered: true };
}

/** A directory holds its log under the usual name; what ends as a database does is a file. */
function fileOf(spec: string): string {
  const path = resolve(spec);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? /\.(db|sqlite3?)$/.test(basename(path));
  return isFile ? path : join(path, dataFiles.log);
}
