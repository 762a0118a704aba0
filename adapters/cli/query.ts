/** `reckoner query`: what was learned, in SQL. */
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Position } from '../../events/event-log.ts';
import type { Table } from '../../projections/projection.ts';
import { query } from '../analytics/query.ts';
import type { AsOf, Cell } from '../analytics/query-lines.ts';
import { csvLine } from '../export/format.ts';
import { READ_MODELS_FILE } from '../projector/file.ts';
import { openReadModels } from '../projector/reader.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import { rowOf } from '../sqlite/schema.ts';
import type { Cli } from './cli.ts';
import { dataDirOption, existingDataDir, logFileIn } from './data-dir.ts';
import { exitCodes, usageError } from './failure.ts';
import { figure } from './figure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

interface QueryCommandOptions {
  readonly tables: boolean;
  readonly limit: number;
  readonly timeout: number;
  readonly json: boolean;
  readonly csv: boolean;
  readonly dataDir: string;
}

const NOTES = `
Reads the tables that are made from the log (the read models): one SELECT of SQLite, nothing else. Nothing can be changed through it.
Times are milliseconds since 1970 UTC: datetime(time / 1000, 'unixepoch') shows one. How far behind the log the tables were is said
with the answer ("asOf" in JSON). In a table fractions are shown to six digits; --json and --csv have all of them.

Examples:
  reckoner query --tables                              what there is
  reckoner query --tables decisions                    what each of its columns means
  reckoner query "SELECT arm, count(*) AS n, sum(reward_sum) / sum(shares) AS mean FROM decisions WHERE domain = 'support' GROUP BY arm"
  reckoner query "SELECT * FROM performance_days ORDER BY start DESC" --csv --limit 100000 > days.csv
  reckoner query "SELECT * FROM config_history" --json | jq '.rows[].policy'`;

/** Adds `reckoner query`. */
export function registerQuery(program: Command, cli: Cli): void {
  program
    .command('query')
    .description('ask what was learned, in SQL over the read models')
    .argument('[sql]', 'one SELECT')
    .option('--tables', 'list the tables; with the name of one instead of SQL: what its columns mean', false)
    .option('--limit <rows>', 'at most so many rows', countGiven, 1_000)
    .option('--timeout <seconds>', 'end it after so long', secondsGiven, 30)
    .option('--json', 'one JSON object: columns, rows, truncated, asOf', false)
    .option(
      '--csv',
      'CSV with a header; a text that a spreadsheet would take for a formula gets an apostrophe before it',
      false,
    )
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action((sql: string | undefined, options: QueryCommandOptions) =>
      options.tables ? showTables(sql, options, cli) : ask(sql, options, cli),
    );
}

async function ask(sql: string | undefined, options: QueryCommandOptions, cli: Cli): Promise<void> {
  if (sql === undefined || sql.trim() === '')
    throw usageError('There is no query.', 'reckoner query "SELECT …"; reckoner query --tables shows what there is.');
  const { terminal } = cli;
  const dataDir = existingDataDir(options.dataDir);
  const interrupted = onInterrupt();
  const signal = AbortSignal.any([interrupted.signal, terminal.gone]);
  let columns: readonly string[] = [];
  let asOf: AsOf | null = null;
  const rows: (readonly Cell[])[] = [];
  try {
    const more = await query(
      {
        file: join(dataDir, READ_MODELS_FILE),
        ...{ sql, limit: options.limit, timeoutMs: options.timeout * 1000, signal },
      },
      {
        columns(names, known) {
          columns = names;
          asOf = known;
          if (options.csv) void terminal.out.line(csvLine(names));
        },
        row: options.csv ? (row) => terminal.out.line(csvLine(row.map(filled))) : (row) => void rows.push(row),
      },
    );
    const behind = await lagOf(dataDir, asOf);
    if (options.json) {
      await terminal.out.line(
        JSON.stringify({ columns, rows: objectsOf(columns, rows), truncated: more, asOf: behind }),
      );
      return;
    }
    if (!options.csv) await showRows(columns, rows, terminal);
    const notes = [
      !options.csv && rows.length === 0 && 'no rows',
      more && `only the first ${options.limit.toLocaleString('en')} rows: --limit gives more`,
      wordsOf(behind),
    ];
    const said = notes.filter((note) => note !== false && note !== '').join('; ');
    if (said !== '') await terminal.err.line(terminal.err.colours.dim(said));
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    if (interrupted.signal.aborted) cli.exit(exitCodes.interrupted);
  } finally {
    interrupted.dispose();
  }
}

