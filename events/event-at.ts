import type { EventLog, RecordedEvent } from './event-log.ts';

/** The event of a stream at a revision; undefined where the stream has none there. */
export async function eventAt(
  log: Pick<EventLog, 'readStream'>,
  stream: string,
  revision: number,
): Promise<RecordedEvent | undefined> {
  for await (const event of log.readStream(stream, { from: revision, limit: 1 })) return event;
  return undefined;
}
