/**
 * A stage for buckets and domains: *given* facts in the log, *when* a command comes in by the front door, *then* these events
 * follow and this is the answer. The log, the policies, the bus and all the actors are the real ones.
 */
import type { AgentDefinition } from '../../actors/agents/agent.ts';
import { createClient } from '../../actors/client.ts';
import type { Placement } from '../../actors/cluster/placement.ts';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { MakePolicy } from '../../actors/domain/compiled-domain.ts';
import type { Environment } from '../../actors/environment.ts';
import type { Reckoner } from '../../actors/reckoner.ts';
import { startSystem } from '../../actors/system.ts';
import { createInProcessBus } from '../../adapters/memory/message-bus.ts';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { openSnapshotStore } from '../../adapters/sqlite/snapshot-store.ts';
import { openSubjectSalts } from '../../adapters/sqlite/subject-salts.ts';
import { type DecodedEvent, decode, decodeMetadata } from '../../events/catalogue.ts';
import { type Problem, ReckonerError } from '../../events/errors.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import { uuidV5 } from '../../events/ids.ts';
import type { MessageBus } from '../../events/message-bus.ts';
import { chainHash, EMPTY_HEAD, seal } from '../../events/seal.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../../events/streams.ts';
import { type Fact, type FactWriter, writeFact } from './facts.ts';

export const DOMAIN = 'testing';
export const TENANT = 'default';

/** Noon UTC of Thursday, 1 January 2026. */
export const NOON = Date.UTC(2026, 0, 1, 12);

export interface StageOptions {
  readonly log?: EventLog;
  /** Default: within the process. */
  readonly bus?: MessageBus;
  readonly snapshots?: SnapshotStore;
  readonly makePolicy?: MakePolicy;
  readonly agents?: readonly AgentDefinition[];
  /** Default: waiting costs one turn of the event loop, so that retries and timeouts come at once. */
  readonly sleep?: Environment['sleep'];
  readonly maxInFlight?: number;
  readonly maxLiveBuckets?: number;
  readonly node?: string;
  /** Of several nodes: which buckets are this one's. */
  readonly placement?: Placement;
  readonly seed?: number;
}

/** What a command led to. */
export interface Scene<T> {
  /** The answer; throws where there was a problem instead. */
  readonly answer: T;
  /** The problem, undefined where there was an answer. */
  readonly problem: Problem | undefined;
  /** What was appended meanwhile, in the order of the log. */
  readonly events: readonly DecodedEvent[];
}

export interface Stage {
  readonly reckoner: Reckoner;
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  /** Where something failed and was brought back. */
  readonly failures: readonly { readonly where: string; readonly thrown: unknown }[];
  /** What the clock says to the next request. */
  time: number;
  when<T>(command: (reckoner: Reckoner) => Promise<T>): Promise<Scene<T>>;
  /** Everything in the log, or what is of these types. */
  events(...types: readonly DecodedEvent['type'][]): Promise<DecodedEvent[]>;
  settled(): Promise<void>;
  /** Puts the actors away; the log and the snapshots stay. */
  stop(): Promise<void>;
}

export const keys = { decision: Buffer.alloc(32, 7), pseudonym: Buffer.alloc(32, 9) };

/** Writes the facts and opens a stage over them. */
export async function given(facts: readonly Fact[], options: StageOptions = {}): Promise<Stage> {
  const log = options.log ?? openSqliteEventLog({ file: ':memory:' });
  await record(log, facts);
  return openStage({ ...options, log });
}

/** A domain that was just configured, and nothing else. */
export function configured(config: DomainConfigInput = { arms: ['red', 'blue'] }): Fact {
  return { type: 'DomainConfigured', config };
}

async function record(log: EventLog, facts: readonly Fact[]): Promise<void> {
  const heads = new Map<string, typeof EMPTY_HEAD>();
  const writer: FactWriter = {
    domainRevision: -1,
    revisionOf: (stream) => (heads.get(stream) ?? EMPTY_HEAD).revision,
    domainStream: domainStream(TENANT, DOMAIN),
    bucketPrefix: bucketPrefix(TENANT, DOMAIN),
  };
  for (const [index, fact] of facts.entries()) {
    const { stream, type, data } = writeFact(writer, fact);
    const id = uuidV5(`fact:${index}`);
    const envelope = { correlationId: 'given', causationId: '', time: NOON, writer: 'given' };
    // Facts pair their type with its data.
    const draft = { id, type, data } as Parameters<typeof seal>[0];
    const sealed = seal(draft, envelope, heads.get(stream) ?? EMPTY_HEAD, stream);
    const result = await log.append(stream, sealed.head.revision - 1, [sealed.record]);
    if (result.status !== 'appended') throw new Error(`the fact ${index} was not recorded: ${JSON.stringify(result)}`);
    heads.set(stream, sealed.head);
  }
}

