/** Every projection there is, put together: the one place that knows them all. */
import { createFolding } from '../../actors/bucket/bucket-folding.ts';
import type { EventLog } from '../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../events/snapshot-store.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { agentCalls } from '../../projections/agent-calls.ts';
import { configHistory } from '../../projections/config-history.ts';
import { outcomes } from '../../projections/outcomes.ts';
import { posteriors } from '../../projections/posteriors.ts';
import type { Projection } from '../../projections/projection.ts';
import { withBases } from '../sqlite/bases.ts';
import type { SqliteEventLog } from '../sqlite/event-log.ts';

/** @param log where a projection reads more than the event at hand: a bucket anew, after a rollback */
export function allProjections(log: EventLog & Partial<Pick<SqliteEventLog, 'base'>>): readonly Projection[] {
  const { base } = log;
  // They fold anew what they were told to distrust: no cache helps them. Where the oldest events of a bucket were archived, the state that they left is what it is folded from.
  const snapshots = base === undefined ? undefined : withBases(NO_SNAPSHOTS, { base });
  return [outcomes, posteriors(createFolding({ log, makePolicy: createPolicy, snapshots })), configHistory, agentCalls];
}
