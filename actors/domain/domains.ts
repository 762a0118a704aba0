/** The domains of this node: each loaded from its stream when first asked for, then kept up with the log. */
import { type Actor, createActor } from 'xstate';
import type { Draft } from '../../events/catalogue.ts';
import { errorOf, problemOf } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { eventId } from '../../events/ids.ts';
import { bucketPrefix, domainPrefix, domainStream } from '../../events/streams.ts';
import type { PriorShared } from '../../proto/generated/events.ts';
import type { Environment } from '../environment.ts';
import { FOLLOW_PAUSE_MS } from '../retries.ts';
import type { CompiledDomain, MakePolicy } from './compiled-domain.ts';
import { type Configurations, createConfigurations } from './configurations.ts';
import {
  type DomainCommand,
  type DomainDependencies,
  domainMachine,
  emptyWork,
  readOn,
  rejectCommands,
} from './domain.ts';
import { createTimeline, type DomainTimeline } from './domain-state.ts';
import { type Sharing, sharesPriors, startSharing } from './sharing.ts';

export interface DomainHandle {
  readonly tenant: string;
  readonly name: string;
  readonly timeline: DomainTimeline;
  /** The configuration in force at a revision. @throws ReckonerError log_corrupt where there is no such revision */
  compiledAt(revision: number): Promise<CompiledDomain>;
  /** Reads what others wrote to the domain's stream. */
  refresh(): Promise<void>;
  /** Records what `make` returns. @throws ReckonerError what `make` threw, or why it could not be written */
  execute(correlationId: string, make: DomainCommand['make']): Promise<void>;
  /** Settles when every prior that the log so far calls for has been shared. */
  settled(): Promise<void>;
  /** From when on a decision is the first of a day that no rollback point is known of; Infinity while that is looked up. */
  unmarkedFrom: number;
}

export interface DomainsDependencies {
  readonly log: EventLog;
  readonly env: Environment;
  readonly makePolicy: MakePolicy;
  /** Told when a domain's configuration changed, or it was frozen or thawed. */
  readonly onChange: (tenant: string, name: string) => void;
  /** Told when an actor failed and was brought back. */
  readonly onFailure: (stream: string, thrown: unknown) => void;
  /** Closes the reward windows of a domain that declares one; without it they stay open. */
  readonly closeWindows?: (domain: DomainHandle) => { stop(): void };
  /** Whether this node shares priors and closes windows for the domain of this stream; default true. */
  readonly leads?: (stream: string) => boolean;
}

export interface Domains {
  /** The domain if it is loaded already. */
  loaded(tenant: string, name: string): DomainHandle | undefined;
  /** The domain, or undefined where the log knows none of that name. */
  get(tenant: string, name: string): Promise<DomainHandle | undefined>;
  /** The domain, or an empty one ready to be configured. */
  open(tenant: string, name: string): Promise<DomainHandle>;
  /** Names of the tenant's domains, sorted. */
  names(tenant: string): Promise<readonly string[]>;
  readonly count: number;
  /** Begins or ends what only the domain's own node does, where `leads` says another thing than before. */
  leadershipChanged(): void;
  stop(): void;
}

type LoadedDomain = DomainHandle & {
  /** Follows the log where this node is to, and else stops. */
  follow(): void;
  stop(): void;
};

export function createDomains(dependencies: DomainsDependencies): Domains {
  const { log, makePolicy } = dependencies;
  const configurations = createConfigurations(log, makePolicy);
  const handles = new Map<string, LoadedDomain>();
  const loading = new Map<string, Promise<LoadedDomain>>();

  const load = (tenant: string, name: string) => {
    const stream = domainStream(tenant, name);
    const known = handles.get(stream);
    if (known !== undefined) return Promise.resolve(known);
    const under =
      loading.get(stream) ??
      loadDomain(dependencies, configurations, tenant, name).finally(() => loading.delete(stream));
    loading.set(stream, under);
    return under;
  };
  const keep = (handle: LoadedDomain) => {
    const stream = domainStream(handle.tenant, handle.name);
    const kept = handles.get(stream);
    // Of two that were loaded at once one must do: buckets would follow a timeline that nobody keeps up.
    if (kept !== undefined && kept !== handle) handle.stop();
    else handles.set(stream, handle);
    return kept ?? handle;
  };

  return {
    loaded: (tenant, name) => handles.get(domainStream(tenant, name)),
    async get(tenant, name) {
      const handle = await load(tenant, name);
      // A name that nobody configured is not kept: asking for made-up names must not fill the memory.
      return handle.timeline.latest === undefined ? undefined : keep(handle);
    },
    async open(tenant, name) {
      return keep(await load(tenant, name));
    },
    async names(tenant) {
      const prefix = domainPrefix(tenant);
      const names = new Set<string>();
      for await (const { stream } of log.readAll({ streamPrefix: prefix, types: ['DomainConfigured'] }))
        names.add(stream.slice(prefix.length));
      return [...names].sort();
    },
    get count() {
      return handles.size;
    },
    leadershipChanged() {
      for (const handle of handles.values()) handle.follow();
    },
    stop() {
      for (const handle of handles.values()) handle.stop();
    },
  };
}

