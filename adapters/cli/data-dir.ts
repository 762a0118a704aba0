/** The data directory: its option on every command, and the rule that looking at one never creates one. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { ReckonerError } from '../../events/errors.ts';
import { shellWord } from '../files/shell-word.ts';
import { isElsewhere } from '../keeping/open-log.ts';
import type { Cli } from './cli.ts';
import { dataFiles } from './compose/data-files.ts';
import type { NodeOptions } from './compose.ts';

export const DEFAULT_DATA_DIR = './.reckoner';

/** `--data-dir`, with the environment and the default behind it. */
export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'where the log and the keys are')
    .env('RECKONER_DATA_DIR')
    .default(DEFAULT_DATA_DIR);
}

/** What a command that is shown needs beside it, for it to mean the same data directory wherever it is typed. */
export function dataDirShown(dataDir: string): string {
  return dataDir === DEFAULT_DATA_DIR ? '' : ` --data-dir ${shellWord(resolve(dataDir))}`;
}

export function logFileIn(dataDir: string): string {
  return join(dataDir, dataFiles.log);
}

/**
 * How a command opens a node on a log that is there: in EventStoreDB where the environment says so, else in the data directory.
 * @throws ReckonerError log_unusable where there is none
 */
export function presentNode(dataDir: string, env: Cli['env']): Required<Pick<NodeOptions, 'dataDir' | 'variables'>> {
  return { dataDir: isElsewhere(env) ? resolve(dataDir) : existingDataDir(dataDir), variables: env };
}

/**
 * The absolute path of a data directory that holds a log.
 * @throws ReckonerError log_unusable where there is none: commands that only look must not leave an empty one behind
 */
export function existingDataDir(dataDir: string): string {
  const absolute = resolve(dataDir);
  const isDirectory = existsSync(absolute) && statSync(absolute).isDirectory();
  if (isDirectory && existsSync(logFileIn(absolute))) return absolute;
  const what = isDirectory ? `There is no log in ${absolute}.` : `There is no data directory ${absolute}.`;
  throw new ReckonerError('log_unusable', what, {
    remedy: 'Name the data directory with --data-dir DIR, or begin one: reckoner serve --data-dir DIR.',
  });
}
