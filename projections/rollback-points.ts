/** What a domain can be returned to, and how it did around each such point. */
import type { DecodedEvent } from '../events/catalogue.ts';
import type { Owner } from '../events/streams.ts';
import { DAY_MS, HOUR_MS, startOf } from './period.ts';
import type { Row, Tables } from './projection.ts';
import { ratio } from './reward-mean.ts';
import type { RewardRow } from './reward-rows.ts';
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
import { timeOf } from './told.ts';

type Point = Extract<DecodedEvent, { type: 'RollbackPointMarked' | 'RolledBack' }>;

const DOMAINS_REMEMBERED = 1000;

/** Whose the outcomes are. */
type Place = Pick<Owner, 'tenant' | 'domain'>;

export interface RollbackPoints {
  /** A point arose. */
  marked(event: Point, owner: Place): void;
  decided(owner: Place, time: number): void;
  /** A reward with a share above 0 came: it counts here even where it is taken back later. */
  rewarded(reward: RewardRow): void;
  /** A decision turned out to have cost so much, in dollars. */
  paid(owner: Place, time: number, costUsd: number): void;
  flush(): void;
  reset(): void;
}

export function rollbackPoints(tables: Tables): RollbackPoints {
  const hours = rowsOf<HourRow>(tables, POINT_HOURS);
  /** Hours in which points lie, by domain. */
  const pointed = new Map<string, Set<number>>();
  /** Hours of which more became known in this batch. */
  const moved = new Map<string, HourRow>();

  function hourOf({ tenant, domain }: Place, time: number): HourRow {
    const start = startOf('hour', time);
    const hour = hours.find(tenant, domain, start) ?? hours.insert({ tenant, domain, start, ...nothingDone() });
    moved.set(placeOf(hour), hour);
    return hour;
  }

  function add(owner: Place, time: number, more: Partial<Sums>): void {
    const hour = hourOf(owner, time);
    did(hour, { ...nothingDone(), ...more }, 1);
    hours.changed(hour);
  }

  function pointedHours({ tenant, domain }: Place): Set<number> {
    const place = `${tenant}-${domain}`;
    const found = pointed.get(place);
    if (found !== undefined) return found;
    const starts = new Set<number>();
    for (const { start } of tables.select(POINT_STARTS.name, { tenant, domain })) starts.add(Number(start));
    pointed.set(place, starts);
    return starts;
  }

  /** What was done in the 24 hours that follow this start. */
  function dayFrom({ tenant, domain }: Place, start: number): Sums {
    const sums = nothingDone();
    for (let at = start; at < start + DAY_MS; at += HOUR_MS) did(sums, hours.find(tenant, domain, at), 1);
    return sums;
  }

  function marked(event: Point, owner: Place): void {
    const { tenant, domain } = owner;
    const { revision, data } = event;
    const time = timeOf(event);
    const hour = hourOf(owner, time);
    tables.put(POINT_STARTS.name, { ...hour, revision });
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
  }

  /** Tells the points that lie in an hour what came after them. */
  function tell(owner: Place, start: number): void {
    const { tenant, domain } = owner;
    const points = [...tables.select(POINT_STARTS.name, { tenant, domain, start })] as PointStart[]; // as `marked` put them
    const day = dayFrom(owner, start + HOUR_MS);
    did(day, hours.find(tenant, domain, start), 1);
    for (const point of points) {
      const after = { ...day };
      did(after, point, -1);
      // What rounding left over.
      if (after.rewards === 0) Object.assign(after, { shares: 0, reward_sum: 0 });
      if (after.priced === 0) after.cost_usd = 0;
      tables.update(ROLLBACK_POINTS.name, { tenant, domain, revision: point.revision }, named('after', after));
    }
  }

  return {
    marked,
    decided: (owner, time) => add(owner, time, { decisions: 1 }),
    rewarded: ({ tenant, domain, time, share, value }) =>
      add({ tenant, domain }, time, { rewards: 1, shares: share, reward_sum: share * value }),
    paid: (owner, time, costUsd) => add(owner, time, { priced: 1, cost_usd: costUsd }),
    flush() {
      hours.flush();
      // Each hour is told of in the hours whose points look so far ahead.
      const asked = new Map<string, Place & { readonly start: number }>();
      for (const { tenant, domain, start } of moved.values()) {
        const points = pointedHours({ tenant, domain });
        for (let at = start - DAY_MS; at <= start; at += HOUR_MS) {
          const hour = { tenant, domain, start: at };
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
function named(when: 'before' | 'after', sums: Sums): Row {
  const { decisions, rewards, shares, reward_sum, priced, cost_usd } = sums;
  return {
    [`decisions_${when}`]: decisions,
    [`rewards_${when}`]: rewards,
    [`shares_${when}`]: shares,
    [`reward_mean_${when}`]: ratio(reward_sum, shares),
    [`priced_${when}`]: priced,
    [`cost_usd_${when}`]: cost_usd,
  };
}
