/**
 * What a bucket knows, as a fold of its own stream and its domain's. Live and replayed, the same events give the same state to
 * the bit: this file is the only one that moves a posterior.
 */
import type { DecodedEvent, EventData } from '../../events/catalogue.ts';
import { seedOf } from '../../events/ids.ts';
import { EMPTY_HEAD, type Head } from '../../events/seal.ts';
import type { Pacer } from '../../policies/pacer.ts';
import type { Lesson, SharedArm } from '../../policies/policy.ts';
import type { Metadata } from '../../proto/generated/events.ts';
import { charged, settleCost } from '../choice/budget.ts';
import type { DomainStanding, DomainState } from '../domain/domain-state.ts';
import { closesWindow } from '../rewards/reward-window.ts';
import type { Lineage } from '../rollback/lineage.ts';
import { afterRestart, armsOf, type BucketChanges, restartUnder, watch, watchAnew } from './bucket-changes.ts';
import { type ArmEarnings, countDecision, countReward, type Earnings } from './earnings.ts';
import { type RecentIds, recentIds, remember } from './recent-ids.ts';

export interface BucketState {
  /** How the domain stood at the last event that counts. No more of it: a live bucket must not hold a configuration that was replaced. */
  domain: DomainStanding;
  /** Revision of the domain that it holds under, and under all that descend from it without a voiding in between. */
  under: number;
  posterior: unknown;
  /** Revision of this stream at which the posterior began: 0, or where a newer policy took over, or the bucket restarted. */
  posteriorSince: number;
  /** Revision from which on the features of decisions are what the posterior is about: 0, or where a newer policy took over. */
  featuresSince: number;
  /** Revision of the last event that moved the posterior, -1 where none did. */
  posteriorRevision: number;
  /** What the budget has come to; undefined before the first decision under one. Whatever the policy is, it stays. */
  pacer: Pacer | undefined;
  /** Where the stream stands. */
  head: Head;
  /** Revision of the newest retraction after it that it knows of, and has left out what was taken back; 0 where it knows of none, as a live bucket. */
  amendedThrough: number;
  /** Revision of the newest snapshot of it, -1 where there is none. */
  snapshotRevision: number;
  /** The last W event ids of the stream, oldest first. */
  readonly recent: RecentIds;
  /** Revisions of the decisions whose reward windows are open, oldest first. */
  readonly open: Set<number>;
  /** What each arm was chosen for and earned, where the domain is conservative; else empty. */
  readonly earnings: Earnings;
  /** Revision of this stream since which that is counted. */
  earningsSince: number;
  /** What is known of changes; undefined where nothing is watched, or was. */
  changes: BucketChanges | undefined;
  /** Revisions of the rewards that were passed by because they were voided, while a bucket is folded; else undefined. */
  leftOut?: Set<number>;
}

/** What the next event is made from: the bucket under the newest revision of its domain, which its state must hold under. */
export interface BucketView extends Pick<BucketState, 'posterior' | 'posteriorRevision' | 'pacer'> {
  readonly domain: DomainState;
  /** Revisions of the decisions whose reward windows are open. */
  readonly open: ReadonlySet<number>;
  /** What each arm was chosen for and earned: conservative mode goes by it. */
  readonly earnings: ReadonlyMap<string, ArmEarnings>;
  /** Rewards of decisions before this revision move nothing. */
  readonly decisionsSince: number;
  /** What the domain had shared before the last restart, which is not lent any more; undefined where there was none. */
  readonly lentBefore: ReadonlyMap<string, SharedArm> | undefined;
  /** The restart that has to be recorded first; all else of this view is as it leaves it. */
  readonly restart: EventData<'BucketRestarted'> | undefined;
}

/** The bucket as its next event will find it. The bucket itself adopts the revision with that event, when it is in the log. */
export function viewUnder(state: BucketState, domain: DomainState): BucketView {
  const { pacer, changes } = state;
  const open = stayOpen(state, domain) ? state.open : NONE_OPEN;
  const restart = changes === undefined ? undefined : restartUnder(state, domain);
  if (restart !== undefined) {
    const { decisionsSince } = restart;
    const begun = {
      posterior: domain.policy.init(),
      posteriorRevision: state.head.revision + 1,
      earnings: NO_EARNINGS,
    };
    return { domain, ...begun, pacer, open, decisionsSince, lentBefore: armsOf(restart.lent), restart };
  }
  const { posterior, posteriorRevision } = domain.policySince > state.domain.revision ? anew(domain) : state;
  const earnings = stayCounted(state, domain) ? state.earnings : NO_EARNINGS;
  const { decisionsSince = 0, lent: lentBefore } = changes ?? {};
  return { domain, posterior, posteriorRevision, pacer, open, earnings, decisionsSince, lentBefore, restart };
}

const NONE_OPEN: ReadonlySet<number> = new Set();
const NO_EARNINGS: ReadonlyMap<string, ArmEarnings> = new Map();

