/** Writes down which messages were put aside: an event in the log, so that it is known as long as the log is. */
import type { Environment } from '../../actors/environment.ts';
import { ReckonerError } from '../../events/errors.ts';
import { type EventLog, NO_STREAM } from '../../events/event-log.ts';
import { eventId } from '../../events/ids.ts';
import { chainHash, EMPTY_HEAD, type Head, seal } from '../../events/seal.ts';
import { deadLetterStream } from '../../events/streams.ts';
import type { DeadLettered } from '../../proto/generated/events.ts';

export interface DeadLetterOffice {
  readonly log: EventLog;
  readonly env: Environment;
}

/** All nodes write to one stream, seldom: of those that are at it at once, some come again. */
const TRIES = 20;
const PAUSE_MS = 20;

/**
 * Records a message as put aside; the same message again records nothing.
 * @returns id of the event
 * @throws ReckonerError conflict, outcome_unknown, or what the log throws: then it is not recorded, or may not be
 */
export async function recordDeadLetter({ log, env }: DeadLetterOffice, tenant: string, data: DeadLettered) {
  const stream = deadLetterStream(tenant);
  // Its number alone would not do: a stream that was deleted and made anew counts from one again.
  const message = [data.busStream, data.sequence, data.published].join('\u001e');
  const id = eventId(tenant, '', message, 'DeadLettered');
  const envelope = {
    ...{ correlationId: data.messageId || id, causationId: '' },
    ...{ time: env.now(), writer: env.node },
  };
  for (let tries = 0; tries < TRIES; tries++) {
    // Not every store knows its ids by itself once their stream has moved on.
    if ((await log.find(id)) !== undefined) return id;
    const head = await headOf(log, stream);
    const { record } = seal({ id, type: 'DeadLettered', data }, envelope, head, stream);
    const result = await log.append(stream, head.revision, [record]);
    if (result.status === 'appended' || result.status === 'alreadyAppended') return id;
    if (result.status === 'conflict' && result.reason === 'eventId') return id; // an earlier delivery wrote it
    if (result.status === 'outcomeUnknown') throw new ReckonerError('outcome_unknown', 'The log did not answer.');
    await env.sleep(PAUSE_MS * (1 + tries));
  }
  throw new ReckonerError('conflict', 'Other nodes wrote to the dead letters at the same time, again and again.');
}

async function headOf(log: EventLog, stream: string): Promise<Head> {
  for await (const last of log.readStream(stream, { backwards: true, limit: 1 }))
    return { revision: last.revision, hash: chainHash(last) };
  return { ...EMPTY_HEAD, revision: NO_STREAM };
}
