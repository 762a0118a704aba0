/** The composition root: the one place that knows all parts. Everything else is handed what it needs. */
import type { AgentDefinition } from '../../actors/agents/agent.ts';
import { createClient } from '../../actors/client.ts';
import type { Environment } from '../../actors/environment.ts';
import type { Health } from '../../actors/messages/health.ts';
import { DEFAULT_TENANT, type Reckoner } from '../../actors/reckoner.ts';
import { startSystem } from '../../actors/system.ts';
import type { ReckonerError } from '../../events/errors.ts';
import type { MessageBus } from '../../events/message-bus.ts';
import type { Analytics } from '../analytics/analytics.ts';
import type { NodeLog } from '../keeping/open-log.ts';
import type { ProjectingThread } from '../projector/thread.ts';
import type { DiskGuardOptions } from '../sqlite/disk-guard.ts';
import type { SqliteEventLogOptions } from '../sqlite/event-log.ts';
import type { Cli } from './cli.ts';
import { openBus } from './compose/bus.ts';
import { openCluster } from './compose/cluster.ts';
import { nodeEnvironment } from './compose/node-environment.ts';
import { createOpened } from './compose/opened.ts';
import { startProjecting } from './compose/projecting.ts';
import { openStores } from './compose/stores.ts';
import { openStreams } from './compose/streams.ts';
import { openNodeAnalytics } from './node-analytics.ts';

export interface NodeOptions {
  /** Where the log and the keys are kept; made where it is missing. Absent: everything in memory, gone at the end. */
  readonly dataDir?: string;
  /** The log's file, where several nodes share one and have data directories of their own; salts and keys lie beside it. */
  readonly logFile?: string;
  /**
   * What the environment says: EVENTSTORE_URL puts the log into EventStoreDB, NATS_URL is the bus of a node that joins. Default: what
   * is set for this process, without those two. Asked for with a data directory only.
   */
  readonly variables?: Cli['env'];
  /** Takes part beside other nodes where NATS_URL is set; without it nobody but this process is answered, as a command needs it. */
  readonly joins?: { readonly version: string };
  /** Makes ids, seeds and clock reproducible: one seed, one history. Absent: random ids and the machine’s clock. */
  readonly seed?: number;
  /** Name in every event, default the host’s name and a random part. */
  readonly nodeName?: string;
  /** Who carries arms out. */
  readonly agents?: readonly AgentDefinition[];
  readonly maxLiveBuckets?: number;
  readonly maxInFlight?: number;
  /** Told of actors that failed and were brought back, of what agents threw, and of other trouble that did not stop the node. */
  readonly onFailure?: (where: string, thrown: unknown) => void;
  /** Told when the disk becomes nearly full, with what is refused from then on, and with undefined when there is room again. */
  readonly onDisk?: (refusal: ReckonerError | undefined) => void;
  /** How the disk is watched; RECKONER_MIN_FREE_MB where no limit is given. */
  readonly disk?: Pick<DiskGuardOptions, 'minFreeBytes' | 'statfs' | 'everyMs'>;
  /** Whether read models are made from the log, in a thread of their own; only with a data directory, and from what was compiled. */
  readonly projections?: boolean;
  /** For tests and benches: settings of the log. */
  readonly log?: Omit<SqliteEventLogOptions, 'file'>;
}

/** A running node. */
export interface ReckonerNode {
  readonly reckoner: Reckoner;
  readonly log: NodeLog;
  readonly bus: MessageBus;
  readonly env: Environment;
  /** The thread that makes the read models, where it was asked for. */
  readonly projecting?: ProjectingThread;
  /** What is asked of the read models; absent where everything is in memory. */
  readonly analytics: Analytics | undefined;
  /** Settles when the domain has shared every prior that the log so far calls for. */
  settled(domain: string, tenant?: string): Promise<void>;
  /** Drains: refuses what comes, answers what is under way, writes everything down, releases the files. */
  close(): Promise<void>;
}

/**
 * @throws ReckonerError log_unusable, log_corrupt, log_newer, log_locked, keys_invalid, config_invalid, bus_unreachable, bus_refused,
 * bus_settings_invalid, salts_unreachable
 */
export async function openNode(options: NodeOptions = {}): Promise<ReckonerNode> {
  const { dataDir, logFile, seed, joins, onFailure = () => {} } = options;
  const variables = (dataDir === undefined ? undefined : options.variables) ?? embedded(process.env);
  const env = nodeEnvironment(seed, options.nodeName);
  const { node } = env;
  const opened = createOpened();
  try {
    const { bus, link } = opened.keep(await openBus({ variables, joins, node, onFailure }));
    const { disk, onDisk } = options;
    const stores = await openStores(
      { dataDir, logFile, link, seed, variables, onFailure, log: options.log, disk, onDisk },
      opened,
    );
    const { log, snapshots, salts, keys, files } = stores;
    const cluster =
      link === undefined || joins === undefined
        ? undefined
        : opened.keep(await openCluster({ bus, node, version: joins.version, log, onFailure }));
    const { agents, maxLiveBuckets, maxInFlight } = options;
    const onFault = (agent: string, thrown: unknown) => onFailure(`agent ${agent}`, thrown);
    const system = await startSystem({
      ...{ env, log, bus, snapshots, salts, keys, agents, maxLiveBuckets, maxInFlight, onFailure, onFault },
      placement: cluster?.placement,
    });
    cluster?.follow(system);
    const projecting =
      options.projections && files !== undefined
        ? startProjecting({ files, log, variables, node, onTrouble: onFailure })
        : undefined;
    const streams =
      link === undefined || joins === undefined
        ? undefined
        : await openStreams({
            link,
            bus,
            log,
            env,
            key: keys.pseudonym,
            placement: cluster?.placement,
            variables,
            onFailure,
          });
    if (projecting !== undefined) opened.keep({ close: projecting.stop });
    const analytics =
      files === undefined
        ? undefined
        : opened.keep(openNodeAnalytics({ file: files.readModels, log, salts, keys, env }));
    let closing: Promise<void> | undefined;
    return {
      analytics,
      reckoner: createClient(bus, () => healthWith(system.health(), log.trouble(), projecting?.status())),
      log,
      projecting,
      bus,
      env,
      settled: (domain, tenant = DEFAULT_TENANT) => system.settled(tenant, domain),
      close: () => {
        closing ??= (streams?.close() ?? Promise.resolve()).then(system.stop).then(opened.close);
        return closing;
      },
    };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}

/** The variables of this process without the servers: what is not told to use them does not. */
function embedded({ EVENTSTORE_URL: _log, NATS_URL: _bus, ...variables }: Cli['env']): Cli['env'] {
  return variables;
}

/**
 * A node whose log takes no appends can answer nothing: better that it is sent nothing. One whose read models are behind decides
 * as ever.
 */
function healthWith(health: Health, trouble: ReckonerError | undefined, projections: Health['projections']): Health {
  const whole = projections === undefined ? health : { ...health, projections };
  if (trouble === undefined) return whole;
  const { code, remedy } = trouble.problem;
  return { ...whole, ready: false, problem: { code, remedy } };
}
