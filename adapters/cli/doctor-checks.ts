/** What `doctor` looks at. Each check gives one finding; none of them changes anything. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type ChainReport, walkChains } from '../../events/chain.ts';
import { problemOf, ReckonerError } from '../../events/errors.ts';
import { type EventLog, START } from '../../events/event-log.ts';
import { datasetsIn } from '../datasets/find-dataset.ts';
import { shellWord } from '../files/shell-word.ts';
import { DEFAULT_HOST } from '../http/address.ts';
import { fingerprint, keysFile, readKeys } from '../keys/keys.ts';
import { leastFree, minFreeFrom } from '../sqlite/disk-guard.ts';
import { openSqliteEventLog } from '../sqlite/event-log.ts';
import { examineLogFile } from '../sqlite/examination.ts';
import { failureOf } from '../sqlite/failures.ts';
import { doubtOfNativePart } from '../sqlite/native.ts';
import type { Cli } from './cli.ts';
import { dataFiles, lostLog } from './compose/data-files.ts';

export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; where something is to be done. */
  readonly remedy?: string;
}

const GIB = 2 ** 30;
const RESTORE_LOST =
  'Restore it from the last backup before the server starts; to begin anew instead, delete what is left of it.';
const RESTORE = 'Stop the server, keep a copy of the file, and restore the last backup.';

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return { check: 'node', status: 'ok', message: version };
  return { check: 'node', status: 'fail', message: `${version} is too old`, remedy: 'Install Node 20.19 or newer.' };
}

/** Can SQLite be loaded? Its native part is built for one version of Node, and another may be first on the path by now. */
export function checkSqlite(): Finding {
  const check = 'sqlite';
  try {
    const database = new Database(':memory:');
    const version = String(database.prepare('SELECT sqlite_version()').pluck().get());
    database.close();
    const doubt = doubtOfNativePart()?.problem;
    if (doubt === undefined) return { check, status: 'ok', message: version };
    return { check, status: 'warn', message: doubt.message, remedy: doubt.remedy };
  } catch (thrown) {
    return failed(check, failureOf(thrown, ':memory:'));
  }
}

/** @param named the user named it: then its absence is an error, not just news */
export function checkDataDir(dataDir: string, named: boolean): Finding {
  const check = 'data directory';
  if (!existsSync(dataDir)) {
    const remedy = `Name another one with --data-dir, or begin it: reckoner serve --data-dir ${shellWord(dataDir)}`;
    return { check, status: named ? 'fail' : 'warn', message: `${dataDir} does not exist`, remedy };
  }
  if (!statSync(dataDir).isDirectory()) {
    return {
      check,
      status: 'fail',
      message: `${dataDir} is not a directory`,
      remedy: 'Name a directory with --data-dir.',
    };
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const remedy = `Give it to the user that runs Reckoner: chown, then chmod 700 ${dataDir}.`;
    return { check, status: 'fail', message: `${dataDir} is not writable for this user`, remedy };
  }
  const mode = statSync(dataDir).mode & 0o777;
  const octal = mode.toString(8).padStart(3, '0');
  if ((mode & 0o007) !== 0 && process.platform !== 'win32') {
    const message = `${dataDir} is open to every user of this machine (mode ${octal})`;
    return { check, status: 'warn', message, remedy: `chmod 700 ${dataDir}` };
  }
  return { check, status: 'ok', message: `${dataDir} (mode ${octal}, writable)` };
}

/**
 * Two variables whose names are easily taken for one another: RECKONER_DATA, the recorded data sets that simulate reads, and
 * RECKONER_DATA_DIR, the data directory. Nothing to say where neither could be meant by the other.
 */
export function checkVariables(env: Cli['env']): Finding | undefined {
  const check = 'environment';
  const { RECKONER_DATA: recorded, RECKONER_DATA_DIR: kept } = env;
  if (recorded && existsSync(join(recorded, dataFiles.log))) {
    const message = `RECKONER_DATA names ${recorded}, which holds a log: it is read for recorded data sets only, by simulate`;
    return { check, status: 'warn', message, remedy: 'The variable for the data directory is RECKONER_DATA_DIR.' };
  }
  if (kept && !existsSync(join(kept, dataFiles.log)) && isDirectory(kept) && datasetsIn(kept).length > 0) {
    const message = `RECKONER_DATA_DIR names ${kept}, which holds data sets and no log: it is where a log is kept`;
    return { check, status: 'warn', message, remedy: 'The variable for recorded data sets is RECKONER_DATA.' };
  }
  return undefined;
}

