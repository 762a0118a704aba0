/**
 * The stores of a node. What all nodes share (log, salts of people, keys) and what each has for itself (snapshots, index of ids, read
 * models) may be in one directory, in two, or the shared part on servers.
 */
import { dirname, join, resolve } from 'node:path';
import { ReckonerError } from '../../../events/errors.ts';
import type { SnapshotStore } from '../../../events/snapshot-store.ts';
import type { SubjectSalts } from '../../../events/subjects.ts';
import { isElsewhere, type NodeLog, openLog } from '../../keeping/open-log.ts';
import { openKeys, readKeys } from '../../keys/keys.ts';
import type { NatsLink } from '../../nats/connection.ts';
import { withBases } from '../../sqlite/bases.ts';
import { type DiskGuard, type DiskGuardOptions, minFreeFrom, watchDisk } from '../../sqlite/disk-guard.ts';
import type { SqliteEventLogOptions } from '../../sqlite/event-log.ts';
import { openSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { openSubjectSalts } from '../../sqlite/subject-salts.ts';
import type { Cli } from '../cli.ts';
import { dataFiles, holdsEvents, lostLog, makeDirectory } from './data-files.ts';
import { randomOr, saltsOf } from './node-environment.ts';
import type { Opened } from './opened.ts';

export interface StoresOptions {
  /** Made where it is missing. Absent: everything in memory. */
  readonly dataDir: string | undefined;
  /** The log's file, where nodes share one and have data directories of their own; salts and keys are beside it. */
  readonly logFile?: string | undefined;
  /** The connection over which salts are shared, where the log is on a server too. */
  readonly link?: NatsLink | undefined;
  readonly seed: number | undefined;
  readonly variables: Cli['env'];
  readonly log: Omit<SqliteEventLogOptions, 'file'> | undefined;
  readonly disk: Pick<DiskGuardOptions, 'minFreeBytes' | 'statfs' | 'everyMs'> | undefined;
  readonly onDisk: ((refusal: ReckonerError | undefined) => void) | undefined;
  readonly onFailure: (where: string, thrown: unknown) => void;
}

export interface Stores {
  readonly log: NodeLog;
  readonly snapshots: SnapshotStore;
  readonly salts: SubjectSalts;
  readonly keys: { readonly decision: Uint8Array; readonly pseudonym: Uint8Array };
  /** Where the read models are and what they are made of; absent where everything is in memory. */
  readonly files: StoreFiles | undefined;
}

export interface StoreFiles {
  /** Of the log, where it is a file. */
  readonly log: string;
  /** Of the index of ids, where the log is on a server: one that is no node's own. */
  readonly index: string;
  readonly readModels: string;
}

/** @throws ReckonerError log_unusable, log_corrupt, log_newer, log_locked, keys_invalid, config_invalid, salts_unreachable */
export async function openStores(options: StoresOptions, { keep }: Opened): Promise<Stores> {
  const { dataDir, seed, variables, onFailure, link } = options;
  const elsewhere = isElsewhere(variables);
  if (elsewhere && options.logFile !== undefined)
    throw new ReckonerError('config_invalid', 'EVENTSTORE_URL is set, and a file is named for the log too.', {
      remedy: 'Decide for one of them: unset EVENTSTORE_URL, or leave --log-file and RECKONER_LOG_FILE out.',
    });
  const logFile = options.logFile === undefined ? undefined : resolve(options.logFile);
  const shared = logFile === undefined ? dataDir : dirname(logFile);
  for (const directory of [dataDir, shared]) if (directory !== undefined) makeDirectory(directory);
  const own = (name: string) => (dataDir === undefined ? ':memory:' : join(dataDir, name));
  const common = (name: string) => (shared === undefined ? ':memory:' : join(shared, name));
  const file = logFile ?? common(dataFiles.log);
  const keys = await keysFor({ shared, seed, variables, logExists: () => holdsEvents(file) });
  const lost = dataDir === undefined || dataDir !== shared || elsewhere ? undefined : lostLog(dataDir);
  if (lost !== undefined) onFailure('log', lost);
  const guard = guardOf(options, shared);
  if (guard !== undefined) keep({ close: async () => guard.close() });
  const log = keep(await openLog(variables, { ...options.log, guard, file, indexFile: own(dataFiles.index) }));
  const onError = (thrown: unknown) => onFailure('snapshots', thrown);
  const local = openSnapshotStore({ file: own(dataFiles.snapshots), guard, onError });
  const cache = keep(variables.EVENTSTORE_SNAPSHOTS === '1' ? (log.shareSnapshots?.(local) ?? local) : local);
  const { base } = log;
  const newSalt = seed === undefined ? undefined : saltsOf(seed);
  const salts = keep(
    elsewhere && link !== undefined
      ? await (await import('../../nats/subject-salts.ts')).openNatsSalts({
          link,
          newSalt,
          replicas: replicasFrom(variables),
        })
      : openSubjectSalts({ file: common(dataFiles.salts), guard, newSalt }),
  );
  return {
    ...{ log, salts, keys, snapshots: base === undefined ? cache : withBases(cache, { base }) },
    files:
      dataDir === undefined
        ? undefined
        : { log: file, index: own(dataFiles.projectedIndex), readModels: own(dataFiles.readModels) },
  };
}

interface KeysFor extends Pick<StoresOptions, 'seed' | 'variables'> {
  readonly shared: string | undefined;
  readonly logExists: () => Promise<boolean>;
}

async function keysFor({ shared, seed, variables, logExists }: KeysFor): Promise<Stores['keys']> {
  if (shared === undefined) return { decision: randomOr(seed, 'decision'), pseudonym: randomOr(seed, 'pseudonym') };
  if (!isElsewhere(variables)) return openKeys({ dataDir: shared, env: variables, logExists });
  const keys = readKeys({ dataDir: shared, env: variables });
  if (keys !== undefined) return keys;
  // Made here, they would be this node's alone: another node would refuse the decision ids that this one gives.
  throw new ReckonerError('keys_invalid', 'The log is in EventStoreDB, and this node has no keys.', {
    remedy:
      'All nodes need the same: RECKONER_DECISION_KEY and RECKONER_PSEUDONYM_KEY (each `openssl rand -hex 32`, once), or `reckoner keys restore` of those of the log that was copied.',
  });
}

function guardOf({ variables, disk, onDisk }: StoresOptions, directory: string | undefined): DiskGuard | undefined {
  if (directory === undefined) return undefined;
  return watchDisk({ minFreeBytes: minFreeFrom(variables), ...disk, directory, onTurn: onDisk });
}

/** Servers that keep a copy of what nodes share in NATS. */
export function replicasFrom({ NATS_REPLICAS: given = '1' }: Cli['env']): number {
  if (/^[1-5]$/.test(given)) return Number(given);
  throw new ReckonerError('bus_settings_invalid', 'NATS_REPLICAS is not a number from 1 to 5.');
}
