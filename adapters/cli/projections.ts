/** `reckoner projections`: how the read models stand, and what can be done about them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { EventLog, Position } from '../../events/event-log.ts';
import { allProjections } from '../projector/catalogue.ts';
import { type DeadLetter, deadLettersIn } from '../projector/dead-letters.ts';
import { connectReadOnly } from '../projector/reader.ts';
import { type ProjectionReport, type Report, reportOf } from '../projector/report.ts';
import type { Retried } from '../projector/requests.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import { rowOf } from '../sqlite/schema.ts';
import type { Cli } from './cli.ts';
import { dataFiles } from './compose/data-files.ts';
import { dataDirOption, existingDataDir, logFileIn } from './data-dir.ts';
import { exitCodes, usageError } from './failure.ts';
import { figure } from './figure.ts';
import { helpText } from './help-text.ts';
import { carryOut } from './projections-request.ts';
import { onInterrupt } from './signals.ts';
import { tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

interface Options {
  readonly dataDir: string;
  readonly json: boolean;
}

const NOTES = `
Projections fold the log into the read models that analytics and queries show. A server makes them while it runs; everything here works
beside it, and without one. What can be read is never half built: a rebuild takes the place of what is there in one moment.
Beside a server that has no time left a rebuild takes a tenth of the time, and goes the faster the less there is to decide.

An event that a projection cannot fold becomes a dead letter, and the others go on; retry folds it once more when its cause was mended.
Where a projection depends on the order of events, that takes a rebuild. The read models hold nothing that the log does not: deleting
projections.db has them made anew.

Exit codes: 0 all is well; 1 a projection could not be built, or there are dead letters; 2 there is no such projection.

Examples:
  reckoner projections                       how far each is, and what waits
  reckoner projections rebuild posteriors    anew from the log, beside the one that is read
  reckoner projections rebuild --all
  reckoner projections dead-letters --json | jq -r '.[].reason'
  reckoner projections retry`;

/** Adds `reckoner projections`. */
export function registerProjections(program: Command, cli: Cli): void {
  const projections = program
    .command('projections')
    .description('the read models: how far they are, rebuilds, events that could not be folded')
    .addHelpText('after', helpText(NOTES));

  const add = (words: string, description: string, standard = false) =>
    projections
      .command(words, { isDefault: standard })
      .description(description)
      .option('--json', 'as JSON', false)
      .addOption(dataDirOption())
      .addHelpText('after', helpText(NOTES));

  add('status', 'how far each is, and what waits', true).action((options: Options) => showStatus(options, cli));
  add('rebuild [name]', 'make one anew from the log, and swap it in when it is complete')
    .option('--all', 'all of them', false)
    .action((name: string | undefined, options: Options & { readonly all: boolean }) => rebuild(name, options, cli));
  add('dead-letters', 'events that could not be folded, and why').action((options: Options) =>
    showDeadLetters(options, cli),
  );
  add('retry [name]', 'fold the dead letters once more, of one projection or of all').action(
    (name: string | undefined, options: Options) => retry(name, options, cli),
  );
}

/** Where things are, with the log open. */
interface Place {
  readonly log: EventLog;
  readonly file: string;
}

async function withLog<T>(dataDir: string, run: (place: Place) => Promise<T>): Promise<T> {
  const directory = existingDataDir(dataDir);
  const log = openSqliteEventLog({ file: logFileIn(directory) });
  try {
    return await run({ log, file: join(directory, dataFiles.readModels) });
  } finally {
    await log.close();
  }
}

async function showStatus({ dataDir, json }: Options, { terminal, exit }: Cli): Promise<void> {
  const { out } = terminal;
  const report = await withLog(dataDir, ({ log, file }) => statusOf(file, log));
  const lines = json ? [JSON.stringify(report)] : statusLines(report, out.colours);
  for (const line of lines) await out.line(line);
  if (report.projections.some(({ state, reason, deadLetters }) => state === 'failed' || reason || deadLetters > 0))
    exit(exitCodes.failed);
}

async function statusOf(file: string, log: EventLog): Promise<Report> {
  const projections = allProjections(log);
  if (existsSync(file)) return reportOf(file, log, projections, Date.now());
  const none = { state: 'missing' as const, events: 0, deadLetters: 0 };
  return {
    head: await log.head(),
    projections: projections.map(({ name, about, version }) => ({ name, about, wanted: version, ...none })),
  };
}

