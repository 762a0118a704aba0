/**
 * The fold of buckets for who reads the log event by event and holds many of them: projections, and the way back to a moment of the
 * past. It is the fold of the live buckets; of decisions it reads no more than that asks for.
 */
import { type DecodedEvent, decode, timeOf } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { chainHash } from '../../events/seal.ts';
import { NO_SNAPSHOTS, type SnapshotStore } from '../../events/snapshot-store.ts';
import { domainStream } from '../../events/streams.ts';
import type { Belief, Parameters } from '../../policies/policy.ts';
import { configuredPrior } from '../choice/expected-quality.ts';
import type { BucketValues, ToldBucket } from '../context/features.ts';
import type { MakePolicy } from '../domain/compiled-domain.ts';
import { createTimeline, type DomainStanding, type DomainState, standingAt } from '../domain/domain-state.ts';
import { restoreBucket, SNAPSHOT_VERSIONS, serialiseBucket } from './bucket-snapshot.ts';
import { type BucketEvent, type BucketState, emptyBucket, evolve, isBucketEvent } from './bucket-state.ts';
import { foldBucket } from './fold-bucket.ts';
import { readToFold } from './read-to-fold.ts';
import { NO_IDS } from './recent-ids.ts';

export interface FoldingSource {
  readonly log: EventLog;
  readonly makePolicy: MakePolicy;
  /** States that were kept before, where it has to read a bucket anew; default none. */
  readonly snapshots?: SnapshotStore;
}

/** A state, and where it stands in its stream. */
export interface Bucket {
  readonly state: BucketState;
  revision: number;
  posteriorRevision: number;
  domainRevision: number;
}

/** What an event did to its bucket. */
export interface Folded {
  readonly time: number | undefined;
  readonly arm: string | undefined;
  readonly allArms: boolean;
  readonly stale: boolean;
}

/** What is believed of an arm. */
export interface ArmBelief {
  readonly mean: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly pulls: number | null;
  readonly parameters: Parameters | null;
}

interface Address {
  readonly tenant: string;
  readonly domain: string;
}

export type Folding = ReturnType<typeof createFolding>;
export type FollowedDomain = ReturnType<Folding['domain']>;

/** The fold, with the log to read from what it cannot do event by event. */
export function createFolding(source: FoldingSource) {
  return {
    version: SNAPSHOT_VERSIONS,
    domain: (address: Address) => followDomain(source, address),
  };
}

