/** `reckoner doctor`: is everything in order, and if not, what is to be done? */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { dataFiles } from './compose/data-files.ts';
import { dataDirOption } from './data-dir.ts';
import {
  checkChains,
  checkDataDir,
  checkDisk,
  checkKeys,
  checkLogFile,
  checkNode,
  checkPort,
  checkSideFile,
  checkSqlite,
  checkVariables,
  type Finding,
} from './doctor-checks.ts';
import { exitCodes } from './failure.ts';
import { helpText } from './help-text.ts';
import { portOption } from './port.ts';
import type { Colours } from './terminal.ts';

interface DoctorOptions {
  readonly port: number;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
Looks at Node, SQLite, the data directory, the disk, the keys, the log (its file, and every event by its checksum and its place in the
chain of its stream: the first that is not as it was written is named), the files beside it, and the port. Where NATS_URL is set: the connection, version, rights, size of messages, JetStream, clock. Where
EVENTSTORE_URL is set: the connection, version, rights and clock, by one event in a stream of doctor’s own. Changes nothing else; works
beside a running server. Exit code 1 where something fails.

Examples:
  reckoner doctor
  reckoner doctor --data-dir /var/lib/reckoner --json | jq '.checks[] | select(.status != "ok")'`;

/** Adds `reckoner doctor`. */
export function registerDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('check the installation and say what to do')
    .addOption(portOption('the port to look at'))
    .option('--json', 'the findings as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async (options: DoctorOptions, command: Command) => {
      const named = command.getOptionValueSource('dataDir') !== 'default';
      await examine({ ...options, dataDir: resolve(options.dataDir), named }, cli);
    });
}

async function examine({ port, json, dataDir, named }: DoctorOptions & { readonly named: boolean }, cli: Cli) {
  const { out } = cli.terminal;
  const findings: Finding[] = [];
  const found = async (finding: Finding) => {
    findings.push(finding);
    if (!json) for (const line of findingLines(finding, out.colours)) await out.line(line);
  };
  await found(checkNode(process.version));
  const sqlite = checkSqlite();
  await found(sqlite);
  const place = checkDataDir(dataDir, named);
  await found(place);
  const variables = checkVariables(cli.env);
  if (variables !== undefined) await found(variables);
  let counted: { readonly events: number; readonly streams: number } | undefined;
  const reachable = existsSync(dataDir) && place.status !== 'fail';
  if (reachable) await found(checkDisk(dataDir, cli.env));
  // Without SQLite every file would look damaged, and none is.
  if (reachable && sqlite.status !== 'fail') {
    const file = checkLogFile(dataDir);
    const chains = file.readable
      ? await checkChains(dataDir, progressBar(cli.terminal.err.interactive && !json))
      : undefined;
    counted = chains?.report;
    // A log that cannot be read may hold events: then missing keys are lost keys.
    const mayHoldEvents = file.finding.status === 'fail' || (chains?.report?.events ?? 0) > 0;
    await found(checkKeys(dataDir, cli.env, mayHoldEvents));
    await found(file.finding);
    // A file whose events cannot be read to their end says so once, by its own finding.
    const saysMore = chains?.report !== undefined || file.finding.status !== 'fail';
    if (chains !== undefined && saysMore) await found(chains.finding);
    await found(
      checkSideFile('snapshots', join(dataDir, dataFiles.snapshots), {
        status: 'warn',
        remedy: 'It is a cache: stop the server and delete it, it fills again by itself.',
      }),
    );
    await found(
      checkSideFile('projections', join(dataDir, dataFiles.readModels), {
        status: 'warn',
        remedy: 'It holds nothing that the log does not: stop the server and delete it, it is made anew.',
      }),
    );
    await found(
      checkSideFile('subjects', join(dataDir, dataFiles.salts), {
        status: 'fail',
        remedy: 'Restore it from the last backup: without its salts, people in the log can no longer be recognised.',
      }),
    );
  }
  if (cli.env.NATS_URL) {
    const { checkNats } = await import('./doctor-nats.ts');
    for await (const finding of checkNats(cli.env, Date.now)) await found(finding);
  }
  if (cli.env.EVENTSTORE_URL) {
    const { checkEventStore } = await import('./doctor-eventstore.ts');
    for await (const finding of checkEventStore(cli.env, Date.now)) await found(finding);
  }
  await found(await checkPort(port));
  const failed = findings.filter(({ status }) => status === 'fail').length;
  const warned = findings.filter(({ status }) => status === 'warn').length;
  if (json) {
    const { events = 0, streams = 0 } = counted ?? {};
    await out.line(JSON.stringify({ ok: failed === 0, failed, warned, events, streams, checks: findings }));
  } else {
    await out.line();
    await out.line(verdict(failed, warned, out.colours));
  }
  if (failed > 0) cli.exit(exitCodes.failed);
}

function findingLines({ check, status, message, remedy }: Finding, colours: Colours): string[] {
  const paint = { ok: colours.green, warn: colours.yellow, fail: colours.red }[status];
  return [
    `${paint(status.padEnd(5))} ${check.padEnd(15)} ${message}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(22)}${colours.cyan('→')} ${remedy}`]),
  ];
}

function verdict(failed: number, warned: number, colours: Colours): string {
  if (failed > 0)
    return colours.red(`${failed === 1 ? 'One thing' : `${failed} things`} must be mended: see fail above.`);
  return warned > 0 ? colours.yellow('It works; mind the warnings.') : colours.green('All is well.');
}

function progressBar(shown: boolean): { start(total: number): void; step(): void; stop(): void } {
  if (!shown) return { start() {}, step() {}, stop() {} };
  const bar = new SingleBar({
    format: '      hash chains     {bar} {percentage} %  {value} events',
    clearOnComplete: true,
    stopOnComplete: true,
  });
  return { start: (total) => bar.start(total, 0), step: () => bar.increment(), stop: () => bar.stop() };
}
