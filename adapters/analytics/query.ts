/** Asks the read models in SQL, in a process of its own that is ended when it takes too long or too much memory. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { errorOf, ReckonerError } from '../../events/errors.ts';
import { requireReading } from './guard.ts';
import type { AsOf, Cell, QueryLine, QueryRequest } from './query-lines.ts';

export interface QueryOptions extends QueryRequest {
  readonly timeoutMs: number;
  /** Bytes that the answering process may take, where the system tells how many it has. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface QueryHandler {
  columns(columns: readonly string[], asOf: AsOf | null): void;
  /** The next row waits for it. */
  row(row: readonly Cell[]): void | Promise<void>;
}

const MAX_BYTES = 512 * 1024 ** 2;
const LOOK_EVERY_MS = 50;

/**
 * @returns whether there were more rows than the limit
 * @throws ReckonerError query_refused, projections_building, deadline_exceeded, log_corrupt, log_newer, log_unusable
 */
export async function query(options: QueryOptions, handler: QueryHandler): Promise<boolean> {
  const { file, sql, limit, timeoutMs, maxBytes = MAX_BYTES, signal } = options;
  requireReading(sql);
  const script = new URL(`./query-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const child = fork(script, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let stopped: ReckonerError | undefined;
  const stop = (why: ReckonerError) => {
    stopped ??= why;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => stop(tooLong(timeoutMs)), timeoutMs);
  const watch = setInterval(() => bytesOf(child) > maxBytes && stop(tooLarge()), LOOK_EVERY_MS);
  const onAbort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', onAbort);
  const trouble = textOf(child);
  try {
    child.send({ file, sql, limit } satisfies QueryRequest, () => {});
    for await (const line of createInterface({ input: child.stdout ?? raise('no output') })) {
      const said: QueryLine = JSON.parse(line); // what query-process.ts says
      if (said.kind === 'columns') handler.columns(said.columns, said.asOf);
      if (said.kind === 'row') await handler.row(said.row);
      if (said.kind === 'end') return said.more;
      if (said.kind === 'problem') throw errorOf(said.problem);
    }
  } catch (thrown) {
    // A line that was cut off by the end of the process is no line.
    if (stopped === undefined) throw thrown;
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal?.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
  }
  signal?.throwIfAborted();
  throw stopped ?? new ReckonerError('internal', 'The process that answers ended early.', { cause: await trouble });
}

function raise(message: string): never {
  throw new Error(message);
}

async function textOf({ stderr }: ChildProcess): Promise<Error> {
  let text = '';
  for await (const chunk of stderr ?? []) text += String(chunk);
  return new Error(text);
}

/** Memory of a process; 0 where the system does not tell. */
function bytesOf({ pid }: ChildProcess): number {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * 4096;
  } catch {
    return 0;
  }
}

function tooLong(timeoutMs: number): ReckonerError {
  return new ReckonerError('deadline_exceeded', `The query took longer than ${timeoutMs / 1000} s and was ended.`, {
    remedy: 'Ask for less at once (one domain, a span of time, what an index begins with), or give it more time.',
  });
}

function tooLarge(): ReckonerError {
  return new ReckonerError('query_refused', 'The query took too much memory and was ended.', {
    remedy: 'Ask for less at once: fewer rows to sort, shorter texts.',
  });
}