function filled(cell: Cell): string | number | undefined {
  return cell ?? undefined;
}

async function showRows(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  { out }: Terminal,
): Promise<void> {
  const numeric = columns.map((_, index) => rows.every((row) => typeof (row[index] ?? 0) === 'number'));
  const titles = columns.map((title, index) => (numeric[index] ? { title, align: 'right' as const } : { title }));
  const cells = rows.map((row) => row.map(shown));
  for (const line of tableLines(titles, cells, out.colours.bold)) await out.line(line);
}

function shown(cell: Cell): string {
  if (typeof cell !== 'number' || Number.isInteger(cell)) return cell === null ? '' : String(cell);
  // A time in milliseconds is told whole.
  return Math.abs(cell) < 1e6 ? figure(cell) : String(cell);
}

/** Rows by the names of their columns; of two columns of one name the second gets a number. */
function objectsOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): object[] {
  const taken = new Map<string, number>();
  const names = columns.map((name) => {
    const times = (taken.get(name) ?? 0) + 1;
    taken.set(name, times);
    return times === 1 ? name : `${name}_${times}`;
  });
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])));
}

interface Lag {
  readonly position: string;
  readonly time: string | null;
  /** Positions of the log that were not in what was read. */
  readonly behind: number;
}

async function lagOf(dataDir: string, asOf: AsOf | null): Promise<Lag | null> {
  if (asOf === null) return null;
  const log = openSqliteEventLog({ file: logFileIn(dataDir) });
  try {
    const position = asOf.position as Position; // as the projector stored it
    const behind = Math.max(0, rowOf(await log.head()) - rowOf(position));
    return { position, time: asOf.time === null ? null : new Date(asOf.time).toISOString(), behind };
  } finally {
    await log.close();
  }
}

function wordsOf(lag: Lag | null): string {
  if (lag === null || lag.behind === 0) return '';
  return `${lag.behind.toLocaleString('en')} events of the log are not in it yet: reckoner projections shows how far it is`;
}

async function showTables(
  name: string | undefined,
  { json, dataDir }: QueryCommandOptions,
  { terminal }: Cli,
): Promise<void> {
  const models = openReadModels(join(existingDataDir(dataDir), READ_MODELS_FILE));
  try {
    const shown = models.shown();
    const all = shown.flatMap(({ tables }) => tables);
    const tables = name === undefined ? all : all.filter((table) => table.name === name);
    if (tables.length === 0 && name !== undefined)
      throw usageError(`There is no table ${name}.`, `There are ${all.map((table) => table.name).join(', ')}.`);
    if (json) await terminal.out.line(JSON.stringify(tables));
    else
      for (const line of name === undefined
        ? listWords(all, terminal)
        : tables.flatMap((table) => tableWords(table, terminal)))
        await terminal.out.line(line);
  } finally {
    models.close();
  }
}

/** All columns with what they mean would be hundreds of lines. */
function listWords(tables: readonly Table[], { out }: Terminal): string[] {
  const { bold, dim } = out.colours;
  return [
    ...tables.flatMap(({ name, about, columns }) => [
      `${bold(name)}  ${about}`,
      dim(`  ${Object.keys(columns).join(', ')}`),
      '',
    ]),
    'What the columns of one mean: reckoner query --tables NAME',
  ];
}

function tableWords({ name, about, key, columns }: Table, { out }: Terminal): string[] {
  const { bold, dim } = out.colours;
  const rows = Object.entries(columns).map(([column, { type, nullable, about: meaning }]) => [
    `  ${column}`,
    { text: nullable ? `${type}?` : type, paint: dim },
    meaning,
  ]);
  const [, ...lines] = tableLines([{ title: '' }, { title: '' }, { title: '' }], rows);
  return [`${bold(name)}  ${about} ${dim(`Key: ${key.join(', ')}.`)}`, ...lines];
}

function countGiven(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1_000_000)
    throw new InvalidArgumentError('It is a whole number from 1 to 1000000.');
  return count;
}

function secondsGiven(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 3600)) throw new InvalidArgumentError('It is a number of seconds up to 3600.');
  return seconds;
}
