/**
 * What a bucket works on: the queue of its commands, and the one batch that is on its way to the log. A batch is made from the
 * committed state, sealed, appended, folded, and only then answered.
 */
import { type Problem, problemOf, ReckonerError } from '../../events/errors.ts';
import type { AppendResult, EventLog } from '../../events/event-log.ts';
import { standingAt } from '../domain/domain-state.ts';
import type { Environment } from '../environment.ts';
import type { Gate } from '../gate.ts';
import { CONFLICT_RETRIES } from '../retries.ts';
import { type Batch, type BucketCommand, failed, prepare } from './bucket-batch.ts';
import { SNAPSHOT_VERSIONS, serialiseBucket } from './bucket-snapshot.ts';
import { type BucketState, evolve, viewUnder } from './bucket-state.ts';
import type { BucketSource } from './fold-bucket.ts';

export interface BucketDependencies extends BucketSource {
  readonly log: EventLog;
  readonly stream: string;
  readonly env: Environment;
  /** Commands that may wait, default 1,024. */
  readonly queueLimit?: number;
  /** Lets those in whose state holds no more: after a rollback that may be all of a domain at once. Default: each at once. */
  readonly refolding?: Gate;
}

/** The bucket's memory. Held by reference and changed in place: it is never persisted, and copies of posteriors are dear. */
export interface BucketWork {
  readonly dependencies: BucketDependencies;
  /** Whether its state was forgotten because it holds no more, and it was not folded since. */
  stale: boolean;
  /** Whether the machine is ready: what comes before waits until it is. */
  open: boolean;
  state: BucketState | undefined;
  /** The state before another writer was faster, or before it held no more. */
  behind: BucketState | undefined;
  queue: BucketCommand[];
  batch: Batch | undefined;
  /** Whether a batch is being made at this moment. */
  preparing: boolean;
  conflicts: number;
  /** Whether the log refused the last batch: a restart that is due waits for the next command then. */
  refused: boolean;
}

/** What moves a bucket's machine. Commands do not: they wait in its work. */
export type BucketMachineEvent =
  | { readonly type: 'hydrated'; readonly state: BucketState }
  | { readonly type: 'hydrationFailed'; readonly problem: Problem }
  | {
      readonly type: 'committed';
      readonly result: AppendResult | { readonly status: 'failed'; readonly problem: Problem };
      /** Where an event id was used before: all of the batch that were. */
      readonly used?: ReadonlySet<string>;
    }
  /** The domain was configured, frozen or thawed. */
  | { readonly type: 'domainChanged' }
  | { readonly type: 'passivate' }
  /** It knows what does not count any more, and is asked for something. */
  | { readonly type: 'stale' }
  /** What should not throw has thrown: the machine throws it on, which ends it, and its supervisor sees to the rest. */
  | { readonly type: 'broke'; readonly thrown: unknown };

type Committed = Extract<BucketMachineEvent, { readonly type: 'committed' }>;

/** Events after which a live bucket is written down. */
const SNAPSHOT_EVERY = 256;
/** A tail of so few events is read as fast as a snapshot. */
export const SNAPSHOT_WORTH = 16;
/** Commands that may wait, where nothing else is said. */
const QUEUE_LIMIT = 1024;

/** Lets a command wait, or refuses it where too many do; a bucket that is ready begins with it. */
export function accept(work: BucketWork, command: BucketCommand, send: (event: BucketMachineEvent) => void): void {
  if (work.queue.length < (work.dependencies.queueLimit ?? QUEUE_LIMIT)) work.queue.push(command);
  else command.reply(failed(new ReckonerError('overloaded', 'Too many requests wait for this bucket.')));
  if (work.open) begin(work, send);
}

/** Starts the next batch, unless one is under way or being made: who is refused while it is made may ask again at once. */
export function begin(work: BucketWork, send: (event: BucketMachineEvent) => void): void {
  if (work.preparing || work.batch !== undefined) return;
  if (isStale(work)) {
    // Not before somebody asks: a domain may have thousands of buckets, and few of them are busy.
    if (work.queue.length > 0) send({ type: 'stale' });
    return;
  }
  while (work.batch === undefined && work.state !== undefined && (work.queue.length > 0 || mustRestart(work))) {
    work.preparing = true;
    try {
      work.batch = prepare(work, work.state);
    } finally {
      work.preparing = false;
    }
    if (work.batch !== undefined) append(work, send);
    else work.conflicts = 0; // whoever was faster had recorded it all: nothing is left to lose a race with
  }
}

