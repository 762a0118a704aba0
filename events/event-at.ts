import type { EventLog, RecordedEvent } from './event-log.ts';

/** The event of a stream at a revision; undefined where the stream has none there, as before its first. */
export async function eventAt(
  log: Pick<EventLog, 'readStream'>,
  stream: string,
  revision: number,
): Promise<RecordedEvent | undefined> {
  if (revision < 0) return undefined; // a store may begin at its first instead, or refuse
  for await (const event of log.readStream(stream, { from: revision, limit: 1 })) return event;
  return undefined;
}
