/** `reckoner keys`: back up, restore and compare the two keys of an installation, without ever printing them. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ReckonerError } from '../../events/errors.ts';
import { fingerprint, type Keys, keysFile, keysText, readKeys, readKeysFile } from '../keys/keys.ts';
import { placeOnce } from '../keys/place-once.ts';
import type { Cli } from './cli.ts';
import { dataDirOption } from './data-dir.ts';
import { helpText } from './help-text.ts';

interface KeysCommandOptions {
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
The keys are what decision ids are checked with and pseudonyms are made with. They come from RECKONER_DECISION_KEY and
RECKONER_PSEUDONYM_KEY (32 bytes each, hex or base64), else from keys.json in the data directory. Who loses them can no longer
reward decisions made before: keep a backup apart from the data.

Examples:
  reckoner keys backup --to ~/reckoner-keys.json
  reckoner keys restore --from ~/reckoner-keys.json --data-dir ./.reckoner
  reckoner keys show`;

/** Adds `reckoner keys backup|restore|show`. */
export function registerKeys(program: Command, { terminal, env }: Cli): void {
  const keys = program
    .command('keys')
    .description('back up, restore and compare the keys')
    .addHelpText('after', helpText(NOTES));

  keys
    .command('backup')
    .description('copy the keys to a new file that only you may read')
    .requiredOption('--to <file>', 'the file to make; one that is there is never overwritten')
    .option('--json', 'tell what was done as JSON', false)
    .addOption(dataDirOption())
    .action(async ({ to, json, dataDir }: KeysCommandOptions & { readonly to: string }) => {
      const present = presentKeys(dataDir);
      const file = resolve(to);
      if (!placeOnce(file, keysText(present))) {
        throw new ReckonerError('request_invalid', `${file} is there already.`, {
          remedy: 'Name a new file: backups are never overwritten.',
        });
      }
      await tell(json, { file, ...fingerprints(present) }, [`The keys are in ${file}. Keep it apart from the data.`]);
    });

  keys
    .command('restore')
    .description('put backed up keys into a data directory that has none')
    .requiredOption('--from <file>', 'a file that `reckoner keys backup` made')
    .option('--json', 'tell what was done as JSON', false)
    .addOption(dataDirOption())
    .action(async ({ from, json, dataDir }: KeysCommandOptions & { readonly from: string }) => {
      const backup = readKeysFile(resolve(from));
      if (backup === undefined) {
        throw new ReckonerError('keys_invalid', `There is no file ${resolve(from)}.`, {
          remedy: 'Name the file that `reckoner keys backup` made.',
        });
      }
      const file = keysFile(resolve(dataDir));
      const placed = placeOnce(file, keysText(backup));
      const there = readKeysFile(file);
      if (!placed && (there === undefined || !same(there, backup))) {
        throw new ReckonerError('keys_invalid', `${file} holds other keys; it was left as it is.`, {
          remedy: 'If they are not needed, move the file away first, then restore again.',
        });
      }
      const line = placed ? `The keys are in ${file}.` : `${file} holds these keys already.`;
      await tell(json, { file, restored: placed, ...fingerprints(backup) }, [line]);
    });

  keys
    .command('show')
    .description('fingerprints of the keys: compare nodes and backups by them')
    .option('--json', 'as JSON', false)
    .addOption(dataDirOption())
    .action(async ({ json, dataDir }: KeysCommandOptions) => {
      const present = presentKeys(dataDir);
      const place = present.source === 'file' ? keysFile(resolve(dataDir)) : 'the environment';
      const prints = fingerprints(present);
      await tell(json, { source: present.source, place, ...prints }, [
        `decision   ${prints.decision}`,
        `pseudonym  ${prints.pseudonym}`,
        terminal.out.colours.dim(`fingerprints of the keys in ${place}`),
      ]);
    });

  function presentKeys(dataDir: string): Keys {
    const present = readKeys({ dataDir: resolve(dataDir), env });
    if (present !== undefined) return present;
    const what = existsSync(dataDir) ? `There are no keys in ${resolve(dataDir)}.` : `There is no ${resolve(dataDir)}.`;
    throw new ReckonerError('keys_invalid', what, {
      remedy: 'Name the data directory with --data-dir DIR. `reckoner serve` makes the keys on its first start.',
    });
  }

  async function tell(json: boolean, facts: object, lines: readonly string[]): Promise<void> {
    for (const line of json ? [JSON.stringify(facts)] : lines) await terminal.out.line(line);
  }
}

function fingerprints(keys: Keys): { readonly decision: string; readonly pseudonym: string } {
  return { decision: fingerprint(keys.decision), pseudonym: fingerprint(keys.pseudonym) };
}

function same(left: Keys, right: Keys): boolean {
  return keysText(left) === keysText(right);
}
