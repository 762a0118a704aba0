/**
 * A domain as a fold of its own stream. A bucket that folds its history needs to know how the domain stood at each of its
 * events, so every turn of that is kept; configurations are large, and only the newest is.
 */
import type { DecodedEvent, EventData } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { Rollback, Voiding } from '../../events/lineage.ts';
import type { SharedArm } from '../../policies/policy.ts';
import type { SharedSums } from '../../proto/generated/events.ts';
import type { DomainConfig } from '../config/domain-config.ts';
import { type Lineage, lineageOf } from '../rollback/lineage.ts';
import { type CompiledDomain, compileDomain, type MakePolicy } from './compiled-domain.ts';

/** How a domain stood at a revision, as far as folding a bucket's events asks. Small: its turns are kept for good. */
export interface DomainStanding
  extends Pick<CompiledDomain, 'policy' | 'policyKey' | 'rewards' | 'rewardKey' | 'detector' | 'detectorKey'> {
  readonly revision: number;
  /** Revision of the configuration in force. */
  readonly configuredAt: number;
  /** Revision at which this policy took over: posteriors of buckets that come from before it begin anew. */
  readonly policySince: number;
  /** Revision at which this detector took over: it has seen nothing from before it. */
  readonly detectorSince: number;
  /** Revision since which a double of the context means the same. */
  readonly meaningSince: number;
  readonly frozen: boolean;
  /** What is waited for after a decision; undefined where nothing is. */
  readonly window: WindowStanding | undefined;
  /** Which arm conservative mode holds it to, and since which revision; undefined where it explores freely. */
  readonly conservative: ConservativeStanding | undefined;
}

export interface ConservativeStanding {
  /** Revision since which it is this arm without a break: what was earned is counted from there. */
  readonly since: number;
  readonly baseline: string;
}

/** A declared reward window, as far as folding a bucket's events asks. */
export interface WindowStanding {
  /** Revision since which the domain has had one without a break: what was open before an earlier one was given up stays closed. */
  readonly since: number;
  readonly milliseconds: number;
  /** The one kind of reward that is waited for; undefined where any will do. */
  readonly kind: string | undefined;
}

export interface DomainState extends CompiledDomain, DomainStanding {
  /** What all buckets earned, by arm; undefined before anything was shared. */
  readonly shared: ReadonlyMap<string, SharedArm> | undefined;
  /** Rewards and retractions counted at the last sharing. */
  readonly counted: number;
  /** Id of the last event counted then; empty before. */
  readonly countedThrough: string;
  /** Revision of the rollback, voiding or change of what rewards are worth that counting began anew with, -1 where there was none. */
  readonly countedSince: number;
}

/** A domain over its revisions, as far as it is known. */
export interface DomainTimeline {
  /** How many revisions are known: the next to be folded. */
  readonly length: number;
  /** The newest state, undefined before the first configuration. */
  readonly latest: DomainState | undefined;
  /** Whether every policy that it ever had can take a reward back. */
  readonly forgets: boolean;
  /** Whether it ever declared a reward window. */
  readonly awaits: boolean;
  /** The newest revision at which a point to return to was marked, -1 where none was. */
  readonly markedAt: number;
  /** The newest revision and its ancestors. */
  readonly lineage: Lineage;
  /** A revision and its ancestors. */
  lineageOf(revision: number): Lineage;
  /** The domain as it would be after an event that is not recorded; undefined where that says nothing before its first configuration. */
  imagine(
    event: Pick<DecodedEvent, 'type' | 'data'>,
  ): { readonly state: DomainState; readonly lineage: Lineage } | undefined;
  /** How the domain stood; undefined for a revision that is not known. */
  standingAt(revision: number): DomainStanding | undefined;
  /** Folds the next event; one that is known already, or does not follow, changes nothing and gives false. */
  apply(revision: number, event: Pick<DecodedEvent, 'type' | 'data'> | undefined): boolean;
}

