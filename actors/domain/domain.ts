/**
 * The domain actor: the only writer of its domain's stream. It validates and publishes configuration, freezes and thaws, and
 * shares priors; one command at a time: append, then fold, then answer.
 */
import { setup } from 'xstate';
import { type Draft, decode } from '../../events/catalogue.ts';
import { type Problem, problemOf, ReckonerError } from '../../events/errors.ts';
import type { AppendResult, EventLog, RecordedEvent } from '../../events/event-log.ts';
import { chainHash, EMPTY_HEAD, type Head, seal } from '../../events/seal.ts';
import type { Environment } from '../environment.ts';
import { CONFLICT_RETRIES, UNKNOWN_PAUSE_MS } from '../retries.ts';
import { sendTo } from '../send-to.ts';
import type { DomainTimeline } from './domain-state.ts';

export interface DomainCommand {
  readonly correlationId: string;
  /** The events to record after the timeline; none where nothing is to change. Throws a ReckonerError to refuse. */
  readonly make: (timeline: DomainTimeline) => readonly Draft[];
  readonly reply: (outcome: { readonly ok: true } | { readonly ok: false; readonly problem: Problem }) => void;
}

export interface DomainDependencies {
  readonly stream: string;
  readonly log: EventLog;
  readonly env: Environment;
  readonly timeline: DomainTimeline;
  /** Told after each change of what buckets go by: configuration, freeze and thaw. */
  readonly changed: () => void;
}

/** The actor's memory, held by reference: the timeline is large and never persisted here. */
export interface DomainWork {
  readonly dependencies: DomainDependencies;
  head: Head;
  queue: DomainCommand[];
  current: { readonly command: DomainCommand; attempts: number } | undefined;
  sealed:
    | {
        readonly records: ReturnType<typeof seal>['record'][];
        readonly drafts: readonly Draft[];
        readonly expected: number;
      }
    | undefined;
}

type DomainMachineEvent =
  | { readonly type: 'command'; readonly command: DomainCommand }
  | { readonly type: 'caughtUp' }
  | { readonly type: 'readFailed'; readonly problem: Problem }
  | {
      readonly type: 'committed';
      readonly result: AppendResult | { readonly status: 'failed'; readonly problem: Problem };
    };

/** Commands that may wait: configuring is slow, and each may hold a megabyte. */
const QUEUE_LIMIT = 64;

/** Lets a command wait, or refuses it where too many do. */
function enqueue(work: DomainWork, command: DomainCommand): void {
  if (work.queue.length < QUEUE_LIMIT) work.queue.push(command);
  else command.reply({ ok: false, problem: tooMany().problem });
}

function tooMany(): ReckonerError {
  return new ReckonerError('overloaded', 'Too many changes wait for this domain.');
}

/** A domain's memory before it has read its stream. */
export function emptyWork(dependencies: DomainDependencies): DomainWork {
  return { dependencies, head: EMPTY_HEAD, queue: [], current: undefined, sealed: undefined };
}

export const domainMachine = setup({
  types: { context: {} as { readonly work: DomainWork }, events: {} as DomainMachineEvent, input: {} as DomainWork },
  guards: {
    frozen: ({ context: { work } }) => work.dependencies.timeline.latest?.frozen === true,
    lost: ({ event }) =>
      event.type === 'committed' && (event.result.status === 'conflict' || event.result.status === 'alreadyAppended'),
    unknown: ({ event }) => event.type === 'committed' && event.result.status === 'outcomeUnknown',
    failed: ({ event }) => event.type === 'committed' && event.result.status === 'failed',
  },
  actions: {
    enqueue: ({ context: { work }, event }) => {
      if (event.type === 'command') enqueue(work, event.command);
    },
    readOn: ({ context: { work }, self }) => {
      work.sealed = undefined;
      const send = sendTo(self);
      readOn(work).then(
        () => send({ type: 'caughtUp' }),
        (thrown) => send({ type: 'readFailed', problem: problemOf(thrown) }),
      );
    },
    begin: ({ context: { work }, self }) => begin(work, sendTo(self)),
    settle: ({ context: { work }, event }) => event.type === 'committed' && settle(work, event.result),
    retryLater: ({ context: { work }, self }) => {
      work.dependencies.env.sleep(UNKNOWN_PAUSE_MS).then(() => append(work, sendTo(self)));
    },
    giveUp: ({ context: { work } }) => {
      const problem = new ReckonerError('outcome_unknown', 'The log did not say whether it wrote this.').problem;
      work.current?.command.reply({ ok: false, problem });
      work.current = undefined;
    },
    rejectAll: ({ context: { work }, event }) => event.type === 'readFailed' && rejectCommands(work, event.problem),
  },
}).createMachine({
  id: 'domain',
  context: ({ input }) => ({ work: input }),
  initial: 'ready',
  states: {
    // Somebody else wrote: what they wrote is read before the command is made anew.
    reading: {
      entry: 'readOn',
      on: {
        command: { actions: 'enqueue' },
        caughtUp: 'ready',
        readFailed: { target: 'ready', actions: 'rejectAll' },
      },
    },
    ready: {
      initial: 'assessing',
      entry: 'begin',
      on: {
        command: { actions: ['enqueue', 'begin'] },
        committed: [
          { guard: 'lost', target: 'reading' },
          { guard: 'unknown', target: 'unsettled' },
          { target: '.assessing', actions: ['settle', 'begin'] },
        ],
      },
      states: {
        assessing: { always: [{ guard: 'frozen', target: 'frozen' }, { target: 'learning' }] },
        learning: {},
        frozen: {},
      },
    },
    unsettled: {
      entry: 'retryLater',
      on: {
        command: { actions: 'enqueue' },
        committed: [
          { guard: 'unknown', target: 'unsettled', reenter: true },
          { guard: 'lost', target: 'reading' },
          // That a retry failed says nothing of what came before it: only reading the log does.
          { guard: 'failed', target: 'reading', actions: 'giveUp' },
          { target: 'ready', actions: 'settle' },
        ],
      },
    },
  },
});

