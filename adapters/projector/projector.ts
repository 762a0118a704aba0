/**
 * The projector: folds the log into read models, as long as it holds the lease on their file. Nothing that goes wrong ends it: what
 * fails is told, and tried again after a while from the last checkpoint.
 */
import { problemOf, type ReckonerError } from '../../events/errors.ts';
import type { EventLog, Position } from '../../events/event-log.ts';
import type { Projection } from '../../projections/projection.ts';
import type { DiskGuard } from '../sqlite/disk-guard.ts';
import { createBell, pause, together } from './abortable.ts';
import { createAnswering } from './answering.ts';
import { buildBeside } from './building.ts';
import { requireSound } from './editions.ts';
import { lookWhereSuspected } from './file.ts';
import { followLog } from './following.ts';
import { LeaseLost } from './lease.ts';
import { afterTrouble, openStore, type Store } from './store.ts';
import { createWaiting } from './waiting.ts';
import { type Pace, type ProjectorPoint, takeSeats, type Work } from './work.ts';

export interface ProjectorOptions {
  readonly log: EventLog;
  readonly projections: readonly Projection[];
  /** Path of the read models; they are made where there are none. */
  readonly file: string;
  /** Tells this projector from all others. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Uniform in [0, 1): keeps two projectors from meeting again and again. */
  readonly random: () => number;
  /** How long the lease lasts without being renewed, in milliseconds; default 10,000. */
  readonly leaseMs?: number;
  readonly pace?: Partial<Pace>;
  /** How busy the node is that decides beside it, in [0, 1]; default: always 1. */
  readonly load?: () => number;
  /** Refuses what would fill the disk that the log is on. */
  readonly guard?: DiskGuard;
  /** Told of what went wrong and was dealt with. */
  readonly onTrouble?: (where: string, thrown: unknown) => void;
  /** Told whenever its state, or how far readers can see, has changed. */
  readonly onProgress?: (progress: Progress) => void;
  /** Tests kill the process at these points. */
  readonly onPoint?: (name: ProjectorPoint) => void;
}

export type ProjectorState =
  | 'starting'
  /** Another process projects; this one takes over when that one ends. */
  | 'standby'
  | 'projecting'
  /** Something is wrong that will be tried again. */
  | 'trouble'
  | 'stopped';

export interface Progress {
  readonly state: ProjectorState;
  /** How far each projection that readers see has come, by name. */
  readonly positions: Readonly<Record<string, Position>>;
  /** What is wrong, in state trouble. */
  readonly problem?: Pick<ReckonerError['problem'], 'code' | 'message' | 'remedy'>;
}

export interface Projector {
  progress(): Progress;
  /**
   * Settles when what readers see holds everything up to this position.
   * @param timeoutMs how long to wait at most
   * @param projections by name; default all
   * @returns false where the time was over first
   */
  whenProcessed(position: Position, timeoutMs: number, projections?: readonly string[]): Promise<boolean>;
  /** Ends after the batch that is under way, and gives the lease back. */
  stop(): Promise<void>;
}

export const defaultPace: Pace = {
  // Events of a batch change the same rows and pages: 5,000 in one transaction take two thirds of the processor time of 500.
  ...{ batchEvents: 5_000, batchBytes: 2 ** 22, batchMs: 1_000 },
  ...{ liveRest: 10, liveRestMs: 500 },
  ...{ rest: 9, restMs: 5_000, requestsMs: 250, missingMs: 5_000 },
};
const LEASE_MS = 10_000;
/** After a look at the whole file there is none for so long. */
const LOOK_AGAIN_MS = 10_000;
/** First and longest wait after trouble, in milliseconds; it doubles in between. */
const [FIRST_WAIT, LONGEST_WAIT] = [100, 10_000];

