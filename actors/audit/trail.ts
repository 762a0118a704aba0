/** All that the log says of one decision: who asked, what was in force, where it lies in its chain, and what came of it later. */
import { type DecodedEvent, decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { chainHash, examine } from '../../events/seal.ts';
import { bucketOfStream, domainStream } from '../../events/streams.ts';
import type { MakePolicy } from '../domain/compiled-domain.ts';
import { createTimeline, type DomainTimeline, standingAt } from '../domain/domain-state.ts';
import type { Explanation } from '../messages/explanation.ts';

/** An event beside the decision. */
export interface TrailEvent {
  readonly type: string;
  readonly eventId: string;
  readonly stream: string;
  readonly revision: number;
  readonly time: string;
  /** Node that wrote it, and the request that set it off. */
  readonly node: string;
  readonly correlationId: string;
  readonly by: string | null;
  readonly reason: string | null;
}

export interface Trail {
  /** What was known, what was chosen and why, and its rewards. */
  readonly decision: Explanation;
  readonly asked: {
    readonly requestId: string;
    /** Pseudonym of the person it was for; null where there was none. */
    readonly subject: string | null;
    readonly correlationId: string;
    readonly causationId: string | null;
    readonly node: string;
    readonly engine: string;
    readonly tenant: string;
  };
  readonly inForce: {
    /** The configuration: which event made it, who asked for it and why. */
    readonly configuration: TrailEvent;
    readonly policy: string;
    readonly policyVersion: number;
    readonly frozen: boolean;
  };
  readonly chain: {
    readonly eventId: string;
    readonly position: string;
    /** SHA-256 in hexadecimal, of this event and as this one names the one before it. */
    readonly hash: string;
    readonly previousHash: string;
    /** Whether its checksum is right; null where it was written before there were any. */
    readonly checksum: boolean | null;
    readonly previous: ChainNeighbour | null;
    /** Null where it is the last of its stream. */
    readonly next: ChainNeighbour | null;
  };
  /** Rewards, retractions and items, as they were recorded. */
  readonly afterwards: readonly TrailEvent[];
  readonly calls: readonly (TrailEvent & {
    readonly agent: string;
    readonly arm: string;
    readonly latencyMs: number;
    readonly costUsd: number | null;
    readonly outcome: string;
  })[];
  /** The rollback by which it does not count now; null where it counts. */
  readonly setAside: TrailEvent | null;
}

interface ChainNeighbour {
  readonly type: string;
  readonly eventId: string;
  readonly revision: number;
  /** Whether the later of the two names the hash of the earlier. */
  readonly linked: boolean;
}

/** @throws ReckonerError decision_unknown, log_corrupt */
export async function trailOf(log: EventLog, makePolicy: MakePolicy, decision: Explanation): Promise<Trail> {
  const { stream, revision, domainRevision } = decision;
  const { event, decoded, previous, next } = await neighbourhood(log, stream, revision);
  const { metadata, data } = decoded;
  const { tenant = '', name = '' } = bucketOfStream(stream) ?? {};
  const governed = domainStream(tenant, name);
  const timeline = await timelineOf(log, makePolicy, governed);
  const { configuredAt, frozen } = standingAt(timeline, domainRevision);
  const { hash, whole } = examine(event);
  return {
    decision,
    asked: {
      requestId: data.requestId,
      subject: data.subject === '' ? null : data.subject,
      correlationId: metadata.correlationId,
      causationId: metadata.causationId === '' ? null : metadata.causationId,
      node: metadata.writer,
      engine: metadata.engine,
      tenant,
    },
    inForce: {
      configuration: await toldAt(log, governed, configuredAt),
      policy: data.policy,
      policyVersion: data.policyVersion,
      frozen,
    },
    chain: {
      eventId: event.id,
      position: event.position,
      hash: hex(hash),
      previousHash: hex(metadata.previousHash),
      checksum: whole ?? null,
      previous: previous === undefined ? null : neighbour(previous, previous, event),
      next: next === undefined ? null : neighbour(next, event, next),
    },
    afterwards: await afterwards(log, stream, revision),
    calls: await callsOf(log, event, decision.decisionId),
    setAside: await rollbackOf(log, governed, timeline, domainRevision),
  };
}

async function neighbourhood(log: EventLog, stream: string, revision: number) {
  let previous: RecordedEvent | undefined;
  let event: RecordedEvent | undefined;
  let next: RecordedEvent | undefined;
  for await (const read of log.readStream(stream, { from: Math.max(0, revision - 1), limit: revision === 0 ? 2 : 3 })) {
    if (read.revision < revision) previous = read;
    else if (read.revision === revision) event = read;
    else next = read;
  }
  const decoded = event === undefined ? undefined : decode(event);
  if (event === undefined || decoded?.type !== 'DecisionMade')
    throw new ReckonerError('decision_unknown', 'The log holds no decision of this id.');
  return { event, decoded, previous, next };
}

/** @param told which of the two the neighbour is */
function neighbour(told: RecordedEvent, earlier: RecordedEvent, later: RecordedEvent): ChainNeighbour {
  const named = decode(later)?.metadata.previousHash;
  const linked = named !== undefined && Buffer.compare(named, chainHash(earlier)) === 0;
  return { type: told.type, eventId: told.id, revision: told.revision, linked };
}

async function timelineOf(log: EventLog, makePolicy: MakePolicy, stream: string): Promise<DomainTimeline> {
  const timeline = createTimeline(makePolicy);
  for await (const event of log.readStream(stream)) timeline.apply(event.revision, decode(event));
  return timeline;
}

async function toldAt(log: EventLog, stream: string, revision: number): Promise<TrailEvent> {
  const event = await eventAt(log, stream, revision);
  const decoded = event && decode(event);
  if (decoded !== undefined) return told(decoded);
  throw new ReckonerError('log_corrupt', `Revision ${revision} of ${stream} is gone.`);
}

/** What the bucket recorded of the decision. */
async function afterwards(log: EventLog, stream: string, revision: number): Promise<TrailEvent[]> {
  const events: TrailEvent[] = [];
  for await (const event of log.readStream(stream, { from: revision + 1 })) {
    const decoded = event.type === 'DecisionMade' ? undefined : decode(event);
    if (decoded !== undefined && 'decisionRevision' in decoded.data && decoded.data.decisionRevision === revision)
      events.push(told(decoded));
  }
  return events;
}

/** Calls of agents name the decision by its id, in streams of their own: all that came after it are looked at. */
async function callsOf(log: EventLog, { position }: RecordedEvent, decisionId: string): Promise<Trail['calls']> {
  const calls: Trail['calls'][number][] = [];
  const types = ['AgentCallSucceeded', 'AgentCallFailed'];
  for await (const event of log.readAll({ after: position, types })) {
    const decoded = decode(event);
    if (decoded?.type !== 'AgentCallSucceeded' && decoded?.type !== 'AgentCallFailed') continue;
    const { agent, arm, latencyMs } = decoded.data;
    if (decoded.data.decisionId !== decisionId) continue;
    const ended =
      decoded.type === 'AgentCallFailed'
        ? { costUsd: null, outcome: decoded.data.category }
        : { costUsd: decoded.data.costUsd, outcome: 'answered' };
    calls.push({ ...told(decoded), agent, arm, latencyMs, ...ended });
  }
  return calls;
}

/** The newest rollback of the domain that leaves the revision out; undone where a later one brought it back. */
async function rollbackOf(
  log: EventLog,
  stream: string,
  timeline: DomainTimeline,
  revision: number,
): Promise<TrailEvent | null> {
  if (timeline.lineage.has(revision)) return null;
  let found: TrailEvent | null = null;
  for await (const event of log.readStream(stream, { from: revision + 1 })) {
    if (event.type !== 'RolledBack') continue;
    const decoded = decode(event);
    const counts = timeline.lineageOf(event.revision).has(revision);
    if (decoded !== undefined) found = counts ? null : (found ?? told(decoded));
  }
  return found;
}

function told({ type, id, stream, revision, metadata, data }: DecodedEvent): TrailEvent {
  return {
    type,
    eventId: id,
    stream,
    revision,
    time: new Date(metadata.time).toISOString(),
    node: metadata.writer,
    correlationId: metadata.correlationId,
    by: 'by' in data ? data.by : null,
    reason: 'reason' in data ? data.reason : null,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
