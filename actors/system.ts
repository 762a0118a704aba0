/** The system: makes the actors, wires them to the bus, keeps domains up with the log, and takes everything down in order. */
import { LRUCache } from 'lru-cache';
import { createActor } from 'xstate';
import { type EventLog, type Position, START } from '../events/event-log.ts';
import type { MessageBus } from '../events/message-bus.ts';
import type { SnapshotStore } from '../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../events/streams.ts';
import type { SubjectSalts } from '../events/subjects.ts';
import { createPolicy } from '../policies/catalogue.ts';
import type { AgentDefinition } from './agents/agent.ts';
import { createAgents } from './agents/agents.ts';
import { createRuns } from './agents/runs.ts';
import { type Buckets, createBuckets } from './bucket/buckets.ts';
import { silenceAtOwner } from './cluster/forwarding.ts';
import type { Placement } from './cluster/placement.ts';
import type { MakePolicy } from './domain/compiled-domain.ts';
import { createDomains, type DomainHandle } from './domain/domains.ts';
import { followDomains } from './domain/follow-domains.ts';
import type { Environment } from './environment.ts';
import { createGate } from './gate.ts';
import type { House } from './house.ts';
import { createPseudonyms, knownPseudonym } from './identity/pseudonyms.ts';
import type { Health } from './messages/health.ts';
import { FOLLOW_PAUSE_MS } from './retries.ts';
import { followWindows } from './rewards/windows.ts';
import { answer, routerMachine } from './router.ts';

export interface SystemOptions {
  readonly env: Environment;
  readonly log: EventLog;
  readonly bus: MessageBus;
  readonly snapshots: SnapshotStore;
  readonly salts: SubjectSalts;
  readonly keys: { readonly decision: Uint8Array; readonly pseudonym: Uint8Array };
  /** Who carries arms out: an arm’s agent is the one that its configuration names, else the one of its name. */
  readonly agents?: readonly AgentDefinition[];
  readonly makePolicy?: MakePolicy;
  readonly maxLiveBuckets?: number;
  readonly maxInFlight?: number;
  /** Which node each bucket belongs to, where there are several: this one takes part from when it is started. */
  readonly placement?: Placement | undefined;
  /** Told of every actor that failed and was brought back: stream and error, for the operator’s log. */
  readonly onFailure?: (stream: string, thrown: unknown) => void;
  /** Told what agents threw when they were asked: their callers are told the category only. */
  readonly onFault?: (agent: string, thrown: unknown) => void;
}

export interface System {
  health(): Health;
  /** How far this node has looked through the log for what changes its domains. */
  seen(): Position;
  /** Settles when the domain has shared every prior that the log so far calls for. */
  settled(tenant: string, domain: string): Promise<void>;
  /** Refuses what comes, answers what is under way, puts the buckets away. */
  stop(): Promise<void>;
}

/** Decisions that are kept in memory for their rewards. */
const RECENT_DECISIONS = 2_000;
/** Two, so that a short one need not wait for a long one. */
const EXPLAINED_AT_ONCE = 2;
const EXPLANATIONS_WAITING = 16;
const RANKED_AT_ONCE = 4;
/** Two, so that a short one need not wait for a long one: the more at once, the longer the loop is held. */
const REFOLDED_AT_ONCE = 2;
/** How long requests under way are waited for when the node stops, in milliseconds. */
const DRAIN_MS = 10_000;
/** How long other nodes may take to learn that this one takes no more, in milliseconds. */
const WITHDRAW_MS = 2_000;
/** What is busy for longer is put away like any other, when others need its room. */
const RELEASE_TRIES = 20;
const RELEASE_PAUSE_MS = 250;