/** Whether its domain was returned to a revision, or rewards were voided, since the bucket was folded: it knows what does not count. */
export function isStale({ state, dependencies: { timeline } }: BucketWork): boolean {
  if (state === undefined) return false;
  const { lineage } = timeline;
  return state.under < lineage.turnedAt && !lineage.keeps(state.under);
}

/** Whether nothing is asked of it, and nothing on its way to the log. */
export function isIdle({ open, queue, batch, preparing }: BucketWork): boolean {
  return open && queue.length === 0 && batch === undefined && !preparing;
}

/** Whether there is a restart to record even where nobody asks for anything. */
function mustRestart({ state, refused, dependencies: { timeline } }: BucketWork): boolean {
  if (state?.changes?.due === undefined || refused || timeline.latest === undefined) return false;
  return viewUnder(state, timeline.latest).restart !== undefined;
}

/** Hands the batch to the log; also again, with the same ids at the same place, where the log did not say whether it wrote. */
export function append(work: BucketWork, send: (event: BucketMachineEvent) => void): void {
  const { batch, dependencies } = work;
  if (batch === undefined) return;
  const fail = (thrown: unknown) =>
    send({ type: 'committed', result: { status: 'failed', problem: problemOf(thrown) } });
  dependencies.log.append(dependencies.stream, batch.expected, batch.records).then((result) => {
    if (result.status === 'appended' && isPlain(work)) proceed(work, result, send);
    else if (result.status === 'conflict' && result.reason === 'eventId')
      usedIds(work, batch, result.id).then((used) => send({ type: 'committed', result, used }), fail);
    else send({ type: 'committed', result });
  }, fail);
}

/** Whether a batch that was appended leaves the machine where it is, as nearly all do. */
function isPlain(work: BucketWork): boolean {
  return work.open && !isGated(work) && !cannotForget(work);
}

export function isGated({ dependencies: { timeline } }: BucketWork): boolean {
  return timeline.latest?.config.confidence.gate === true;
}

/** Settles a batch and begins the next. */
function proceed(work: BucketWork, result: Committed['result'], send: (event: BucketMachineEvent) => void): void {
  try {
    settle(work, { type: 'committed', result });
    begin(work, send);
  } catch (thrown) {
    send({ type: 'broke', thrown });
  }
}

/** Ids of the batch that the log has already. Late duplicates come in crowds: one round for each would seal the rest again and again. */
async function usedIds(
  { dependencies: { log } }: BucketWork,
  { commands }: Batch,
  known: string,
): Promise<Set<string>> {
  const ids = commands.flatMap(({ id, before }) => (before === undefined ? [id] : [before.id, id]));
  const found = await Promise.all(ids.map((id) => (id === known ? id : log.find(id))));
  return new Set(ids.filter((_, index) => found[index] !== undefined));
}

