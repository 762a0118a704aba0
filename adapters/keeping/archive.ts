/** Moves old events of buckets and agents out of the live log, beside a node that decides. */
import { isAbsolute, join, relative, resolve } from 'node:path';
import { restoreBucket, SNAPSHOT_VERSIONS, serialiseBucket } from '../../actors/bucket/bucket-snapshot.ts';
import type { BucketState } from '../../actors/bucket/bucket-state.ts';
import { foldBucket } from '../../actors/bucket/fold-bucket.ts';
import { type DomainHistory, readDomainHistory } from '../../actors/domain/domain-history.ts';
import { standingAt } from '../../actors/domain/domain-state.ts';
import { sharesPriors } from '../../actors/domain/sharing.ts';
import { lastCheckpoint } from '../../actors/rewards/window-checkpoint.ts';
import { decodeMetadata } from '../../events/catalogue.ts';
import { breakAt } from '../../events/chain.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { examine, type Head } from '../../events/seal.ts';
import type { Snapshot, SnapshotStore } from '../../events/snapshot-store.ts';
import { bucketOfStream, bucketPrefix } from '../../events/streams.ts';
import { SEGMENTS_DIRECTORY } from '../sqlite/archive.ts';
import { withBases } from '../sqlite/bases.ts';
import { openSqliteEventLog, type SqliteEventLog } from '../sqlite/event-log.ts';
import { positionOf, rowOf } from '../sqlite/schema.ts';
import { type ArchivePoint, type Archiver, type LiveSpan, openArchiver } from '../sqlite/segment-writer.ts';
import { openSnapshotStore } from '../sqlite/snapshot-store.ts';

export interface ArchiveOptions {
  /** An existing data directory. */
  readonly dataDir: string;
  readonly names: { readonly log: string; readonly snapshots: string };
  /** Only what lies before: milliseconds since 1970, or a row of the log. */
  readonly before: { readonly time: number } | { readonly row: number };
  /** Where segments go; default a directory beside the log. */
  readonly to?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly progress?: (stage: 'folding' | 'copying' | 'moving', share: number) => void;
  /** Events moved in one transaction. */
  readonly chunk?: number;
  /** Tests kill the process at these points. */
  readonly onPoint?: (name: ArchivePoint) => void;
}

export interface Archived {
  /** The segment that was made; undefined where nothing was old enough. */
  readonly segment: string | undefined;
  readonly events: number;
  readonly streams: number;
  readonly bytes: number;
  /** Events of an earlier run that had been cut off, moved now. */
  readonly resumed: number;
  /** Bases that were made anew: after an upgrade, or a rollback to before them, they fit no more. */
  readonly renewed: number;
  /** Bases that fit no more, and whose segments are not there to make them anew: these buckets need their segments. */
  readonly unfit: number;
  /** Bytes within the live file that new events take before it grows again. */
  readonly freeBytes: number;
}

/** Bases kept between planning and moving; what is beyond is folded a second time. */
const KEPT_BYTES = 128 * 2 ** 20;

/**
 * Archives. A stream keeps its newest event before the given moment, and all after it; a bucket keeps also decisions whose reward
 * windows are open, a domain what it has not shared yet or waits for, an agent what its breaker's state depends on.
 * @throws ReckonerError log_corrupt where a chain does not hold, segment_missing, conflict, log_full, log_unusable
 */
