/**
 * The audit of a log: is every event as it was written, and does every decision come out as it was recorded? Handed the events in the order of the log; what is wrong is told as it is found.
 */
import { crc32 } from 'node:zlib';
import type { DecodedEvent } from '../../events/catalogue.ts';
import { problemOf } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import type { EventLog, Position, RecordedEvent } from '../../events/event-log.ts';
import { createIntegrity, type Flaw, flawOfLast, type Integrity } from '../../events/integrity.ts';
import { bucketOfStream, domainStream } from '../../events/streams.ts';
import { type Difference, recompute } from '../choice/recompute.ts';
import type { MakePolicy } from '../domain/compiled-domain.ts';
import { createReplay, type PassingDecision, type StateShelf } from './replay.ts';
import { idThatShouldFollow } from './request-ids.ts';

export interface AuditFinding {
  /**
   * What is wrong with an event (`Flaw`); id: it does not follow from its request. order: of its domain's revisions.
   * decision: it comes out otherwise.
   */
  readonly kind: Flaw['kind'] | 'id' | 'order' | 'decision';
  readonly stream: string;
  /** -1 where it is about no single event. */
  readonly revision: number;
  readonly position: Position;
  /** Empty where there is no event. */
  readonly eventId: string;
  /** In words. */
  readonly what: string;
  /** Of a decision that comes out otherwise. */
  readonly differences?: readonly Difference[];
}

export interface AuditOptions {
  /** Read from where an earlier part of a stream is needed once more. */
  readonly log: Pick<EventLog, 'readStream'>;
  readonly makePolicy: MakePolicy;
  readonly found: (finding: AuditFinding) => void;
  readonly shelf?: StateShelf;
  readonly liveBuckets?: number;
  /** Which decisions are recomputed and which events are reported on; default all. All are folded. @param time milliseconds since 1970 */
  readonly wanted?: (place: Pick<RecordedEvent, 'stream' | 'position'>, time: number | undefined) => boolean;
  /** Streams that are counted and reported on; what is read of others is for the fold alone. Default all. */
  readonly own?: (stream: string) => boolean;
  /** Which share of the decisions have their propensities recomputed: 0.01 by default, 1 for all. */
  readonly share?: number;
  /** Draws them. */
  readonly seed?: number;
}

export interface AuditCounts {
  readonly events: number;
  readonly streams: number;
  /** Events of types that a newer version wrote. */
  readonly unknown: number;
  /** Decisions that were recomputed. */
  readonly decisions: number;
  /** How many of them with their propensities. */
  readonly propensities: number;
  /** Decisions that could not be: what comes before them in their streams, or their domains', is damaged. */
  readonly passedOver: number;
  /** Decisions that another version of their policy made: this one need not come to the same. */
  readonly otherVersions: number;
}

export interface Audit {
  /** Takes the next event of the log; returns a promise only where something must be read first. */
  next(event: RecordedEvent): undefined | Promise<void>;
  /** Where each stream stands. */
  readonly heads: Integrity['heads'];
  /** Looks at what can only be told at the end. */
  finish(): Promise<AuditCounts>;
}

/** What is known of a stream. */
interface StreamFacts {
  /** Undefined where it is no bucket's. */
  readonly owner: ReturnType<typeof bucketOfStream>;
  /** The last that an event of it named. */
  domainRevision: number;
}

/** Share of decisions whose propensities are recomputed where nothing else is said: they take most of the time. */
const SAMPLE = 0.01;