/** Folds what was committed, then answers. */
export function settle(work: BucketWork, { result, used }: Committed): void {
  const { batch, state, dependencies } = work;
  if (batch === undefined || state === undefined) return;
  // What a policy cannot forget is still in this posterior: no snapshot before it is folded anew.
  const stale = cannotForget(work);
  work.refused = result.status !== 'appended';
  if (result.status === 'failed') {
    work.batch = undefined;
    for (const command of batch.commands) command.reply(result);
  } else if (result.status === 'conflict' && result.reason === 'eventId' && result.id === batch.restart?.id) {
    // Its reward is in no other stream, and a second restart for one reward cannot be due.
    work.batch = undefined;
    const problem = new ReckonerError(
      'log_corrupt',
      `The restart ${result.id} of this bucket is in the log at another place.`,
    );
    for (const command of batch.commands) command.reply(failed(problem));
  } else if (result.status === 'conflict' && result.reason === 'eventId') {
    work.batch = undefined;
    const has = (id: string | undefined) => id !== undefined && (id === result.id || used?.has(id) === true);
    const isUsed = ({ id, before }: BucketCommand) => has(id) || has(before?.id);
    work.refused = false;
    work.queue.unshift(...batch.commands.filter((command) => !isUsed(command)));
    for (const command of batch.commands.filter(isUsed)) command.reply({ status: 'duplicate' });
  } else {
    work.conflicts = 0;
    const domainAt = (revision: number) => standingAt(dependencies.timeline, revision);
    keepMarked(work, batch);
    if (batch.restart !== undefined) evolve(state, batch.restart, batch.restart.head, domainAt);
    for (const event of batch.events) evolve(state, event, event.head, domainAt);
    if (!stale) snapshot(work, SNAPSHOT_EVERY);
    // Not before: where folding fails, whoever waits for the batch is told so.
    work.batch = undefined;
    let index = 0;
    for (const command of batch.commands) {
      while (index < batch.events.length && batch.events[index]?.id !== command.id) index += 1;
      const event = batch.events[index];
      if (event === undefined) continue;
      command.reply({
        status: 'recorded',
        revision: event.head.revision,
        data: event.data,
        domain: batch.domain,
      });
    }
  }
}

/** Writes the state down as it was when the domain was marked: who returns to that mark has it at hand. */
function keepMarked(work: BucketWork, { domain }: Batch): void {
  const { markedAt } = work.dependencies.timeline;
  if (work.state !== undefined && work.state.domain.revision < markedAt && domain.revision >= markedAt)
    snapshot(work, SNAPSHOT_WORTH);
}

/** Puts the batch back to the front of the queue, to be made anew from a fresh state; after three conflicts in a row it is refused. */
export function requeue(work: BucketWork, conflict: boolean): void {
  const commands = work.batch?.commands ?? [];
  work.batch = undefined;
  work.behind = work.state;
  work.state = undefined;
  work.conflicts = conflict ? work.conflicts + 1 : 0;
  if (work.conflicts <= CONFLICT_RETRIES) {
    work.queue.unshift(...commands);
    return;
  }
  work.conflicts = 0;
  for (const command of commands)
    command.reply(failed(new ReckonerError('conflict', 'Other writers of this bucket were faster four times.')));
}

/** Forgets a state that holds no more. Written down first: where a rollback is rolled back, it holds again. */
export function setAside(work: BucketWork): void {
  snapshot(work, SNAPSHOT_WORTH);
  work.behind = work.state;
  work.state = undefined;
  work.stale = true;
}

/** Leaves open what the log could not be made to tell; what is in it will be found there by whoever asks again. */
export function giveUp(work: BucketWork): void {
  const commands = work.batch?.commands ?? [];
  work.batch = undefined;
  work.state = undefined;
  for (const command of commands)
    command.reply(failed(new ReckonerError('outcome_unknown', 'The log did not say whether it wrote this.')));
}

/** Refuses everything that waits: for a bucket that cannot go on. */
export function rejectAll(work: BucketWork, problem: Problem): void {
  const waiting = [...(work.batch?.commands ?? []), ...work.queue];
  work.queue = [];
  work.batch = undefined;
  for (const command of waiting) command.reply({ status: 'failed', problem });
}

/** The same for a bucket that broke: whether what was under way reached the log is then not known here. */
export function failAll(work: BucketWork, problem: Problem): void {
  giveUp(work);
  rejectAll(work, problem);
}

/** Writes the state down where so many events have come since the last time. */
export function snapshot(work: BucketWork, worth: number): void {
  const { state, dependencies } = work;
  if (state === undefined || state.head.revision - state.snapshotRevision < worth) return;
  state.snapshotRevision = state.head.revision;
  const { revision } = state.head;
  void dependencies.snapshots.put(dependencies.stream, {
    revision,
    versions: SNAPSHOT_VERSIONS,
    bytes: serialiseBucket(state),
  });
}

/** Whether a retraction was just recorded that the policy cannot take back by itself. */
export function cannotForget({ batch, state }: BucketWork): boolean {
  return (
    state?.domain.policy.forget === undefined && batch?.events.some(({ type }) => type === 'RewardRetracted') === true
  );
}
