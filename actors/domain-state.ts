/**
 * A domain as a fold of its own stream. Every revision's state is kept, because a bucket that folds its history needs the
 * domain as it was at each of its events.
 */
import type { DecodedEvent } from '../events/catalogue.ts';
import type { PolicySpec } from '../policies/catalogue.ts';
import type { AnyPolicy, SharedArm } from '../policies/policy.ts';
import { type ArmConfig, type DomainConfig, DomainConfigInput } from './domain-config.ts';
import { type ContextSchema, compileContext } from './features.ts';

/** A configuration made ready for use. */
export interface CompiledDomain {
  readonly config: DomainConfig;
  readonly schema: ContextSchema;
  readonly policy: AnyPolicy;
  /** Equal for two configurations exactly if a posterior may be carried from one to the other. */
  readonly policyKey: string;
  readonly arms: ReadonlyMap<string, ArmConfig>;
  readonly armNames: readonly string[];
  /** Whether any arm has a score shift. */
  readonly shifted: boolean;
}

export interface DomainState extends CompiledDomain {
  readonly revision: number;
  /** Revision at which this policy took over: posteriors of buckets that come from before it begin anew. */
  readonly policySince: number;
  readonly frozen: boolean;
  /** What all buckets earned, by arm; undefined before anything was shared. */
  readonly shared: ReadonlyMap<string, SharedArm> | undefined;
  /** Rewards and retractions counted at the last sharing. */
  readonly counted: number;
  /** Id of the last event counted then; empty before. */
  readonly countedThrough: string;
}

export type MakePolicy = (spec: PolicySpec) => AnyPolicy;

function compileDomain(config: DomainConfig, makePolicy: MakePolicy): CompiledDomain {
  const policy = makePolicy(config.policy);
  return {
    config,
    schema: compileContext(config),
    policy,
    policyKey: `${policy.version}:${JSON.stringify(config.policy)}`,
    arms: new Map(config.arms.map((arm) => [arm.name, arm])),
    armNames: config.arms.map((arm) => arm.name),
    shifted: config.arms.some((arm) => arm.shift !== 0),
  };
}

/** The states of a domain by revision, as far as it is known. */
export interface DomainTimeline {
  readonly states: readonly DomainState[];
  /** The newest state, undefined before the first configuration. */
  readonly latest: DomainState | undefined;
  /** Folds the next event; one that is known already, or does not follow, changes nothing and gives false. */
  apply(revision: number, event: Pick<DecodedEvent, 'type' | 'data'> | undefined): boolean;
}

export function createTimeline(makePolicy: MakePolicy): DomainTimeline {
  const states: DomainState[] = [];
  return {
    states,
    get latest() {
      return states.at(-1);
    },
    apply(revision, event) {
      if (revision !== states.length) return false;
      const state = evolveDomain(states.at(-1), revision, event, makePolicy);
      if (state !== undefined) states.push(state);
      return state !== undefined;
    },
  };
}

function evolveDomain(
  before: DomainState | undefined,
  revision: number,
  event: Pick<DecodedEvent, 'type' | 'data'> | undefined,
  makePolicy: MakePolicy,
): DomainState | undefined {
  // The catalogue pairs each type with its data; the narrowed union is only visible through a typed alias.
  const decoded = event as DecodedEvent | undefined;
  if (decoded?.type === 'DomainConfigured') {
    const compiled = compileDomain(recordedConfig(decoded.data.config), makePolicy);
    const policySince = before?.policyKey === compiled.policyKey ? before.policySince : revision;
    return stateWith(compiled, revision, { ...(before ?? NEW), policySince });
  }
  if (before === undefined) return undefined;
  switch (decoded?.type) {
    case 'DomainFrozen':
      return stateWith(before, revision, { ...before, frozen: true });
    case 'DomainThawed':
      return stateWith(before, revision, { ...before, frozen: false });
    case 'PriorShared': {
      const { arms, counted, through } = decoded.data;
      const { policySince, frozen } = before;
      const shared = new Map(arms.map((arm) => [arm.arm, arm]));
      return stateWith(before, revision, { policySince, frozen, shared, counted, countedThrough: through });
    }
    default:
      // Marks, and events of a newer version: the revision moves on, the state stays.
      return stateWith(before, revision, before);
  }
}

/**
 * A configuration as it was recorded. Its writer validated it; where this version's rules are stricter, or do not know a key that
 * a newer version wrote, it holds as it stands: a log must stay readable.
 */
function recordedConfig(text: string): DomainConfig {
  const stored: unknown = JSON.parse(text);
  const parsed = DomainConfigInput.safeParse(stored);
  return parsed.success ? parsed.data : (stored as DomainConfig); // what was recorded was the output of such a parse
}

/** What of a domain's state is not its configuration. */
type Course = Pick<DomainState, 'policySince' | 'frozen' | 'shared' | 'counted' | 'countedThrough'>;

const NEW: Omit<Course, 'policySince'> = { frozen: false, shared: undefined, counted: 0, countedThrough: '' };

/** One literal for every state: there is one for each sharing, and spreading so many fields makes slow, large objects. */
function stateWith(compiled: CompiledDomain, revision: number, course: Course): DomainState {
  return {
    config: compiled.config,
    schema: compiled.schema,
    policy: compiled.policy,
    policyKey: compiled.policyKey,
    arms: compiled.arms,
    armNames: compiled.armNames,
    shifted: compiled.shifted,
    revision,
    policySince: course.policySince,
    frozen: course.frozen,
    shared: course.shared,
    counted: course.counted,
    countedThrough: course.countedThrough,
  };
}
