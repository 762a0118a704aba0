/**
 * The memory of one agent: the only writer of its stream, and the breaker that is a fold of it. Append, then fold, then
 * answer; what arrives during an append goes into the next one, together.
 */
import { type Actor, createActor, type SnapshotFrom, transition } from 'xstate';
import { type DecodedEvent, type Draft, decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { chainHash, EMPTY_HEAD, type Envelope, type Head, seal } from '../../events/seal.ts';
import type { Environment } from '../environment.ts';
import { CONFLICT_RETRIES, UNKNOWN_PAUSE_MS } from '../retries.ts';
import { type AgentState, type BreakerEvent, type BreakerLimits, breaker } from './agent-breaker.ts';

export type AgentDraft = Extract<Draft, { readonly type: 'AgentCallSucceeded' | 'AgentCallFailed' }>;

export interface AgentRecord {
  /** Makes the outcome durable and lets the breaker see it. */
  append(draft: AgentDraft, envelope: Envelope): Promise<RecordedOutcome>;
  /**
   * Counts a call that the open breaker turned away: the next outcome that is recorded tells how many there were.
   * @returns false where the breaker is broken: only recording an outcome makes it anew
   */
  turnAway(): boolean;
  /** Outcomes that wait to become durable. */
  pending(): number;
  state(): AgentState;
  /** Milliseconds since 1970 at which an open breaker lets a probe through. */
  retryAt(): number;
  send(event: BreakerEvent): void;
  /** Asks the log no more where it does not say whether it wrote. */
  hurry(): void;
  /** Waits for what is being written. */
  stop(): Promise<void>;
}

/** What became of an outcome. */
export interface RecordedOutcome {
  /** Id of its event: the one it came with, or a fresh one where that is in the log already. */
  readonly id: string;
  /** The breaker's state after it. */
  readonly state: AgentState;
}

export interface AgentRecordOptions {
  readonly stream: string;
  readonly log: EventLog;
  readonly env: Environment;
  readonly limits: BreakerLimits;
  /** Told of a breaker that failed: it is made anew from the log before the next outcome is recorded. */
  readonly onFailure?: (stream: string, thrown: unknown) => void;
}

interface Entry {
  readonly draft: AgentDraft;
  readonly envelope: Envelope;
  readonly resolve: (outcome: RecordedOutcome) => void;
  readonly reject: (reason: unknown) => void;
}

const BATCH = 256;

/** Opens the stream: reads as much of its tail as the breaker's state depends on. */
export async function openAgentRecord(options: AgentRecordOptions): Promise<AgentRecord> {
  const { stream, log, limits, env } = options;
  let head = EMPTY_HEAD;
  let actor: Actor<typeof breaker>;
  // An actor whose action throws hears nothing from then on.
  let broken = false;
  let queue: Entry[] = [];
  let pumping: Promise<void> | undefined;
  let hurried = false;
  // Turned away since the last event.
  let turnedAway = 0;
  await hydrate();

  async function hydrate(): Promise<void> {
    const { newest, tail } = await readTail(log, stream, limits.openAfter);
    actor = createActor(breaker, { input: limits });
    actor.subscribe({
      error: (thrown) => {
        broken = true;
        options.onFailure?.(stream, thrown);
      },
    });
    actor.start();
    broken = false;
    head = newest;
    for (const event of tail) fold(event);
  }

  function send(event: BreakerEvent): void {
    if (!broken && !(event.type === 'succeeded' && isWell(actor.getSnapshot()))) actor.send(event);
  }

  function fold(event: DecodedEvent | undefined): void {
    const moved = event === undefined ? undefined : movedBy(event.type, event.data, event.metadata.time);
    if (moved !== undefined) send(moved);
  }

  async function catchUp(): Promise<void> {
    for await (const event of log.readStream(stream, { from: head.revision + 1 })) {
      head = { revision: event.revision, hash: chainHash(event) };
      fold(decode(event));
    }
  }

  async function pump(): Promise<void> {
    // One turn of the event loop gathers what arrives together into one append.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH);
      queue = queue.slice(BATCH);
      try {
        const outcomes = await commit(batch);
        for (const [index, entry] of batch.entries())
          entry.resolve(outcomes[index] ?? { id: entry.draft.id, state: state() });
      } catch (reason) {
        for (const entry of batch) entry.reject(reason);
      }
    }
    pumping = undefined;
  }

  async function commit(entries: readonly Entry[]): Promise<RecordedOutcome[]> {
    if (broken) await hydrate();
    let batch = entries;
    for (let retries = 0; retries <= CONFLICT_RETRIES; ) {
      const told = turnedAway;
      const sealed = sealAll(batch, told, stream, head, actor.getSnapshot());
      let result = await log.append(stream, head.revision, sealed.records);
      while (result.status === 'outcomeUnknown' && !hurried) {
        await env.sleep(UNKNOWN_PAUSE_MS);
        result = await log.append(stream, head.revision, sealed.records);
      }
      if (result.status === 'outcomeUnknown') {
        throw new ReckonerError('outcome_unknown', `The log did not say whether ${stream} was written.`);
      }
      if (result.status !== 'conflict') {
        head = sealed.head;
        turnedAway -= told;
        for (const entry of batch) {
          const moved = movedBy(entry.draft.type, entry.draft.data, entry.envelope.time);
          if (moved !== undefined) send(moved);
        }
        return sealed.outcomes;
      }
      if (result.reason === 'revision') {
        retries += 1;
        await catchUp();
      } else {
        batch = renamed(batch, result.id, env.uuid);
      }
    }
    throw new ReckonerError('conflict', `Another process keeps writing the stream ${stream}.`, {
      remedy: 'Give every process on one log a node name of its own.',
    });
  }

  function state(): AgentState {
    return actor.getSnapshot().value;
  }

  return {
    append(draft, envelope) {
      return new Promise((resolve, reject) => {
        queue.push({ draft, envelope, resolve, reject });
        pumping ??= pump();
      });
    },
    turnAway() {
      if (!broken) turnedAway += 1;
      return !broken;
    },
    pending: () => queue.length,
    state,
    retryAt: () => actor.getSnapshot().context.retryAt,
    send,
    hurry() {
      hurried = true;
    },
    async stop() {
      await pumping;
      actor.stop();
    },
  };
}