export function createAudit(options: AuditOptions): Audit {
  const { log, found, share = SAMPLE, seed = 1, wanted = () => true, own = () => true } = options;
  const sampleBelow = share >= 1 ? 2 ** 32 : Math.floor(share * 2 ** 32);
  let current: RecordedEvent | undefined;
  let currentTime: number | undefined;
  let events = 0;
  let unknown = 0;
  let decisions = 0;
  let propensities = 0;
  let passedOver = 0;
  let otherVersions = 0;
  const streams = new Map<string, StreamFacts>();

  const tell = (event: RecordedEvent, kind: AuditFinding['kind'], what: string, more: Partial<AuditFinding> = {}) => {
    const { stream, revision, position, id } = event;
    if (own(stream) && wanted(event, currentTime))
      found({ kind, stream, revision, position, eventId: id, what, ...more });
  };
  const integrity = createIntegrity((flaw) => {
    if (own(flaw.stream) && wanted(flaw, currentTime)) found(flaw);
  });
  const replay = createReplay({
    log,
    makePolicy: options.makePolicy,
    shelf: options.shelf,
    liveBuckets: options.liveBuckets,
    visit,
  });

  function visit({ decision, before, compiled }: PassingDecision): void {
    if (current === undefined || !wanted(current, currentTime)) return;
    const { data, id } = decision;
    const { policy } = before.domain;
    if (!data.fallback && data.policy === policy.name && data.policyVersion !== policy.version) {
      otherVersions += 1;
      return;
    }
    const sampled = sampleBelow === 2 ** 32 || crc32(id, seed) < sampleBelow;
    decisions += 1;
    if (sampled) propensities += 1;
    const { differences } = recompute(before, data, compiled, { propensities: sampled });
    const [first] = differences;
    if (first === undefined) return;
    const others = differences.length > 1 ? `; ${differences.length - 1} more` : '';
    const what = `Its ${first.what} is recorded as ${first.recorded}, and comes out as ${first.recomputed}${others}.`;
    tell(current, 'decision', what, { differences });
  }

  /** A bucket that cannot be followed any more, or whose domain cannot: what is told of it from here would only repeat that. */
  function passOver(event: RecordedEvent): void {
    if (event.type === 'DecisionMade') passedOver += 1;
  }

  function fold(event: RecordedEvent, decoded: DecodedEvent | undefined): undefined | Promise<void> {
    const { stream } = event;
    if (replay.isLost(stream)) {
      passOver(event);
      return undefined;
    }
    const failed = (thrown: unknown) => {
      // What follows from a domain's damage was told there.
      if (!domainIsLost(stream)) tell(event, 'order', problemOf(thrown).message);
      passOver(event);
    };
    try {
      return replay.next(event, decoded)?.catch(failed);
    } catch (thrown) {
      failed(thrown);
      return undefined;
    }
  }

  function domainIsLost(stream: string): boolean {
    const bucket = bucketOfStream(stream);
    return bucket !== undefined && replay.isLost(domainStream(bucket.tenant, bucket.name));
  }

  /** What an event says of its request and of its domain. */
  function checkContent(event: RecordedEvent, decoded: DecodedEvent): void {
    let facts = streams.get(event.stream);
    if (facts === undefined) {
      facts = { owner: bucketOfStream(event.stream), domainRevision: 0 };
      streams.set(event.stream, facts);
    }
    if (facts.owner === undefined || !('domainRevision' in decoded.data)) return;
    const id = idThatShouldFollow(facts.owner, decoded);
    if (id !== undefined) tell(event, 'id', `Its id does not follow from its request: that gives ${id}.`);
    const { domainRevision } = decoded.data;
    if (domainRevision < facts.domainRevision)
      tell(event, 'order', `It names the domain revision ${domainRevision} after ${facts.domainRevision}.`);
    else facts.domainRevision = domainRevision;
  }

  return {
    next(event) {
      current = event;
      currentTime = undefined;
      const counts = own(event.stream);
      if (counts) events += 1;
      const { decoded, sound } = integrity.check(event);
      currentTime = decoded?.metadata.time;
      let folding: undefined | Promise<void>;
      if (sound) {
        if (decoded === undefined && counts) unknown += 1;
        if (decoded !== undefined) checkContent(event, decoded);
        folding = fold(event, decoded);
      } else {
        if (typeof event.stream === 'string') replay.lose(event.stream);
        passOver(event);
      }
      return folding;
    },
    heads: integrity.heads,
    async finish() {
      for (const [stream, head] of integrity.heads) {
        if (head.whole !== undefined) continue;
        const event = await eventAt(log, stream, head.revision);
        const flaw = event && flawOfLast(event);
        if (event !== undefined && flaw !== undefined) tell(event, 'changed', flaw);
      }
      return { events, streams: integrity.heads.size, unknown, decisions, propensities, passedOver, otherVersions };
    },
  };
}
