/** Commands that read the log's file, where the log is no file. */
import type { Command } from 'commander';
import { ReckonerError } from '../../events/errors.ts';
import { isElsewhere } from '../keeping/open-log.ts';
import type { Cli } from './cli.ts';

const READ_THE_FILE: readonly string[] = [
  ...['events', 'query', 'export', 'backup', 'archive'],
  ...['projections', 'audit verify', 'audit seal'],
];

/**
 * Refuses, rather than tell of a file that is not the log that nodes write. Who names a data directory at the command means the file.
 * @param path of the command, such as `audit verify`
 * @throws ReckonerError log_elsewhere
 */
export function refuseFileElsewhere(path: string, command: Command, env: Cli['env']): void {
  const reads = READ_THE_FILE.some((name) => path === name || path.startsWith(`${name} `));
  if (!reads || !isElsewhere(env) || command.getOptionValueSource('dataDir') === 'cli') return;
  throw new ReckonerError(
    'log_elsewhere',
    `The log is in EventStoreDB (EVENTSTORE_URL), and \`reckoner ${path}\` reads the file of a log.`,
  );
}
