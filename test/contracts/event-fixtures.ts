/** Events without a meaning, for logs that ask for none. */
import { randomUUID } from 'node:crypto';
import type { EventRecord } from '../../events/event-log.ts';

export function someEvent(type = 'DecisionMade', id: string = randomUUID()): EventRecord {
  return { id, type, data: Buffer.from(`data of ${id}`), metadata: Buffer.from(`metadata of ${id}`) };
}

export function someEvents(count: number, type?: string): EventRecord[] {
  return Array.from({ length: count }, () => someEvent(type));
}

/** A stream name that no other test has. */
export function someStream(kind = 'bucket'): string {
  return `${kind}-${randomUUID()}`;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

export function idsOf(events: readonly { readonly id: string }[]): string[] {
  return events.map(({ id }) => id);
}
