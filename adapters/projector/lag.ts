/** How far readers are behind the log, in time: what counting cannot tell, since positions are opaque. */
import { timeOf } from '../../events/catalogue.ts';
import type { EventLog, Position } from '../../events/event-log.ts';

/**
 * For how long the oldest event that is not yet folded has been waiting.
 * @param position up to which everything is folded
 * @param now milliseconds since 1970
 * @returns seconds, 0 where nothing waits
 */
export async function secondsBehind(log: EventLog, position: Position, now: number): Promise<number> {
  for await (const event of log.readAll({ after: position, limit: 1 })) {
    try {
      return Math.max(0, now - timeOf(event)) / 1000;
    } catch {
      return 0; // nobody can tell when a damaged event was written
    }
  }
  return 0;
}
