/** `reckoner archive`: move old events out of the live log, and say where they are. */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { Command } from 'commander';
import { timeAsked } from '../../actors/rollback/time-asked.ts';
import { ReckonerError } from '../../events/errors.ts';
import { hashFile } from '../files/durable.ts';
import { type ArchiveOptions, archiveEvents } from '../keeping/archive.ts';
import { pathOf, type Segment, segmentsOf } from '../sqlite/archive.ts';
import { failureOf } from '../sqlite/failures.ts';
import { isInUse } from '../sqlite/in-use.ts';
import type { Cli } from './cli.ts';
import { dataFiles } from './compose/data-files.ts';
import { dataDirOption, existingDataDir, logFileIn } from './data-dir.ts';
import { exitCodes, usageError } from './failure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import { tableLines } from './table.ts';
import { workBar } from './work-bar.ts';

interface ArchiveCommandOptions {
  readonly before?: string;
  readonly to?: string;
  readonly list: boolean;
  readonly verify: boolean;
  readonly shrink: boolean;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
Moves what buckets and agents recorded before that moment into a segment: a file that is never written to again, with a hash and
a manifest. Works while a server runs, which is given the log in between. Domains stay in the live log, and so does the newest
event of every stream: nobody who decides or learns needs a segment.

As long as a segment is in its place everything reads through it. It may be taken away, to cheaper storage: then what needs it
(explaining or rewarding its decisions, rolling back past it, verifying the whole log) answers segment_missing, until it is
brought back, without a restart. After an upgrade, or a rollback to before what was archived, a bucket may need its segments once:
have them in place then, and run archive again, which makes its base anew.

The live file does not become smaller: new events take the place of what was moved. --shrink makes it smaller, while no server
runs. Run again what was cut off: it is gone on with.

Examples:
  reckoner archive --before 2026-01-01T00:00:00Z
  reckoner archive --before 2026-01-01T00:00:00Z --to /mnt/cold/reckoner
  reckoner archive --list --verify`;

/** Adds `reckoner archive`. */
export function registerArchive(program: Command, cli: Cli): void {
  program
    .command('archive')
    .description('move old events out of the live log, or list what was moved')
    .option(
      '--before <time or position>',
      'move what lies before: an ISO time, or a position as reckoner events shows it',
    )
    .option('--to <dir>', 'where the segment goes; default: segments, in the data directory')
    .option('--list', 'list the segments and whether they are in their place', false)
    .option('--verify', 'with --list: read them, and compare their hashes', false)
    .option('--shrink', 'give free space within the log back to the disk; no server may run', false)
    .option('--json', 'as JSON', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action((options: ArchiveCommandOptions) => archive(options, cli));
}

async function archive(options: ArchiveCommandOptions, cli: Cli): Promise<void> {
  const dataDir = existingDataDir(options.dataDir);
  if (options.list) return list(dataDir, options, cli);
  if (options.before === undefined && !options.shrink) {
    throw usageError('Nothing was asked for.', 'Say --before TIME to archive, --list to look, or --shrink.');
  }
  if (options.before !== undefined && !(await move(dataDir, momentOf(options.before), options, cli))) return;
  if (options.shrink) await shrink(dataDir, options, cli);
}

function momentOf(text: string): ArchiveOptions['before'] {
  if (/^\d{1,16}$/.test(text)) return { row: Number(text) };
  const time = timeAsked(text);
  if (time !== undefined) return { time };
  throw usageError(`${text} is no moment.`, 'Give an ISO time such as 2026-01-01T00:00:00Z, or a position of the log.');
}

function directoryOf(to: string): string {
  const directory = resolve(to);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== false) return directory;
  throw usageError(`${to} is a file.`, 'Segments get names of their own: give a directory with --to.');
}

/** @returns false where it was broken off */
async function move(
  dataDir: string,
  before: ArchiveOptions['before'],
  { to, json }: ArchiveCommandOptions,
  { terminal, exit }: Cli,
): Promise<boolean> {
  const bars = {
    folding: workBar('folding buckets', terminal, json),
    copying: workBar('copying        ', terminal, json),
    moving: workBar('moving         ', terminal, json),
  };
  const stop = () => {
    for (const bar of Object.values(bars)) bar.stop();
  };
  const interrupted = onInterrupt();
  try {
    const done = await archiveEvents({
      ...{
        dataDir,
        names: dataFiles,
        before,
        to: to === undefined ? undefined : directoryOf(to),
        now: Date.now(),
      },
      progress(stage, share) {
        interrupted.signal.throwIfAborted();
        bars[stage].show(share);
        if (share >= 1) bars[stage].stop();
      },
    });
    stop();
    const { segment, events, streams, bytes, resumed, freeBytes } = done;
    const { out } = terminal;
    if (json) {
      await out.line(JSON.stringify({ ...done, segment: segment ?? null }));
      return true;
    }
    if (resumed > 0) await out.line(`${resumed} events of a run that had been cut off were moved.`);
    if (done.renewed > 0) await out.line(`${done.renewed} buckets’ bases were made anew.`);
    if (done.unfit > 0)
      await out.line(`${done.unfit} buckets need their segments: bring them back, and run this again.`);
    if (segment === undefined) await out.line('Nothing else is old enough to be moved.');
    else await out.line(`${events} events of ${streams} streams are in ${segment} (${sizeOf(bytes)}).`);
    await out.line(`New events take ${sizeOf(freeBytes)} within the log before its file grows.`);
    return true;
  } catch (thrown) {
    if (!interrupted.signal.aborted) throw thrown;
    stop();
    await terminal.err.line('Interrupted: nothing is lost. Run it again: what was begun is gone on with.');
    exit(exitCodes.interrupted);
    return false;
  } finally {
    stop();
    interrupted.dispose();
  }
}

async function list(dataDir: string, { verify, json }: ArchiveCommandOptions, cli: Cli): Promise<void> {
  const log = logFileIn(dataDir);
  const listed = [];
  for (const segment of segmentsOf(log)) listed.push(await looked(log, segment, verify));
  const { out } = cli.terminal;
  if (json) await out.line(JSON.stringify(listed));
  else if (listed.length === 0) await out.line('Nothing was archived.');
  else {
    const columns = ['segment', 'events', 'streams', 'size', 'state', 'where'].map((title) =>
      ['events', 'streams', 'size'].includes(title) ? { title, align: 'right' as const } : { title },
    );
    const rows = listed.map(({ name, events, streams, bytes, state, place }) => {
      const paint = state === 'missing' || state === 'damaged' ? out.colours.yellow : out.colours.green;
      return [name, String(events), String(streams), sizeOf(bytes), { text: state, paint }, dirname(place)];
    });
    for (const line of tableLines(columns, rows, out.colours.dim)) await out.line(line);
  }
  if (listed.some(({ state }) => state === 'damaged')) cli.exit(exitCodes.failed);
}

async function looked(log: string, segment: Segment, verify: boolean) {
  const { name, directory, first, last, events, streams, bytes, sha256, made, drained } = segment;
  const path = pathOf(log, segment);
  const damaged = verify && path !== undefined && (await hashFile(path)).sha256 !== sha256;
  const there = drained === 0 ? 'cut off' : verify ? 'verified' : 'present';
  const state = path === undefined ? 'missing' : damaged ? 'damaged' : there;
  const place = path ?? join(resolve(log, '..', directory), name);
  return { name, place, state, first, last, events, streams, bytes, sha256, made: new Date(made).toISOString() };
}

async function shrink(dataDir: string, { before, json }: ArchiveCommandOptions, { terminal }: Cli): Promise<void> {
  const file = logFileIn(dataDir);
  if (isInUse(file)) {
    throw new ReckonerError('log_locked', `A node, or another command, works on ${dataDir} just now.`, {
      remedy: 'Stop it, then shrink. Nothing presses: new events take the free space within the file.',
    });
  }
  try {
    const database = new Database(file, { fileMustExist: true });
    try {
      database.exec('VACUUM');
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw failureOf(thrown, file);
  }
  if (!json) await terminal.out.line('The free space within the log was given back.');
  // Beside --before the one JSON object has been told.
  else if (before === undefined) await terminal.out.line(JSON.stringify({ shrunk: true }));
}

function sizeOf(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`;
}
