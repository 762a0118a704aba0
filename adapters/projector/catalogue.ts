/** Every projection there is, put together: the one place that knows them all. */
import { createFolding } from '../../actors/bucket-folding.ts';
import type { EventLog } from '../../events/event-log.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { agentCalls } from '../../projections/agent-calls.ts';
import { configHistory } from '../../projections/config-history.ts';
import { outcomes } from '../../projections/outcomes.ts';
import { posteriors } from '../../projections/posteriors.ts';
import type { Projection } from '../../projections/projection.ts';
import { rollbackPoints } from '../../projections/rollback-points.ts';

/** @param log where a projection reads more than the event at hand: a bucket anew, after a rollback */
export function allProjections(log: EventLog): readonly Projection[] {
  return [
    outcomes,
    posteriors(createFolding({ log, makePolicy: createPolicy })),
    configHistory,
    rollbackPoints,
    agentCalls,
  ];
}
