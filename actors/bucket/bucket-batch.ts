/**
 * What a bucket makes of its commands: a batch of events, from the committed state, sealed and ready for the log. Nothing counts
 * before it is there.
 */
import type { Draft, EventData, EventType } from '../../events/catalogue.ts';
import { type Problem, problemOf, ReckonerError } from '../../events/errors.ts';
import type { EventRecord } from '../../events/event-log.ts';
import { eventId } from '../../events/ids.ts';
import { type Head, seal } from '../../events/seal.ts';
import { bucketOfStream } from '../../events/streams.ts';
import type { DomainState, DomainTimeline } from '../domain/domain-state.ts';
import type { Environment } from '../environment.ts';
import { type BucketEvent, type BucketState, type BucketView, viewUnder } from './bucket-state.ts';
import { copyOf, countDecision } from './earnings.ts';
import { remembers } from './recent-ids.ts';

/** One event that is asked of a bucket. Never persisted: what lasts is the event. */
export interface BucketCommand {
  /** Id the event will have. */
  readonly id: string;
  readonly type: Extract<EventType, 'DecisionMade' | 'ItemsShown' | 'RewardObserved' | 'RewardRetracted'>;
  readonly correlationId: string;
  readonly causationId: string;
  /** The event's data, from the state it will follow. Throws a ReckonerError to refuse. */
  readonly make: (state: BucketView) => BucketEvent['data'];
  /** Recorded right before it, both or neither. */
  readonly before?: Preceding | undefined;
  /** Id of an event that it must see in the log, where it is to come at all: the two are never made together. */
  readonly apart?: string | undefined;
  readonly reply: (outcome: BucketOutcome) => void;
}

/** An event that makes way for the one after it. */
export interface Preceding extends Pick<BucketCommand, 'id' | 'type'> {
  /** Its data; undefined where there is no need for it after all. */
  readonly make: (state: BucketView) => BucketEvent['data'] | undefined;
}

export type BucketOutcome =
  | {
      readonly status: 'recorded';
      readonly revision: number;
      readonly data: BucketEvent['data'];
      readonly domain: DomainState;
    }
  /** An event of this id, or of the one before it, is in the log already. */
  | { readonly status: 'duplicate' }
  | { readonly status: 'failed'; readonly problem: Problem };

export interface Batch {
  readonly commands: readonly BucketCommand[];
  /** In the order of the commands; most have one, some have another right before it. */
  readonly events: readonly (BucketEvent & { readonly head: Head })[];
  /** The restart that goes before them, where one was due. */
  readonly restart: (BucketEvent & { readonly head: Head }) | undefined;
  /** Of the restart and the events. */
  readonly records: readonly EventRecord[];
  readonly expected: number;
  /** The domain that all of them were made under. */
  readonly domain: DomainState;
}

/** What of a bucket's work a batch is made of. */
interface BatchSource {
  /** Commands that wait, taken from its front; who has to wait for this batch goes back to its end. */
  readonly queue: BucketCommand[];
  readonly dependencies: { readonly timeline: DomainTimeline; readonly env: Environment; readonly stream: string };
}

/** Commands of one append. */
const BATCH_LIMIT = 512;

