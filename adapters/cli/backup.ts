/** `reckoner backup` and `reckoner restore`. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ReckonerError } from '../../events/errors.ts';
import { shellWord } from '../files/shell-word.ts';
import { makeBackup } from '../keeping/backup.ts';
import { restoreBackup } from '../keeping/restore.ts';
import { type Keys, keysFile, readKeys } from '../keys/keys.ts';
import type { Cli } from './cli.ts';
import { dataFiles } from './compose/data-files.ts';
import { dataDirOption, existingDataDir } from './data-dir.ts';
import { exitCodes } from './failure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import { workBar } from './work-bar.ts';

interface CommonOptions {
  readonly json: boolean;
  readonly dataDir: string;
}

const BACKUP_NOTES = `
Works while a server runs, and does not hold it up. The directory gets the log as it stands at the beginning, the salts of
people, the keys (wherever they come from), and manifest.json: what it is, and the SHA-256 of each file. Snapshots and read
models are left out: they are made from the log. It bears its name only when it is complete; Ctrl-C leaves nothing.

It holds the keys and the salts. Who has it can tell people's pseudonyms and make decision ids: keep it as you keep a
password, or leave the keys out and keep them elsewhere (reckoner keys backup). People who are erased later are still in it.

Examples:
  reckoner backup /backups/reckoner-2026-11-21
  reckoner backup /backups/now --without-keys --data-dir /var/lib/reckoner --json`;

const RESTORE_NOTES = `
First everything is verified: each file by its SHA-256, the log's file, the hash chain of every stream, the keys. Only then
does the directory change, and reckoner serve starts there. Stop the server before.

People who were erased after the backup was made are in it still. Where the directory that is replaced has its store of salts,
restore counts them and asks: --erased forget erases them again. Elsewhere nobody can tell who they were: erase them again.

Examples:
  reckoner restore /backups/reckoner-2026-11-21 --data-dir /var/lib/reckoner-new
  reckoner restore /backups/reckoner-2026-11-21 --data-dir /var/lib/reckoner --replace`;

/** Adds `reckoner backup`. */
export function registerBackup(program: Command, cli: Cli): void {
  program
    .command('backup')
    .description('copy the log, the salts and the keys, also while a server runs')
    .argument('<directory>', 'the directory to make; one that is there is never overwritten')
    .option('--without-keys', 'leave the keys out', false)
    .option('--json', 'tell what was done as JSON', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(BACKUP_NOTES))
    .action((to: string, options: CommonOptions & { readonly withoutKeys: boolean }) => backup(to, options, cli));
}

/** Adds `reckoner restore`. */
export function registerRestore(program: Command, cli: Cli): void {
  program
    .command('restore')
    .description('make a data directory from a backup, after verifying all of it')
    .argument('<backup>', 'a directory that `reckoner backup` made')
    .option('--replace', 'move what is in the data directory aside, into a directory within it', false)
    .addOption(
      new Option('--erased <what>', 'people who were erased since the backup').choices(['forget', 'bring-back']),
    )
    .option('--json', 'tell what was done as JSON', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(RESTORE_NOTES))
    .action((from: string, options: RestoreCommandOptions) => restore(from, options, cli));
}

interface RestoreCommandOptions extends CommonOptions {
  readonly replace: boolean;
  readonly erased?: 'forget' | 'bring-back';
}