/** Reads on in the domain's stream into the timeline. Several readers at once do no harm: what is known already is skipped. */
export async function readOn(work: Pick<DomainWork, 'dependencies' | 'head'>): Promise<void> {
  const { log, stream, timeline, changed } = work.dependencies;
  const before = timeline.latest;
  let last: RecordedEvent | undefined;
  for await (const event of log.readStream(stream, { from: timeline.length })) {
    if (timeline.apply(event.revision, decode(event))) last = event;
  }
  // Only the last link is needed to write on. Whoever else has read or written meanwhile may be ahead of it.
  if (last !== undefined && last.revision > work.head.revision)
    work.head = { revision: last.revision, hash: chainHash(last) };
  const after = timeline.latest;
  if (before?.config !== after?.config || before?.frozen !== after?.frozen) changed();
}

function begin(work: DomainWork, send: (event: DomainMachineEvent) => void): void {
  if (work.sealed !== undefined) return;
  const { timeline } = work.dependencies;
  for (;;) {
    const next = work.queue[0];
    work.current ??= next === undefined ? undefined : { command: next, attempts: 0 };
    if (work.current === undefined) return;
    if (work.current.command === next) work.queue.shift();
    const { command } = work.current;
    try {
      if (work.current.attempts > CONFLICT_RETRIES)
        throw new ReckonerError('conflict', 'Other writers of this domain were faster four times.');
      work.current.attempts += 1;
      const drafts = command.make(timeline);
      if (drafts.length > 0) {
        work.sealed = sealAll(drafts, command.correlationId, work.head, work.dependencies);
        append(work, send);
        return;
      }
      command.reply({ ok: true });
    } catch (thrown) {
      command.reply({ ok: false, problem: problemOf(thrown) });
    }
    work.current = undefined;
  }
}

function sealAll(
  drafts: readonly Draft[],
  correlationId: string,
  head: Head,
  { env, stream }: DomainDependencies,
): NonNullable<DomainWork['sealed']> {
  const envelope = { correlationId, causationId: '', time: env.now(), writer: env.node };
  const records = [];
  let at = head;
  for (const draft of drafts) {
    const sealed = seal(draft, envelope, at, stream);
    records.push(sealed.record);
    at = sealed.head;
  }
  return { records, drafts, expected: head.revision };
}

function append(work: DomainWork, send: (event: DomainMachineEvent) => void): void {
  const { sealed, dependencies } = work;
  if (sealed === undefined) return;
  dependencies.log.append(dependencies.stream, sealed.expected, sealed.records).then(
    (result) => send({ type: 'committed', result }),
    (thrown) => send({ type: 'committed', result: { status: 'failed', problem: problemOf(thrown) } }),
  );
}

function settle(work: DomainWork, result: Extract<DomainMachineEvent, { type: 'committed' }>['result']): void {
  const { sealed, current, dependencies } = work;
  if (sealed === undefined || current === undefined) return;
  if (result.status === 'failed') {
    work.sealed = undefined;
    work.current = undefined;
    current.command.reply({ ok: false, problem: result.problem });
    return;
  }
  for (const [index, draft] of sealed.drafts.entries()) {
    const record = sealed.records[index];
    const revision = sealed.expected + 1 + index;
    const followed = dependencies.timeline.apply(revision, draft);
    if (followed && record !== undefined) work.head = { revision, hash: chainHash(record) };
  }
  // Not before: where folding fails, whoever waits is told so.
  work.sealed = undefined;
  work.current = undefined;
  if (sealed.drafts.some(({ type }) => type !== 'PriorShared')) dependencies.changed();
  current.command.reply({ ok: true });
}

/** Refuses everything that waits: for a domain that cannot be read, or whose actor broke. */
export function rejectCommands(work: DomainWork, problem: Problem): void {
  const waiting = [...(work.current === undefined ? [] : [work.current.command]), ...work.queue];
  work.current = undefined;
  work.sealed = undefined;
  work.queue = [];
  for (const command of waiting) command.reply({ ok: false, problem });
}