/** Clocks that differ by more are worth a word: times in the log, windows of rewards and daily points go by them. */
const SKEW_MOST_MS = 1_000;

/** @param theirs what a server's clock said, between the two times of ours; all in milliseconds */
export function clockFinding(check: string, theirs: number, began: number, ended: number): Finding {
  const ahead = theirs < began ? theirs - began : Math.max(0, theirs - ended);
  const side = ahead < 0 ? 'behind' : 'ahead of';
  const message = ahead === 0 ? 'goes with this machine’s' : `${Math.abs(Math.round(ahead))} ms ${side} this machine’s`;
  if (Math.abs(ahead) <= SKEW_MOST_MS) return { check, status: 'ok', message };
  const remedy = 'Set both clocks by one time service (chrony, systemd-timesyncd): times in the log go by them.';
  return { check, status: 'warn', message, remedy };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** @param env may set another limit than the usual one */
export function checkDisk(dataDir: string, env: Cli['env']): Finding {
  const check = 'disk space';
  try {
    const space = statfsSync(dataDir);
    const free = space.bavail * space.bsize;
    const least = minFreeFrom(env) ?? leastFree(space);
    const message = `${(free / GIB).toFixed(1)} GiB free`;
    if (free < least) {
      const limit = `${Math.round(least / 2 ** 20)} MB`;
      return {
        check,
        status: 'fail',
        message: `${(free / 2 ** 20).toFixed(0)} MB free, and below ${limit} nothing is recorded (disk_nearly_full)`,
        remedy: 'Free some, or archive old events; a running node takes up work again by itself.',
      };
    }
    if (free >= GIB) return { check, status: 'ok', message };
    return {
      check,
      status: 'warn',
      message,
      remedy: `Free some: below ${Math.round(least / 2 ** 20)} MB decisions are refused (disk_nearly_full), and none are lost.`,
    };
  } catch (thrown) {
    return { check, status: 'warn', message: `cannot be told: ${textOf(thrown)}` };
  }
}

export function checkKeys(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
  logHasEvents: boolean,
): Finding {
  const check = 'keys';
  try {
    const keys = readKeys({ dataDir, env });
    if (keys !== undefined) {
      const place = keys.source === 'file' ? `${keysFile(dataDir)} (mode 600)` : 'the environment';
      const prints = `decision ${fingerprint(keys.decision)}, pseudonym ${fingerprint(keys.pseudonym)}`;
      return { check, status: 'ok', message: `${place}: ${prints}` };
    }
  } catch (thrown) {
    return failed(check, thrown);
  }
  if (!logHasEvents)
    return { check, status: 'ok', message: 'none yet: `reckoner serve` makes them on its first start' };
  const remedy = `reckoner keys restore --from BACKUP --data-dir ${shellWord(dataDir)}`;
  return { check, status: 'fail', message: 'there is a log, but its keys are gone', remedy };
}

/** Is the log's file sound, as far as SQLite can tell? Not `readable` where it cannot be opened at all. */
export function checkLogFile(dataDir: string): { readonly finding: Finding; readonly readable: boolean } {
  const check = 'log file';
  const file = join(dataDir, dataFiles.log);
  if (!existsSync(file)) {
    const lost = lostLog(dataDir)?.problem;
    const finding: Finding =
      lost === undefined
        ? { check, status: 'ok', message: 'none yet' }
        : { check, status: 'fail', message: lost.message, remedy: RESTORE_LOST };
    return { finding, readable: false };
  }
  try {
    // An event that is missing breaks its chain: that finding names it.
    const problems = examineLogFile(file, { gaps: false });
    if (problems.length === 0) {
      const message = `${file}: ${sizeOf(file)}, schema ${schemaOf(file)}`;
      return { finding: { check, status: 'ok', message }, readable: true };
    }
    const message = `${file}: ${problems.slice(0, 3).join('; ')}`;
    return { finding: { check, status: 'fail', message, remedy: RESTORE }, readable: true };
  } catch (thrown) {
    return { finding: failed(check, thrown), readable: false };
  }
}

/** Does every event follow the one it was chained to? */
export async function checkChains(
  dataDir: string,
  progress: { start(total: number): void; step(): void; stop(): void },
): Promise<{ readonly finding: Finding; readonly report: ChainReport | undefined }> {
  const check = 'hash chains';
  let log: EventLog | undefined;
  try {
    log = openSqliteEventLog({ file: join(dataDir, dataFiles.log) });
    const head = await log.head();
    progress.start(head === START ? 0 : Number(head));
    const report = await walkChains(log, progress.step);
    progress.stop();
    const { events, streams, unknown, broken } = report;
    if (broken !== undefined) {
      const message = `${broken.stream}, revision ${broken.revision}: ${broken.what}`;
      const remedy =
        'Somebody or something changed the log after it was written: keep a copy, and restore the last backup.';
      return { finding: { check, status: 'fail', message, remedy }, report };
    }
    const counted = `${events} events in ${streams} streams, unbroken`;
    if (unknown === 0) return { finding: { check, status: 'ok', message: counted }, report };
    const message = `${counted}; ${unknown} of types that this version does not know`;
    return {
      finding: { check, status: 'warn', message, remedy: 'Upgrade Reckoner: a newer version wrote here.' },
      report,
    };
  } catch (thrown) {
    return { finding: failed(check, thrown), report: undefined };
  } finally {
    progress.stop();
    await log?.close();
  }
}

/** A SQLite file beside the log. */
export function checkSideFile(check: string, file: string, loss: Omit<Finding, 'check' | 'message'>): Finding {
  if (!existsSync(file)) return { check, status: 'ok', message: 'none yet' };
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true, timeout: 1000 });
    const verdict = String(database.pragma('quick_check(1)', { simple: true }));
    if (verdict === 'ok') return { check, status: 'ok', message: `${file}: ${sizeOf(file)}` };
    return { check, ...loss, message: `${file}: ${verdict}` };
  } catch (thrown) {
    return { check, ...loss, message: `${file}: ${textOf(thrown)}` };
  } finally {
    database?.close();
  }
}

