/** What a domain can be returned to, and how it did around each such point. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { type Owner, ownerOf } from '../events/streams.ts';
import { DAY_MS, HOUR_MS, startOf } from './period.ts';
import type { Handler, Projection, Row, Tables } from './projection.ts';
import { ratio } from './reward-mean.ts';
import {
  did,
  type HourRow,
  nothingDone,
  POINT_HOURS,
  POINT_STARTS,
  type PointStart,
  ROLLBACK_POINTS,
  type Sums,
} from './rollback-tables.ts';
import { rowsOf } from './rows.ts';
import { timeOf, within } from './told.ts';

type Point = Extract<DecodedEvent, { type: 'RollbackPointMarked' | 'RolledBack' }>;

const DOMAINS_REMEMBERED = 1000;

export const rollbackPoints: Projection = {
  name: 'rollback-points',
  version: 1,
  about: 'What a domain can be returned to, and how it did around each such point.',
  tables: [ROLLBACK_POINTS, POINT_HOURS, POINT_STARTS],
  types: ['RollbackPointMarked', 'RolledBack', 'DecisionMade', 'RewardObserved'],
  ordered: true,
  open: foldInto,
};

function foldInto(tables: Tables): Handler {
  const hours = rowsOf<HourRow>(tables, POINT_HOURS);
  /** Hours in which points lie, by domain. */
  const pointed = new Map<string, Set<number>>();
  /** Hours of which more became known in this batch. */
  const moved = new Map<string, HourRow>();

  function hourOf({ tenant, domain }: Owner, start: number): HourRow {
    return hours.find(tenant, domain, start) ?? hours.insert({ tenant, domain, start, ...nothingDone() });
  }

  function pointedHours({ tenant, domain }: Pick<Owner, 'tenant' | 'domain'>): Set<number> {
    const place = `${tenant}-${domain}`;
    const found = pointed.get(place);
    if (found !== undefined) return found;
    const starts = new Set<number>();
    for (const { start } of tables.select(POINT_STARTS.name, { tenant, domain })) starts.add(Number(start));
    pointed.set(place, starts);
    return starts;
  }

  /** What was done in the 24 hours that follow this start. */
  function dayFrom({ tenant, domain }: Owner, start: number): Sums {
    const sums = nothingDone();
    for (let at = start; at < start + DAY_MS; at += HOUR_MS) did(sums, hours.find(tenant, domain, at), 1);
    return sums;
  }

  function marked(event: Point, owner: Owner): void {
    const { tenant, domain } = owner;
    const { revision, data } = event;
    const time = timeOf(event);
    const hour = hourOf(owner, startOf('hour', time));
    const { decisions, rewards, shares, reward_sum } = hour;
    tables.put(POINT_STARTS.name, {
      ...{ tenant, domain, start: hour.start, revision },
      ...{ decisions, rewards, shares, reward_sum },
    });
    pointedHours(owner).add(hour.start);
    const before = dayFrom(owner, hour.start - DAY_MS);
    did(before, hour, 1);
    tables.put(ROLLBACK_POINTS.name, {
      ...{ tenant, domain, revision, time, by: data.by, reason: data.reason },
      ...(event.type === 'RolledBack'
        ? { kind: 'rolled_back', name: '', cause: 'rollback', to_revision: event.data.toDomainRevision }
        : { kind: 'marked', name: event.data.name, cause: event.data.cause, to_revision: Math.max(0, revision - 1) }),
      ...named('before', before),
      ...named('after', nothingDone()),
    });
    moved.set(placeOf(hour), hour);
  }

  /** Tells the points that lie in an hour what came after them. */
  function tell(owner: Owner, start: number): void {
    const { tenant, domain } = owner;
    const points = [...tables.select(POINT_STARTS.name, { tenant, domain, start })] as PointStart[]; // as `marked` put them
    const day = dayFrom(owner, start + HOUR_MS);
    did(day, hours.find(tenant, domain, start), 1);
    for (const point of points) {
      const after = { ...day };
      did(after, point, -1);
      if (after.rewards === 0) Object.assign(after, { shares: 0, reward_sum: 0 }); // what rounding left over
      tables.update(ROLLBACK_POINTS.name, { tenant, domain, revision: point.revision }, named('after', after));
    }
  }

  return {
    apply({
      record,
      decoded,
    }: {
      readonly record: { readonly stream: string };
      readonly decoded: () => DecodedEvent | undefined;
    }) {
      const owner = ownerOf(record.stream);
      const event = decoded();
      if (owner === undefined || event === undefined) return;
      if (event.type === 'RollbackPointMarked' || event.type === 'RolledBack') marked(event, owner);
      if (event.type !== 'DecisionMade' && event.type !== 'RewardObserved') return;
      const share = event.type === 'RewardObserved' ? within(0, event.data.share, 1) : 0;
      if (event.type === 'RewardObserved' && share === 0) return;
      const hour = hourOf(owner, startOf('hour', timeOf(event)));
      if (event.type === 'DecisionMade') hour.decisions += 1;
      else
        did(hour, { decisions: 0, rewards: 1, shares: share, reward_sum: share * within(0, event.data.value, 1) }, 1);
      hours.changed(hour);
      moved.set(placeOf(hour), hour);
    },
    flush() {
      hours.flush();
      // Each hour is told of in the hours whose points look so far ahead.
      const asked = new Map<string, Owner & { readonly start: number }>();
      for (const { tenant, domain, start } of moved.values()) {
        const points = pointedHours({ tenant, domain });
        for (let at = start - DAY_MS; at <= start; at += HOUR_MS) {
          const hour = { tenant, domain, bucket: '', start: at };
          if (points.has(at)) asked.set(placeOf(hour), hour);
        }
      }
      for (const hour of asked.values()) tell(hour, hour.start);
      moved.clear();
      if (pointed.size > DOMAINS_REMEMBERED) pointed.clear();
    },
    reset() {
      hours.reset();
      pointed.clear();
      moved.clear();
    },
  };
}

function placeOf({ tenant, domain, start }: Pick<HourRow, 'tenant' | 'domain' | 'start'>): string {
  return `${tenant}-${domain}-${start}`;
}

/** Sums as columns. */
function named(when: 'before' | 'after', { decisions, rewards, shares, reward_sum }: Sums): Row {
  return {
    [`decisions_${when}`]: decisions,
    [`rewards_${when}`]: rewards,
    [`shares_${when}`]: shares,
    [`reward_mean_${when}`]: ratio(reward_sum, shares),
  };
}
