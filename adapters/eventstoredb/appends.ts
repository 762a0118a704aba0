/** The rule of an append over a store that knows streams and revisions, but no ids: one at a time for each stream, many streams at once. */
import type { EventData, EventStoreDBClient } from '@eventstore/db-client';
import { NO_STREAM as CREATE, WrongExpectedVersionError } from '@eventstore/db-client';
import { ReckonerError } from '../../events/errors.ts';
import { type AppendResult, type EventRecord, NO_STREAM, type Position } from '../../events/event-log.ts';
import { type Asking, closedError } from './asking.ts';
import { within } from './deadline.ts';
import { errorFrom, isNotLeader, refusalOf, tooLarge, unreachable } from './failures.ts';
import type { Indexing } from './indexing.ts';
import { toldPosition } from './position.ts';
import type { Reads } from './reads.ts';
import { type FormOptions, pack } from './stored-form.ts';
import type { Turns } from './turns.ts';

export interface AppendsOptions {
  readonly client: EventStoreDBClient;
  readonly asking: Asking;
  readonly reads: Pick<Reads, 'some' | 'ids' | 'headOf'>;
  readonly indexing: Pick<Indexing, 'known' | 'wrote'>;
  readonly form: FormOptions;
  readonly turns: Turns;
  /** Milliseconds without an answer after which the outcome is unknown. */
  readonly deadlineMs: number;
  /** Bytes that the server takes in one append. */
  readonly maxBytes: number;
}

export interface Appends {
  append(stream: string, expected: number, events: readonly EventRecord[]): Promise<AppendResult>;
  /** Settles when everything accepted has its answer; what has not been sent in so many milliseconds is refused. */
  close(patienceMs: number): Promise<void>;
}

/**
 * So much longer than anybody waits for it an append is left to the server, in milliseconds. At its deadline the client would cancel
 * it, and Node says the end of the messages before it says that they were broken off: a server that takes the first for true has
 * then stored the half that had been sent. By this time it was sent whole, or its connection was found dead.
 */
const CALL_MS = 60_000;

/** So often it asks again who leads, before it says that nobody does. */
const LEADERS = 5;

export function createAppends(options: AppendsOptions): Appends {
  const { client, asking, reads, indexing, form, turns, deadlineMs, maxBytes } = options;
  /** Ids of appends that have no answer yet, and when they have. */
  const underWay = new Map<string, Promise<unknown>>();
  let closed = false;

  async function append(stream: string, expected: number, events: readonly EventRecord[]): Promise<AppendResult> {
    if (closed) throw closedError();
    const packed = prepare(stream, expected, events);
    // Who was here first has the id: what shares one with it waits for its answer, in the order of the calls.
    const earlier = new Set(events.flatMap(({ id }) => underWay.get(id) ?? []));
    const answer = turns.take(stream, [...earlier], () => place(stream, expected, events, packed));
    const settled = answer.then(forget, forget);
    for (const { id } of events) underWay.set(id, settled);
    function forget(): void {
      for (const { id } of events) if (underWay.get(id) === settled) underWay.delete(id);
    }
    return answer;
  }

  /** Serialised and checked before anything is sent. @throws ReckonerError request_invalid, payload_too_large */
  function prepare(stream: string, expected: number, events: readonly EventRecord[]): EventData[] {
    if (events.length === 0) throw new ReckonerError('request_invalid', 'An append needs at least one event.');
    if (stream === '' || (form.prefix + stream).startsWith('$')) {
      throw new ReckonerError('request_invalid', 'A stream needs a name, and none that begins with $.');
    }
    if (!Number.isSafeInteger(expected) || expected < NO_STREAM) {
      throw new ReckonerError('request_invalid', 'The expected revision is -1 or the revision of an event.');
    }
    let bytes = 0;
    const packed = events.map((event, index) => {
      const { event: wire, bytes: size } = pack(event, stream, expected + 1 + index, form);
      bytes += size;
      return wire;
    });
    if (bytes > maxBytes) throw tooLarge(maxBytes, bytes);
    return packed;
  }

  async function place(
    stream: string,
    expected: number,
    events: readonly EventRecord[],
    packed: EventData[],
  ): Promise<AppendResult> {
    const taken = takenBy(stream, expected, events);
    if (taken !== undefined) {
      // The order of the rule: where the stream is elsewhere than expected, that is the answer.
      const actual = await reads.headOf(stream);
      return actual === expected ? taken : mismatch(stream, expected, events);
    }
    const sent = await send(stream, expected, packed);
    if (sent === 'elsewhere') return mismatch(stream, expected, events);
    if ('status' in sent) return sent;
    const revision = expected + events.length;
    const position = sent.position ?? (await positionAt(stream, revision));
    const ids = events.map(({ id }) => id);
    indexing.wrote(stream, expected + 1, ids, position);
    return { status: 'appended', revision, position };
  }

  /** The first id that is known to be at another place, or twice in this append; those at their very place may be a repetition. */
  function takenBy(stream: string, expected: number, events: readonly EventRecord[]): AppendResult | undefined {
    const own = new Map<string, number>();
    for (const [index, { id }] of events.entries()) {
      const revision = expected + 1 + index;
      const place = own.has(id) ? { stream, revision: own.get(id) ?? revision } : indexing.known(id);
      if (place !== undefined) {
        return { status: 'conflict', reason: 'eventId', id, stream: place.stream, revision: place.revision };
      }
      own.set(id, revision);
    }
    return undefined;
  }

  /** One attempt that may have reached the log; others only where it certainly did not. */
  async function send(
    stream: string,
    expected: number,
    packed: EventData[],
  ): Promise<{ readonly position: Position | undefined } | 'elsewhere' | AppendResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { position } = await within(
          deadlineMs,
          client.appendToStream(form.prefix + stream, packed, {
            expectedRevision: expected === NO_STREAM ? CREATE : BigInt(expected),
            requiresLeader: true,
            deadline: deadlineMs + CALL_MS,
          }),
          'an append',
        );
        asking.told(undefined);
        return { position: toldPosition(position) };
      } catch (thrown) {
        if (thrown instanceof WrongExpectedVersionError) return 'elsewhere';
        const refusal = refusalOf(thrown);
        if (refusal !== undefined) throw refusal;
        asking.told(unreachable(asking.place, thrown));
        if (!isNotLeader(thrown)) return { status: 'outcomeUnknown', cause: errorFrom(thrown) };
        if (attempt >= LEADERS) throw unreachable(asking.place, thrown);
        await new Promise((resolve) => setTimeout(resolve, asking.pause(attempt)));
      }
    }
  }

  /** The stream is not where it was expected: because these very events are already there, or others. */
  async function mismatch(stream: string, expected: number, events: readonly EventRecord[]): Promise<AppendResult> {
    const found = await reads.ids(stream, expected + 1, events.length);
    if (found.length === events.length && events.every(({ id }, at) => found[at] === id)) {
      const revision = expected + events.length;
      return { status: 'alreadyAppended', revision, position: await positionAt(stream, revision) };
    }
    return { status: 'conflict', reason: 'revision', actual: await reads.headOf(stream) };
  }

  async function positionAt(stream: string, revision: number): Promise<Position> {
    const [event] = await reads.some(stream, revision, 1);
    if (event === undefined)
      throw new ReckonerError('log_corrupt', `EventStoreDB lost the event ${stream}@${revision}.`);
    return event.position;
  }

  return {
    append,
    close(patienceMs) {
      closed = true;
      return turns.close(patienceMs);
    },
  };
}
