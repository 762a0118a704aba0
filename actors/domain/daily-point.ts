/**
 * Marks a domain once a day, with the first decision of the day (UTC), so that there is a moment of every day on which something
 * was decided to return to. Where it was configured, marked or rolled back on that day already, there is one.
 */
import { ReckonerError } from '../../events/errors.ts';
import type { House } from '../house.ts';
import { eventsBackwards, markDraft } from '../rollback/rollback-points.ts';
import type { DomainHandle } from './domains.ts';

const DAY_MS = 86_400_000;
/** When to try again where the log did not take it. */
const AGAIN_MS = 60_000;
const TRIES = 3;

/** The first moment of the day after. */
export function nextDay(time: number): number {
  return (Math.floor(time / DAY_MS) + 1) * DAY_MS;
}

/**
 * Marks the day, unless that is done.
 * @returns when to ask again
 */
export async function markDay(house: House, domain: DomainHandle, now: number): Promise<number> {
  const day = nextDay(now) - DAY_MS;
  const name = `daily-${new Date(day).toISOString().slice(0, 10)}`;
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      await domain.refresh();
      const { length } = domain.timeline;
      if (await isMarked(house, domain, day)) return nextDay(now);
      let faster = false;
      // Another node does the same: the event's id says which day it is for, and who comes second sees it.
      await domain.execute(name, (timeline) => {
        faster = timeline.length !== length;
        const said = { by: 'reckoner', reason: '' };
        return faster ? [] : [markDraft(domain, name, 'daily', said, name)];
      });
      if (!faster) return nextDay(now);
    }
  } catch (thrown) {
    if (!(thrown instanceof ReckonerError)) throw thrown;
  }
  return now + AGAIN_MS;
}

async function isMarked(house: House, domain: DomainHandle, day: number): Promise<boolean> {
  for await (const { type, metadata } of eventsBackwards(house, domain)) {
    if (type === 'RollbackPointMarked' || type === 'DomainConfigured' || type === 'RolledBack')
      return metadata.time >= day;
  }
  return false;
}