/** Makes the events of the next batch: first a restart that is due, so that all see what it leaves. All decisions of a batch see the same committed posterior, so they go before its rewards. */
export function prepare(work: BatchSource, state: BucketState): Batch | undefined {
  const { timeline, env, stream } = work.dependencies;
  const domain = timeline.latest;
  if (domain === undefined) throw new ReckonerError('domain_unknown', 'The domain has no configuration yet.');
  const committed = viewUnder(state, domain);
  const taken = work.queue.splice(0, BATCH_LIMIT);
  const ordered =
    taken.length === 1 ? taken : [...taken.filter(isDecision), ...taken.filter((command) => !isDecision(command))];
  const commands: BucketCommand[] = [];
  const events: (BucketEvent & { head: Head })[] = [];
  const records: EventRecord[] = [];
  // A batch of one, which most are, has no twins.
  const ids = ordered.length > 1 ? new Set<string>() : undefined;
  const metadata = { time: env.now() };
  // Decisions of a batch share what is believed, but not what may be risked: each counts for the next.
  const { conservative } = domain;
  const earnings = conservative === undefined || ids === undefined ? undefined : copyOf(committed.earnings);
  const seen = earnings === undefined ? committed : { ...committed, earnings };
  const restart = seen.restart === undefined ? undefined : restartEvent(work, seen.restart, metadata, state.head);
  if (restart !== undefined) records.push(restart.record);
  let head = restart?.event.head ?? state.head;
  for (const command of ordered) {
    if (isRecorded(state, command)) {
      command.reply({ status: 'duplicate' });
    } else if (ids !== undefined && mustWait(ids, command)) {
      work.queue.push(command);
    } else {
      try {
        const { id, type, before, apart, correlationId, causationId } = command;
        const envelope = { correlationId, causationId, time: metadata.time, writer: env.node };
        const preceding = before?.make(seen);
        const data = command.make(seen);
        // Both are sealed before either counts: they go to the log together or not at all. Their maker paired types and data.
        const first =
          before === undefined || preceding === undefined
            ? undefined
            : seal({ id: before.id, type: before.type, data: preceding } as Draft, envelope, head, stream);
        const sealed = seal({ id, type, data } as Draft, envelope, first?.head ?? head, stream);
        if (before !== undefined && preceding !== undefined && first !== undefined) {
          ids?.add(before.id);
          records.push(first.record);
          events.push({ id: before.id, type: before.type, data: preceding, metadata, head: first.head });
        }
        head = sealed.head;
        ids?.add(id);
        if (apart !== undefined) ids?.add(apart);
        commands.push(command);
        records.push(sealed.record);
        events.push({ id, type, data, metadata, head });
        if (type === 'DecisionMade' && earnings !== undefined && conservative !== undefined)
          countDecision(earnings, data as EventData<'DecisionMade'>, conservative.baseline); // its maker paired type and data
      } catch (thrown) {
        command.reply(failed(thrown));
      }
    }
  }
  if (records.length === 0) return undefined;
  return { commands, events, restart: restart?.event, records, expected: state.head.revision, domain };
}

/**
 * The id follows from the reward that calls for it: two nodes that both notice record one restart. Where a rollback has set that
 * aside, and the reward counts, it is called for once more: then under the ordinal of what turned the domain last.
 */
function restartEvent(
  { dependencies: { env, stream, timeline } }: BatchSource,
  data: EventData<'BucketRestarted'>,
  metadata: BucketEvent['metadata'],
  before: Head,
) {
  const { tenant = '', name = '' } = bucketOfStream(stream) ?? {};
  const type = 'BucketRestarted' as const;
  const { turnedAt } = timeline.lineageOf(data.domainRevision);
  const id = eventId(tenant, name, data.rewardId, type, Math.max(0, turnedAt));
  const envelope = { correlationId: data.rewardId, causationId: data.rewardId, time: metadata.time, writer: env.node };
  const { record, head } = seal({ id, type, data }, envelope, before, stream);
  return { record, event: { id, type, data, metadata, head } };
}

function isRecorded({ recent }: BucketState, { id, before }: BucketCommand): boolean {
  return remembers(recent, id) || (before !== undefined && remembers(recent, before.id));
}

/** Whether its twin is in the batch, or what it must not be made together with: it will be made from what that leaves behind. */
function mustWait(ids: ReadonlySet<string>, { id, before, apart }: BucketCommand): boolean {
  return ids.has(id) || (before !== undefined && ids.has(before.id)) || (apart !== undefined && ids.has(apart));
}

function isDecision(command: BucketCommand): boolean {
  return command.type === 'DecisionMade';
}

/** Anything thrown, as the answer to a command. */
export function failed(thrown: unknown): BucketOutcome {
  return { status: 'failed', problem: problemOf(thrown) };
}
