/** `reckoner export`: decisions and what came back for them, in the layouts that analysts' tools read. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { timeAsked } from '../../actors/rollback/time-asked.ts';
import { problemOf } from '../../events/errors.ts';
import { writeAtomically } from '../export/atomic-file.ts';
import { type FormatName, formats } from '../export/formats.ts';
import { itemContextLines } from '../export/obp.ts';
import { readRounds } from '../export/rounds.ts';
import { type ExportSummary, writeExport } from '../export/write-export.ts';
import { readKeys } from '../keys/keys.ts';
import { withBases } from '../sqlite/bases.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import { rowOf } from '../sqlite/schema.ts';
import { openSnapshotStore } from '../sqlite/snapshot-store.ts';
import type { Cli } from './cli.ts';
import { dataFiles } from './compose/data-files.ts';
import { dataDirOption, existingDataDir, logFileIn } from './data-dir.ts';
import { exitCodes, usageError } from './failure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import type { Channel } from './terminal.ts';
import { workBar } from './work-bar.ts';

interface ExportOptions {
  readonly domain: string;
  readonly format: FormatName;
  readonly out: string;
  readonly arms?: string;
  readonly from?: number;
  readonly to?: number;
  readonly rewarded: boolean;
  readonly asRelearned: boolean;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
Writes the decisions of a domain in the order of the log, one line each (one for each place of a slate; dsjson: only the first), with
what came back for them: several rewards are one by their shares of a pull, and what was taken back does not count. Rewards count
whenever they came; --from and --to are about when it was decided.

Rewards are those that were recorded. Where "reward" or "feedback" of a configuration changed since, what was learned was learned
anew, with what they are worth under it: --as-relearned writes that, and a posterior and an export then speak of the same rewards.
The tables of reckoner query always have what was recorded.

In CSV a text that a spreadsheet would take for a formula (it begins with = + - or @, and is no number) gets an apostrophe before it.

--rewarded selects: where it depends on the answer whether a reward comes, estimates from what is left lean towards arms that are
rewarded more often.

Propensities are exact. Those that were left to be computed are computed from the log. A line without a reward has none
(dsjson: no label, and _skipLearn) and says rewarded = 0. Lines of the fallback arm, and of policies that draw nothing, are marked:
counterfactual estimates have nothing to weigh them by. People are not in it, and of texts and embeddings only the numbers that were kept.

Formats:
  obp     columns of the Open Bandit Dataset, for Open Bandit Pipeline: timestamp, item_id (the arm's index), position (from 1),
          click (the reward), propensity_score, user_feature_NAME …; then arm, decision_id, bucket, rewarded, fallback,
          deterministic. --arms FILE writes the item_context.csv that belongs to it.
  dsjson  for Vowpal Wabbit: _label_cost (minus the reward), _label_probability, _label_Action, _labelIndex, a, p, c with the context
          and one _multi for each candidate
  csv     everything that is known: round, timestamp, decision_id, bucket, position (from 0), action (the arm's index), arm,
          candidates, pscore, reward, …, context_NAME …
  ndjson  the same as JSON, with the candidates and each reward by itself

Works beside a running server and changes nothing. A file appears when it is whole.

Examples:
  reckoner export --domain support --out support.ndjson
  reckoner export --domain support --format dsjson --rewarded --out - | vw --dsjson --cb_explore_adf -q ca
  mkdir -p obd/random/all && reckoner export --domain support --format obp --rewarded --out obd/random/all/all.csv --arms obd/random/all/item_context.csv
  reckoner export --domain support --format csv --from 2026-03-01 --to 2026-04-01 --out march.csv`;

/** Adds `reckoner export`. */
export function registerExport(program: Command, cli: Cli): void {
  program
    .command('export')
    .description('write decisions and rewards for other tools: Open Bandit Pipeline, Vowpal Wabbit, CSV, JSON lines')
    .requiredOption('--domain <name>', 'the domain whose decisions are wanted')
    .addOption(new Option('--format <name>', 'how they are written').choices(Object.keys(formats)).default('ndjson'))
    .option('--out <file>', 'where to, `-` for the standard output', '-')
    .option('--arms <file>', 'also write the table of arms, as item_context.csv of the Open Bandit Dataset')
    .option('--from <time>', 'decided at this time or later: ISO 8601, UTC where it says no zone', timeGiven)
    .option('--to <time>', 'decided before this time', timeGiven)
    .option('--rewarded', 'leave out what has no reward', false)
    .option('--as-relearned', 'rewards as the definition in force values them, not as they were recorded', false)
    .option('--json', 'say what was written as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action((options: ExportOptions) => exportRounds(options, cli));
}

async function exportRounds(options: ExportOptions, cli: Cli): Promise<void> {
  const { terminal, env } = cli;
  const dataDir = existingDataDir(options.dataDir);
  const toFile = options.out !== '-';
  for (const file of [toFile ? options.out : undefined, options.arms])
    if (file !== undefined) requireOutside(dataDir, resolve(file));
  const say = toFile ? terminal.out : terminal.err;
  const key = await decisionKey(dataDir, env, options.json, terminal.err);
  const log = openSqliteEventLog({ file: logFileIn(dataDir) });
  const cache = join(dataDir, dataFiles.snapshots);
  const snapshots = withBases(openSnapshotStore({ file: existsSync(cache) ? cache : ':memory:' }), log);
  const interrupted = onInterrupt();
  const signal = AbortSignal.any([interrupted.signal, ...(toFile ? [] : [terminal.gone])]);
  const bars = {
    rewards: workBar('reading rewards  ', terminal, options.json),
    decisions: workBar('writing decisions', terminal, options.json),
  };
  const stop = () => {
    for (const bar of Object.values(bars)) bar.stop();
  };
  try {
    const format = formats[options.format];
    const { domain, from, to, asRelearned } = options;
    const rounds = await readRounds({
      ...{ log, snapshots, key, tenant: DEFAULT_TENANT, domain, from, to, asRelearned, signal },
      allPropensities: format.allPropensities,
      onProgress(pass, at, until) {
        if (pass === 'decisions') bars.rewards.stop();
        bars[pass].show(rowOf(at) / Math.max(1, rowOf(until)));
      },
    });
    if (options.arms !== undefined) {
      const lines = itemContextLines(rounds.outline);
      await writeAtomically(resolve(options.arms), async (line) => {
        for (const text of lines) await line(text);
      });
    }
    const write = (line: (text: string) => Promise<void>) => writeExport(rounds, format, options.rewarded, line);
    const summary = toFile
      ? await writeAtomically(resolve(options.out), write)
      : await write((text) => terminal.out.line(text));
    stop();
    const target = toFile ? resolve(options.out) : '-';
    if (options.json) await say.line(JSON.stringify({ file: target, format: options.format, ...summary }));
    else for (const line of summaryLines(summary, target, say)) await say.line(line);
  } catch (thrown) {
    stop();
    if (!signal.aborted) throw thrown;
    // Whoever read the output had enough of it: that is no failure.
    if (interrupted.signal.aborted) cli.exit(exitCodes.interrupted);
  } finally {
    interrupted.dispose();
    await snapshots.close();
    await log.close();
  }
}

/** A file of the data directory that is written over cannot be made again: the log, the keys, the salts. */
function requireOutside(dataDir: string, file: string): void {
  const directory = dirname(file);
  if (!existsSync(directory)) return; // what is not there is told when it is written to
  const path = relative(realpathSync(dataDir), realpathSync(directory));
  if (path !== '' && (path.split(sep)[0] === '..' || isAbsolute(path))) return;
  throw usageError(`${file} lies in the data directory.`, 'Name a file in another directory.');
}

/** Without the keys everything but the ids of decisions can be exported, and that is said. */
async function decisionKey(dataDir: string, env: Cli['env'], quiet: boolean, err: Channel) {
  let trouble = `there are no keys in ${dataDir}`;
  try {
    const keys = readKeys({ dataDir, env });
    if (keys !== undefined) return keys.decision;
  } catch (thrown) {
    trouble = problemOf(thrown).message;
  }
  if (!quiet) await err.line(err.colours.dim(`Without decision ids: ${trouble}`));
  return undefined;
}

function summaryLines(summary: ExportSummary, target: string, { colours }: Channel): string[] {
  const { decisions, rows, unrewarded, fallback, deterministic, withoutPscore, slatesCut } = summary;
  const count = (number: number, what: string) => `${number.toLocaleString('en')} ${what}`;
  const notes = [
    unrewarded > 0 && `${count(unrewarded, 'without a reward')}`,
    fallback > 0 && `${count(fallback, 'of the fallback arm')}`,
    deterministic > 0 && `${count(deterministic, 'of which nothing else could have been chosen')}`,
    withoutPscore > 0 && `${count(withoutPscore, 'without a propensity: a policy of another version decided')}`,
    slatesCut > 0 && `${count(slatesCut, 'of slates, of which only the first place is written')}`,
  ].filter((note) => note !== false);
  const where = target === '-' ? '' : ` in ${target}`;
  return [
    `${count(rows, rows === 1 ? 'line' : 'lines')} of ${count(decisions, decisions === 1 ? 'decision' : 'decisions')}${where}`,
    ...notes.map((note) => colours.dim(`  ${note}`)),
  ];
}

function timeGiven(text: string): number {
  const time = timeAsked(text);
  if (time === undefined)
    throw new InvalidArgumentError('It is a date or a time as in 2026-03-01 or 2026-03-01T12:00Z.');
  return time;
}
