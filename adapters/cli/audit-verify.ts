/** `reckoner audit verify`: every event as it was written, every decision as it was made. */
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { timeAsked } from '../../actors/rollback/time-asked.ts';
import { ReckonerError } from '../../events/errors.ts';
import { domainStream } from '../../events/streams.ts';
import { openSalvage } from '../sqlite/salvage.ts';
import { positionOf } from '../sqlite/schema.ts';
import { auditFile, type FileCounts } from './audit-file.ts';
import type { FileFinding, Moment } from './audit-part.ts';
import { sealGiven } from './audit-seal.ts';
import type { Cli } from './cli.ts';
import { dataDirOption, existingDataDir, logFileIn } from './data-dir.ts';
import { exitCodes } from './failure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import type { Colours } from './terminal.ts';
import { workBar } from './work-bar.ts';

interface VerifyOptions {
  readonly domain?: string;
  readonly from?: Moment;
  readonly to?: Moment;
  readonly propensities: boolean;
  readonly seed: number;
  readonly threads: number;
  readonly seal?: string;
  readonly json: boolean;
  readonly dataDir: string;
}

/** Findings that a person is shown. */
const SHOWN = 20;
/** Findings that are kept; of more it is told how many there are. */
const KEPT = 100_000;

const NOTES = `
Each event must have its checksum and follow the one before it in its stream, to the bit; ids must follow from their requests, and none be given twice.
Each decision is made again from posterior, context, candidates and seed as they were at that moment: arm, slate, posterior
revision, shifts and mode always, propensities of one in a hundred, or of all with --propensities, which takes much longer.
What is damaged is passed over: what lies before it and behind it is checked. Exit code 1 where anything is found.

--domain, --from and --to restrict what is reported and which decisions are made again; the log is always read from its first
event. Decisions that another version of their policy made are counted and not compared.

A seal (reckoner audit seal) finds what no log can tell of itself: that its end was cut off, or that all of it was written anew.

Examples:
  reckoner audit verify
  reckoner audit verify --domain support --from 2026-03-01 --to 2026-04-01 --propensities
  reckoner audit verify --seal seal-2026-11.json --json | jq '.findings[]'`;

