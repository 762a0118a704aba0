/** `reckoner events`: the log as it is, beside a running server or after it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { catalogue, decode } from '../../events/catalogue.ts';
import { problemOf } from '../../events/errors.ts';
import { type EventLog, type Filter, type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import { shellWord } from '../files/shell-word.ts';
import { readKeys } from '../keys/keys.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import { positionOf, rowOf } from '../sqlite/schema.ts';
import type { Cli } from './cli.ts';
import { dataDirOption, existingDataDir, logFileIn } from './data-dir.ts';
import { decisionOf } from './decision-of.ts';
import { eventJson } from './event-json.ts';
import { eventLine } from './event-line.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';

interface EventsOptions {
  readonly stream?: string;
  readonly type?: readonly string[];
  readonly from?: Position | 'end';
  readonly limit?: number;
  readonly last?: number;
  readonly follow: boolean;
  readonly json: boolean;
  readonly dataDir: string;
}

const knownTypes = Object.keys(catalogue);

const NOTES = `
Prints all events in the order of the log; with --follow it stays and prints what comes, until Ctrl-C.
A position is where an event lies in this log: the number at the left, "position" in JSON and in answers over HTTP, with 16 digits
there. Wherever one is asked for, either is taken. @ is an event's revision, its place in its stream. What happened to a decision shows the decision's id ("decisionId" in JSON): reckoner explain takes it.

Types: ${knownTypes.join(', ')}.

Examples:
  reckoner events --last 20
  reckoner events --follow --from end                       only what happens from now on
  reckoner events --stream bucket-default-model_routing-    one domain's buckets
  reckoner events --type DecisionMade,RewardObserved --json | jq '[.decisionId, .data.arm]'`;

/** Adds `reckoner events`. */
export function registerEvents(program: Command, cli: Cli): void {
  program
    .command('events')
    .description('print the log, event by event')
    .option('--stream <prefix>', 'only streams whose name begins so')
    .option('--type <types>', 'only these types, separated by commas', listOf)
    .option('--from <position>', 'only what follows this position; `end`: only what is new', positionGiven)
    .option('--limit <n>', 'stop after so many events', countGiven)
    .addOption(new Option('--last <n>', 'begin with the last so many of them').argParser(countGiven).conflicts('from'))
    .option('-f, --follow', 'stay and print what comes, until Ctrl-C', false)
    .option('--json', 'one JSON object a line, with the decoded data', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action((options: EventsOptions) => printEvents(options, cli));
}

async function printEvents(options: EventsOptions, { terminal, env }: Cli): Promise<void> {
  const dataDir = existingDataDir(options.dataDir);
  const { key, trouble } = decisionKey(dataDir, env);
  if (trouble !== undefined && !options.json) {
    const { dim, cyan } = terminal.err.colours;
    await terminal.err.line(dim(`Without decision ids: ${trouble.message}`));
    await terminal.err.line(`${cyan('→')} ${trouble.remedy}`);
  }
  const log = openSqliteEventLog({ file: logFileIn(dataDir) });
  const interrupted = onInterrupt();
  const signal = AbortSignal.any([interrupted.signal, terminal.gone]);
  const show = (event: RecordedEvent) => {
    const decoded = decode(event);
    const decision = decisionOf(event, decoded, key);
    return options.json
      ? JSON.stringify(eventJson(event, decoded, decision))
      : eventLine(event, decoded, terminal.out.colours, decision);
  };
  try {
    let printed = 0;
    for await (const event of wantedEvents(log, options, signal)) {
      if (signal.aborted) break;
      await terminal.out.line(show(event));
      if (++printed === options.limit) break;
    }
    if (printed === 0 && !signal.aborted && !options.json) {
      await terminal.err.line(terminal.err.colours.dim('No such events in this log.'));
      // No error: a newer version may have written types that this one does not know.
      const strange = (options.type ?? []).filter((type) => !knownTypes.includes(type));
      if (strange.length > 0) await terminal.err.line(`${terminal.err.colours.cyan('→')} ${hintOf(strange)}`);
    }
  } finally {
    interrupted.dispose();
    await log.close();
  }
}

/** The log can be read without its keys, which may be what somebody looks into it for: then ids are left away, and that is said. */
function decisionKey(
  dataDir: string,
  env: Cli['env'],
): { readonly key?: Uint8Array; readonly trouble?: { readonly message: string; readonly remedy: string } } {
  try {
    const keys = readKeys({ dataDir, env });
    if (keys !== undefined) return { key: keys.decision };
    return {
      trouble: {
        message: `there are no keys in ${dataDir}.`,
        remedy: `Bring the backup back: reckoner keys restore --from FILE --data-dir ${shellWord(dataDir)}`,
      },
    };
  } catch (thrown) {
    return { trouble: problemOf(thrown) };
  }
}

async function* wantedEvents(log: EventLog, options: EventsOptions, signal: AbortSignal): AsyncIterable<RecordedEvent> {
  const filter: Filter = { streamPrefix: options.stream, types: options.type };
  const after = await beginning(log, filter, options);
  if (!options.follow) {
    yield* log.readAll({ ...filter, after, limit: options.limit });
    return;
  }
  for await (const message of log.subscribe({ ...filter, after, signal })) {
    if (message.type === 'event') yield message.event;
  }
}

/** After which position the first event comes that is to be printed. */
async function beginning(log: EventLog, filter: Filter, { from, last }: EventsOptions): Promise<Position> {
  if (from === 'end') return log.head();
  return last === undefined ? (from ?? START) : beforeLast(log, filter, last);
}

/**
 * Before the last `count` events that pass the filter. The log is read forwards only: from ever further back, until there are
 * enough of them or it begins.
 */
async function beforeLast(log: EventLog, filter: Filter, count: number): Promise<Position> {
  const head = rowOf(await log.head());
  for (let back = count; ; back *= 4) {
    const after = positionOf(Math.max(0, head - back));
    const rows: number[] = [];
    for await (const { position } of log.readAll({ ...filter, after })) rows.push(rowOf(position));
    const first = rows.at(-count);
    if (first !== undefined) return positionOf(first - 1);
    if (after === START) return START;
  }
}

function hintOf(strange: readonly string[]): string {
  return `Not a type of this version: ${strange.join(', ')}. There are ${knownTypes.join(', ')}.`;
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function positionGiven(text: string): Position | 'end' {
  if (text === 'end') return 'end';
  if (text === 'start') return START;
  if (!/^\d{1,16}$/.test(text)) throw new InvalidArgumentError('It is a number, `start` or `end`.');
  return positionOf(Number(text));
}

function countGiven(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('It is a whole number from 1.');
  return count;
}
