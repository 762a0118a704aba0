/**
 * The whole log made again, event by event in its order: every decision meets the state that it was made from. What it keeps in
 * memory grows with the buckets that are in use, not with the log.
 */
import { LRUCache } from 'lru-cache';
import type { DecodedEvent } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../events/snapshot-store.ts';
import { bucketOfStream, DOMAIN_STREAMS, domainStream } from '../../events/streams.ts';
import { restoreBucket, serialiseBucket } from '../bucket/bucket-snapshot.ts';
import { adopt, type BucketState, emptyBucket, evolve, isBucketEvent } from '../bucket/bucket-state.ts';
import { foldBucket } from '../bucket/fold-bucket.ts';
import { NO_IDS } from '../bucket/recent-ids.ts';
import type { CompiledDomain, MakePolicy } from '../domain/compiled-domain.ts';
import { createConfigurations } from '../domain/configurations.ts';
import { createTimeline, type DomainStanding, type DomainTimeline, standingAt } from '../domain/domain-state.ts';

/** A decision on its way past. */
export interface PassingDecision {
  readonly decision: Extract<DecodedEvent, { type: 'DecisionMade' }>;
  /** The state that it was made from. It moves on: nothing of it may be kept. */
  readonly before: BucketState;
  /** The configuration that it was made under. */
  readonly compiled: CompiledDomain;
}

/** Where the states of buckets wait that have no place in memory. */
export interface StateShelf {
  put(stream: string, revision: number, bytes: Uint8Array): void;
  /** Gives back what was put last, and forgets it. */
  take(stream: string): { readonly revision: number; readonly bytes: Uint8Array } | undefined;
}

export interface ReplayOptions {
  /** Read from where an earlier part of a stream is needed once more. */
  readonly log: Pick<EventLog, 'readStream'>;
  readonly makePolicy: MakePolicy;
  /** Told of every decision, before it is folded. */
  readonly visit: (passing: PassingDecision) => void;
  /** Default: in memory. */
  readonly shelf?: StateShelf;
  /** Buckets in memory at most, default 10,000. */
  readonly liveBuckets?: number;
}

export interface Replay {
  /**
   * Folds the next event of the log; returns a promise only where something must be read first.
   * @param decoded the same event; undefined where its type is not known to this version
   * @throws ReckonerError log_corrupt where it cannot follow what came before. The rest of its stream is then passed over.
   */
  next(event: RecordedEvent, decoded: DecodedEvent | undefined): undefined | Promise<void>;
  /** A bucket's state after its last event, where it is in memory. It moves on: nothing of it may be kept. */
  stateOf(stream: string): BucketState | undefined;
  /** Whether a stream's state is not known any more. */
  isLost(stream: string): boolean;
  /** Gives a stream up: its next events are passed over. */
  lose(stream: string): void;
}

interface Domain {
  readonly stream: string;
  readonly timeline: DomainTimeline;
  readonly at: (revision: number) => DomainStanding;
}

type Folded = Parameters<typeof evolve>[1];

interface Bucket {
  readonly domain: Domain;
  state: BucketState;
}

const LIVE_BUCKETS = 10_000;