function followDomain({ log, makePolicy, snapshots = NO_SNAPSHOTS }: FoldingSource, { tenant, domain }: Address) {
  const stream = domainStream(tenant, domain);
  const timeline = createTimeline(makePolicy);
  // Events of many buckets name the same few revisions, one after another: how it stood at them is looked up once.
  const standings = new Map<number, DomainStanding>();
  let [turnedAt, configuredAt] = [-1, -1];
  let armsOf: DomainState | undefined;
  let arms: ReadonlySet<string> = new Set();

  /** Where a policy has learned anew, also what was made under an older revision is learned with that one. */
  function domainAt(revision: number): DomainStanding {
    const { lineage, latest } = timeline;
    const turned = lineage.turnedAt !== turnedAt || latest?.configuredAt !== configuredAt;
    if (turned || standings.size >= STANDINGS) standings.clear();
    turnedAt = lineage.turnedAt;
    configuredAt = latest?.configuredAt ?? -1;
    const known = standings.get(revision);
    if (known !== undefined) return known;
    const standing = lineage.teaches(standingAt(timeline, revision));
    standings.set(revision, standing);
    return standing;
  }

  /** @throws ReckonerError domain_unknown */
  function latest(): DomainState {
    if (timeline.latest !== undefined) return timeline.latest;
    throw new ReckonerError('domain_unknown', 'The domain has no configuration yet.');
  }

  /** Whether what was taken back may have been voided before, or be worth something else now: a state does not know, the log does. */
  function looksBack({ data: { domainRevision } }: BucketEvent): boolean {
    return domainRevision < Math.max(timeline.lineage.voidedAt, timeline.lineage.revaluedAt);
  }

  async function catchUp(length = Number.POSITIVE_INFINITY): Promise<void> {
    const from = timeline.length;
    for await (const event of log.readStream(stream, { from, limit: Math.max(0, length - from) }))
      timeline.apply(event.revision, decode(event));
  }

  return {
    get length() {
      return timeline.length;
    },
    get policy() {
      const { policy } = latest();
      return `${policy.name}/${policy.version}`;
    },
    get arms() {
      if (armsOf !== latest()) {
        armsOf = latest();
        arms = new Set(armsOf.armNames);
      }
      return arms;
    },
    timeline,
    catchUp,
    follow(event: RecordedEvent): { readonly time: number; readonly changes: 'nothing' | 'beliefs' | 'posteriors' } {
      const before = timeline.latest;
      const decoded = decode(event);
      if (!timeline.apply(event.revision, decoded) && event.revision > timeline.length) {
        throw new ReckonerError(
          'log_corrupt',
          `Revision ${event.revision} of ${stream} does not follow what is known.`,
        );
      }
      return {
        time: timeOf(event),
        changes: before === timeline.latest ? 'nothing' : changesBy(decoded, before, latest()),
      };
    },
    begin(): Bucket {
      return {
        state: emptyBucket(domainAt(0), NO_IDS),
        revision: -1,
        posteriorRevision: -1,
        domainRevision: -1,
      };
    },
    fold(bucket: Bucket, event: RecordedEvent): Folded | undefined {
      const { state } = bucket;
      if (event.revision <= bucket.revision) return undefined;
      if (event.revision !== bucket.revision + 1) {
        throw new ReckonerError(
          'log_corrupt',
          `Revision ${event.revision} of ${event.stream} does not follow what is known.`,
        );
      }
      const folded = readToFold(event, state, domainAt, timeline.lineage.revaluedAt);
      const before = state.posteriorRevision;
      const { lineage } = timeline;
      const head = { revision: event.revision, hash: state.head.hash };
      evolve(state, folded, head, domainAt, undefined, lineage.turnedAt < 0 ? undefined : lineage);
      bucket.revision = event.revision;
      bucket.posteriorRevision = state.posteriorRevision;
      bucket.domainRevision = state.domain.revision;
      if (folded === undefined) return { time: undefined, arm: undefined, allArms: false, stale: false };
      const moved = state.posteriorRevision !== before;
      const arm = moved && 'arm' in folded.data && folded.type !== 'BucketRestarted' ? folded.data.arm : undefined;
      const { forget } = state.domain.policy;
      return {
        time: folded.metadata.time,
        arm,
        allArms: moved && (forget === undefined || arm === undefined),
        stale: folded.type === 'RewardRetracted' && (forget === undefined || looksBack(folded)),
      };
    },
    foldsAnewBefore(event: RecordedEvent): boolean {
      if (event.type !== 'RewardRetracted' || Math.max(timeline.lineage.voidedAt, timeline.lineage.revaluedAt) < 0)
        return false;
      const decoded = decode(event);
      return isBucketEvent(decoded) && looksBack(decoded);
    },
    /** Under the newest revision that was followed: whatever the domain became after that is not read. */
    refold: async (stream: string, upTo: number): Promise<Bucket> =>
      bucketOf(
        await foldBucket(
          { log, snapshots, timeline, refresh: READ_NO_FURTHER },
          stream,
          upTo,
          undefined,
          timeline.length - 1,
        ),
      ),
    /** @param last the last event, where it was folded one by one: only the last link of the chain is needed to go on */
    serialise({ state }: Bucket, last?: RecordedEvent): Uint8Array {
      if (last !== undefined) state.head = { revision: last.revision, hash: chainHash(last) };
      // Since when it holds, not since when somebody looked: the same however the log was read.
      const under = Math.max(state.domain.revision, timeline.lineage.turnedAt);
      // Nobody asks who only reads whether an event is there already, and ids are nine tenths of most states.
      return serialiseBucket({ ...state, recent: NO_IDS, under });
    },
    restore(bytes: Uint8Array, revision: number): Bucket | undefined {
      const state = restoreBucket(bytes, revision, domainAt);
      return state && bucketOf(state);
    },
    beliefs: ({ state }: Bucket, names: readonly string[], values: BucketValues) =>
      beliefsOf(state, latest(), names, values),
    telling(event: RecordedEvent, bucket: string): ToldBucket | undefined {
      const decoded = event.type === 'DecisionMade' ? decode(event) : undefined;
      if (decoded?.type !== 'DecisionMade') return undefined;
      const { features } = decoded.data;
      const { schema } = latest();
      const { id, label } = schema.bucketOf(features);
      return id === bucket ? { label, values: schema.valuesOf(features) } : undefined;
    },
  };
}

