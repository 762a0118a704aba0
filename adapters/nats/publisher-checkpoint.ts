/**
 * How far events are published: in a key-value bucket, so that whichever node publishes next goes on there. It names the event, whose
 * place is looked up in the log that is there: a log that was copied into another store has other positions.
 */
import type { KV, KvEntry } from 'nats';
import { z } from 'zod';
import { type EventLog, type Position, START } from '../../events/event-log.ts';
import type { NatsLink } from './connection.ts';

export interface Mark {
  readonly position: Position;
  /** Id of the last event that was published; empty where none was. */
  readonly event: string;
}

export interface Checkpoint {
  /** Where to go on; undefined where nothing was ever published. */
  read(log: EventLog): Promise<Mark | undefined>;
  /** @throws where another has written since: it publishes too */
  write(mark: Mark): Promise<void>;
}

const KEY = 'position';
const Stored = z.object({ position: z.string(), event: z.string() });

export function checkpointBucket(prefix: string): string {
  return `reckoner_publisher${prefix === '' ? '' : `_${prefix.slice(0, -1).replaceAll('.', '_')}`}`;
}

export async function openCheckpoint(link: NatsLink, replicas: number): Promise<Checkpoint> {
  const jetstream = link.connection.jetstream();
  // Not by direct gets: a replica that is behind would send all of it once more.
  const kv: KV = await jetstream.views.kv(checkpointBucket(link.prefix), { history: 1, replicas, allow_direct: false });
  let last: KvEntry['revision'] = 0;
  return {
    async read(log) {
      const entry = await kv.get(KEY);
      last = entry?.revision ?? 0;
      if (entry === null || entry.operation !== 'PUT') return undefined;
      const { position, event } = Stored.parse(entry.json());
      const found = event === '' ? undefined : await log.find(event);
      if (found !== undefined) return { position: found.position, event };
      // A store may know its newest events by position only. Behind the end of the log it is no position of this one.
      const known = position as Position; // as it was written
      return known <= (await log.head()) ? { position: known, event } : { position: START, event: '' };
    },
    async write(mark) {
      const text = JSON.stringify(mark);
      last = last === 0 ? await kv.create(KEY, text) : await kv.update(KEY, text, last);
    },
  };
}
