/** What SQLite's result codes mean to Reckoner. */
import { type ErrorCode, ReckonerError } from '../../events/errors.ts';

/** Beginnings of SQLite's extended result codes, the first that fits decides. */
const meanings: readonly (readonly [string, ErrorCode, string])[] = [
  ['SQLITE_BUSY', 'log_locked', 'Another process held the lock for longer than this one may wait.'],
  ['SQLITE_LOCKED', 'log_locked', 'Another connection held a table for longer than this one may wait.'],
  ['SQLITE_FULL', 'log_full', 'There is no space left for the file.'],
  // The shared-memory file beside the log could not grow: that is how a full disk shows before the first write.
  ['SQLITE_IOERR_SHMSIZE', 'log_full', 'There is no space left for the file.'],
  ['SQLITE_CORRUPT', 'log_corrupt', 'The file is damaged.'],
  ['SQLITE_NOTADB', 'log_corrupt', 'The file is not a database, or its header is damaged.'],
  ['SQLITE_READONLY', 'log_unusable', 'The file cannot be written to.'],
  ['SQLITE_CANTOPEN', 'log_unusable', 'The file cannot be opened.'],
  ['SQLITE_PERM', 'log_unusable', 'The file cannot be opened.'],
  ['SQLITE_IOERR', 'log_unusable', 'The disk reported an error.'],
];

/** SQLite's result code of anything thrown, undefined where SQLite did not throw it. */
export function sqliteCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined;
  return thrown.code.startsWith('SQLITE_') ? thrown.code : undefined;
}

/** True where waiting and trying again can help. */
export function isBusy(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

/** True where the statement was at fault and the transaction around it is sound: a duplicate, a value of the wrong type. */
export function isRowFault(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  // What SQLite did not throw, better-sqlite3 did while binding a value.
  return (
    code === undefined ||
    code.startsWith('SQLITE_CONSTRAINT') ||
    code === 'SQLITE_TOOBIG' ||
    code === 'SQLITE_MISMATCH' ||
    code === 'SQLITE_RANGE'
  );
}

/**
 * True where a COMMIT that failed is known not to have happened. An I/O error, such as of the sync, says nothing about what has
 * reached the disk; a full disk does, since the commit record is the last thing written.
 */
export function provesNoCommit(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return isBusy(thrown) || code === 'SQLITE_FULL' || code?.startsWith('SQLITE_READONLY') === true;
}

/** True where SQLite itself could not be loaded: its native part is missing, or was built for another version of Node. */
function isNotLoaded(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  // The second is how the package `bindings` tells that it found no native part at all.
  return ('code' in thrown && thrown.code === 'ERR_DLOPEN_FAILED') || 'tries' in thrown;
}

/** The typed error for anything that SQLite threw; what is already typed passes. */
export function failureOf(thrown: unknown, file: string): ReckonerError {
  if (thrown instanceof ReckonerError) return thrown;
  if (isNotLoaded(thrown)) {
    const { version, arch, platform } = process;
    const message = `SQLite cannot be loaded: better-sqlite3 was not built for Node ${version} on ${platform} ${arch}.`;
    const remedy =
      'Build it for this Node, with npm of the same Node: `npm rebuild better-sqlite3`. Your data is not touched.';
    return new ReckonerError('log_unusable', message, { remedy, cause: thrown });
  }
  const code = sqliteCode(thrown);
  const meaning = meanings.find(([prefix]) => code?.startsWith(prefix));
  if (meaning === undefined) {
    return new ReckonerError('log_unusable', `${file}: the store failed (${code ?? 'outside SQLite'}).`, {
      cause: thrown,
    });
  }
  return new ReckonerError(meaning[1], `${file}: ${meaning[2]} (${code})`, { cause: thrown });
}
