/** The system: makes the actors, wires them to the bus, keeps domains up with the log, and takes everything down in order. */
import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { createActor } from 'xstate';
import type { EventLog, Position } from '../events/event-log.ts';
import type { MessageBus } from '../events/message-bus.ts';
import type { SnapshotStore } from '../events/snapshot-store.ts';
import type { SubjectSalts } from '../events/subjects.ts';
import { createPolicy } from '../policies/catalogue.ts';
import { createBuckets } from './buckets.ts';
import type { MakePolicy } from './domain-state.ts';
import { createDomains } from './domains.ts';
import type { Environment } from './environment.ts';
import type { House } from './house.ts';
import type { Health } from './messages.ts';
import { answer, routerMachine } from './router.ts';
import { bucketPrefix, DOMAIN_STREAMS, domainOfStream } from './streams.ts';

export interface SystemOptions {
  readonly env: Environment;
  readonly log: EventLog;
  readonly bus: MessageBus;
  readonly snapshots: SnapshotStore;
  readonly salts: SubjectSalts;
  readonly keys: { readonly decision: Uint8Array; readonly pseudonym: Uint8Array };
  readonly makePolicy?: MakePolicy;
  readonly maxLiveBuckets?: number;
  readonly maxInFlight?: number;
  /** Told of every actor that failed and was brought back: stream and error, for the operator’s log. */
  readonly onFailure?: (stream: string, thrown: unknown) => void;
}

export interface System {
  health(): Health;
  /** Settles when the domain has shared every prior that the log so far calls for. */
  settled(tenant: string, domain: string): Promise<void>;
  /** Refuses what comes, answers what is under way, puts the buckets away. */
  stop(): Promise<void>;
}

/** Decisions that are kept in memory for their rewards. */
const RECENT_DECISIONS = 2_000;
const KNOWN_SUBJECTS = 10_000;

export async function startSystem(options: SystemOptions): Promise<System> {
  const { env, log, bus, snapshots, keys, makePolicy = createPolicy } = options;
  let restarts = 0;
  const onFailure = (stream: string, thrown: unknown) => {
    restarts += 1;
    options.onFailure?.(stream, thrown);
  };
  const buckets = createBuckets({ maxLive: options.maxLiveBuckets, onFailure });
  const onChange = (tenant: string, name: string) => buckets.domainChanged(bucketPrefix(tenant, name));
  const domains = createDomains({ log, env, makePolicy, onChange, onFailure });
  const house: House = {
    env,
    log,
    snapshots,
    domains,
    buckets,
    decisionKey: keys.decision,
    pseudonym: pseudonyms(options.salts, keys.pseudonym),
    recent: new LRUCache({ max: RECENT_DECISIONS }),
  };

  const router = createActor(routerMachine, { input: { house, limit: options.maxInFlight } });
  router.subscribe({ error: (thrown) => onFailure('router', thrown) });
  router.start();
  const responders = ['decide.*', 'reward.*', 'retract.*', 'items.*', 'control.*.*', 'query.*'].map((pattern) =>
    bus.respond(pattern, (message) => answer(router, message)),
  );

  const following = new AbortController();
  void follow(options, domains, following.signal, onFailure);

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
    settled: async (tenant, name) => (await domains.get(tenant, name))?.settled(),
    async stop() {
      const drained = new Promise<void>((resolve) => router.send({ type: 'drain', drained: resolve }));
      // A log that never says whether it wrote must not keep the node from stopping: its callers are told at the next start.
      await Promise.race([drained, env.sleep(DRAIN_MS)]);
      await Promise.all(responders.map((responder) => responder.close()));
      following.abort();
      domains.stop();
      buckets.passivateAll();
      router.stop();
    },
  };
}

/** How long requests under way are waited for when the node stops, in milliseconds. */
const DRAIN_MS = 10_000;

const FOLLOW_TRIES = 3;

/** Follows the domains' streams, so that what other processes configure takes effect here without a restart. */
async function follow(
  { log, env }: SystemOptions,
  domains: ReturnType<typeof createDomains>,
  signal: AbortSignal,
  onFailure: (stream: string, thrown: unknown) => void,
): Promise<void> {
  let after: Position | undefined;
  let tries = 0;
  while (!signal.aborted) {
    try {
      after ??= await log.head();
      for await (const message of log.subscribe({ after, streamPrefix: DOMAIN_STREAMS, signal })) {
        if (message.type === 'caughtUp') {
          after = message.position;
          continue;
        }
        const { stream, revision, position } = message.event;
        const { tenant, name } = domainOfStream(stream);
        const domain = domains.loaded(tenant, name);
        tries += 1;
        // Passed by only when read, or given up: one damaged domain must not keep the others from being followed.
        if (tries >= FOLLOW_TRIES) {
          after = position;
          tries = 0;
        }
        if (domain !== undefined && revision >= domain.timeline.states.length) await domain.refresh();
        after = position;
        tries = 0;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      onFailure('domains', thrown);
      await env.sleep(500);
    }
  }
}

/** HMAC of the subject under a random salt of their own: erasing the salt erases the link between person and events. */
function pseudonyms(salts: SubjectSalts, key: Uint8Array): House['pseudonym'] {
  const known = new LRUCache<string, string>({ max: KNOWN_SUBJECTS });
  return async (tenant, subject) => {
    // The salts are found by a keyed hash, so that their store names nobody either.
    const lookup = createHmac('sha256', key).update(`${tenant}\u001f${subject}`).digest();
    const name = lookup.toString('base64url');
    const found = known.get(name);
    if (found !== undefined) return found;
    const salt = await salts.saltOf(lookup);
    const pseudonym = createHmac('sha256', salt).update(lookup).digest('base64url').slice(0, 22);
    known.set(name, pseudonym);
    return pseudonym;
  };
}
