/** The composition root: the one place that knows all parts. Everything else is handed what it needs. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { AgentDefinition } from '../../actors/agents/agent.ts';
import { createClient } from '../../actors/client.ts';
import type { Environment } from '../../actors/environment.ts';
import type { Health } from '../../actors/messages/health.ts';
import { DEFAULT_TENANT, type Reckoner } from '../../actors/reckoner.ts';
import { startSystem } from '../../actors/system.ts';
import { ReckonerError } from '../../events/errors.ts';
import { START } from '../../events/event-log.ts';
import { uuidV5 } from '../../events/ids.ts';
import type { MessageBus } from '../../events/message-bus.ts';
import type { Analytics } from '../analytics/analytics.ts';
import { openKeys } from '../keys/keys.ts';
import { createInProcessBus } from '../memory/message-bus.ts';
import { allProjections } from '../projector/catalogue.ts';
import { READ_MODELS_FILE } from '../projector/file.ts';
import { type ProjectingThread, startProjectingThread } from '../projector/thread.ts';
import { withBases } from '../sqlite/bases.ts';
import { type DiskGuardOptions, minFreeFrom, watchDisk } from '../sqlite/disk-guard.ts';
import { openSqliteEventLog, type SqliteEventLog, type SqliteEventLogOptions } from '../sqlite/event-log.ts';
import { openSnapshotStore } from '../sqlite/snapshot-store.ts';
import { openSubjectSalts } from '../sqlite/subject-salts.ts';
import { openNodeAnalytics } from './node-analytics.ts';

export interface NodeOptions {
  /** Where the log and the keys are kept; made where it is missing. Absent: everything in memory, gone at the end. */
  readonly dataDir?: string;
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
  readonly log: SqliteEventLog;
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

/** Files of a data directory. */
export const dataFiles = {
  log: 'events.db',
  snapshots: 'snapshots.db',
  salts: 'subjects.db',
  readModels: READ_MODELS_FILE,
} as const;

/** @throws ReckonerError log_unusable, log_corrupt, log_newer, log_locked, keys_invalid */
export async function openNode(options: NodeOptions = {}): Promise<ReckonerNode> {
  const { dataDir, seed, onFailure = () => {} } = options;
  const env = seed === undefined ? realEnvironment(options.nodeName) : seededEnvironment(seed, options.nodeName);
  if (dataDir !== undefined) makeDirectory(dataDir);
  const file = (name: string) => (dataDir === undefined ? ':memory:' : join(dataDir, name));
  const keys =
    dataDir === undefined
      ? { decision: randomOr(seed, 'decision'), pseudonym: randomOr(seed, 'pseudonym') }
      : await openKeys({ dataDir, env: process.env, logExists: () => holdsEvents(file(dataFiles.log)) });
  const lost = dataDir === undefined ? undefined : lostLog(dataDir);
  if (lost !== undefined) onFailure('log', lost);
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.unshift(part);
    return part;
  };
  const closeParts = async () => {
    for (const part of opened) await part.close();
  };
  try {
    const guard =
      dataDir === undefined
        ? undefined
        : watchDisk({
            minFreeBytes: minFreeFrom(process.env),
            ...options.disk,
            directory: dataDir,
            onTurn: options.onDisk,
          });
    if (guard !== undefined) keep({ close: async () => guard.close() });
    const log = keep(openSqliteEventLog({ ...options.log, guard, file: file(dataFiles.log) }));
    const onError = (thrown: unknown) => onFailure('snapshots', thrown);
    const snapshots = withBases(keep(openSnapshotStore({ file: file(dataFiles.snapshots), guard, onError })), log);
    const newSalt = seed === undefined ? undefined : saltsOf(seed);
    const salts = keep(openSubjectSalts({ file: file(dataFiles.salts), guard, newSalt }));
    const bus = keep(createInProcessBus({ onError: (thrown) => onFailure('bus', thrown) }));
    const { agents, maxLiveBuckets, maxInFlight } = options;
    const onFault = (agent: string, thrown: unknown) => onFailure(`agent ${agent}`, thrown);
    const system = await startSystem({
      ...{ env, log, bus, snapshots, salts, keys, agents, maxLiveBuckets, maxInFlight, onFailure, onFault },
    });
    let projecting: ProjectingThread | undefined;
    if (options.projections && dataDir !== undefined && WORKER !== undefined) {
      projecting = startProjectingThread({
        ...{ script: WORKER, logFile: file(dataFiles.log), file: file(dataFiles.readModels) },
        ...{ owner: `${env.node} ${randomUUID()}`, random: Math.random, onTrouble: onFailure },
        projections: allProjections(log).map(({ name }) => name),
      });
      keep({ close: projecting.stop });
    }
    const readModels = dataDir === undefined ? undefined : file(dataFiles.readModels);
    const analytics =
      readModels === undefined ? undefined : keep(openNodeAnalytics({ file: readModels, log, salts, keys, env }));
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
        closing ??= system.stop().then(closeParts);
        return closing;
      },
    };
  } catch (thrown) {
    await closeParts();
    throw thrown;
  }
}