/** Adds `reckoner audit verify`. */
export function registerAuditVerify(audit: Command, cli: Cli): void {
  audit
    .command('verify')
    .description('recompute every decision, and check every event')
    .option('--domain <name>', 'only this domain')
    .option('--from <moment>', 'only what was recorded from here: a position, or an ISO time', momentGiven)
    .option('--to <moment>', 'only what was recorded before this position or ISO time', momentGiven)
    .option('--propensities', 'recompute the propensities of all decisions', false)
    .addOption(new Option('--seed <n>', 'draws the others, one in a hundred').argParser(wholeNumber).default(1))
    .addOption(
      new Option('--threads <n>', 'processors that it may use')
        .argParser(threadsGiven)
        .default(Math.min(2, availableParallelism())),
    )
    .option('--seal <seal>', 'what `audit seal` printed: a file, the line, or its root')
    .option('--json', 'the findings as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action((options: VerifyOptions) => verify(options, cli));
}

async function verify(options: VerifyOptions, { terminal, exit }: Cli): Promise<void> {
  const { json, propensities, seed, threads, domain, from, to } = options;
  const file = logFileIn(existingDataDir(options.dataDir));
  const seal = options.seal === undefined ? undefined : sealGiven(options.seal);
  if (options.domain !== undefined) await mustExist(file, options.domain);
  const findings: FileFinding[] = [];
  let more = 0;
  const found = (finding: FileFinding) => {
    if (findings.length < KEPT) findings.push(finding);
    else more += 1;
  };
  const bar = workBar('verifying', terminal, json);
  const interrupted = onInterrupt();
  const began = performance.now();
  let counts: FileCounts;
  try {
    counts = await auditFile(file, {
      ...{ found, seal, seed, threads, structure: true, range: { domain, from, to } },
      ...(propensities ? { share: 1 } : {}),
      progress(share) {
        interrupted.signal.throwIfAborted();
        bar.show(share);
      },
    });
  } catch (thrown) {
    if (!interrupted.signal.aborted) throw thrown;
    bar.stop();
    await terminal.err.line('Interrupted: nothing can be said of what was not read.');
    exit(exitCodes.interrupted);
    return;
  } finally {
    bar.stop();
    interrupted.dispose();
  }
  const seconds = (performance.now() - began) / 1000;
  const total = findings.length + more;
  if (json) {
    const figures = { ...counts, seconds, choicesPerSecond: Math.round(counts.decisions / seconds) };
    // Some are of no event: of the log, or of a stream.
    const told = findings.map((finding) => ({ ...finding, position: finding.position || null }));
    await terminal.out.line(JSON.stringify({ ok: total === 0, ...figures, found: total, findings: told }));
  } else {
    const { colours } = terminal.out;
    for (const finding of findings.slice(0, SHOWN)) await terminal.out.line(findingLine(finding, colours));
    if (total > SHOWN) await terminal.out.line(`… and ${total - SHOWN} more; --json has them all.`);
    for (const line of summaryLines(counts, seconds, total, colours)) await terminal.out.line(line);
  }
  if (total > 0) exit(exitCodes.failed);
}

/** @throws ReckonerError domain_unknown */
async function mustExist(file: string, name: string): Promise<void> {
  const salvage = openSalvage(file);
  try {
    for await (const _ of salvage.readStream(domainStream(DEFAULT_TENANT, name), { limit: 1 })) return;
  } finally {
    salvage.close();
  }
  throw new ReckonerError('domain_unknown', `This log knows no domain ${name}.`);
}

function findingLine({ kind, stream, revision, position, eventId, what }: FileFinding, colours: Colours): string {
  const where = stream === '' ? '' : `${stream}@${revision} `;
  const place = Number(position) === 0 ? '' : `position ${Number(position)} `;
  const event = eventId === '' ? '' : colours.dim(`(${eventId})`);
  return `${`${colours.red(kind.padEnd(10))} ${where}${place}${event}`.trimEnd()}\n           ${what}`;
}

function summaryLines(counts: FileCounts, seconds: number, found: number, colours: Colours): string[] {
  const { events, streams, decisions, propensities, passedOver, otherVersions, unknown, root } = counts;
  const rate = Math.round(decisions / Math.max(seconds, 0.001));
  return [
    `${events} events in ${streams} streams; ${decisions} decisions made again, ${propensities} with their propensities, in ${seconds.toFixed(1)} s (${rate} a second).`,
    ...(passedOver > 0 ? [`${passedOver} decisions could not be: what they were made from is damaged.`] : []),
    ...(otherVersions > 0
      ? [`${otherVersions} decisions were made by another version of their policy, and not compared.`]
      : []),
    ...(unknown > 0 ? [`${unknown} events are of types that a newer version wrote.`] : []),
    // Where something was changed the heads may still be those of the log that was written: their root would vouch for it.
    ...(found === 0 ? [colours.dim(`root ${root}`)] : []),
    found === 0
      ? colours.green('All is as it was written.')
      : colours.red(
          found === 1 ? 'One thing is not as it was written.' : `${found} things are not as they were written.`,
        ),
  ];
}

function momentGiven(text: string): Moment {
  if (/^\d{1,16}$/.test(text)) return { position: positionOf(Number(text)) };
  const time = timeAsked(text);
  if (time === undefined) throw new InvalidArgumentError('It is a position, or a time as 2026-03-01T12:00:00Z.');
  return { time };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('It is a whole number from 0.');
  return number;
}

function threadsGiven(text: string): number {
  const threads = wholeNumber(text);
  if (threads < 1 || threads > 64) throw new InvalidArgumentError('It is a number from 1 to 64.');
  return threads;
}