/**
 * The head of the stream and the events its breaker's state depends on: back to the last success, or to as many failures in a
 * row as open it, since nothing before them can make a difference.
 */
async function readTail(log: EventLog, stream: string, openAfter: number) {
  const tail: DecodedEvent[] = [];
  let newest: Head | undefined;
  let failures = 0;
  for await (const event of log.readStream(stream, { backwards: true })) {
    newest ??= { revision: event.revision, hash: chainHash(event) };
    const decoded = decode(event);
    if (decoded === undefined) continue;
    const moved = movedBy(decoded.type, decoded.data, decoded.metadata.time);
    if (moved === undefined) continue;
    tail.unshift(decoded);
    if (moved.type === 'succeeded' || ++failures >= openAfter) break;
  }
  return { newest: newest ?? EMPTY_HEAD, tail };
}

/** How a recorded event moves the breaker. An agent that is busy or declines a request is not ill. */
function movedBy(type: string, data: object, time: number): BreakerEvent | undefined {
  if (type === 'AgentCallSucceeded') return { type: 'succeeded' };
  if (type !== 'AgentCallFailed' || !('category' in data)) return undefined;
  return data.category === 'timeout' || data.category === 'failed' ? { type: 'failed', time } : undefined;
}

/** Nearly every outcome is a success of an agent that is well, which moves nothing: asking first saves the machine's work. */
function isWell({ value, context }: SnapshotFrom<typeof breaker>): boolean {
  return value === 'healthy' && context.failures === 0;
}

/**
 * A call was made whatever the log says: where another one has its id, because it was made twice, it is recorded under one of its
 * own. Of twins within the batch the first keeps the id: where that is in the log, too, the log says so again.
 */
function renamed(batch: readonly Entry[], used: string, uuid: () => string): readonly Entry[] {
  const first = batch.findIndex(({ draft }) => draft.id === used);
  const twins = batch.some(({ draft }, index) => index > first && draft.id === used);
  return batch.map((entry, index) =>
    entry.draft.id === used && !(twins && index === first)
      ? { ...entry, draft: { ...entry.draft, id: uuid() } }
      : entry,
  );
}

/** Seals a batch in order; each failure says in which state it leaves the breaker, and the first how many were turned away before. */
function sealAll(
  batch: readonly Entry[],
  turnedAway: number,
  stream: string,
  head: Head,
  snapshot: SnapshotFrom<typeof breaker>,
) {
  let at = head;
  let foreseen = snapshot;
  const outcomes: RecordedOutcome[] = [];
  const records = batch.map(({ draft, envelope }, index) => {
    const moved = movedBy(draft.type, draft.data, envelope.time);
    if (moved !== undefined && !(moved.type === 'succeeded' && isWell(foreseen)))
      [foreseen] = transition(breaker, foreseen, moved);
    outcomes.push({ id: draft.id, state: foreseen.value });
    // Half open is open to the log: which call is the probe is known only to this process, and only while it runs.
    const state = foreseen.value === 'halfOpen' ? 'open' : foreseen.value;
    const sealed = seal(filledIn(draft, state, index === 0 ? turnedAway : 0), envelope, at, stream);
    at = sealed.head;
    return sealed.record;
  });
  return { records, outcomes, head: at };
}

function filledIn(draft: AgentDraft, state: AgentState, turnedAway: number): AgentDraft {
  if (draft.type === 'AgentCallFailed') return { ...draft, data: { ...draft.data, state, turnedAway } };
  return turnedAway === 0 ? draft : { ...draft, data: { ...draft.data, turnedAway } };
}
