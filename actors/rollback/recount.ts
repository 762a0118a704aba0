/** What the rewards of a domain come to by what they are worth, in the order of the log. */
import { type DecodedEvent, decode, type EventData } from '../../events/catalogue.ts';
import type { EventLog } from '../../events/event-log.ts';
import type { SharedSums } from '../../proto/generated/events.ts';
import type { DomainStanding, DomainTimeline } from '../domain/domain-state.ts';
import type { Lineage } from './lineage.ts';

type Observed = Extract<DecodedEvent, { type: 'RewardObserved' }>;
type Retracted = Extract<DecodedEvent, { type: 'RewardRetracted' }>;

/** An event that is counted. */
export type Counted = Observed | Retracted;

/** What of it counts. */
type Part =
  | { readonly type: 'RewardObserved'; readonly data: EventData<'RewardObserved'> }
  | { readonly type: 'RewardRetracted'; readonly data: EventData<'RewardRetracted'> };

export type Standings = Pick<DomainTimeline, 'standingAt' | 'lineageOf'>;

/**
 * What an event adds to what is shared, or takes from it, under a lineage that it counts in; undefined where its reward was voided.
 * A reward from before a revaluation is worth what that says, and so is what takes it back.
 */
export async function countedAs(
  log: Pick<EventLog, 'find'>,
  timeline: Standings,
  lineage: Lineage,
  event: Counted,
): Promise<Part | undefined> {
  const { domainRevision } = event.data;
  if (domainRevision >= Math.max(lineage.voidedAt, lineage.revaluedAt)) return event;
  if (event.type === 'RewardObserved') {
    if (lineage.voids({ ...event.data, time: event.metadata.time })) return undefined;
    return { type: event.type, data: valuedIn(timeline, lineage, event.data) };
  }
  const found = await log.find(event.data.rewardId);
  const reward = found === undefined ? undefined : decode(found);
  if (reward?.type !== 'RewardObserved') return event;
  if (lineage.voids({ ...reward.data, time: reward.metadata.time })) return undefined;
  return { type: event.type, data: retractedIn(timeline, lineage, event.data, reward) };
}

/** A retraction of before a revaluation: it takes back what the reward is worth now. */
export function retractedIn(
  timeline: Standings,
  lineage: Lineage,
  retraction: EventData<'RewardRetracted'>,
  { data, metadata }: Pick<Observed, 'data' | 'metadata'>,
): EventData<'RewardRetracted'> {
  if (retraction.domainRevision >= lineage.revaluedAt) return retraction;
  const { value, share } = valuedIn(timeline, lineage, data);
  // What moved nothing when it was recorded for being worth nothing may move something now.
  const learned =
    data.share > 0
      ? retraction.learned
      : wasLearned(timeline, timeline.lineageOf(retraction.domainRevision), { ...data, share }, metadata.time);
  return { ...retraction, value, share, learned: learned && share > 0 };
}

/** Whether a recorded reward moves the posterior under a lineage. */
export function wasLearned(
  timeline: Pick<DomainTimeline, 'standingAt'>,
  lineage: Lineage,
  reward: EventData<'RewardObserved'>,
  time: number,
): boolean {
  if (reward.share === 0 || reward.outdated || reward.setAside) return false;
  if (!lineage.has(reward.domainRevision) || lineage.voids({ ...reward, time })) return false;
  return timeline.standingAt(reward.domainRevision)?.frozen !== true;
}

/** A reward with what it is worth under a lineage. */
export function valuedIn(
  timeline: Pick<DomainTimeline, 'standingAt'>,
  lineage: Lineage,
  reward: EventData<'RewardObserved'>,
): EventData<'RewardObserved'> {
  const then = reward.domainRevision < lineage.revaluedAt ? timeline.standingAt(reward.domainRevision) : undefined;
  return then === undefined ? reward : lineage.valued(reward, then);
}

export type Sums = Map<string, { pulls: number; sum: number }>;

/** Adds what a reward taught to the sums, or takes it back. */
export function addShared(sums: Sums, { type, data }: Part, domain: DomainStanding | undefined): void {
  const learned =
    type === 'RewardRetracted' ? data.learned : domain?.frozen !== true && !data.outdated && !data.setAside;
  if (!learned || data.share === 0) return;
  const sign = type === 'RewardRetracted' ? -1 : 1;
  const { pulls, sum } = sums.get(data.arm) ?? { pulls: 0, sum: 0 };
  // Taking back what was added may leave a rounding error below zero, which no prior can be made of.
  sums.set(data.arm, {
    pulls: Math.max(0, pulls + sign * data.share),
    sum: Math.max(0, sum + sign * data.share * data.value),
  });
}

/**
 * Counts all rewards of a domain that count under a lineage.
 * @param streamPrefix of the streams of its buckets
 * @param until id of the last event to count, default all
 */
export async function recount(
  log: Pick<EventLog, 'readAll' | 'find'>,
  streamPrefix: string,
  timeline: Standings,
  lineage: Lineage,
  until?: string,
): Promise<SharedSums> {
  const sums: Sums = new Map();
  let counted = 0;
  let through = '';
  for await (const event of log.readAll({ streamPrefix, types: ['RewardObserved', 'RewardRetracted'] })) {
    const decoded = decode(event);
    if (decoded?.type !== 'RewardObserved' && decoded?.type !== 'RewardRetracted') continue;
    const { domainRevision } = decoded.data;
    // What is newer than all that was known here is counted when the domain counts on.
    if (domainRevision > lineage.target) break;
    if (!lineage.has(domainRevision)) continue;
    counted += 1;
    through = decoded.id;
    const worth = await countedAs(log, timeline, lineage, decoded);
    if (worth !== undefined) addShared(sums, worth, timeline.standingAt(domainRevision));
    if (decoded.id === until) break;
  }
  return { counted, through, arms: [...sums].map(([arm, { pulls, sum }]) => ({ arm, pulls, sum })) };
}
