/**
 * Reads pages in a thread of its own: SQLite answers synchronously, and the event loop belongs to decisions. A thread that takes
 * too long is given up for a new one; every reading has an index and a limit, so that is for disks that hang.
 */
import { Worker } from 'node:worker_threads';
import { errorOf, type Problem, ReckonerError } from '../../events/errors.ts';
import { openReadModels } from '../projector/reader.ts';
import type { AsOf } from './query-lines.ts';
import { type Page, readAsOf, readPage } from './read-page.ts';
import type { Asked } from './reading.ts';
import type { ReadingName } from './readings.ts';

export interface PageReader {
  /** @throws ReckonerError projections_building, deadline_exceeded, overloaded, log_corrupt, log_newer, log_unusable */
  page(name: ReadingName, asked: Asked): Promise<Page>;
  asOf(name: ReadingName): Promise<AsOf>;
  close(): Promise<void>;
}

export interface PageReaderOptions {
  /** The file of the read models. */
  readonly file: string;
  /** The script of the thread (`reading-thread.ts`, compiled); where there is none, this thread reads. */
  readonly thread?: URL | undefined;
  /** Default 5,000. */
  readonly timeoutMs?: number;
}

export interface PageRequest {
  readonly id: number;
  readonly name: ReadingName;
  /** Absent: only how far it has got is asked. */
  readonly asked?: Asked | undefined;
}

export type PageAnswer = { readonly id: number } & (
  | { readonly page: Page | AsOf; readonly problem?: undefined }
  | { readonly problem: Problem }
);

/** Requests that may wait for the thread. */
const WAITING = 256;

export function openPageReader(options: PageReaderOptions): PageReader {
  return options.thread === undefined ? readHere(options.file) : readInThread(options, options.thread);
}

function readHere(file: string): PageReader {
  const models = openReadModels(file);
  return {
    page: async (name, asked) => readPage(models, name, asked),
    asOf: async (name) => readAsOf(models, name),
    close: async () => models.close(),
  };
}

interface Waiting {
  readonly settle: (answer: PageAnswer) => void;
  readonly fail: (thrown: ReckonerError) => void;
}

function readInThread({ file, timeoutMs = 5_000 }: PageReaderOptions, script: URL): PageReader {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let last = 0;
  let closed = false;

  /** Whoever waits for a thread that is gone is told so; the next request gets a new one. */
  function giveUp(gone: Worker, why: ReckonerError): void {
    if (worker !== gone) return;
    worker = undefined;
    // It may be deep in SQLite, where nothing reaches it: nobody waits for its end.
    void gone.terminate();
    for (const { fail } of waiting.values()) fail(why);
    waiting.clear();
  }

  function thread(): Worker {
    if (worker !== undefined) return worker;
    const made = new Worker(script, { workerData: file });
    made.unref();
    made.on('message', (answer: PageAnswer) => {
      const asker = waiting.get(answer.id);
      waiting.delete(answer.id);
      asker?.settle(answer);
    });
    const lost = (cause?: unknown) =>
      giveUp(made, new ReckonerError('internal', 'The thread that reads the read models ended.', { cause }));
    made.on('error', lost);
    made.on('exit', () => lost());
    worker = made;
    return made;
  }

  function ask<T extends Page | AsOf>(name: ReadingName, asked?: Asked): Promise<T> {
    if (closed) return Promise.reject(new ReckonerError('shutting_down', 'The read models are closed.'));
    if (waiting.size >= WAITING)
      return Promise.reject(new ReckonerError('overloaded', 'Too many questions wait for the read models.'));
    const id = ++last;
    const asking = thread();
    return new Promise<T>((resolve, reject) => {
      const late = () =>
        giveUp(asking, new ReckonerError('deadline_exceeded', 'The read models took too long to answer.'));
      const timer = setTimeout(late, timeoutMs);
      waiting.set(id, {
        settle(answer) {
          clearTimeout(timer);
          if (answer.problem !== undefined) reject(errorOf(answer.problem));
          else resolve(answer.page as T); // a page where one was asked for, see reading-thread.ts
        },
        fail(thrown) {
          clearTimeout(timer);
          reject(thrown);
        },
      });
      asking.postMessage({ id, name, asked } satisfies PageRequest);
    });
  }

  return {
    page: (name, asked) => ask<Page>(name, asked),
    asOf: (name) => ask<AsOf>(name),
    async close() {
      closed = true;
      const gone = worker;
      if (gone === undefined) return;
      giveUp(gone, new ReckonerError('shutting_down', 'The node is closing.'));
    },
  };
}