export function createTimeline(makePolicy: MakePolicy): DomainTimeline {
  // By the revision they began with. Sharings, of which there may be a million, turn nothing here.
  const turns: DomainStanding[] = [];
  const rollbacks: Rollback[] = [];
  const voidings: Voiding[] = [];
  const relearnings: number[] = [];
  const revaluations: number[] = [];
  const turned = { rollbacks, voidings, relearnings, revaluations };
  let lineage = lineageOf(-1, turned);
  let latest: DomainState | undefined;
  let forgets = true;
  let awaits = false;
  let markedAt = -1;
  const at = (revision: number): DomainStanding | undefined => {
    if (latest === undefined || !(revision >= 0 && revision <= latest.revision)) return undefined;
    const turn = turns[turnAt(turns, revision)];
    return turn === undefined ? undefined : standingOf(turn, revision);
  };
  const under = (target: number) => lineageOf(target, turned, at);
  return {
    get length() {
      return latest === undefined ? 0 : latest.revision + 1;
    },
    get latest() {
      return latest;
    },
    get forgets() {
      return forgets;
    },
    get awaits() {
      return awaits;
    },
    get markedAt() {
      return markedAt;
    },
    get lineage() {
      // There may be a million revisions: made when it is asked for.
      if (lineage.target !== (latest?.revision ?? -1)) lineage = under(latest?.revision ?? -1);
      return lineage;
    },
    lineageOf: under,
    standingAt: at,
    imagine(event) {
      const revision = (latest?.revision ?? -1) + 1;
      const state = evolveDomain(latest, revision, event, makePolicy, at);
      if (state === undefined) return undefined;
      const rollback = rollbackIn(event, revision);
      const { policy, rewards } = anewWith(event, rollback === undefined ? latest : at(rollback.to), state);
      const imagined = {
        rollbacks: rollback === undefined ? rollbacks : [...rollbacks, rollback],
        voidings,
        relearnings: policy || rewards ? [...relearnings, revision] : relearnings,
        revaluations: rewards ? [...revaluations, revision] : revaluations,
      };
      return { state, lineage: lineageOf(revision, imagined, (asked) => (asked === revision ? state : at(asked))) };
    },
    apply(revision, event) {
      if (revision !== (latest?.revision ?? -1) + 1) return false;
      const state = evolveDomain(latest, revision, event, makePolicy, at);
      if (state === undefined) return false;
      const rollback = rollbackIn(event, revision);
      if (rollback !== undefined) rollbacks.push(rollback);
      const voiding = voidingIn(event, revision);
      if (voiding !== undefined) voidings.push(voiding);
      const { policy: newPolicy, rewards } = anewWith(event, rollback === undefined ? latest : at(rollback.to), state);
      if (newPolicy || rewards) relearnings.push(revision);
      if (rewards) revaluations.push(revision);
      if (event?.type === 'RollbackPointMarked') markedAt = revision;
      const changed = latest?.configuredAt !== state.configuredAt || latest.frozen !== state.frozen;
      if (changed || rollback !== undefined) {
        const known = turns.findLast(({ policyKey }) => policyKey === state.policyKey);
        // Closures that do the same need not be kept for each configuration that names the policy.
        const policy = known?.policy ?? state.policy;
        turns.push(standingOf({ ...state, policy }, revision));
        forgets &&= policy.forget !== undefined;
        awaits ||= state.window !== undefined;
      }
      latest = state;
      return true;
    },
  };
}

/** How the domain stood. @throws ReckonerError log_corrupt where an event names a revision that the domain's stream does not have */
export function standingAt(timeline: DomainTimeline, revision: number): DomainStanding {
  const standing = timeline.standingAt(revision);
  if (standing === undefined) {
    throw new ReckonerError(
      'log_corrupt',
      `A bucket event names the domain revision ${revision}, which is not in the log.`,
    );
  }
  return standing;
}

/** Index of the last turn that began at the revision or before it. */
function turnAt(turns: readonly DomainStanding[], revision: number): number {
  let low = 0;
  let high = turns.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((turns[middle]?.revision ?? 0) <= revision) low = middle;
    else high = middle - 1;
  }
  return low;
}

function standingOf(standing: DomainStanding, revision: number): DomainStanding {
  const { policy, policyKey, rewards, rewardKey, detector, detectorKey } = standing;
  const { configuredAt, policySince, detectorSince } = standing;
  const { frozen, window, conservative } = standing;
  const since = { configuredAt, policySince, detectorSince, meaningSince: standing.meaningSince };
  const compiled = { policy, policyKey, rewards, rewardKey, detector, detectorKey };
  return { revision, ...compiled, ...since, frozen, window, conservative };
}