/** Is the port free, or is it a Reckoner that holds it? */
export async function checkPort(port: number): Promise<Finding> {
  const check = `port ${port}`;
  const heard = await whoListens(port);
  if (heard === 'nobody') return { check, status: 'ok', message: 'free' };
  if (heard !== 'stranger') return { check, status: 'ok', message: `a Reckoner ${heard} answers there` };
  const remedy = 'Stop it, or serve on another port: reckoner serve --port 0 takes any that is free.';
  return { check, status: 'warn', message: 'another program listens there', remedy };
}

function whoListens(port: number): Promise<string> {
  return new Promise((resolve) => {
    // A connection of its own: one kept alive from an earlier look could belong to a server that has since gone.
    const asking = request({ host: DEFAULT_HOST, port, path: '/healthz', timeout: 2000, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > 10_000) asking.destroy();
      });
      response.on('close', () => resolve(/"status":"alive","version":"([^"]+)"/.exec(text)?.[1] ?? 'stranger'));
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'nobody' : 'stranger'),
    );
    asking.end();
  });
}

function failed(check: string, thrown: unknown): Finding {
  const { code, message, remedy } = problemOf(thrown);
  // The general remedy sends to doctor, which is where we are.
  if (code === 'log_corrupt') return { check, status: 'fail', message, remedy: RESTORE };
  // Whoever took a segment away meant to: what is here is sound as far as it goes.
  if (code === 'segment_missing') return { check, status: 'warn', message: `not walked: ${message}`, remedy };
  if (thrown instanceof ReckonerError) return { check, status: 'fail', message, remedy };
  return { check, status: 'fail', message: textOf(thrown), remedy };
}

function schemaOf(file: string): string {
  const database = new Database(file, { readonly: true, timeout: 1000 });
  try {
    return String(database.pragma('user_version', { simple: true }));
  } finally {
    database.close();
  }
}

function sizeOf(file: string): string {
  const bytes = statSync(file).size;
  if (bytes < 1024 ** 2) return `${Math.ceil(bytes / 1024)} KiB`;
  return bytes < GIB ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
