/** What `copy-log` can copy from and to, by what is typed. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ReckonerError } from '../../events/errors.ts';
import { addressFrom, type EventStoreAddress, formFrom, placeOf } from '../eventstoredb/address.ts';
import { openEventStoreLog } from '../eventstoredb/event-log.ts';
import type { CopyEnd } from '../keeping/copy-log.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import type { Cli } from './cli.ts';
import { dataFiles, makeDirectory } from './compose/data-files.ts';
import { usageError } from './failure.ts';

/** A log as it was named: opened only when both are known to be right. */
export type CopySpec =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'eventstore'; readonly name: string; readonly address: EventStoreAddress };

/**
 * @param spec a data directory, the file of a log, `eventstore` for what EVENTSTORE_URL names, or a connection string
 * @throws ReckonerError config_invalid, request_invalid
 */
export function specOf(spec: string, env: Cli['env']): CopySpec {
  const isString = /^(esdb|kurrentdb)(\+discover)?:/.test(spec);
  if (!isString && spec !== 'eventstore') return { kind: 'file', name: fileOf(spec) };
  const address = addressFrom(isString ? { ...env, EVENTSTORE_URL: spec } : env);
  if (address === undefined) throw usageError('EVENTSTORE_URL is not set.', 'Set it, or give esdb://host:2113 itself.');
  return { kind: 'eventstore', name: placeOf(address), address };
}

/** @throws ReckonerError log_unusable where there is none; none is made */
export function openSource(spec: CopySpec, env: Cli['env']): CopyEnd {
  if (spec.kind === 'eventstore' || existsSync(spec.name)) return openEnd(spec, env);
  throw new ReckonerError('log_unusable', `There is no log ${spec.name}.`, {
    remedy: 'Name a data directory, or the file of a log, with --from.',
  });
}

/** Opens the log that is written; what is missing of a directory or file is made. */
export function openDestination(spec: CopySpec, env: Cli['env']): CopyEnd {
  if (spec.kind === 'file') makeDirectory(dirname(spec.name));
  return openEnd(spec, env);
}

function openEnd(spec: CopySpec, env: Cli['env']): CopyEnd {
  const { name } = spec;
  if (spec.kind === 'file') return { log: openSqliteEventLog({ file: name }), name, ordered: true };
  const log = openEventStoreLog({ address: spec.address, indexFile: ':memory:', ...formFrom(env) });
  return { log, name, ordered: false };
}

/** A directory holds its log under the usual name; what ends as a database does is a file. */
function fileOf(spec: string): string {
  const path = resolve(spec);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? /\.(db|sqlite3?)$/.test(basename(path));
  return isFile ? path : join(path, dataFiles.log);
}