export function createReplay(options: ReplayOptions): Replay {
  const { log, makePolicy, visit, shelf = memoryShelf() } = options;
  const configurations = createConfigurations(log, makePolicy);
  const domains = new Map<string, Domain>();
  const lost = new Set<string>();
  const buckets = new LRUCache<string, Bucket>({
    max: options.liveBuckets ?? LIVE_BUCKETS,
    dispose: ({ state }, stream, reason) => {
      if (reason === 'evict') shelf.put(stream, state.head.revision, serialiseBucket(state));
    },
  });

  function domainOf(stream: string): Domain {
    const known = domains.get(stream);
    if (known !== undefined) return known;
    const timeline = createTimeline(makePolicy);
    const domain = { stream, timeline, at: rememberedStanding(timeline) };
    domains.set(stream, domain);
    return domain;
  }

  function bucketOf(stream: string): Bucket | undefined {
    const known = buckets.get(stream);
    if (known !== undefined) return known;
    const parts = bucketOfStream(stream);
    if (parts === undefined) return undefined;
    const domain = domainOf(domainStream(parts.tenant, parts.name));
    const kept = shelf.take(stream);
    const state =
      kept === undefined ? emptyBucket(domain.at(0), NO_IDS) : restoreBucket(kept.bytes, kept.revision, domain.at);
    if (state === undefined) throw new ReckonerError('internal', `The state of ${stream} was put away and is gone.`);
    const bucket = { domain, state };
    buckets.set(stream, bucket);
    return bucket;
  }

  function lose(stream: string): void {
    lost.add(stream);
    buckets.delete(stream);
  }

  /** Runs a part of folding: what is thrown loses the stream. */
  function guarded<T>(stream: string, act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      lose(stream);
      if (thrown instanceof ReckonerError) throw thrown;
      throw new ReckonerError('log_corrupt', `An event of ${stream} cannot be folded.`, { cause: thrown });
    }
  }

  function foldDomain({ stream, revision }: RecordedEvent, decoded: DecodedEvent | undefined): void {
    guarded(stream, () => {
      if (!domainOf(stream).timeline.apply(revision, decoded)) throw outOfPlace(stream, revision);
    });
  }

  function foldBucketEvent(event: RecordedEvent, decoded: DecodedEvent | undefined): undefined | Promise<void> {
    const { stream, revision } = event;
    const bucket = bucketOf(stream);
    if (bucket === undefined) return undefined;
    if (revision !== bucket.state.head.revision + 1) throw outOfPlace(stream, revision);
    const folded = isBucketEvent(decoded) ? decoded : undefined;
    if (folded === undefined || stillHolds(bucket, folded.data.domainRevision))
      return go(bucket, event, decoded, folded);
    return refold(bucket, stream, revision, folded.data.domainRevision).then(() => go(bucket, event, decoded, folded));
  }

  function go(
    bucket: Bucket,
    event: RecordedEvent,
    decoded: DecodedEvent | undefined,
    folded: Folded,
  ): undefined | Promise<void> {
    const { domain, state } = bucket;
    if (folded !== undefined && folded.data.domainRevision > state.domain.revision)
      adopt(state, domain.at(folded.data.domainRevision));
    if (decoded?.type !== 'DecisionMade') return finish(bucket, event, folded);
    const { latest } = domain.timeline;
    if (latest !== undefined && latest.configuredAt === state.domain.configuredAt) {
      visit({ decision: decoded, before: state, compiled: latest });
      return finish(bucket, event, folded);
    }
    return configurations.at(domain.stream, domain.timeline, state.domain.revision).then((compiled) => {
      visit({ decision: decoded, before: state, compiled });
      return finish(bucket, event, folded);
    });
  }

  function finish(bucket: Bucket, event: RecordedEvent, folded: Folded) {
    const { domain, state } = bucket;
    const { stream, revision } = event;
    evolve(state, folded, { revision, hash: NO_HASH }, domain.at);
    // What a writer that had not heard of it recorded is worth what rewards are worth since.
    const late = folded !== undefined && folded.data.domainRevision < domain.timeline.lineage.revaluedAt;
    if (late && state.under >= domain.timeline.lineage.revaluedAt)
      return refold(bucket, stream, revision + 1, state.under);
    if (folded?.type !== 'RewardRetracted') return undefined;
    // As the live bucket does: what its policy cannot take back, it folds anew without. Nor is what was voided taken back once more,
    // and a state that was put away does not tell what that is.
    if (state.domain.policy.forget !== undefined && domain.timeline.lineage.voidedAt < 0) return undefined;
    return refold(bucket, stream, revision + 1, state.under);
  }

  async function refold(bucket: Bucket, stream: string, upTo: number, target: number): Promise<void> {
    const source = { log, snapshots: NO_SNAPSHOTS, timeline: bucket.domain.timeline, refresh };
    bucket.state = await foldBucket(source, stream, upTo, undefined, target);
  }

  return {
    next(event, decoded) {
      const { stream } = event;
      if (lost.size > 0 && lost.has(stream)) return undefined;
      if (stream.startsWith(DOMAIN_STREAMS)) {
        foldDomain(event, decoded);
        return undefined;
      }
      const folding = guarded(stream, () => foldBucketEvent(event, decoded));
      return folding?.catch((thrown: unknown) =>
        guarded(stream, () => {
          throw thrown;
        }),
      );
    },
    stateOf: (stream) => buckets.get(stream)?.state,
    isLost: (stream) => lost.has(stream),
    lose,
  };
}

/** Most events of a while name the same revision. */
function rememberedStanding(timeline: DomainTimeline): (revision: number) => DomainStanding {
  let known: DomainStanding | undefined;
  return (revision) => {
    if (known?.revision !== revision) known = standingAt(timeline, revision);
    return known;
  };
}

/** Whether what the bucket knows counts under a revision of its domain: not where a rollback or a voiding set it aside since. */
function stillHolds({ domain: { timeline }, state: { under } }: Bucket, revision: number): boolean {
  return revision <= under || timeline.lineage.turnedAt <= under || timeline.lineageOf(revision).keeps(under);
}

/** The chain is not walked here. */
const NO_HASH = new Uint8Array(0);

/** The log is read in its order: what a bucket may need of its domain has been read. */
const refresh = async () => {};

function memoryShelf(): StateShelf {
  const kept = new Map<string, { readonly revision: number; readonly bytes: Uint8Array }>();
  return {
    put: (stream, revision, bytes) => void kept.set(stream, { revision, bytes }),
    take(stream) {
      const found = kept.get(stream);
      kept.delete(stream);
      return found;
    },
  };
}

function outOfPlace(stream: string, revision: number): ReckonerError {
  return new ReckonerError(
    'log_corrupt',
    `The event at revision ${revision} of ${stream} does not follow the one before it.`,
  );
}
