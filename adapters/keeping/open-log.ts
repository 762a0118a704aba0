/** The log of a node: one file of SQLite, or EventStoreDB where EVENTSTORE_URL is set. */
import type { ReckonerError } from '../../events/errors.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { addressFrom, formFrom } from '../eventstoredb/address.ts';
import type { EventStoreLog } from '../eventstoredb/event-log.ts';
import { openSqliteEventLog, type SqliteEventLog, type SqliteEventLogOptions } from '../sqlite/event-log.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What a node needs of its log beyond the port: `base` where old events can be archived, `shareSnapshots` where nodes can find each other's. */
export interface NodeLog
  extends EventLog,
    Partial<Pick<SqliteEventLog, 'base'> & Pick<EventStoreLog, 'shareSnapshots'>> {
  /** Why it does not answer; undefined where it does. */
  trouble(): ReckonerError | undefined;
  /** The newest events of all streams, newest first. */
  newest(limit: number): Promise<RecordedEvent[]>;
}

/** Whether the variables name a log that is no file of ours. */
export function isElsewhere(variables: Variables): boolean {
  return (variables.EVENTSTORE_URL ?? '') !== '';
}

/**
 * Opens the log that EVENTSTORE_URL names, else the file. The client of EventStoreDB is loaded only where it is needed: it would take a
 * third of the time in which a command starts.
 * @param indexFile where the index of event ids is that EventStoreDB does not have
 */
export async function openLog(
  variables: Variables,
  { indexFile, ...sqlite }: SqliteEventLogOptions & { readonly indexFile: string },
): Promise<NodeLog> {
  const address = addressFrom(variables);
  if (address === undefined) return openSqliteEventLog(sqlite);
  const { openEventStoreLog } = await import('../eventstoredb/event-log.ts');
  return openEventStoreLog({ address, indexFile, ...formFrom(variables) });
}