/** Node 20 does not run TypeScript: from the sources, as tests do, there are no threads. */
const WORKER = import.meta.url.endsWith('.ts') ? undefined : new URL('../projector/worker.js', import.meta.url);

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

/** Makes what is missing of the path, one level at a time: Node's own recursion does not end where a file system refuses. */
function makeDirectory(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  try {
    for (const level of missing) mkdirSync(level, { mode: 0o700 });
  } catch (cause) {
    // Another process that starts at the same time may have been quicker.
    if (existsSync(path)) return;
    throw new ReckonerError('log_unusable', `The data directory ${path} cannot be made.`, { cause });
  }
}

/**
 * What to say where the log is gone and what was made from it is still there. A fresh machine may be given its keys before its
 * first start, so they alone tell nothing. Not a reason to refuse: a node that decides anew may be better than none.
 */
export function lostLog(dataDir: string): ReckonerError | undefined {
  const there = (name: string) => existsSync(join(dataDir, name)) && statSync(join(dataDir, name)).size > 0;
  const left = [dataFiles.snapshots, dataFiles.salts].filter(there);
  if (there(dataFiles.log) || left.length === 0) return undefined;
  const files = left.length === 1 ? `${left[0]} is` : `${left.join(' and ')} are`;
  const log = join(dataDir, dataFiles.log);
  return new ReckonerError(
    'log_unusable',
    `${log} is gone, but ${files} still there: an earlier log was lost or deleted.`,
    {
      remedy: `If you did not mean to begin anew, stop now and put ${log} back from its backup: an empty log knows nothing from before, and two logs cannot be merged later.`,
    },
  );
}

/** Whether a log with events lies there: then its keys must be there too. */
async function holdsEvents(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const log = openSqliteEventLog({ file });
  try {
    return (await log.head()) !== START;
  } finally {
    await log.close();
  }
}

function realEnvironment(name = `${hostname()}-${randomBytes(3).toString('hex')}`): Environment {
  // Random seeds are drawn many at once: a call to the system's generator for each would cost more than a choice.
  let pool = new Uint32Array(0);
  let used = 0;
  return {
    node: name,
    now: () => Date.now(),
    uuid: () => randomUUID(),
    seed: () => {
      if (used === pool.length) {
        pool = crypto.getRandomValues(new Uint32Array(1024));
        used = 0;
      }
      return pool[used++] ?? 0;
    },
    sleep,
  };
}

/** Longest delay that a timer of Node takes; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Not the timer of node:timers/promises: that one makes an error, stack and all, for every sleep that is cut short.
    const timer = setTimeout(resolve, Math.min(ms, LONGEST_MS)).unref();
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Noon of 1 January 2026, where reproducible histories begin. */
const SEEDED_START = 1_767_268_800_000;

function seededEnvironment(seed: number, name = 'seeded'): Environment {
  // Neighbouring seeds begin alike in this generator: a hash sets them apart.
  const random = xoroshiro128plus(Number.parseInt(uuidV5(`seeds:${seed}`).slice(0, 8), 16));
  let ticks = 0;
  let ids = 0;
  return {
    node: name,
    now: () => SEEDED_START + ticks++,
    uuid: () => uuidV5(`seeded:${seed}:${ids++}`),
    seed: () => random.next() >>> 0,
    sleep,
  };
}

function randomOr(seed: number | undefined, purpose: string): Uint8Array {
  return seed === undefined
    ? randomBytes(32)
    : Buffer.from(uuidV5(`${purpose}:${seed}`).replaceAll('-', '').repeat(2).slice(0, 64), 'hex');
}

function saltsOf(seed: number): () => Uint8Array {
  let made = 0;
  return () => Buffer.from(uuidV5(`salt:${seed}:${made++}`).replaceAll('-', ''), 'hex');
}
