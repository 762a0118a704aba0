/** The thread that projects: `thread.ts` starts it. The event loop of the node belongs to decisions. */
import { setPriority } from 'node:os';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { type Problem, problemOf } from '../../events/errors.ts';
import { START } from '../../events/event-log.ts';
import { openLog, type Variables } from '../keeping/open-log.ts';
import { minFreeFrom, watchDisk } from '../sqlite/disk-guard.ts';
import { allProjections } from './catalogue.ts';
import { secondsBehind } from './lag.ts';
import { loadIn } from './load.ts';
import { type Progress, startProjector } from './projector.ts';

export interface WorkerOptions {
  /** Which log is read: see `openLog`. Default: the file. */
  readonly variables?: Variables;
  readonly logFile: string;
  /** Index of ids, where the log is in EventStoreDB; default in memory. */
  readonly indexFile?: string;
  readonly file: string;
  readonly owner: string;
  /** How busy the node is: `load.ts` reads it. */
  readonly load: Int32Array;
}

/** What the thread tells. */
export type WorkerMessage =
  | { readonly progress: Progress }
  | { readonly secondsBehind: number }
  | { readonly trouble: Problem & { readonly where: string } };

const LAG_EVERY_MS = 1_000;

const port = parentPort;
if (port === null) throw new Error('worker.ts is started by thread.ts only');
const { variables = {}, logFile, indexFile = ':memory:', file, owner, load } = workerData as WorkerOptions; // what thread.ts hands it
const tell = (message: WorkerMessage) => port.postMessage(message);

/**
 * A third of the weight of the thread that decides, where they have to share a core: enough not to starve beside whatever else the
 * machine does. On Linux it is the thread's own; elsewhere it would be the whole process's.
 */
const NICE = 5;
if (process.platform === 'linux') setPriority(0, NICE);

// It reads only: a small cache, and what it looks for need not be there at once.
const log = await openLog(variables, { file: logFile, indexFile, cacheMb: 8, pollMs: 50 });
const guard = watchDisk({ directory: dirname(file), minFreeBytes: minFreeFrom(process.env) });
const projections = allProjections(log);
const projector = startProjector({
  ...{ log, projections, file, owner, guard, now: Date.now, random: Math.random },
  load: () => loadIn(load),
  onTrouble: (where, thrown) => tell({ trouble: { where, ...problemOf(thrown) } }),
  onProgress: (progress) => tell({ progress }),
});

const lag = setInterval(async () => {
  const { positions } = projector.progress();
  const behind = projections.map(({ name }) => positions[name] ?? START);
  const furthest = behind.reduce((least, position) => (position < least ? position : least));
  try {
    tell({ secondsBehind: await secondsBehind(log, furthest, Date.now()) });
  } catch {
    // The log is in trouble or closed: the projector tells of it.
  }
}, LAG_EVERY_MS);

port.once('message', async () => {
  clearInterval(lag);
  await projector.stop();
  await log.close();
  guard.close();
  port.close();
});
