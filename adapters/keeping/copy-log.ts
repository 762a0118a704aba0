/**
 * Copies a log into another store: every event with its id, its bytes, its stream and its revision, in the order of the log. What
 * is at the destination already is compared and left out, so that a copy that was broken off is gone on with.
 */
import { createHash, type Hash } from 'node:crypto';
import { ReckonerError } from '../../events/errors.ts';
import { type EventLog, NO_STREAM, type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import { createIntegrity, type Integrity } from '../../events/integrity.ts';
import { rootOf } from '../../events/log-seal.ts';
import type { Head } from '../../events/seal.ts';
import { createCopyWriter } from './copy-writer.ts';

export interface CopyEnd {
  readonly log: EventLog;
  /** How it is called when something is told of it: without secrets. */
  readonly name: string;
  /** Whether appends that are asked for within one turn are written in the order they were asked for, also on one stream. */
  readonly ordered: boolean;
}

export type CopyPhase = 'comparing' | 'copying' | 'verifying';

export interface CopyOptions {
  readonly from: CopyEnd;
  readonly to: CopyEnd;
  /** How far a phase is: a share in [0, 1] of the log it reads. */
  readonly progress?: (phase: CopyPhase, share: number) => void;
  /** Ends it between two events; what is written stays, and is a beginning. */
  readonly signal?: AbortSignal;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface CopyReport {
  /** Of both logs. */
  readonly events: number;
  readonly streams: number;
  /** Written by this run; the others were there. */
  readonly copied: number;
  /** The same for both: see `rootOf`. */
  readonly root: string;
  /** Whether events of different streams stand in the same order too; within a stream they always do. */
  readonly sameOrder: boolean;
  /** Whether somebody has appended to the source since the copy began: what came is not in it. */
  readonly sourceGrew: boolean;
}

/**
 * @throws ReckonerError destination_differs where the destination holds what the source does not (nothing is written then);
 * log_corrupt where one of the two is not as it was written; segment_missing; whatever the logs throw
 */
export async function copyLog({ from, to, progress = () => {}, signal, sleep }: CopyOptions): Promise<CopyReport> {
  const there = await walk(to, 'comparing', { progress, signal });
  if (there.events > 0) await requireBeginning(from, to, there, { progress, signal });

  const writer = createCopyWriter({ to, sleep });
  const known = new Map([...there.integrity.heads].map(([stream, { revision }]) => [stream, revision]));
  let copied = 0;
  const source = await walk(from, 'copying', { progress, signal }, (event) => {
    if (event.revision <= (known.get(event.stream) ?? NO_STREAM)) return undefined;
    copied += 1;
    return writer.add(event);
  }).finally(writer.settled);

  const copy = await walk(to, 'verifying', { progress, signal });
  const root = rootOf(source.integrity.heads);
  if (copy.events !== source.events || rootOf(copy.integrity.heads) !== root) throw notTheSame(from, to, source, copy);
  return {
    events: source.events,
    streams: source.integrity.heads.size,
    copied,
    root,
    sameOrder: source.order.digest('hex') === copy.order.digest('hex'),
    sourceGrew: await hasMore(from.log, source.last),
  };
}

async function hasMore(log: EventLog, after: Position): Promise<boolean> {
  for await (const _ of log.readAll({ after, limit: 1 })) return true;
  return false;
}

interface Walk {
  readonly events: number;
  readonly integrity: Integrity;
  /** Over the places of all events, in their order. */
  readonly order: Hash;
  readonly last: Position;
}

type Watching = Required<Pick<CopyOptions, 'progress'>> & Pick<CopyOptions, 'signal'>;

type Each = (event: RecordedEvent, integrity: Integrity) => Promise<void> | boolean | undefined;

/** Reads all of a log and checks every event of it. @param each told of every event; true ends the walk */
async function walk(end: CopyEnd, phase: CopyPhase, { progress, signal }: Watching, each?: Each): Promise<Walk> {
  const integrity = createIntegrity(({ stream, revision, what }) => {
    throw new ReckonerError('log_corrupt', `The log ${end.name} is damaged: ${stream}, revision ${revision}: ${what}`, {
      remedy: '`reckoner audit verify` names all that is wrong with a file. A damaged log is not copied.',
    });
  });
  const order = createHash('sha256');
  const upTo = await end.log.head();
  let events = 0;
  let last = START;
  for await (const event of end.log.readAll()) {
    signal?.throwIfAborted();
    integrity.check(event);
    order.update(`${event.stream}\0${event.revision}\0`);
    events += 1;
    last = event.position;
    progress(phase, shareOf(last, upTo));
    const told = each?.(event, integrity);
    if (told === true) break;
    await told;
  }
  return { events, integrity, order, last };
}

/** Every stream at the destination must be the beginning of the source's: its head stands for all that is before it. */
async function requireBeginning(from: CopyEnd, to: CopyEnd, there: Walk, watching: Watching): Promise<void> {
  const open = new Map<string, Head>(there.integrity.heads);
  await walk(from, 'comparing', watching, ({ stream, revision }, { heads }) => {
    const head = open.get(stream);
    if (head?.revision !== revision) return false;
    if (Buffer.compare(head.hash, heads.get(stream)?.hash ?? Buffer.alloc(0)) !== 0)
      throw differs(from, to, `revision ${revision} of ${stream} is another event there`);
    open.delete(stream);
    return open.size === 0;
  });
  for (const [stream, { revision }] of open)
    throw differs(from, to, `revision ${revision} of ${stream} is there, and not in the source`);
}

function differs(from: CopyEnd, to: CopyEnd, what: string): ReckonerError {
  return new ReckonerError('destination_differs', `${to.name} does not hold a beginning of ${from.name}: ${what}.`);
}

function notTheSame(from: CopyEnd, to: CopyEnd, source: Walk, copy: Walk): ReckonerError {
  const what =
    copy.events === source.events
      ? 'their roots differ'
      : `${source.events} events were read, and ${copy.events} are there`;
  return differs(from, to, `${what} after the copy`);
}

/** Positions of every store begin with digits that grow with the log. */
function shareOf(position: Position, head: Position): number {
  const share = Number.parseInt(position, 10) / Number.parseInt(head, 10);
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 1;
}
