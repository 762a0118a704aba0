/** Whether the end of the log is as it was written: the look that a server takes at its start, where reading all of it would take minutes. */
import { decode } from '../../events/catalogue.ts';
import { breakAt } from '../../events/chain.ts';
import { problemOf, ReckonerError } from '../../events/errors.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { chainHash, EMPTY_HEAD, type Head } from '../../events/seal.ts';
import type { NodeLog } from '../keeping/open-log.ts';

/** Where a crash, a half copy or a disk that lies does its harm. */
const NEWEST = 100;

/** @throws ReckonerError log_corrupt where one of the newest events cannot be read or found, or does not follow the one before it */
export async function requireSoundTail(log: NodeLog): Promise<void> {
  for (const event of await log.newest(NEWEST)) {
    const what = await damageOf(log, event);
    if (what === undefined) continue;
    throw new ReckonerError('log_corrupt', `The log is damaged: ${event.stream}, revision ${event.revision}: ${what}`);
  }
}

/** @returns whether it begins in a segment that is not there: what comes before cannot be asked then */
async function readInto(
  around: Map<number, RecordedEvent>,
  log: EventLog,
  stream: string,
  from: number,
): Promise<boolean> {
  try {
    for await (const near of log.readStream(stream, { from, limit: 2 })) around.set(near.revision, near);
    return false;
  } catch (thrown) {
    if (thrown instanceof ReckonerError && thrown.code === 'segment_missing') return true;
    throw thrown;
  }
}

async function damageOf(log: EventLog, event: RecordedEvent): Promise<string | undefined> {
  // By each of its indexes: an id that is not found would be written again.
  const around = new Map<number, RecordedEvent>();
  const from = Math.max(0, event.revision - 1);
  const archived = await readInto(around, log, event.stream, from);
  if (archived) await readInto(around, log, event.stream, event.revision);
  const previous = around.get(event.revision - 1);
  const found = await log.find(event.id);
  if (found?.position !== event.position || around.get(event.revision)?.position !== event.position)
    return 'An index of the file does not find it.';
  const head: Head = previous === undefined ? EMPTY_HEAD : { revision: previous.revision, hash: chainHash(previous) };
  const broken = archived ? undefined : breakAt(event, head);
  if (broken !== undefined) return broken.what;
  try {
    decode(event);
    return undefined;
  } catch (thrown) {
    return problemOf(thrown).message;
  }
}