export async function archiveEvents(options: ArchiveOptions): Promise<Archived> {
  const { dataDir, names, now, progress = () => {} } = options;
  const file = join(dataDir, names.log);
  const log = openSqliteEventLog({ file });
  const snapshots = withBases(openSnapshotStore({ file: join(dataDir, names.snapshots) }), log);
  const archiver = openArchiver({ file, chunk: options.chunk, onPoint: options.onPoint });
  try {
    const plan = createPlan(log, snapshots);
    const drain = { baseOf: plan.baseOf, progress: (share: number) => progress('moving', share) };
    let resumed = 0;
    for (const segment of archiver.undrained()) resumed += await archiver.drainSegment(segment, drain);
    const bases = await plan.renewBases(archiver);
    const upTo = await lastRowBefore(log, options.before);
    const keepFrom = await plan.keepFrom(archiver, upTo, (share) => progress('folding', share));
    const to = resolve(options.to ?? join(dataDir, SEGMENTS_DIRECTORY));
    const facts = await archiver.writeSegment({
      ...{ directory: to, registeredAs: registered(dataDir, to), keepFrom, upTo, now },
      verify: chainCheck(),
      progress: (share) => progress('copying', share),
    });
    const freeBytes = archiver.freeBytes();
    if (facts === undefined)
      return { segment: undefined, events: 0, streams: 0, bytes: 0, resumed, ...bases, freeBytes };
    const segment = await archiver.registerSegment(facts);
    await archiver.drainSegment(segment, drain);
    const { events, streams, bytes } = facts;
    return {
      segment: join(to, facts.name),
      events,
      streams,
      bytes,
      resumed,
      ...bases,
      freeBytes: archiver.freeBytes(),
    };
  } finally {
    archiver.close();
    await snapshots.close();
    await log.close();
  }
}

/** What can be moved together with the data directory is named relative to it. */
function registered(dataDir: string, to: string): string {
  const path = relative(dataDir, to);
  return path.startsWith('..') || isAbsolute(path) ? to : path;
}

