/**
 * What a bucket knows of changes: what its arms' detectors have seen, the restart that they call for, and the last one that was
 * recorded. A part of the bucket's state, and like it a fold: a detector sees each reward that is learned, also one that is taken
 * back later, so that a history folded anew calls for the same restarts.
 */
import type { EventData } from '../../events/catalogue.ts';
import type { SharedArm } from '../../policies/policy.ts';
import type { BucketChanges as StoredChanges } from '../../proto/generated/events.ts';
import type { DomainStanding, DomainState } from '../domain/domain-state.ts';

export interface BucketChanges {
  /** What the detector has seen of each arm since the posterior began. */
  readonly watched: Map<string, number[]>;
  /** The restart that is called for: the bucket records it as soon as it may. */
  due: DueRestart | undefined;
  /** Revision of the last restart, -1 where there was none. */
  restartedAt: number;
  /** Rewards of decisions before this revision move nothing. */
  decisionsSince: number;
  /** What the domain had shared at the last restart; undefined where there was none. */
  lent: ReadonlyMap<string, SharedArm> | undefined;
}

/** What of a restart is known before it is recorded. */
type DueRestart = Omit<EventData<'BucketRestarted'>, 'domainRevision' | 'lent'>;

/** What of a bucket's state this is about. Most buckets know of no changes, and have no room for them. */
export interface Changing {
  readonly domain: DomainStanding;
  changes: BucketChanges | undefined;
}

/** Nothing is known. */
function noChanges(): BucketChanges {
  return { watched: new Map(), due: undefined, restartedAt: -1, decisionsSince: 0, lent: undefined };
}

/** Shows a reward that is learned to the detector of its arm. Once a restart is due they look no more. */
export function watch(state: Changing, rewardId: string, data: EventData<'RewardObserved'>): void {
  const { detector } = state.domain;
  if (detector === undefined || state.changes?.due !== undefined) return;
  state.changes ??= noChanges();
  const { changes } = state;
  const { arm, value, share, decisionRevision } = data;
  const seen = changes.watched.get(arm) ?? detector.begin();
  changes.watched.set(arm, seen);
  const change = detector.observe(seen, value, share, decisionRevision);
  if (change === undefined) return;
  changes.due = {
    rewardId,
    arm,
    detector: detector.name,
    statistic: change.statistic,
    threshold: change.threshold,
    meanBefore: unit(change.before),
    meanAfter: unit(change.after),
    pulls: change.pulls,
    decisionsSince: Math.max(changes.decisionsSince, change.lastBefore + 1),
  };
}

/** What sums are divided to may lie beside a mean of rewards by a rounding error. */
function unit(mean: number): number {
  return Math.min(1, Math.max(0, mean));
}

/** The detectors begin anew, as with a posterior that does; what has been restarted stays so. */
export function watchAnew(state: Changing): void {
  if (state.changes === undefined) return;
  state.changes.watched.clear();
  state.changes.due = undefined;
}

/**
 * The restart that the bucket's next event has to be under this revision of its domain, if any. A frozen domain waits with it; one
 * whose policy or detector was replaced has no use for it.
 */
export function restartUnder(
  { domain, changes }: Changing,
  next: DomainState,
): EventData<'BucketRestarted'> | undefined {
  const due = changes?.due;
  if (due === undefined || next.frozen) return undefined;
  if (next.policySince > domain.revision || next.detectorSince > domain.revision) return undefined;
  const lent = [...(next.shared?.values() ?? [])].map(({ arm, pulls, sum }) => ({ arm, pulls, sum }));
  return { ...due, domainRevision: next.revision, lent };
}

/** What is known after a restart was recorded. */
export function afterRestart(data: EventData<'BucketRestarted'>, revision: number): BucketChanges {
  return { ...noChanges(), restartedAt: revision, decisionsSince: data.decisionsSince, lent: armsOf(data.lent) };
}

export function armsOf(arms: readonly SharedArm[]): ReadonlyMap<string, SharedArm> {
  return new Map(arms.map((one) => [one.arm, one]));
}

/** What the domain has come to share since it had shared so much. */
export function sharedSince(
  shared: ReadonlyMap<string, SharedArm> | undefined,
  before: ReadonlyMap<string, SharedArm>,
): ReadonlyMap<string, SharedArm> | undefined {
  if (shared === undefined) return undefined;
  const since = [...shared.values()].map(({ arm, pulls, sum }) => {
    const known = before.get(arm);
    // What was taken back since may be from before: then nothing is left.
    const left = Math.max(0, pulls - (known?.pulls ?? 0));
    return { arm, pulls: left, sum: Math.min(left, Math.max(0, sum - (known?.sum ?? 0))) };
  });
  return armsOf(since);
}

export function storedChanges(changes: BucketChanges | undefined): StoredChanges | undefined {
  if (changes === undefined) return undefined;
  const { watched, due, restartedAt, decisionsSince, lent } = changes;
  return {
    watched: [...watched].map(([arm, numbers]) => ({ arm, numbers })),
    due: due === undefined ? undefined : { ...due, domainRevision: 0, lent: [] },
    restartedAt,
    decisionsSince,
    lent: [...(lent?.values() ?? [])],
  };
}

export function restoredChanges(stored: StoredChanges | undefined): BucketChanges | undefined {
  if (stored === undefined) return undefined;
  const { watched, due, restartedAt, decisionsSince, lent } = stored;
  return {
    watched: new Map(watched.map(({ arm, numbers }) => [arm, [...numbers]])),
    due,
    restartedAt,
    decisionsSince,
    lent: restartedAt < 0 ? undefined : armsOf(lent),
  };
}