function evolveDomain(
  before: DomainState | undefined,
  revision: number,
  event: Pick<DecodedEvent, 'type' | 'data'> | undefined,
  makePolicy: MakePolicy,
  standingAt: (revision: number) => DomainStanding | undefined,
): DomainState | undefined {
  // The catalogue pairs each type with its data; the narrowed union is only visible through a typed alias.
  const decoded = event as DecodedEvent | undefined;
  if (decoded?.type === 'DomainConfigured') {
    const compiled = compileDomain(decoded.data.config, makePolicy);
    const policySince =
      before?.policyKey === compiled.policyKey ? before.policySince : decoded.data.relearn ? 0 : revision;
    const window = windowOf(compiled.config, before?.window?.since ?? revision);
    const conservative = conservativeOf(compiled.config, before?.conservative, revision);
    const detectorSince = before?.detectorKey === compiled.detectorKey ? before.detectorSince : revision;
    const isSame = before !== undefined && before.schema.meaning() === compiled.schema.meaning();
    const meaningSince = isSame ? before.meaningSince : revision;
    const { shared } = decoded.data;
    return stateWith(compiled, revision, {
      ...(before ?? NEW),
      ...(shared === undefined ? {} : { ...countedIn(shared), countedSince: revision }),
      ...{ policySince, detectorSince, meaningSince, configuredAt: revision, window, conservative },
    });
  }
  if (before === undefined) return undefined;
  switch (decoded?.type) {
    case 'DomainFrozen':
      return stateWith(before, revision, { ...before, frozen: true });
    case 'DomainThawed':
      return stateWith(before, revision, { ...before, frozen: false });
    case 'PriorShared': {
      const { arms, counted, through } = decoded.data;
      const { policySince, detectorSince, meaningSince, configuredAt, frozen, window, conservative } = before;
      const { countedSince } = before;
      const shared = new Map(arms.map((arm) => [arm.arm, arm]));
      return stateWith(before, revision, {
        ...{ policySince, detectorSince, meaningSince, configuredAt, frozen, window, conservative },
        ...{ shared, counted, countedThrough: through, countedSince },
      });
    }
    case 'RewardVoided': {
      return stateWith(before, revision, { ...before, ...countedIn(decoded.data), countedSince: revision });
    }
    case 'RolledBack': {
      const restored = standingAt(decoded.data.toDomainRevision);
      // A rollback to what is not there returns to nothing.
      if (restored === undefined) return stateWith(before, revision, before);
      return rolledBack(before, revision, decoded.data, restored, compileDomain(decoded.data.config, makePolicy));
    }
    default:
      // Marks, and events of a newer version: the revision moves on, the state stays.
      return stateWith(before, revision, before);
  }
}

/** A rollback that returns to a revision before it. */
function rollbackIn(event: Pick<DecodedEvent, 'type' | 'data'> | undefined, revision: number): Rollback | undefined {
  const decoded = event as DecodedEvent | undefined; // as above
  if (decoded?.type !== 'RolledBack' || decoded.data.toDomainRevision >= revision) return undefined;
  return { at: revision, to: decoded.data.toDomainRevision };
}

/** What a domain has shared, as it was counted anew. */
function countedIn({ arms, counted, through }: SharedSums): Pick<DomainState, 'shared' | 'counted' | 'countedThrough'> {
  const shared = arms.length === 0 ? undefined : new Map(arms.map((arm) => [arm.arm, arm]));
  return { shared, counted, countedThrough: through };
}

/**
 * What takes over and learns from all that was taught before: a policy, a definition of what rewards are worth, or both.
 * @param before whose posterior it would have gone on with
 */
function anewWith(
  event: Pick<DecodedEvent, 'type' | 'data'> | undefined,
  before: DomainStanding | undefined,
  after: DomainStanding,
): { readonly policy: boolean; readonly rewards: boolean } {
  const decoded = event as DecodedEvent | undefined; // as above
  const asked = (decoded?.type === 'DomainConfigured' || decoded?.type === 'RolledBack') && decoded.data.relearn;
  if (!asked || before === undefined) return { policy: false, rewards: false };
  return { policy: before.policyKey !== after.policyKey, rewards: before.rewardKey !== after.rewardKey };
}