/** How a domain stood at so many of its revisions is remembered. */
const STANDINGS = 256;
const READ_NO_FURTHER = async () => {};

function bucketOf(state: BucketState): Bucket {
  const { head, posteriorRevision, domain } = state;
  return { state, revision: head.revision, posteriorRevision, domainRevision: domain.revision };
}

function changesBy(event: DecodedEvent | undefined, before: DomainState | undefined, after: DomainState) {
  if (event?.type === 'RolledBack' || event?.type === 'RewardVoided') return 'posteriors';
  if (event?.type !== 'DomainConfigured' || before === undefined) return 'nothing';
  // Learned anew from all that counts.
  const isAnew = before.policyKey !== after.policyKey || before.rewardKey !== after.rewardKey;
  if (event.data.relearn && isAnew) return 'posteriors';
  // What a belief is made of beside the posterior: the policy, the configured priors, and which arms there are.
  const made = ({ policyKey, config: { arms, prior, objective } }: DomainState) =>
    JSON.stringify([policyKey, arms.map(({ name, quality, prior: own }) => [name, quality, own]), prior, objective]);
  return made(before) === made(after) ? 'nothing' : 'beliefs';
}

/**
 * What is believed of arms under a configuration, each by itself and without what the domain lends. A policy that took over since has
 * learned nothing yet. One that learns about features is asked of the context that the bucket itself says: its categories and
 * booleans, numbers at their means in the bucket, and of the rest all values alike.
 */
export function beliefsOf(
  state: BucketState,
  domain: Pick<DomainState, 'policy' | 'config' | 'arms' | 'policySince' | 'schema'>,
  names: readonly string[],
  values: BucketValues,
): ArmBelief[] {
  const { policy, config, arms, policySince, schema } = domain;
  const features = policy.usesFeatures === true ? schema.known(values) : [];
  const posterior = policySince > state.domain.revision ? policy.init() : state.posterior;
  const source = {
    configured: (arm: string) => configuredPrior(config, arms.get(arm), undefined),
    shared: undefined,
  };
  return names.map((arm) => {
    const candidates = [arm];
    const situation = { candidates, shifts: [], prior: policy.prior(candidates, source), features, floor: 0 };
    // Where contexts are parted by what is not known, they have no belief in common.
    const path = policy.path?.(posterior, situation) ?? [];
    const isOne = path.every(({ feature }) => !Number.isNaN(features[feature] ?? Number.NaN));
    const told: Belief | undefined = isOne ? policy.belief(posterior, situation, 0) : undefined;
    return {
      mean: told?.mean ?? null,
      lower: told?.lower ?? null,
      upper: told?.upper ?? null,
      pulls: told?.pulls ?? null,
      parameters: policy.parameters?.(posterior, arm) ?? null,
    };
  });
}
