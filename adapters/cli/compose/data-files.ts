/** The data directory: what lies in it, how it is made, and what it means that some of it is gone. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ReckonerError } from '../../../events/errors.ts';
import { START } from '../../../events/event-log.ts';
import { READ_MODELS_FILE } from '../../projector/file.ts';
import { openSqliteEventLog } from '../../sqlite/event-log.ts';

/** Files of a data directory. */
export const dataFiles = {
  log: 'events.db',
  snapshots: 'snapshots.db',
  salts: 'subjects.db',
  readModels: READ_MODELS_FILE,
  /** Ids of a log that is in EventStoreDB: of the node, and of the thread that projects. */
  index: 'ids.db',
  projectedIndex: 'ids-projected.db',
} as const;

/** Makes what is missing of the path, one level at a time: Node's own recursion does not end where a file system refuses. */
export function makeDirectory(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  try {
    for (const level of missing) mkdirSync(level, { mode: 0o700 });
  } catch (cause) {
    // Another process that starts at the same time may have been quicker.
    if (existsSync(path)) return;
    throw new ReckonerError('log_unusable', `The data directory ${path} cannot be made.`, { cause });
  }
}

/**
 * What to say where the log is gone and what was made from it is still there. A fresh machine may be given its keys before its
 * first start, so they alone tell nothing. Not a reason to refuse: a node that decides anew may be better than none.
 */
export function lostLog(dataDir: string): ReckonerError | undefined {
  const there = (name: string) => existsSync(join(dataDir, name)) && statSync(join(dataDir, name)).size > 0;
  const left = [dataFiles.snapshots, dataFiles.salts].filter(there);
  if (there(dataFiles.log) || left.length === 0) return undefined;
  const files = left.length === 1 ? `${left[0]} is` : `${left.join(' and ')} are`;
  const log = join(dataDir, dataFiles.log);
  return new ReckonerError(
    'log_unusable',
    `${log} is gone, but ${files} still there: an earlier log was lost or deleted.`,
    {
      remedy: `If you did not mean to begin anew, stop now and put ${log} back from its backup: an empty log knows nothing from before, and two logs cannot be merged later.`,
    },
  );
}

/** Whether a log with events lies there: then its keys must be there too. */
export async function holdsEvents(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const log = openSqliteEventLog({ file });
  try {
    return (await log.head()) !== START;
  } finally {
    await log.close();
  }
}
