/** Projections and events without a meaning of their own, for tests of what runs them. */
import { hash, randomUUID } from 'node:crypto';
import { catalogue, encodeMetadata } from '../../../events/catalogue.ts';
import { type EventLog, type EventRecord, NO_STREAM } from '../../../events/event-log.ts';
import type { Projection, Table } from '../../../projections/projection.ts';

const counts: Table = {
  name: 'counts',
  about: 'Events of one stream.',
  columns: {
    stream: { type: 'text', about: 'Its name.' },
    events: { type: 'integer', about: 'How many.' },
    last: { type: 'integer', about: 'The last revision.' },
    note: { type: 'text', nullable: true, about: 'Nothing.' },
  },
  key: ['stream'],
  indexes: [['events']],
};

export interface SampleOptions {
  readonly version?: number;
  /** Ids of events that it cannot fold. */
  readonly poison?: ReadonlySet<string>;
  /** Called before each event is folded. */
  readonly meanwhile?: () => void | Promise<void>;
}

/** Counts in its tables alone: it remembers nothing. The order of events is nothing to it. */
export function counting({ version = 1, poison = new Set(), meanwhile }: SampleOptions = {}): Projection {
  return {
    name: 'counting',
    version,
    about: 'How many events each stream has.',
    tables: [counts],
    types: ['DecisionMade', 'RewardObserved'],
    open: (tables) => ({
      async apply({ record: { id, stream, revision } }) {
        await meanwhile?.();
        tables.add('counts', { stream }, { events: 1 }, { last: revision });
        if (poison.has(id)) throw new Error(`cannot fold ${id}`); // after its row: half of it must not stay
        tables.update('counts', { stream }, { last: revision });
      },
      reset() {},
    }),
  };
}

const chains: Table = {
  name: 'chains',
  about: 'A hash over all events of one stream.',
  columns: { stream: { type: 'text', about: 'Its name.' }, hash: { type: 'text', about: 'Of the events, in order.' } },
  key: ['stream'],
};

const counters: Table = {
  name: 'counters',
  about: 'How many events there were in all.',
  columns: { id: { type: 'integer', about: 'Always 1.' }, events: { type: 'integer', about: 'How many.' } },
  key: ['id'],
  internal: true,
};

/** Holds back what it knows until the batch ends: an event that is missed, doubled or misplaced shows in its hashes. */
export function chaining({ version = 1, poison = new Set(), meanwhile }: SampleOptions = {}): Projection {
  return {
    name: 'chaining',
    version,
    about: 'What every stream held, in order.',
    tables: [chains, counters],
    types: ['DecisionMade'],
    ordered: true,
    open(tables) {
      const known = new Map<string, string>();
      const changed = new Set<string>();
      let events = 0;
      return {
        apply({ record: { id, stream } }) {
          meanwhile?.();
          const before = known.get(stream) ?? String(tables.get('chains', { stream })?.hash ?? '');
          known.set(stream, hash('sha256', `${before} ${id}`).slice(0, 16));
          changed.add(stream);
          if (poison.has(id)) throw new Error(`cannot chain ${id}`);
          events += 1;
        },
        flush() {
          for (const stream of changed) tables.put('chains', { stream, hash: known.get(stream) ?? '' });
          if (events > 0) tables.add('counters', { id: 1 }, { events });
          changed.clear();
          events = 0;
        },
        reset() {
          known.clear();
          changed.clear();
          events = 0;
        },
      };
    },
  };
}

/** An event that can be decoded: all its fields are empty. @param time when it was recorded */
export function emptyEvent(
  type: keyof typeof catalogue = 'DecisionMade',
  time = 1_000,
  id: string = randomUUID(),
): EventRecord {
  const metadata = encodeMetadata({
    ...{ correlationId: '', causationId: '', time, writer: 'test', engine: '' },
    ...{ schemaVersion: catalogue[type].version, previousHash: new Uint8Array() },
  });
  return { id, type, data: new Uint8Array(), metadata };
}

/** Appends events to a stream of their own, or behind those that are there. */
export async function appendTo(log: EventLog, stream: string, events: readonly EventRecord[]): Promise<void> {
  let head = NO_STREAM;
  for await (const { revision } of log.readStream(stream, { backwards: true, limit: 1 })) head = revision;
  const { status } = await log.append(stream, head, events);
  if (status !== 'appended') throw new Error(status);
}

/** Events in turns of several streams, the kinds mixed. */
export async function someHistory(log: EventLog, events: number, streams = 5): Promise<void> {
  for (let done = 0; done < events; done += streams) {
    await Promise.all(
      Array.from({ length: Math.min(streams, events - done) }, (_, place) =>
        appendTo(log, `bucket-${place}`, [emptyEvent((done + place) % 3 === 0 ? 'RewardObserved' : 'DecisionMade')]),
      ),
    );
  }
}