function createPlan(log: EventLog, snapshots: SnapshotStore) {
  const histories = new Map<string, Promise<DomainHistory>>();
  const kept = new Map<string, Snapshot>();
  let keptBytes = 0;

  function historyOf(stream: string): Promise<DomainHistory> | undefined {
    const bucket = bucketOfStream(stream);
    if (bucket === undefined) return undefined;
    const { tenant, name } = bucket;
    const key = bucketPrefix(tenant, name);
    const history = histories.get(key) ?? readDomainHistory(log, tenant, name);
    histories.set(key, history);
    return history;
  }

  async function foldedTo(stream: string, revision: number): Promise<BucketState | undefined> {
    const history = await historyOf(stream);
    if (history === undefined) return undefined;
    const { timeline, refresh } = history;
    const state = await foldBucket({ log, snapshots, timeline, refresh }, stream, revision + 1);
    return state.head.revision === revision ? state : undefined;
  }

  async function baseOf(stream: string, revision: number): Promise<Snapshot | undefined> {
    const known = kept.get(stream);
    if (known?.revision === revision) return known;
    const state = await foldedTo(stream, revision);
    return state && { revision, versions: SNAPSHOT_VERSIONS, bytes: serialiseBucket(state) };
  }

  /** Whether a bucket can still begin with its base. */
  async function fits(stream: string, { revision, versions, bytes }: Snapshot): Promise<boolean> {
    const timeline = (await historyOf(stream))?.timeline;
    if (timeline === undefined || versions !== SNAPSHOT_VERSIONS) return false;
    const state = restoreBucket(bytes, revision, (at) => timeline.lineage.teaches(standingAt(timeline, at)));
    return state !== undefined && timeline.lineage.keeps(state.under);
  }

  async function renewBases(archiver: Archiver): Promise<{ readonly renewed: number; readonly unfit: number }> {
    let [renewed, unfit] = [0, 0];
    for (const stream of archiver.basedStreams()) {
      const base = archiver.baseOf(stream);
      if (base === undefined || (await fits(stream, base))) continue;
      try {
        const anew = await baseOf(stream, base.revision);
        if (anew === undefined) continue;
        await archiver.putBase(stream, anew);
        renewed++;
      } catch (thrown) {
        if (!(thrown instanceof ReckonerError) || thrown.code !== 'segment_missing') throw thrown;
        unfit++;
      }
    }
    return { renewed, unfit };
  }

  /** First revision that stays of a bucket; undefined where all of it does. */
  async function bucketKeeps({ stream, first, last }: LiveSpan): Promise<number | undefined> {
    let state = await foldedTo(stream, last);
    const open = Math.min(...(state?.open ?? []));
    if (open < last) state = open > first ? await foldedTo(stream, open) : undefined;
    if (state === undefined) return undefined;
    const { revision } = state.head;
    const bytes = serialiseBucket(state);
    keptBytes += bytes.length;
    if (keptBytes < KEPT_BYTES) kept.set(stream, { revision, versions: SNAPSHOT_VERSIONS, bytes });
    return revision;
  }

  /** The last success and what follows it stay: an agent is hydrated by reading back to it. */
  async function agentKeeps({ stream, last }: LiveSpan): Promise<number | undefined> {
    for await (const { type, revision } of log.readStream(stream, { from: last, backwards: true }))
      if (type === 'AgentCallSucceeded') return revision;
    return undefined;
  }

  /** Row before which a domain's buckets may be archived. */
  async function limitOf(stream: string): Promise<number> {
    const { tenant, name, timeline } = (await historyOf(stream)) ?? {};
    const latest = timeline?.latest;
    if (tenant === undefined || name === undefined || latest === undefined) return 0;
    let limit = Number.MAX_SAFE_INTEGER;
    if (sharesPriors(latest)) {
      const counted = latest.countedThrough === '' ? undefined : await log.find(latest.countedThrough);
      limit = counted === undefined ? 0 : rowOf(counted.position);
    }
    if (timeline?.awaits) {
      const streamPrefix = bucketPrefix(tenant, name);
      const after = await lastCheckpoint({ log, snapshots, streamPrefix });
      if (after !== undefined) limit = Math.min(limit, rowOf(after));
    }
    return limit;
  }

  async function keepFrom(archiver: Archiver, upTo: number, progress: (share: number) => void) {
    const limits = new Map<string, number>();
    const spans: LiveSpan[] = [];
    for (const span of archiver.spansUpTo(upTo)) {
      const bucket = bucketOfStream(span.stream);
      const key = bucket && bucketPrefix(bucket.tenant, bucket.name);
      if (key === undefined) {
        spans.push(span);
        continue;
      }
      if (!limits.has(key)) limits.set(key, await limitOf(span.stream));
      if ((limits.get(key) ?? 0) > upTo) spans.push(span);
    }
    for (const [key, limit] of limits)
      if (limit > 0 && limit <= upTo) for (const span of archiver.spansUpTo(limit - 1, key)) spans.push(span);
    const keep = new Map<string, number>();
    for (const [index, span] of spans.entries()) {
      const from = bucketOfStream(span.stream) ? await bucketKeeps(span) : await agentKeeps(span);
      if (from !== undefined && from > span.first) keep.set(span.stream, from);
      progress((index + 1) / spans.length);
    }
    return keep;
  }

  return { baseOf, keepFrom, renewBases };
}

/** Each event that is moved must be whole and follow the one before it: what is broken is not put away where nobody looks. */
function chainCheck(): (event: RecordedEvent) => void {
  const heads = new Map<string, Head>();
  return (event) => {
    const head = heads.get(event.stream);
    const { hash, whole } = examine(event);
    heads.set(event.stream, { revision: event.revision, hash });
    const broken = head === undefined ? undefined : breakAt(event, head)?.what;
    // Of the last one that is moved none vouches for it that is read here.
    const what = whole === false ? 'It has another checksum than its bytes.' : broken;
    if (what !== undefined)
      throw new ReckonerError('log_corrupt', `${event.stream}, revision ${event.revision}: ${what}`);
  };
}

/** The last row that lies before: by time, as writers' clocks told it, found by halving. */
async function lastRowBefore(log: SqliteEventLog, before: ArchiveOptions['before']): Promise<number> {
  const head = rowOf(await log.head());
  if ('row' in before) return Math.min(head, before.row - 1);
  let [low, high] = [0, head];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    let after: RecordedEvent | undefined;
    for await (const event of log.readAll({ after: positionOf(middle), limit: 1 })) after = event;
    if (after === undefined || decodeMetadata(after).time >= before.time) high = middle;
    else low = rowOf(after.position);
  }
  return low;
}
