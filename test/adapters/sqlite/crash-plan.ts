/** What the process that kills itself appends: known to its test beforehand. */
import type { EventRecord } from '../../../events/event-log.ts';
import { uuidV5 } from '../../../events/ids.ts';
import { someEvent } from '../../contracts/event-fixtures.ts';

/** Appends of one commit, each to a stream of its own. */
export const BATCH = 8;

export function crashStream(place: number): string {
  return `bucket-${place}`;
}

export function crashEvent(batch: number, place: number): EventRecord {
  return someEvent('DecisionMade', uuidV5(`crash ${batch} ${place}`));
}
