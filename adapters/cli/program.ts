/** The command line: its commands, its help, and what its exit codes mean. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Help } from 'commander';
import type { Cli } from './cli.ts';
import { refuseFileElsewhere } from './elsewhere.ts';
import { exitCodes, reportFailure, usageError } from './failure.ts';
import { helpText } from './help-text.ts';

type Register = (program: Command, cli: Cli) => void;

/** Each is loaded when it is asked for: a command starts as fast as what it needs, and help needs them all. */
const commands: Readonly<Record<string, () => Promise<Register>>> = {
  serve: async () => (await import('./serve.ts')).registerServe,
  events: async () => (await import('./events.ts')).registerEvents,
  explain: async () => (await import('./explain.ts')).registerExplain,
  posterior: async () => (await import('./posterior.ts')).registerPosterior,
  query: async () => (await import('./query.ts')).registerQuery,
  export: async () => (await import('./export.ts')).registerExport,
  config: async () => (await import('./config.ts')).registerConfig,
  domains: async () => (await import('./domains.ts')).registerDomains,
  rollback: async () => (await import('./rollback.ts')).registerRollback,
  void: async () => (await import('./void.ts')).registerVoid,
  checkpoint: async () => (await import('./rollback-points.ts')).registerCheckpoint,
  'rollback-points': async () => (await import('./rollback-points.ts')).registerRollbackPoints,
  projections: async () => (await import('./projections.ts')).registerProjections,
  nodes: async () => (await import('./nodes.ts')).registerNodes,
  simulate: async () => (await import('./simulate.ts')).registerSimulate,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  audit: async () => (await import('./audit.ts')).registerAudit,
  keys: async () => (await import('./keys.ts')).registerKeys,
  backup: async () => (await import('./backup.ts')).registerBackup,
  archive: async () => (await import('./archive.ts')).registerArchive,
  'copy-log': async () => (await import('./copy-log.ts')).registerCopyLog,
  restore: async () => (await import('./backup.ts')).registerRestore,
};

const HELP = `
Examples:
  reckoner serve                                 a node on http://127.0.0.1:8080, data in ./.reckoner
  reckoner events --follow --type DecisionMade   decisions as they are made, with their ids
  reckoner explain DECISION_ID                   why this arm, and what came of it
  reckoner export --domain support --out s.ndjson  what was decided and what came of it, for your own tools
  reckoner config check support.json             does this configuration hold, and what should I know of it?
  reckoner rollback --domain D --to POINT        return what was learned to how it stood; --dry-run only looks
  reckoner doctor                                is everything in order?
  reckoner simulate --dataset ./mine.csv         measure a policy on recorded requests

Exit codes:
  0    done, also where Ctrl-C ended serve or events --follow (started by npm, the shell sees npm's own 130)
  1    failed, or doctor found something to mend
  2    the command, an option or an argument is not right
  130  Ctrl-C broke it off: a second one, or simulate before its end (143: the same by SIGTERM)

Environment:
  RECKONER_DATA_DIR     where Reckoner keeps its log and its keys: default of --data-dir
  RECKONER_DECISION_KEY and RECKONER_PSEUDONYM_KEY
                        the keys of an installation, in place of keys.json in the data directory: see keys --help
  RECKONER_DATA         where recorded data sets lie, which only simulate reads: default of its --data
  RECKONER_MIN_FREE_MB  free disk space below which serve only reads: 256, or 1 % of a disk under 25 GB; 0 never
  NATS_URL              joins the nodes on that server: nats://host:4222; see doctor for its companions
  RECKONER_INTAKE=off   rewards and control are not taken in from JetStream
  RECKONER_PUBLISH      events are published to events.TYPE as protobuf (default), as json, or not at all: off
  EVENTSTORE_URL        the log is in EventStoreDB: esdb://host:2113; EVENTSTORE_USER, EVENTSTORE_PASSWORD(_FILE)
  RECKONER_DEBUG=1      adds stack traces to errors
  NO_COLOR=1            takes the colours away`;

const plainHelp = new Help();

/** Runs one command and gives its exit code. */
export async function runCli(
  args: readonly string[],
  { terminal, env }: Pick<Cli, 'terminal' | 'env'>,
): Promise<number> {
  const json = args.includes('--json');
  let code: number = exitCodes.ok;
  const cli: Cli = {
    terminal,
    env,
    version: packageVersion(),
    exit: (wanted) => {
      code = wanted;
    },
  };
  try {
    const program = await createProgram(cli, args[0] ?? '', json);
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (thrown) {
    const style = { json, debug: Boolean(env.RECKONER_DEBUG) };
    if (!(thrown instanceof CommanderError)) return await reportFailure(thrown, terminal, style);
    if (thrown.exitCode === 0) return exitCodes.ok;
    // To a person Commander has already said what is wrong.
    const message = thrown.message.replace(/^error: /, '');
    if (json) await reportFailure(usageError(message, 'Run the command with --help.'), terminal, style);
    return exitCodes.usage;
  }
}

/**
 * The command that is named, or where none of ours is, all of them.
 * @param json usage errors are left to the caller to tell
 */
async function createProgram(cli: Cli, named: string, json: boolean): Promise<Command> {
  const { colours } = cli.terminal.err;
  const program = new Command('reckoner')
    .description('The LLM router that can explain, replay and undo every decision it makes.')
    .version(cli.version, '-V, --version')
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) => json || write(text.replace(/^error:/, colours.red('error:'))),
    })
    // Of a flag everybody knows that it is not set until it is.
    .configureHelp({
      optionDescription: (option) => plainHelp.optionDescription(option).replace(' (default: false)', ''),
    })
    .addHelpText('after', helpText(HELP))
    .exitOverride();
  const loads = Object.hasOwn(commands, named) ? [commands[named]] : Object.values(commands);
  for (const load of loads) (await load?.())?.(program, cli);
  program.hook('preAction', (_, command) => refuseFileElsewhere(pathOf(command).trim(), command, cli.env));
  for (const command of json ? [] : withSubcommands(program)) {
    command.showHelpAfterError(`${colours.cyan('→')} reckoner ${pathOf(command)}--help shows how it is used.`);
  }
  return program;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)}${command.name()} `;
}

/** From package.json: two folders up from the source, three from the compiled file. */
function packageVersion(): string {
  for (const place of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), 'utf8');
      const manifest: { readonly name?: unknown; readonly version?: unknown } = JSON.parse(text);
      if (manifest.name === 'reckoner') return String(manifest.version);
    } catch {
      // Not there: the other one is.
    }
  }
  return 'unknown';
}