/** A stage that is opened anew over a log must not draw the ids of the one before it. */
let opened = 0;

/** Starts the actors over a log. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { makePolicy, agents, maxInFlight, maxLiveBuckets, placement } = options;
  const log = options.log ?? openSqliteEventLog({ file: ':memory:' });
  const snapshots = options.snapshots ?? openSnapshotStore({ file: ':memory:' });
  const failures: Stage['failures'][number][] = [];
  const onFailure = (where: string, thrown: unknown) => void failures.push({ where, thrown });
  const bus = options.bus ?? createInProcessBus({ onError: (thrown) => onFailure('bus', thrown) });
  const salts = openSubjectSalts({ file: ':memory:', newSalt: () => Buffer.alloc(16, 3) });
  const { sleep = () => new Promise<void>((resolve) => setImmediate(resolve)) } = options;
  const env = environment(options.node ?? 'stage', options.seed ?? ++opened, () => stage.time++, sleep);
  const stage: { time: number } = { time: NOON };
  const system = await startSystem({
    ...{ env, log, bus, snapshots, salts, keys, makePolicy, agents, maxInFlight, maxLiveBuckets, onFailure, placement },
  });
  const reckoner = createClient(bus, system.health);
  let stopping: Promise<void> | undefined;

  return Object.assign(stage, {
    reckoner,
    log,
    snapshots,
    failures,
    async when<T>(command: (reckoner: Reckoner) => Promise<T>): Promise<Scene<T>> {
      const after = await log.head();
      const [outcome] = await Promise.allSettled([command(reckoner)]);
      const events = await decodedOf(log.readAll({ after }));
      return {
        events,
        get answer() {
          if (outcome.status === 'rejected') throw outcome.reason;
          return outcome.value;
        },
        problem: outcome.status === 'rejected' ? problemIn(outcome.reason) : undefined,
      };
    },
    events: (...types: readonly DecodedEvent['type'][]) => decodedOf(log.readAll(types.length === 0 ? {} : { types })),
    settled: () => system.settled(TENANT, DOMAIN),
    stop: () => {
      stopping ??= system.stop();
      return stopping;
    },
  });
}

function problemIn(thrown: unknown): Problem {
  if (thrown instanceof ReckonerError) return thrown.problem;
  throw thrown;
}

function environment(node: string, seed: number, now: () => number, sleep: Environment['sleep']): Environment {
  let drawn = 0;
  const next = (purpose: string) => uuidV5(`${purpose}:${node}:${seed}:${drawn++}`);
  return {
    node,
    now,
    uuid: () => next('uuid'),
    seed: () => Number.parseInt(next('seed').slice(0, 8), 16),
    sleep,
  };
}

/** The events that this version knows, decoded. */
export async function decodedOf(events: AsyncIterable<RecordedEvent>): Promise<DecodedEvent[]> {
  const all: DecodedEvent[] = [];
  for await (const event of events) {
    const decoded = decode(event);
    if (decoded !== undefined) all.push(decoded);
  }
  return all;
}

/** Every stream of the log is whole: revisions 0, 1, 2, … and each event names the hash of the one before it. */
export async function brokenLinks(log: EventLog): Promise<string[]> {
  const heads = new Map<string, typeof EMPTY_HEAD>();
  const broken: string[] = [];
  for await (const event of log.readAll()) {
    const head = heads.get(event.stream) ?? EMPTY_HEAD;
    const previous = decodeMetadata(event).previousHash;
    if (event.revision !== head.revision + 1) broken.push(`${event.stream}: ${event.revision} after ${head.revision}`);
    if (Buffer.compare(previous, head.hash) !== 0) broken.push(`${event.stream}: ${event.revision} breaks the chain`);
    heads.set(event.stream, { revision: event.revision, hash: chainHash(event) });
  }
  return broken;
}

/** The code of the problem that a promise was rejected with; fails where it was not. */
export async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === 'rejected') return problemIn(outcome.reason);
  throw new Error(`there was an answer instead of a problem: ${JSON.stringify(outcome.value)}`);
}