function voidingIn(event: Pick<DecodedEvent, 'type' | 'data'> | undefined, revision: number): Voiding | undefined {
  const decoded = event as DecodedEvent | undefined; // as above
  if (decoded?.type !== 'RewardVoided') return undefined;
  const { subject, fromTime = -Infinity, toTime = Infinity } = decoded.data;
  return { at: revision, subject, from: fromTime, to: toTime };
}

/**
 * The domain as it stood, so that whoever comes from before it adopts this as if nothing had been in between. Where the
 * configuration stays, what it changes of the restored one begins here. Whether it is frozen is no matter of learning.
 */
function rolledBack(
  before: DomainState,
  revision: number,
  { configKept, relearn, ...sums }: EventData<'RolledBack'>,
  restored: DomainStanding,
  compiled: CompiledDomain,
): DomainState {
  const { policyKey, policySince, detectorKey, detectorSince } = restored;
  const isSame = policyKey === compiled.policyKey;
  // What the doubles mean is in the key of a policy that learns about them.
  const isFamiliar =
    !configKept || before.configuredAt === restored.configuredAt || (isSame && compiled.policy.usesFeatures === true);
  return stateWith(compiled, revision, {
    configuredAt: configKept ? before.configuredAt : restored.configuredAt,
    policySince: isSame ? policySince : relearn ? 0 : revision,
    meaningSince: isFamiliar ? restored.meaningSince : revision,
    detectorSince: detectorKey === compiled.detectorKey ? detectorSince : revision,
    frozen: before.frozen,
    window: windowOf(compiled.config, restored.window?.since ?? revision),
    conservative: conservativeOf(compiled.config, restored.conservative, revision),
    ...countedIn(sums),
    countedSince: revision,
  });
}

function windowOf({ reward }: DomainConfig, since: number): WindowStanding | undefined {
  if (reward.window === undefined) return undefined;
  return { since, milliseconds: reward.window.seconds * 1000, kind: reward.window.kind };
}

function conservativeOf(
  { conservative }: DomainConfig,
  before: ConservativeStanding | undefined,
  revision: number,
): ConservativeStanding | undefined {
  if (conservative === undefined) return undefined;
  const { baseline } = conservative;
  return before?.baseline === baseline ? before : { since: revision, baseline };
}

/** What of a domain's state is not its configuration. */
type Course = Pick<
  DomainState,
  | 'policySince'
  | 'detectorSince'
  | 'meaningSince'
  | 'configuredAt'
  | 'frozen'
  | 'window'
  | 'conservative'
  | 'shared'
  | 'counted'
  | 'countedThrough'
  | 'countedSince'
>;

const NEW: Omit<Course, 'policySince' | 'detectorSince' | 'meaningSince' | 'configuredAt' | 'window' | 'conservative'> =
  {
    frozen: false,
    shared: undefined,
    counted: 0,
    countedThrough: '',
    countedSince: -1,
  };

/** One literal for every state: there is one for each sharing, and spreading so many fields makes slow, large objects. */
function stateWith(compiled: CompiledDomain, revision: number, course: Course): DomainState {
  return {
    config: compiled.config,
    schema: compiled.schema,
    policy: compiled.policy,
    policyKey: compiled.policyKey,
    rewards: compiled.rewards,
    rewardKey: compiled.rewardKey,
    detector: compiled.detector,
    detectorKey: compiled.detectorKey,
    arms: compiled.arms,
    armNames: compiled.armNames,
    terms: compiled.terms,
    selective: compiled.selective,
    revision,
    policySince: course.policySince,
    detectorSince: course.detectorSince,
    meaningSince: course.meaningSince,
    configuredAt: course.configuredAt,
    frozen: course.frozen,
    window: course.window,
    conservative: course.conservative,
    shared: course.shared,
    counted: course.counted,
    countedThrough: course.countedThrough,
    countedSince: course.countedSince,
  };
}