function statusLines({ holder, head, projections }: Report, colours: Colours): string[] {
  const paints = {
    live: colours.green,
    building: colours.yellow,
    outdated: colours.yellow,
    failed: colours.red,
    missing: colours.dim,
  };
  const columns = [
    { title: 'projection' },
    { title: 'state' },
    ...['version', 'events', 'behind', 'dead letters'].map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = projections.map((report) => [
    report.name,
    { text: stateOf(report, head), paint: paints[report.state] },
    String(report.version ?? '–'),
    report.events.toLocaleString('en'),
    report.secondsBehind === undefined ? '–' : `${figure(report.secondsBehind)} s`,
    report.deadLetters === 0 ? '0' : { text: String(report.deadLetters), paint: colours.red },
  ]);
  const remedies = [
    ...projections.flatMap(({ reason }) => (reason ? [`${colours.red('failed')} ${reason}`] : [])),
    ...(projections.some(({ deadLetters }) => deadLetters > 0)
      ? [`${colours.cyan('→')} reckoner projections dead-letters shows why; reckoner projections retry tries again.`]
      : []),
    ...(projections.every(({ state }) => state === 'missing')
      ? [`${colours.cyan('→')} Nothing was made yet: a server makes them, or reckoner projections rebuild --all.`]
      : []),
  ];
  const who = holder === undefined ? 'Nobody projects at the moment.' : `Projected by ${holder.owner}.`;
  return [...tableLines(columns, rows, colours.dim), '', colours.dim(who), ...remedies];
}

/** With how far it is through the log, where something is being built. */
function stateOf({ state, building }: ProjectionReport, head: Position): string {
  if (building === undefined || state === 'failed') return state;
  const through = Math.floor((100 * rowOf(building.position)) / Math.max(1, rowOf(head)));
  return `${state === 'live' ? 'live, rebuilding' : state} ${through} %`;
}

async function rebuild(
  name: string | undefined,
  { dataDir, json, all }: Options & { readonly all: boolean },
  cli: Cli,
): Promise<void> {
  if ((name === undefined) !== all)
    throw usageError(
      'Which one shall be rebuilt?',
      'Name a projection, or give --all: reckoner projections lists them.',
    );
  await asked('rebuild', name, { dataDir, json }, cli, async () => {
    const what = name ?? 'All of them';
    await cli.terminal.out.line(
      json ? JSON.stringify({ rebuilt: name ?? null }) : `${what} rebuilt: what is read is new.`,
    );
  });
}

async function retry(name: string | undefined, { dataDir, json }: Options, cli: Cli): Promise<void> {
  await asked('retry', name, { dataDir, json }, cli, async (result) => {
    const retried = result as Retried; // what answering.ts wrote
    for (const line of json ? [JSON.stringify(retried)] : retriedLines(retried)) await cli.terminal.out.line(line);
    if (retried.failed > 0 || retried.needRebuild.length > 0) cli.exit(exitCodes.failed);
  });
}

function retriedLines({ folded, failed, needRebuild }: Retried): string[] {
  return [
    `${folded} folded, ${failed} failed once more.`,
    ...needRebuild.map((name) => `→ ${name} depends on the order of events: reckoner projections rebuild ${name}.`),
  ];
}

/** Has whoever projects do it, or does it here; what comes of it is told by `done`. */
async function asked(
  action: 'rebuild' | 'retry',
  projection: string | undefined,
  { dataDir, json }: Options,
  cli: Cli,
  done: (result: unknown) => Promise<void>,
): Promise<void> {
  const interrupted = onInterrupt();
  try {
    const result = await withLog(dataDir, ({ log, file }) =>
      carryOut({ action, projection, log, file, terminal: cli.terminal, json, signal: interrupted.signal }),
    );
    if (result !== undefined) return await done(result);
    const rest = 'Whoever projects carries it out all the same: a server, or the next command that waits for one.';
    await cli.terminal.err.line(cli.terminal.err.colours.dim(rest));
    cli.exit(exitCodes.interrupted);
  } finally {
    interrupted.dispose();
  }
}

async function showDeadLetters({ dataDir, json }: Options, { terminal }: Cli): Promise<void> {
  const { out } = terminal;
  const letters = await withLog(dataDir, async ({ file }) => (existsSync(file) ? lettersIn(file) : []));
  if (json) return out.line(JSON.stringify(letters));
  if (letters.length === 0) return out.line('There are none: every event was folded.');
  const columns = ['projection', 'event', 'where', 'tried', 'reason'].map((title) => ({ title }));
  const rows = letters.map(({ projection, type, stream, revision, attempts, time, reason }) => [
    ...[projection, type, `${stream} @${revision}`, `${attempts}×, ${new Date(time).toISOString()}`, reason],
  ]);
  for (const line of tableLines(columns, rows, out.colours.dim)) await out.line(line);
}

function lettersIn(file: string): DeadLetter[] {
  const database = connectReadOnly(file);
  try {
    return deadLettersIn(database);
  } finally {
    database.close();
  }
}
