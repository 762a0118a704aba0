/** The projector in a thread of its own, seen from the node: started, watched, started again where it crashed, stopped in time. */
import { Worker } from 'node:worker_threads';
import { errorOf, type Problem, problemOf, ReckonerError } from '../../events/errors.ts';
import type { Position } from '../../events/event-log.ts';
import { meterLoad } from './load.ts';
import type { Progress, Projector } from './projector.ts';
import { createWaiting } from './waiting.ts';
import type { WorkerMessage, WorkerOptions } from './worker.ts';

export interface ThreadOptions extends Omit<WorkerOptions, 'load'> {
  /** The compiled worker.ts. */
  readonly script: URL;
  /** Names of all projections. */
  readonly projections: readonly string[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Told of what went wrong and was dealt with. */
  readonly onTrouble: (where: string, thrown: unknown) => void;
}

export interface ProjectingStatus {
  readonly state: Progress['state'];
  /** For how long the oldest event that readers do not yet see has been waiting, in seconds. */
  readonly secondsBehind: number;
  /** What is wrong, in state trouble. */
  readonly problem?: Pick<Problem, 'code' | 'remedy'>;
}

export interface ProjectingThread extends Pick<Projector, 'whenProcessed' | 'stop'> {
  status(): ProjectingStatus;
  /** How far each projection that readers see has come, by name. */
  positions(): Readonly<Record<string, Position>>;
}

/** First and longest wait before a thread that crashed is started again, in milliseconds. */
const [FIRST_WAIT, LONGEST_WAIT] = [500, 30_000];
/** One that has lived so long crashes for the first time again. */
const LIVED_MS = 60_000;
/** A batch is over by then; what it had in hand when it is ended harder is folded again at the next start. */
const STOP_MS = 5_000;

export function startProjectingThread(options: ThreadOptions): ProjectingThread {
  const { script, projections, random, onTrouble, ...workerData } = options;
  const waiting = createWaiting();
  const meter = meterLoad();
  let progress: Progress = { state: 'starting', positions: {} };
  let secondsBehind = 0;
  let crashes = 0;
  let stopping = false;
  let retry: NodeJS.Timeout | undefined;
  let current: { readonly worker: Worker; readonly ended: Promise<void> } | undefined;

  function start(): void {
    const began = performance.now();
    let worker: Worker;
    try {
      worker = new Worker(script, {
        workerData: { ...workerData, load: meter.shared } satisfies WorkerOptions,
        name: 'projections',
      });
    } catch (thrown) {
      // The system may give no further thread.
      crashed(thrown, 0);
      return;
    }
    const ended = new Promise<void>((resolve) => {
      let cause: unknown;
      worker.on('message', hear);
      worker.on('error', (thrown) => {
        cause = thrown;
      });
      worker.on('exit', () => {
        resolve();
        if (!stopping) crashed(cause, performance.now() - began);
      });
    });
    current = { worker, ended };
  }

  function hear(message: WorkerMessage): void {
    if ('progress' in message) {
      ({ progress } = message);
      waiting.reached(progress.positions);
    } else if ('secondsBehind' in message) ({ secondsBehind } = message);
    else onTrouble(message.trouble.where, errorOf(message.trouble));
  }

  function crashed(cause: unknown, livedMs: number): void {
    crashes = livedMs > LIVED_MS ? 1 : crashes + 1;
    const told = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'it ended';
    const error = new ReckonerError('internal', `The thread that projects has crashed: ${told}`, {
      cause,
      remedy: 'It is started again by itself. Decisions are not touched; read models are behind until then.',
    });
    onTrouble('projections', error);
    const { code, message, remedy } = problemOf(error);
    progress = { state: 'trouble', positions: progress.positions, problem: { code, message, remedy } };
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (crashes - 1)) * (0.5 + random());
    retry = setTimeout(start, wait);
  }

  start();
  return {
    status() {
      const { state, problem } = progress;
      const why = problem === undefined ? {} : { problem: { code: problem.code, remedy: problem.remedy } };
      return { state, secondsBehind, ...why };
    },
    positions: () => progress.positions,
    whenProcessed: (position, timeoutMs, wanted = projections) => waiting.whenProcessed(position, timeoutMs, wanted),
    async stop() {
      stopping = true;
      clearTimeout(retry);
      meter.stop();
      waiting.close();
      if (current === undefined) return;
      const { worker, ended } = current;
      worker.postMessage('stop');
      const late = setTimeout(() => void worker.terminate(), STOP_MS);
      await ended;
      clearTimeout(late);
      progress = { state: 'stopped', positions: progress.positions };
    },
  };
}
