/**
 * Audits a log file: reads all of it, also around what is damaged, has every event checked and every decision made again. The
 * buckets are shared out among threads, each of which reads the file by itself.
 */
import { Worker } from 'node:worker_threads';
import type { AuditCounts } from '../../actors/audit/audit.ts';
import { errorOf } from '../../events/errors.ts';
import type { Position } from '../../events/event-log.ts';
import { type LogSeal, rootOf } from '../../events/log-seal.ts';
import type { Head } from '../../events/seal.ts';
import { openSalvage } from '../sqlite/salvage.ts';
import { rowOf } from '../sqlite/schema.ts';
import { auditPart, type FileFinding, findingOf, type PartOptions, type PartResult, type Range } from './audit-part.ts';
import type { ThreadMessage } from './audit-thread.ts';

export interface FileAudit {
  readonly found: (finding: FileFinding) => void;
  readonly range?: Range;
  /** Share of the decisions whose propensities are recomputed, default 0.01, and what draws them. */
  readonly share?: number;
  readonly seed?: number;
  readonly seal?: LogSeal;
  /** Ends after this position; default where the log ends now. */
  readonly upTo?: Position;
  readonly liveBuckets?: number;
  /** Whether SQLite is asked for the structure of the file too, and for ids that were given twice. */
  readonly structure?: boolean;
  /** Default 1. */
  readonly threads?: number;
  /** Told of how far it is, in [0, 1]; what it throws ends the audit. */
  readonly progress?: (share: number) => void;
}

export interface FileCounts extends AuditCounts {
  /** Over all that was read. */
  readonly root: string;
}

/** @throws ReckonerError log_corrupt where nothing of the file can be read, log_newer, log_unusable, log_locked */
export async function auditFile(file: string, options: FileAudit): Promise<FileCounts> {
  const { found, seal, threads = 1, structure = false, progress = () => {} } = options;
  const salvage = openSalvage(file);
  const workers: Worker[] = [];
  try {
    const headsAt = seal?.events === undefined ? undefined : salvage.positionOfNumber(seal.events);
    const until = options.upTo === undefined ? salvage.last : Math.min(salvage.last, rowOf(options.upTo));
    const { range = {}, share, seed, liveBuckets } = options;
    const partOf = (index: number): PartOptions => ({
      ...{ file, part: { index, of: threads }, upTo: until, range, share, seed, liveBuckets, headsAt },
    });
    const others = Array.from({ length: threads - 1 }, (_, index) => inThread(partOf(index + 1), found, workers));
    const parts = await Promise.all([auditPart(partOf(0), found, progress), ...others]);
    const counts = parts.map((part) => part.counts).reduce(sum);
    if (seal !== undefined) checkSeal(seal, counts.events, headsOf(parts, 'sealed'), found);
    for (const id of structure ? salvage.repeatedIds() : [])
      found(findingOf('repeated', `More than one event has the id ${id}.`));
    for (const line of structure ? salvage.examine() : []) found(findingOf('file', `Of the file: ${line}.`));
    return { ...counts, root: rootOf(headsOf(parts, 'heads')) };
  } finally {
    for (const worker of workers) await worker.terminate();
    salvage.close();
  }
}

function inThread(options: PartOptions, found: FileAudit['found'], workers: Worker[]): Promise<PartResult> {
  const worker = new Worker(new URL('./audit-thread.js', import.meta.url), { workerData: options });
  workers.push(worker);
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('A thread of the audit ended early.')));
    worker.on('message', (message: ThreadMessage) => {
      if ('findings' in message) for (const finding of message.findings) found(finding);
      else if ('result' in message) resolve(message.result);
      else reject(errorOf(message.problem));
    });
  });
}

function checkSeal(seal: LogSeal, events: number, heads: ReadonlyMap<string, Head>, found: FileAudit['found']): void {
  if (seal.events !== undefined && events < seal.events) {
    const gone = seal.events - events;
    found(
      findingOf(
        'seal',
        `The log has ${events} events, and ${seal.events} were sealed: ${gone} ${gone === 1 ? 'is' : 'are'} gone.`,
      ),
    );
    return;
  }
  const root = rootOf(heads);
  if (root === seal.root) return;
  const which = seal.events === undefined ? `All ${events} events are` : `The first ${seal.events} events are`;
  found(findingOf('seal', `${which} not those that were sealed: their root is ${root}, the seal’s is ${seal.root}.`));
}

function headsOf(parts: readonly PartResult[], which: 'heads' | 'sealed'): ReadonlyMap<string, Head> {
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only[which] : new Map(parts.flatMap((part) => [...part[which]]));
}

function sum(one: AuditCounts, other: AuditCounts): AuditCounts {
  return {
    events: one.events + other.events,
    streams: one.streams + other.streams,
    unknown: one.unknown + other.unknown,
    decisions: one.decisions + other.decisions,
    propensities: one.propensities + other.propensities,
    passedOver: one.passedOver + other.passedOver,
    otherVersions: one.otherVersions + other.otherVersions,
  };
}