/** Whether the windows that are open stay so under a revision of the domain: not where it gave them up since. */
function stayOpen(state: BucketState, { window }: DomainStanding): boolean {
  return window !== undefined && window.since <= state.domain.revision;
}

/** The same of what its arms earned: counting begins anew with another baseline. */
function stayCounted(state: BucketState, { conservative }: DomainStanding): boolean {
  return conservative !== undefined && conservative.since <= state.domain.revision;
}

/** A posterior as a policy begins with it. */
function anew({ policy }: DomainStanding): Pick<BucketState, 'posterior' | 'posteriorRevision'> {
  return { posterior: policy.init(), posteriorRevision: -1 };
}

/** @param recent where the ids of its events go */
export function emptyBucket(domain: DomainStanding, recent: RecentIds = recentIds()): BucketState {
  return {
    domain,
    under: domain.revision,
    posterior: domain.policy.init(),
    posteriorSince: 0,
    featuresSince: 0,
    posteriorRevision: -1,
    pacer: undefined,
    head: EMPTY_HEAD,
    amendedThrough: 0,
    snapshotRevision: -1,
    recent,
    open: new Set(),
    earnings: new Map(),
    earningsSince: 0,
    changes: undefined,
  };
}

/**
 * Adopts a newer domain revision between two events. The posterior is carried over unless the policy changed in between; which
 * revisions were skipped makes no difference, so adopting early, late or twice gives the same state.
 */
export function adopt(state: BucketState, domain: DomainStanding): void {
  if (domain.revision <= state.domain.revision) return;
  if (domain.policySince > state.domain.revision) {
    Object.assign(state, anew(domain));
    state.posteriorSince = state.head.revision + 1;
    state.featuresSince = state.posteriorSince;
    watchAnew(state);
  }
  if (state.open.size > 0 && !stayOpen(state, domain)) state.open.clear();
  if (!stayCounted(state, domain)) {
    if (state.earnings.size > 0) state.earnings.clear(); // clearing an empty map allocates another
    state.earningsSince = domain.conservative === undefined ? 0 : state.head.revision + 1;
  }
  if (domain.detectorSince > state.domain.revision) watchAnew(state);
  state.domain = domain;
}

/** An event of a bucket's stream, as far as folding is concerned. */
export type BucketEvent = Pick<
  Extract<
    DecodedEvent,
    { type: 'DecisionMade' | 'ItemsShown' | 'RewardObserved' | 'RewardRetracted' | 'BucketRestarted' }
  >,
  'id' | 'type' | 'data'
> & { readonly metadata: Pick<Metadata, 'time'> };

export function isBucketEvent(event: DecodedEvent | undefined): event is DecodedEvent & BucketEvent {
  return event !== undefined && 'domainRevision' in event.data;
}

/**
 * Folds one event into the state, in place.
 * @param event undefined where its type is not known to this version: the head moves on, the posterior stays
 * @param head the stream's head after the event
 * @param domainAt how the domain stood at a revision
 * @param takenBack ids of rewards that are taken back later, which a policy that cannot forget never learns
 * @param lineage the revisions of the domain that count; default all
 */
export function evolve(
  state: BucketState,
  event: BucketEvent | undefined,
  head: Head,
  domainAt: (revision: number) => DomainStanding,
  takenBack?: ReadonlySet<string>,
  lineage?: Lineage,
): void {
  if (event !== undefined) {
    const { domainRevision } = event.data;
    remember(state.recent, event.id);
    if (lineage === undefined || lineage.has(domainRevision)) {
      if (domainRevision > state.domain.revision) {
        const standing = domainAt(domainRevision);
        adopt(state, lineage?.teaches(standing) ?? standing);
      }
      if (lineage !== undefined) trust(state, lineage.believes(domainRevision), head.revision);
      if (domainRevision > state.under) state.under = domainRevision;
      take(state, valued(event, domainAt, lineage), head, takenBack, lineage);
    } else {
      state.under = lineage.target;
      pass(state, event, head, domainAt(domainRevision));
    }
  }
  state.head = head;
}

/** A reward with what it is worth now, where that is not what it was recorded with. */
function valued(
  event: BucketEvent,
  domainAt: (revision: number) => DomainStanding,
  lineage: Lineage | undefined,
): BucketEvent {
  const { domainRevision } = event.data;
  if (lineage === undefined || event.type !== 'RewardObserved' || domainRevision >= lineage.revaluedAt) return event;
  const reward = event.data as EventData<'RewardObserved'>; // as `take` says
  return { ...event, data: lineage.valued(reward, domainAt(domainRevision)) };
}

/** No revision of a stream: what fits into 32 bits. */
const NEVER = 2 ** 32 - 1;

/** Features are believed from the first event on by which they mean what they mean to a policy that learned anew. */
function trust(state: BucketState, believes: boolean, revision: number): void {
  if (!believes) state.featuresSince = NEVER;
  else if (state.featuresSince === NEVER) state.featuresSince = revision;
}

