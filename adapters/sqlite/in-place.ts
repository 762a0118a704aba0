/** Whether the files that a connection holds open still bear their names. */
import { statSync } from 'node:fs';
import { ReckonerError } from '../../events/errors.ts';

/**
 * SQLite goes on writing to a file that was deleted or replaced under it, and to its write-ahead log: what it acknowledges then is
 * gone when the process is.
 * @param file path of an open database in WAL mode, or `:memory:`
 * @returns a check to make before a commit. It throws a ReckonerError log_unusable.
 */
export function watchPlace(file: string): () => void {
  if (file === ':memory:') return () => {};
  const held = [file, `${file}-wal`].map((name) => ({ name, inode: inodeOf(name) }));
  return () => {
    for (const { name, inode } of held) {
      if (inode !== undefined && inodeOf(name) === inode) continue;
      throw new ReckonerError('log_unusable', `${name} was deleted or replaced while it was in use.`, {
        remedy:
          'Put the file back where it was: this process still holds it, and on Linux /proc/PID/fd has a copy to take from. Else restore the last backup and restart.',
      });
    }
  };
}

function inodeOf(name: string): number | undefined {
  return statSync(name, { throwIfNoEntry: false })?.ino;
}
