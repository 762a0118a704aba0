/** Whether events follow each other as they were written: over a whole log, and from one to the next. */
import { decodeMetadata } from './catalogue.ts';
import { problemOf } from './errors.ts';
import type { EventLog, RecordedEvent } from './event-log.ts';
import { createIntegrity } from './integrity.ts';
import type { Head } from './seal.ts';

export interface ChainReport {
  readonly events: number;
  readonly streams: number;
  /** Events of types that a newer version wrote. */
  readonly unknown: number;
  /** The first event that is not as it was written. */
  readonly broken: { readonly stream: string; readonly revision: number; readonly what: string } | undefined;
}

/** Walks every stream: each event must have its checksum, and follow the very bytes of the one before it. @param progress told of every event */
export async function walkChains(log: EventLog, progress: () => void): Promise<ChainReport> {
  let broken: ChainReport['broken'];
  const integrity = createIntegrity((flaw) => {
    broken ??= flaw;
  });
  let events = 0;
  let unknown = 0;
  for await (const event of log.readAll()) {
    events++;
    progress();
    if (integrity.check(event).decoded === undefined) unknown++;
    if (broken !== undefined) break;
  }
  return { events, streams: integrity.heads.size, unknown, broken };
}

/** What is wrong with an event that ought to follow the head; undefined where it does. */
export function breakAt(
  event: RecordedEvent,
  head: Head,
): { readonly revision: number; readonly what: string } | undefined {
  const { revision } = event;
  if (revision !== head.revision + 1) {
    return {
      revision: head.revision + 1,
      what: `The event is missing: revision ${head.revision} is followed by ${revision}.`,
    };
  }
  let previous: Uint8Array;
  try {
    previous = decodeMetadata(event).previousHash;
  } catch (thrown) {
    return { revision, what: problemOf(thrown).message };
  }
  if (Buffer.compare(previous, head.hash) === 0) return undefined;
  // The later event vouches for the earlier one: where they disagree, the earlier one is not what it was.
  return revision === 0
    ? { revision, what: 'It is the first of its stream and claims to follow another.' }
    : { revision: revision - 1, what: `Its bytes are not those that revision ${revision} was chained to.` };
}