/** A bucket that was folded to its end: what comes next is under a revision by which features are believed. */
export function trustFromHere(state: BucketState): void {
  trust(state, true, state.head.revision + 1);
}

/** An event that counts. Its `type` and `data` are paired by the catalogue, which a Pick of the union no longer shows. */
function take(
  state: BucketState,
  event: BucketEvent,
  head: Head,
  takenBack: ReadonlySet<string> | undefined,
  lineage: Lineage | undefined,
): void {
  if (event.type === 'DecisionMade') {
    const data = event.data as EventData<'DecisionMade'>;
    decide(state, data, head);
    state.pacer = charged(state.pacer, head.revision, data);
  }
  if (event.type === 'RewardObserved') {
    const data = event.data as EventData<'RewardObserved'>;
    settle(state, data, state.domain);
    if (lineage?.voids({ ...data, time: event.metadata.time }) === true) leaveOut(state, head);
    else observe(state, event, data, head, takenBack);
  }
  if (event.type === 'RewardRetracted') retract(state, event, event.data as EventData<'RewardRetracted'>, head);
  if (event.type === 'BucketRestarted') restart(state, event.data as EventData<'BucketRestarted'>, head);
}

/** A reward that was voided; where it is taken back later, there is nothing to take back. */
function leaveOut(state: BucketState, { revision }: Head): void {
  state.leftOut ??= new Set();
  state.leftOut.add(revision);
}

/** An event that a rollback has set aside: nothing is learned of it, but what was spent is spent, and who was answered waits no more. */
function pass(state: BucketState, event: BucketEvent, head: Head, domain: DomainStanding): void {
  if (event.type === 'DecisionMade')
    state.pacer = charged(state.pacer, head.revision, event.data as EventData<'DecisionMade'>);
  if (event.type === 'RewardObserved') settle(state, event.data as EventData<'RewardObserved'>, domain);
}

/** What a reward settles, whether it is learned or not. */
function settle({ open, pacer }: BucketState, data: EventData<'RewardObserved'>, { window }: DomainStanding): void {
  if (open.size > 0 && closesWindow(data, window)) open.delete(data.decisionRevision);
  settleCost(pacer, data);
}

/** A decision moves no posterior. */
function decide({ domain, open, earnings }: BucketState, data: EventData<'DecisionMade'>, head: Head): void {
  if (domain.window !== undefined) open.add(head.revision);
  if (domain.conservative !== undefined) countDecision(earnings, data, domain.conservative.baseline);
}

function observe(
  state: BucketState,
  { id, metadata }: BucketEvent,
  data: EventData<'RewardObserved'>,
  head: Head,
  takenBack?: ReadonlySet<string>,
) {
  const { frozen, policy, conservative } = state.domain;
  if (frozen || data.share === 0 || data.outdated || data.setAside) return;
  if (conservative !== undefined) countReward(state.earnings, data.arm, data.share, data.value);
  watch(state, id, data);
  // A policy that can forget learns it, and takes it back where the log does.
  if (policy.forget === undefined && takenBack?.has(id)) return;
  state.posterior = policy.learn(state.posterior, lessonOf(state, data, id, metadata.time));
  state.posteriorRevision = head.revision;
}

function retract(state: BucketState, { metadata }: BucketEvent, data: EventData<'RewardRetracted'>, head: Head) {
  if (!data.learned || state.leftOut?.has(data.rewardRevision) === true) return;
  const { arm, share, value, rewardRevision } = data;
  if (state.domain.conservative !== undefined && rewardRevision >= state.earningsSince)
    countReward(state.earnings, arm, -share, value);
  // What a posterior had learned before this one began is not in it.
  if (rewardRevision < state.posteriorSince) return;
  const lesson = lessonOf(state, data, data.rewardId, metadata.time);
  state.posterior = state.domain.policy.forget?.(state.posterior, lesson) ?? state.posterior;
  state.posteriorRevision = head.revision;
}

/** The log says so, whatever the detectors do: where their arithmetic changes, what was recorded stays. */
function restart(state: BucketState, data: EventData<'BucketRestarted'>, head: Head) {
  state.posterior = state.domain.policy.init();
  state.posteriorRevision = head.revision;
  state.posteriorSince = head.revision;
  state.changes = afterRestart(data, head.revision);
  if (state.domain.conservative === undefined) return;
  // What was earned before says nothing of what may be risked now.
  state.earnings.clear();
  state.earningsSince = head.revision;
}

function lessonOf(
  { featuresSince }: BucketState,
  data: EventData<'RewardObserved'> | EventData<'RewardRetracted'>,
  rewardId: string,
  time: number,
): Lesson {
  const { arm, value, share, propensity, decisionRevision } = data;
  // Doubles from before the policy took over may mean something else: a posterior about features begins anew with their schema.
  const features = decisionRevision < featuresSince ? [] : data.features;
  return { arm, value, share, features, propensity, seed: seedOf(rewardId), time };
}