async function loadDomain(
  { log, env, makePolicy, onChange, onFailure, closeWindows, leads = () => true }: DomainsDependencies,
  configurations: Configurations,
  tenant: string,
  name: string,
) {
  const stream = domainStream(tenant, name);
  const timeline = createTimeline(makePolicy);
  let sharing: Sharing | undefined;
  let windows: { stop(): void } | undefined;
  let stopped = false;
  const stopFollowers = () => {
    sharing?.stop();
    windows?.stop();
    sharing = undefined;
    windows = undefined;
  };
  const follow = () => {
    if (timeline.latest === undefined || stopped) return;
    if (!leads(stream)) {
      stopFollowers();
      return;
    }
    if (sharesPriors(timeline.latest)) sharing ??= share();
    if (timeline.latest.window !== undefined) windows ??= closeWindows?.(handle);
  };
  let loaded = false;
  const changed = () => {
    // What it reads at first changes nothing for anybody: nobody goes by it yet.
    if (!loaded) return;
    follow();
    onChange(tenant, name);
  };
  const work = emptyWork({ stream, log, env, timeline, changed } satisfies DomainDependencies);
  const refresh = () => readOn(work);
  await refresh();

  let actor: Actor<typeof domainMachine>;
  const start = () => {
    actor = createActor(domainMachine, { input: work });
    actor.subscribe({
      error: (thrown) => {
        // What waited is refused, not lost in silence; a fresh actor takes over the same memory of the log.
        rejectCommands(work, problemOf(thrown));
        onFailure(stream, thrown);
        start();
      },
    });
    actor.start();
  };
  start();

  const execute = (correlationId: string, make: DomainCommand['make']) =>
    new Promise<void>((resolve, reject) => {
      const reply: DomainCommand['reply'] = (outcome) => (outcome.ok ? resolve() : reject(errorOf(outcome.problem)));
      actor.send({ type: 'command', command: { correlationId, make, reply } });
    });

  const share = () =>
    startSharing(
      {
        log,
        timeline,
        refresh,
        streamPrefix: bucketPrefix(tenant, name),
        share: (due, since) =>
          execute(due[0]?.through ?? '', (known) =>
            due.flatMap((data) => priorDrafts(tenant, name, known, data, since)),
          ),
      },
      async (thrown) => {
        onFailure(stream, thrown);
        await env.sleep(FOLLOW_PAUSE_MS);
      },
    );
  const handle: LoadedDomain = {
    unmarkedFrom: 0,
    tenant,
    name,
    timeline,
    async compiledAt(revision: number) {
      if (revision >= timeline.length) await refresh();
      return configurations.at(stream, timeline, revision);
    },
    refresh,
    execute,
    settled: () => sharing?.settled() ?? Promise.resolve(),
    // The actor is left to answer what it is writing; without a log it refuses what comes.
    follow,
    stop: () => {
      stopped = true;
      stopFollowers();
    },
  };
  loaded = true;
  follow();
  return handle;
}

/** One sharing, unless another node recorded it already, or what it counts was set aside meanwhile. */
function priorDrafts(
  tenant: string,
  name: string,
  { latest }: DomainTimeline,
  data: PriorShared,
  since: number,
): readonly Draft[] {
  if (latest === undefined || latest.countedSince !== since || latest.counted >= data.counted) return [];
  // After a rollback the same number is come to again.
  const what = since < 0 ? `counted:${data.counted}` : `counted:${data.counted}:${since}`;
  return [{ id: eventId(tenant, name, what, 'PriorShared'), type: 'PriorShared', data }];
}