export async function startSystem(options: SystemOptions): Promise<System> {
  const { env, log, bus, snapshots, keys, placement, makePolicy = createPolicy } = options;
  let restarts = 0;
  const onFailure = (stream: string, thrown: unknown) => {
    restarts += 1;
    options.onFailure?.(stream, thrown);
  };
  const buckets = createBuckets({ maxLive: options.maxLiveBuckets, onFailure });
  const onChange = (tenant: string, name: string) => buckets.domainChanged(bucketPrefix(tenant, name));
  const closeWindows = (domain: DomainHandle) => startWindows(house, domain, onFailure);
  const isHere = (stream: string) => placement === undefined || placement.ownerOf(stream) === placement.self;
  const domains = createDomains({ log, env, makePolicy, onChange, onFailure, closeWindows, leads: isHere });
  const agents = createAgents(options.agents ?? [], { log, env, onFailure, onFault: options.onFault });
  const stopping = new AbortController();
  const house: House = {
    env,
    log,
    snapshots,
    domains,
    buckets,
    agents,
    decisionKey: keys.decision,
    pseudonym: createPseudonyms(options.salts, keys.pseudonym),
    knownPseudonym: (tenant, subject) => knownPseudonym(options.salts, keys.pseudonym, tenant, subject),
    explaining: createGate('explanations', { atOnce: EXPLAINED_AT_ONCE, waiting: EXPLANATIONS_WAITING }),
    ranking: createGate('agents', { atOnce: RANKED_AT_ONCE, waiting: Infinity }),
    refolding: createGate('buckets', { atOnce: REFOLDED_AT_ONCE, waiting: Infinity }),
    relearning: new Map(),
    refused: new Map(),
    stopping: stopping.signal,
    recent: new LRUCache({ max: RECENT_DECISIONS }),
    runs: createRuns(),
    placement,
  };

  const router = createActor(routerMachine, { input: { house, limit: options.maxInFlight } });
  router.subscribe({ error: (thrown) => onFailure('router', thrown) });
  router.start();
  const responders = ['decide.*', 'run.*', 'reward.*', 'retract.*', 'items.*', 'blend.*', 'control.*.*', 'query.*'].map(
    (pattern) => bus.respond(pattern, (message) => answer(router, message)),
  );

  if (placement !== undefined) {
    responders.push(placement.respond((message) => answer(router, message)));
    placement.onChange(() => {
      domains.leadershipChanged();
      void release(buckets, isHere, env);
    });
  }

  const following = new AbortController();
  let seen = START;
  void followDomains(options, domains, following.signal, onFailure, (position) => {
    seen = position;
  });
  placement?.join();

  return {
    health: () => {
      const { value, context } = router.getSnapshot();
      return {
        ready: value === 'open',
        state: value,
        liveBuckets: buckets.live,
        inFlight: context.work.inFlight,
        domains: domains.count,
        restarts,
      };
    },
    seen: () => seen,
    settled: async (tenant, name) => (await domains.get(tenant, name))?.settled(),
    async stop() {
      stopping.abort();
      placement?.leave();
      // Within a process there is nobody to withdraw from, and what comes from now on is refused.
      const withdrawing = responders.flatMap((responder) => responder.withdraw?.() ?? []);
      if (withdrawing.length > 0) await Promise.race([Promise.all(withdrawing), env.sleep(WITHDRAW_MS)]);
      const drained = new Promise<void>((resolve) => router.send({ type: 'drain', drained: resolve }));
      // A log that never says whether it wrote must not keep the node from stopping: its callers are told at the next start.
      await Promise.race([drained, env.sleep(DRAIN_MS)]);
      await agents.stop();
      await Promise.all(responders.map((responder) => responder.close()));
      following.abort();
      placement?.stop();
      domains.stop();
      buckets.passivateAll();
      router.stop();
    },
  };
}

/** Puts away what belongs to other nodes now; what is busy a little later. */
async function release(buckets: Buckets, isHere: (stream: string) => boolean, env: Environment): Promise<void> {
  for (let tries = 0; buckets.release(isHere) > 0 && tries < RELEASE_TRIES; tries++) await env.sleep(RELEASE_PAUSE_MS);
}

/** Closes the reward windows of a domain until stopped. */
function startWindows(
  house: House,
  domain: DomainHandle,
  onFailure: (stream: string, thrown: unknown) => void,
): { stop(): void } {
  const { env, log, snapshots } = house;
  const { tenant, name, timeline, refresh } = domain;
  const stream = domainStream(tenant, name);
  const close = (bucket: string, revision: number) => silenceAtOwner(house, domain, bucket, revision);
  // Of several nodes only the domain's own closes its windows: it has nobody to stand by for.
  const standbyMs = house.placement === undefined ? undefined : 0;
  return followWindows(
    {
      ...{ env, log, snapshots, timeline, refresh, standbyMs, close },
      ...{ domainStream: stream, streamPrefix: bucketPrefix(tenant, name) },
    },
    async (thrown) => {
      onFailure(stream, thrown);
      await env.sleep(FOLLOW_PAUSE_MS);
    },
  );
}
