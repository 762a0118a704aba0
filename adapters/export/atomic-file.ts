/** A file that is there whole or not at all: written beside its place, and put there when it is done. */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { ReckonerError } from '../../events/errors.ts';

/**
 * @param write is given what writes a line; where it throws, nothing is left behind and an older file stays
 * @throws ReckonerError log_full, request_invalid where it cannot be written
 */
export async function writeAtomically<T>(
  path: string,
  write: (line: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const partial = `${path}.partial-${process.pid}`;
  const stream = createWriteStream(partial, { highWaterMark: 1 << 20, mode: 0o600 });
  const done = finished(stream);
  // It is awaited below; until then a failure must not count as nobody's.
  done.catch(() => {});
  try {
    let gathered: string[] = [];
    let characters = 0;
    const result = await write((text) => {
      gathered.push(text);
      characters += text.length;
      if (characters < PIECE) return Promise.resolve();
      const piece = gathered;
      gathered = [];
      characters = 0;
      return writeLines(stream, piece, done);
    });
    await writeLines(stream, gathered, done);
    stream.end();
    await done;
    await rename(partial, path);
    return result;
  } catch (thrown) {
    stream.destroy();
    await rm(partial, { force: true });
    throw unwritable(path, thrown);
  }
}

/** Characters that are written at once: a call to the system for each line would cost as much as making it. */
const PIECE = 1 << 16;

async function writeLines(stream: WriteStream, lines: readonly string[], failed: Promise<void>): Promise<void> {
  if (stream.errored) throw stream.errored;
  if (lines.length > 0 && !stream.write(`${lines.join('\n')}\n`)) await Promise.race([once(stream, 'drain'), failed]);
}

function unwritable(path: string, thrown: unknown): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ReckonerError('log_full', `There is no room for ${path}.`, {
      cause: thrown,
      remedy: 'Free space on that disk, or name a file on another one; an older file there was left as it was.',
    });
  }
  if (!/^E(ACCES|PERM|ISDIR|NOENT|NOTDIR|ROFS|IO|NAMETOOLONG)$/.test(code)) return thrown;
  return new ReckonerError('request_invalid', `${path} cannot be written (${code}).`, {
    cause: thrown,
    remedy: 'Name a file in a directory that is there and that this user may write to.',
  });
}
