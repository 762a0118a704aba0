/** `reckoner audit seal`: one hash that stands for the log up to now, and the reading of such seals. */
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ReckonerError } from '../../events/errors.ts';
import { type Position, START } from '../../events/event-log.ts';
import { createIntegrity, type Flaw } from '../../events/integrity.ts';
import { type LogSeal, rootOf } from '../../events/log-seal.ts';
import { openSalvage } from '../sqlite/salvage.ts';
import { positionOf, rowOf } from '../sqlite/schema.ts';
import type { Cli } from './cli.ts';
import { dataDirOption, existingDataDir, logFileIn } from './data-dir.ts';
import { usageError } from './failure.ts';
import { helpText } from './help-text.ts';
import { workBar } from './work-bar.ts';

interface SealOptions {
  readonly at?: string;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
The root is a SHA-256 over where every stream stands, and each stream's events are chained by hashes: so it stands for every byte
of them. Keep the line where whoever may write to the log cannot change it (a ticket, a mail, a signed note). A copy of the log
has the same root. A log whose chains do not hold is not sealed.

Examples:
  reckoner audit seal
  reckoner audit seal --json > seal-2026-11.json
  reckoner audit verify --seal seal-2026-11.json`;

/** Adds `reckoner audit seal`. */
export function registerAuditSeal(audit: Command, { terminal }: Cli): void {
  audit
    .command('seal')
    .description('print a hash over the whole log, to be kept elsewhere')
    .option('--at <position>', 'only events up to this position (default: all that there are)')
    .option('--json', 'the seal as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async ({ at, json, dataDir }: SealOptions) => {
      const until = at === undefined ? undefined : positionGiven(at);
      const bar = workBar('reading', terminal, json);
      try {
        const { events, position, root } = sealOf(logFileIn(existingDataDir(dataDir)), until, bar.show);
        bar.stop();
        const time = new Date().toISOString();
        const seal = { events, position, time, root };
        await terminal.out.line(
          json
            ? JSON.stringify(seal)
            : `${events} events up to position ${rowOf(position)}, sealed ${time}, root ${root}`,
        );
      } finally {
        bar.stop();
      }
    });
}

/** @throws ReckonerError log_corrupt where the chains do not hold */
function sealOf(file: string, until: Position | undefined, progress: (share: number) => void) {
  const salvage = openSalvage(file);
  try {
    const refuse = ({ what, stream, revision }: Pick<Flaw, 'what' | 'stream' | 'revision'>) => {
      throw new ReckonerError('log_corrupt', `The log is not sealed: revision ${revision} of ${stream}: ${what}`, {
        remedy: 'reckoner audit verify names all that is wrong.',
      });
    };
    const integrity = createIntegrity(refuse);
    let events = 0;
    let position = START;
    for (const part of salvage.read()) {
      if (!('events' in part)) throw new ReckonerError('log_corrupt', `The log is not sealed. ${part.what}`);
      for (const event of part.events) {
        if (until !== undefined && event.position > until) return { events, position, root: rootOf(integrity.heads) };
        integrity.check(event);
        events += 1;
        position = event.position;
      }
      progress(Math.min(1, rowOf(position) / Math.max(1, salvage.last)));
    }
    return { events, position, root: rootOf(integrity.heads) };
  } finally {
    salvage.close();
  }
}

function positionGiven(text: string): Position {
  if (!/^\d{1,16}$/.test(text)) throw usageError(`${text} is no position.`, '`reckoner events` shows positions.');
  return positionOf(Number(text));
}

/**
 * A seal as it was kept: a file with what `audit seal` printed (or the manifest of a backup), that very line, or the root alone,
 * which stands for all of the log.
 * @throws ReckonerError request_invalid
 */
export function sealGiven(given: string): LogSeal {
  const text = (existsSync(given) ? readFileSync(given, 'utf8') : given).trim();
  if (ROOT.test(text)) return { root: text };
  const line = LINE.exec(text);
  if (line !== null) return { events: Number(line[1]), root: line[2] ?? '' };
  const { events, root, rootHash = root } = objectIn(text);
  if (typeof events === 'number' && Number.isSafeInteger(events) && typeof rootHash === 'string' && ROOT.test(rootHash))
    return { events, root: rootHash };
  throw usageError(
    `${given} is no seal.`,
    'Give what `reckoner audit seal` printed: the line, its root, or a file that holds it.',
  );
}

const ROOT = /^[0-9a-f]{64}$/;
const LINE = /^(\d+) events up to .* root ([0-9a-f]{64})$/;

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
