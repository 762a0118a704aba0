/** What the request handlers share: the actors, the log, and the keys. */
import type { LRUCache } from 'lru-cache';
import { type DecodedEvent, decode, type EventData } from '../events/catalogue.ts';
import { errorOf, type Problem, ReckonerError } from '../events/errors.ts';
import { eventAt } from '../events/event-at.ts';
import type { EventLog } from '../events/event-log.ts';
import type { SnapshotStore } from '../events/snapshot-store.ts';
import { bucketPrefix } from '../events/streams.ts';
import type { Agents } from './agents/agents.ts';
import type { Runs } from './agents/runs.ts';
import type { BucketCommand, BucketOutcome } from './bucket/bucket-batch.ts';
import type { BucketDependencies } from './bucket/bucket-work.ts';
import type { Buckets } from './bucket/buckets.ts';
import type { Placement } from './cluster/placement.ts';
import type { DomainState } from './domain/domain-state.ts';
import type { DomainHandle, Domains } from './domain/domains.ts';
import type { Environment } from './environment.ts';
import type { Gate } from './gate.ts';
import { type DecisionAddress, parseDecisionId } from './identity/decision-id.ts';
import type { Relearning } from './messages/domain.ts';

export interface House {
  readonly env: Environment;
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  readonly domains: Domains;
  readonly buckets: Buckets;
  readonly agents: Agents;
  /** Key of the checks in decision ids, shared by all nodes. */
  readonly decisionKey: Uint8Array;
  /** The pseudonym of a person, the same as long as their salt is kept. */
  readonly pseudonym: (tenant: string, subject: string) => Promise<string>;
  /** The same of somebody who has one; undefined for others, and nothing is made for them. */
  readonly knownPseudonym: (tenant: string, subject: string) => Promise<string | undefined>;
  /** An explanation reads as much of the log as its bucket has: few at a time, so that decisions are not held up. */
  readonly explaining: Gate;
  /** So does looking up who comes after an arm that failed; but where an agent is down, many do, and none is turned away. */
  readonly ranking: Gate;
  /** Buckets of a domain that was rolled back or learns anew: thousands may be asked at once. */
  readonly refolding: Gate;
  /** Domains that learn anew for a configuration that is to take over, by the prefix of their buckets' streams. */
  readonly relearning: Map<string, Relearning>;
  /** Why a configuration that nobody waited for did not take over, by the same prefix. */
  readonly refused: Map<string, Problem>;
  /** Aborted when the node stops: what takes long ends. */
  readonly stopping: AbortSignal;
  /** Decisions made or read lately, by id: most rewards follow soon. */
  readonly recent: LRUCache<string, KnownDecision>;
  /** Runs that are under way or were answered lately, by what they ask for: of requests that may be repeated. */
  readonly runs: Runs;
  /** Which node a bucket belongs to, where there are several. */
  readonly placement?: Placement | undefined;
}

/** A recorded decision, as far as its rewards need it: its candidates are left to the log, there may be ten thousand of them. */
export interface KnownDecision {
  readonly eventId: string;
  readonly data: Pick<
    EventData<'DecisionMade'>,
    'domainRevision' | 'requestId' | 'features' | 'arm' | 'propensity' | 'slate' | 'run' | 'expectedCostUsd'
  >;
  /** The arm that answered, and what its call has cost, where this node saw it; else the log knows. */
  readonly answered?: { readonly arm: string; readonly costUsd?: number | undefined } | undefined;
}

/** What to remember of a decision. */
export function knownOf(eventId: string, data: KnownDecision['data']): KnownDecision {
  const { domainRevision, requestId, features, arm, propensity, slate, run, expectedCostUsd } = data;
  return { eventId, data: { domainRevision, requestId, features, arm, propensity, slate, run, expectedCostUsd } };
}

/** A decision found by its id. */
export interface FoundDecision extends KnownDecision {
  readonly decisionId: string;
  readonly domain: DomainHandle;
  readonly stream: string;
  readonly address: DecisionAddress;
}

/** The domain where it is at hand: nearly always, and without a promise. */
export function loadedDomain({ domains }: House, tenant: string, name: string): DomainHandle | undefined {
  const domain = domains.loaded(tenant, name);
  return domain?.timeline.latest === undefined ? undefined : domain;
}

/** @throws ReckonerError domain_unknown */
export async function domainOf({ domains }: House, tenant: string, name: string): Promise<DomainHandle> {
  const domain = domains.loaded(tenant, name) ?? (await domains.get(tenant, name));
  if (domain?.timeline.latest === undefined) throw noDomain();
  return domain;
}

/** The domain as it is now. @throws ReckonerError domain_unknown before its first configuration */
export function stateOf({ timeline }: DomainHandle): DomainState {
  if (timeline.latest === undefined) throw noDomain();
  return timeline.latest;
}

function noDomain(): ReckonerError {
  return new ReckonerError('domain_unknown', 'There is no domain of this name.');
}

/** Finds a decision by its address: in memory, or with one read of its stream. @throws ReckonerError decision_id_invalid, decision_unknown */
export async function findDecision(house: House, tenant: string, decisionId: string): Promise<FoundDecision> {
  const address = parseDecisionId(house.decisionKey, tenant, decisionId);
  const domain = await domainOf(house, tenant, address.domain);
  const stream = bucketPrefix(tenant, address.domain) + address.bucketId;
  let known = house.recent.get(decisionId);
  if (known === undefined) {
    const { id, data } = await readDecision(house, stream, address.revision);
    known = knownOf(id, data);
    house.recent.set(decisionId, known);
  }
  return {
    eventId: known.eventId,
    data: known.data,
    answered: known.answered,
    decisionId,
    domain,
    stream,
    address,
  };
}

/** All that was recorded of a decision. @throws ReckonerError decision_unknown */
export async function readDecision(
  { log }: House,
  stream: string,
  revision: number,
): Promise<Extract<DecodedEvent, { type: 'DecisionMade' }>> {
  const event = await eventAt(log, stream, revision);
  const decoded = event && decode(event);
  if (decoded?.type === 'DecisionMade') return decoded;
  throw new ReckonerError('decision_unknown', 'The log holds no decision of this id.');
}

/** The stored event of this id, decoded. */
export async function findEvent({ log }: House, id: string): Promise<DecodedEvent | undefined> {
  const event = await log.find(id);
  return event === undefined ? undefined : decode(event);
}

/** Hands a command to the bucket that writes the stream. */
export function handOver(house: House, { timeline, refresh }: DomainHandle, stream: string, command: BucketCommand) {
  const { env, log, snapshots, buckets, refolding } = house;
  const dependencies = (): BucketDependencies => ({
    stream,
    env,
    log,
    snapshots,
    timeline,
    refresh,
    refolding,
    climbs: true,
  });
  buckets.send(stream, dependencies, command);
}

/** Asks a bucket for an event; a refusal becomes an exception. */
export function ask(
  house: House,
  domain: DomainHandle,
  stream: string,
  { id, type, correlationId, causationId, make, before, apart }: Omit<BucketCommand, 'reply'>,
): Promise<Exclude<BucketOutcome, { status: 'failed' }>> {
  return new Promise((resolve, reject) => {
    const reply: BucketCommand['reply'] = (outcome) =>
      outcome.status === 'failed' ? reject(errorOf(outcome.problem)) : resolve(outcome);
    handOver(house, domain, stream, { id, type, correlationId, causationId, make, before, apart, reply });
  });
}

/** A duplicate that the log does not show after all: the store contradicts itself. */
export function vanished(): ReckonerError {
  return new ReckonerError('log_corrupt', 'The log refused an event id as used, and does not find it.');
}