async function backup(
  directory: string,
  { json, dataDir, withoutKeys }: CommonOptions & { readonly withoutKeys: boolean },
  cli: Cli,
): Promise<void> {
  const { terminal } = cli;
  const from = existingDataDir(dataDir);
  const to = resolve(directory);
  const keys = withoutKeys ? undefined : presentKeys(from, cli.env);
  const bar = workBar('copying', terminal, json);
  const interrupted = onInterrupt();
  try {
    const manifest = await makeBackup({
      ...{ dataDir: from, to, names: dataFiles, keys, version: cli.version, now: Date.now() },
      progress(share) {
        if (share < 1) interrupted.signal.throwIfAborted(); // then it is done
        bar.show(share);
      },
    });
    bar.stop();
    const { events, streams, subjects, head, rootHash, files, missing } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    if (json) {
      const holds = { keys: keys !== undefined, salts: subjects };
      await terminal.out.line(
        JSON.stringify({ directory: to, events, streams, head, rootHash, bytes, holds, missing }),
      );
      return;
    }
    const { out, err } = terminal;
    await out.line(
      `${to}: ${events} events in ${streams} streams, ${sizeOf(bytes)}, verified by ${files.length} hashes.`,
    );
    for (const name of missing)
      await err.line(
        `${err.colours.yellow('!')} The archived segment ${name} is not here, and so not in the backup: keep it.`,
      );
    const salts = subjects === 1 ? 'the salt of one person' : `the salts of ${subjects} people`;
    const secret =
      keys === undefined
        ? `IT HOLDS ${salts.toUpperCase()}, and no keys: without them it is no use, so keep them too.`
        : `IT HOLDS THE KEYS and ${salts}: who reads it can tell people apart and make decision ids. Keep it like a password.`;
    await err.line(`${err.colours.yellow('!')} ${secret}`);
  } catch (thrown) {
    if (!interrupted.signal.aborted) throw thrown;
    bar.stop();
    await terminal.err.line('Interrupted: nothing is left of the backup.');
    cli.exit(exitCodes.interrupted);
  } finally {
    bar.stop();
    interrupted.dispose();
  }
}

function presentKeys(dataDir: string, env: Cli['env']): Keys {
  const keys = readKeys({ dataDir, env });
  if (keys !== undefined) return keys;
  throw new ReckonerError('keys_invalid', `There are no keys in the environment, and no ${keysFile(dataDir)}.`, {
    remedy:
      'Set RECKONER_DECISION_KEY and RECKONER_PSEUDONYM_KEY as the server has them, or say --without-keys and keep them elsewhere.',
  });
}

async function restore(from: string, options: RestoreCommandOptions, { terminal, exit }: Cli): Promise<void> {
  const { json, replace, erased } = options;
  const dataDir = resolve(options.dataDir);
  const bar = workBar('verifying', terminal, json);
  const interrupted = onInterrupt();
  try {
    const restored = await restoreBackup({
      ...{ backup: resolve(from), dataDir, names: dataFiles, replace, erased, now: Date.now() },
      progress(share) {
        if (share < 1) interrupted.signal.throwIfAborted(); // then it is done
        bar.show(share);
      },
    });
    bar.stop();
    const { manifest, movedTo } = restored;
    const { events, streams, createdAt, head, rootHash } = manifest;
    if (json) {
      const facts = { dataDir, events, streams, head, rootHash, createdAt, keys: manifest.keys !== null };
      await terminal.out.line(JSON.stringify({ ...facts, movedTo: movedTo ?? null, erased: restored.erased }));
      return;
    }
    const { out, err } = terminal;
    await out.line(`${dataDir}: ${events} events in ${streams} streams as of ${createdAt}, every chain unbroken.`);
    if (movedTo !== undefined) await out.line(`What was there before is in ${movedTo}; it holds secrets too.`);
    const { people, forgotten } = restored.erased;
    if (people > 0) await out.line(`${people} erased since the backup: ${forgotten ? 'erased again' : 'known again'}.`);
    if (manifest.keys === null)
      await err.line(
        `${err.colours.yellow('!')} The backup has no keys: set them in the environment, or reckoner keys restore.`,
      );
    await out.line(`${out.colours.cyan('→')} Start it: reckoner serve --data-dir ${shellWord(dataDir)}`);
  } catch (thrown) {
    if (!interrupted.signal.aborted) throw thrown;
    bar.stop();
    await terminal.err.line('Interrupted: nothing was restored, and nothing of it is left.');
    exit(exitCodes.interrupted);
  } finally {
    bar.stop();
    interrupted.dispose();
  }
}

function sizeOf(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`;
}
