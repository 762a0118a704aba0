/** `reckoner config check`: whether a domain's configuration holds, before any server sees it. */
import { readFile } from 'node:fs/promises';
import { stdin } from 'node:process';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { type CheckedConfig, checkConfig } from '../../actors/config/check-config.ts';
import { parseStrictJson } from '../http/strict-json.ts';
import type { Cli } from './cli.ts';
import { usageError } from './failure.ts';
import { helpText } from './help-text.ts';
import type { Colours } from './terminal.ts';

const NOTES = `
Takes the JSON that PUT /v1/domains/{domain} takes; needs no server and no data directory, and changes nothing. What is wrong is
told with its path. Warnings are about what is allowed and hardly meant: logs that counterfactuals will refuse, limits that
nothing can meet, weights that move nothing or count twice.

Exit codes: 0 valid, also with warnings; 1 not valid; 2 the file is not there, or no JSON.

Examples:
  reckoner config check support.json
  reckoner config check support.json --json | jq .warnings
  reckoner domains model_routing --json | jq .config | reckoner config check -`;

/** Adds `reckoner config check`. */
export function registerConfig(program: Command, { terminal }: Cli): void {
  const config = program
    .command('config')
    .description("check a domain's configuration without a server")
    .addHelpText('after', helpText(NOTES));

  config
    .command('check')
    .description('whether it is valid, what it lacks, and what should be known of it')
    .argument('<file>', 'a JSON file; - reads the standard input')
    .option('--json', 'as JSON: the configuration with every default filled in, and the warnings', false)
    .addHelpText('after', helpText(NOTES))
    .action(async (file: string, { json }: { readonly json: boolean }) => {
      const named = nameOf(file);
      const checked = checkConfig(await readConfig(file));
      const { warnings, config } = checked;
      const lines = json
        ? [JSON.stringify({ valid: true, warnings, config })]
        : linesOf(named, checked, terminal.out.colours);
      for (const line of lines) await terminal.out.line(line);
    });
}

/** What a file that holds a configuration says; `-` is the standard input. */
export async function readConfig(file: string): Promise<unknown> {
  const named = nameOf(file);
  return parseStrictJson(await textOf(file, named), named);
}

function nameOf(file: string): string {
  return file === '-' ? 'The standard input' : file;
}

async function textOf(file: string, named: string): Promise<string> {
  const bytes = file === '-' ? await buffer(stdin) : await readFile(file).catch((thrown) => unreadable(file, thrown));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${named} is not UTF-8.`, 'Encode it as UTF-8.');
  }
}

function unreadable(file: string, thrown: unknown): never {
  const missing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
  throw usageError(
    missing ? `There is no file ${file}.` : `${file} cannot be read.`,
    'Name a JSON file that this user may read, or - for the standard input.',
  );
}

function linesOf(named: string, { config, domain, warnings }: CheckedConfig, colours: Colours): string[] {
  const features = Object.keys(config.context).length;
  const facts = [
    counted(config.arms.length, 'arm'),
    counted(features, 'feature'),
    config.bucketBy.length === 0 ? 'one bucket' : `buckets by ${config.bucketBy.join(', ')}`,
    `${domain.policy.name} with a floor of ${config.exploration}`,
  ];
  return [
    `${colours.green('ok')}    ${named} is valid: ${facts.join(', ')}.`,
    ...warnings.flatMap(({ path, message, remedy }) => [
      `${colours.yellow('warn')}  ${path}: ${message}`,
      `      ${colours.cyan('→')} ${remedy}`,
    ]),
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
