/** `reckoner copy-log`: a log moves into another store. */
import type { Command } from 'commander';
import { type CopyEnd, type CopyPhase, type CopyReport, copyLog } from '../keeping/copy-log.ts';
import type { Cli } from './cli.ts';
import { exitCodes, usageError } from './failure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import { type WorkBar, workBar } from './work-bar.ts';

interface CopyLogOptions {
  readonly from: string;
  readonly to: string;
  readonly withSalts: boolean;
  readonly json: boolean;
}

const NOTES = `
A log is named by its data directory or its file; in EventStoreDB by eventstore, which is what EVENTSTORE_URL says, or by its
connection string (user and password better in EVENTSTORE_USER and EVENTSTORE_PASSWORD_FILE). Every event keeps its id, its bytes, its stream and its revision; archived
segments are read through. Both logs are checked while they are read, event by event, and at the end their roots are compared
(the root that audit seal prints).

Broken off by whatever, give the same command again: it compares what is there and goes on. A destination that holds anything
else is refused before a byte is written. Nodes may go on writing to the source: stop them, and copy again what came since.

The new nodes need the same keys (reckoner keys backup), and the same salts of people: subjects.db, or --with-salts where they
will share them in NATS (NATS_URL), before the first of them runs there.

Examples:
  reckoner copy-log --from ./.reckoner --to /var/lib/reckoner
  EVENTSTORE_URL=esdb://db:2113 reckoner copy-log --from ./.reckoner --to eventstore
  reckoner copy-log --from /backups/now/events.db --to /srv/reckoner --json`;

/** Adds `reckoner copy-log`. */
export function registerCopyLog(program: Command, cli: Cli): void {
  program
    .command('copy-log')
    .description('copy a log into another store, verified; goes on where it was broken off')
    .requiredOption('--from <log>', 'the log to copy')
    .requiredOption('--to <log>', 'where to: empty, or a beginning of the same log')
    .option('--with-salts', 'the salts of people too, into the NATS bucket that nodes share', false)
    .option('--json', 'tell what was done as JSON', false)
    .addHelpText('after', helpText(NOTES))
    .action((options: CopyLogOptions) => run(options, cli));
}

async function run({ from, to, withSalts, json }: CopyLogOptions, cli: Cli): Promise<void> {
  const { terminal, env } = cli;
  // Help needs all commands, and none of the clients that this one opens logs with.
  const { openDestination, openSource, specOf } = await import('./copy-ends.ts');
  const { copySalts, saltsSettings } = await import('./copy-salts.ts');
  const specs = { from: specOf(from, env), to: specOf(to, env) };
  if (specs.from.name === specs.to.name)
    throw usageError('--from and --to are the same log.', 'Name another destination.');
  if (withSalts) saltsSettings(specs.from, env);
  const bars = phaseBars((phase) => workBar(phase.padEnd(9), terminal, json));
  const interrupted = onInterrupt();
  const ends: CopyEnd[] = [];
  try {
    const source = openSource(specs.from, env);
    ends.push(source);
    const destination = openDestination(specs.to, env);
    ends.push(destination);
    const report = await copyLog({
      ...{ from: source, to: destination, progress: bars.show, signal: interrupted.signal },
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    bars.stop();
    const salts = withSalts ? await copySalts(specs.from, env) : undefined;
    await tell({ ...report, salts }, source, destination, json, cli);
  } catch (thrown) {
    if (!interrupted.signal.aborted) throw thrown;
    bars.stop();
    await terminal.err.line('Interrupted. The same command goes on from here.');
    cli.exit(exitCodes.interrupted);
  } finally {
    bars.stop();
    for (const { log } of ends) await log.close();
    interrupted.dispose();
  }
}

async function tell(
  report: CopyReport & { readonly salts?: number | undefined },
  from: CopyEnd,
  to: CopyEnd,
  json: boolean,
  cli: Cli,
): Promise<void> {
  const { out, err } = cli.terminal;
  const { events, streams, copied, root, sameOrder, sourceGrew, salts } = report;
  if (json) {
    await out.line(JSON.stringify({ from: from.name, to: to.name, ...report }));
    return;
  }
  const before = events === copied ? '' : `; ${events - copied} were there`;
  await out.line(
    `${to.name}: ${copied} events copied${before}. ${events} events in ${streams} streams are the same in both.`,
  );
  await out.line(`root ${root}`);
  const note = (text: string) => err.line(`${err.colours.yellow('!')} ${text}`);
  if (!sameOrder)
    await note('Within every stream the order is the same; events of different streams changed places here and there.');
  if (sourceGrew) await note('The source has grown meanwhile: stop its nodes, and give the same command again.');
  const without = salts === undefined ? ' and salts of people (subjects.db, or --with-salts)' : '';
  if (salts !== undefined) await out.line(`${salts} salts of people are in the bucket that nodes share.`);
  await note(`Keys are not copied: the new nodes need the same (reckoner keys backup)${without}.`);
}

/** One bar after the other, as phases come. */
function phaseBars(make: (phase: CopyPhase) => WorkBar) {
  let current: { readonly phase: CopyPhase; readonly bar: WorkBar } | undefined;
  const stop = () => {
    current?.bar.stop();
    current = undefined;
  };
  return {
    stop,
    show(phase: CopyPhase, share: number) {
      if (current?.phase !== phase) {
        stop();
        current = { phase, bar: make(phase) };
      }
      current.bar.show(share);
    },
  };
}