/** Begins to project. @throws ReckonerError internal where the projections cannot be used together */
export function startProjector(options: ProjectorOptions): Projector {
  const { log, projections, file, owner, now, random, leaseMs = LEASE_MS } = options;
  const { onTrouble = () => {}, onProgress = () => {}, onPoint = () => {}, load = () => 1 } = options;
  requireSound(projections);
  const pace = { ...defaultPace, ...options.pace };
  const names = projections.map(({ name }) => name);
  const stopping = new AbortController();
  const waiting = createWaiting();
  let progress: Progress = { state: 'starting', positions: {} };
  let failures = 0;
  let lastTrouble: string | undefined;

  function tell(next: Progress): void {
    progress = next;
    waiting.reached(next.positions);
    onProgress(next);
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        await projectUntilTrouble(signal);
      } catch (thrown) {
        if (signal.aborted) break;
        if (thrown instanceof LeaseLost) continue; // another process took over: it is stood by for
        const error = afterTrouble(thrown, file);
        const { code, message, remedy } = problemOf(error);
        // The same again and again is told once.
        if (lastTrouble !== message) onTrouble('projections', error);
        lastTrouble = message;
        tell({ state: 'trouble', positions: progress.positions, problem: { code, message, remedy } });
        const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++) * (0.5 + random());
        await pause(wait, signal);
      }
    }
    waiting.close();
    tell({ state: 'stopped', positions: progress.positions });
  }

  async function projectUntilTrouble(signal: AbortSignal): Promise<void> {
    const store = openStore({
      file,
      owner,
      ttlMs: leaseMs,
      now,
      guard: options.guard,
      onError: (error) => onTrouble('projections', error),
    });
    try {
      if (await standBy(store, signal)) await project(store, signal);
    } finally {
      await store.close();
    }
  }

  /** Waits for the lease. What the other process has reached is told on: its readers are ours. @returns false where it is stopped first */
  async function standBy(store: Store, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await store.takeLease()) return true;
      const live = store.editions.all().filter((edition) => edition.state === 'live');
      const ours = live.filter(({ name, version }) =>
        projections.some((one) => one.name === name && one.version === version),
      );
      tell({ state: 'standby', positions: Object.fromEntries(ours.map(({ name, position }) => [name, position])) });
      await pause(Math.min(pace.requestsMs, leaseMs / 3), signal);
    }
    return false;
  }

  async function project(store: Store, signal: AbortSignal): Promise<void> {
    const seats = await takeSeats({ store, log, projections });
    const work: Work = {
      ...{ store, log, projections, pace, load, ...seats, changes: 0, onPoint },
      ...{ moreToBuild: createBell(), liveChanged: createBell() },
      onFault: onTrouble,
      onReached: () => {
        failures = 0;
        lastTrouble = undefined;
        tellReached();
      },
    };
    const tellReached = () => {
      const reached = [...seats.live].map(([name, { checkpoint }]) => [name, checkpoint.position] as const);
      tell({ state: 'projecting', positions: Object.fromEntries(reached) });
    };
    const answering = createAnswering(work);
    tellReached();
    await together(signal, [
      (over) => followLog(work, over),
      (over) => buildBeside(work, answering.built, over),
      (over) => answering.run(over),
      (over) => renew(store, over),
      (over) => heedReaders(store, over),
    ]);
  }

  /** What readers find damaged is looked at, and made anew where it is; seldom, because all of it has to be read. */
  async function heedReaders(store: Store, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const looked = await store.alone(async () => lookWhereSuspected(file));
      await pause(looked ? LOOK_AGAIN_MS : pace.requestsMs, signal);
    }
  }

  /** Where nothing is to be folded, no transaction renews the lease. */
  async function renew(store: Store, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(leaseMs / 4, signal);
      if (store.lease.due && !signal.aborted) await store.alone(() => store.fenced(() => {}));
    }
  }

  const running = run();
  return {
    progress: () => progress,
    whenProcessed: (position, timeoutMs, wanted = names) => waiting.whenProcessed(position, timeoutMs, wanted),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
