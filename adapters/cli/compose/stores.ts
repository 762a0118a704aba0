/** The stores of a node: its log, its snapshots, the salts of people and its keys. */
import { join } from 'node:path';
import type { ReckonerError } from '../../../events/errors.ts';
import type { SnapshotStore } from '../../../events/snapshot-store.ts';
import type { SubjectSalts } from '../../../events/subjects.ts';
import { openKeys } from '../../keys/keys.ts';
import { withBases } from '../../sqlite/bases.ts';
import { type DiskGuardOptions, minFreeFrom, watchDisk } from '../../sqlite/disk-guard.ts';
import { openSqliteEventLog, type SqliteEventLog, type SqliteEventLogOptions } from '../../sqlite/event-log.ts';
import { openSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { openSubjectSalts } from '../../sqlite/subject-salts.ts';
import type { Cli } from '../cli.ts';
import { dataFiles, holdsEvents, lostLog, makeDirectory } from './data-files.ts';
import { randomOr, saltsOf } from './node-environment.ts';
import type { Opened } from './opened.ts';

export interface StoresOptions {
  /** Made where it is missing. Absent: everything in memory. */
  readonly dataDir: string | undefined;
  readonly seed: number | undefined;
  readonly variables: Cli['env'];
  readonly log: Omit<SqliteEventLogOptions, 'file'> | undefined;
  readonly disk: Pick<DiskGuardOptions, 'minFreeBytes' | 'statfs' | 'everyMs'> | undefined;
  readonly onDisk: ((refusal: ReckonerError | undefined) => void) | undefined;
  readonly onFailure: (where: string, thrown: unknown) => void;
}

export interface Stores {
  readonly log: SqliteEventLog;
  readonly snapshots: SnapshotStore;
  readonly salts: SubjectSalts;
  readonly keys: { readonly decision: Uint8Array; readonly pseudonym: Uint8Array };
  /** Where the read models are and the log that they are made of; absent where everything is in memory. */
  readonly files: { readonly log: string; readonly readModels: string } | undefined;
}

/** @throws ReckonerError log_unusable, log_corrupt, log_newer, log_locked, keys_invalid */
export async function openStores(options: StoresOptions, { keep }: Opened): Promise<Stores> {
  const { dataDir, seed, variables, onFailure } = options;
  if (dataDir !== undefined) makeDirectory(dataDir);
  const file = (name: string) => (dataDir === undefined ? ':memory:' : join(dataDir, name));
  const keys =
    dataDir === undefined
      ? { decision: randomOr(seed, 'decision'), pseudonym: randomOr(seed, 'pseudonym') }
      : await openKeys({ dataDir, env: variables, logExists: () => holdsEvents(file(dataFiles.log)) });
  const lost = dataDir === undefined ? undefined : lostLog(dataDir);
  if (lost !== undefined) onFailure('log', lost);
  const guard =
    dataDir === undefined
      ? undefined
      : watchDisk({
          minFreeBytes: minFreeFrom(variables),
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
  const files =
    dataDir === undefined ? undefined : { log: file(dataFiles.log), readModels: file(dataFiles.readModels) };
  return { log, snapshots, salts, keys, files };
}
