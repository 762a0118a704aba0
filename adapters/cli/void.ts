/** `reckoner void`: takes rewards out of what is learned. */
import type { Command } from 'commander';
import type { Voiding } from '../../actors/messages/rollback.ts';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { timeAsked } from '../../actors/rollback/time-asked.ts';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { dataDirOption, dataDirShown, presentNode } from './data-dir.ts';
import { usageError } from './failure.ts';
import { helpText } from './help-text.ts';
import { tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

interface VoidOptions {
  readonly domain: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
Rewards of one person, of a span of time, or both, count no more, as if they had never come: against spam, or a source that was
wrong. They stay in the log, and a rollback to the revision before this one restores them. Only rewards that are recorded by now are
meant. Works beside a running server, whose buckets take it into account with their next request.

Examples:
  reckoner void --domain support --subject user-77 --reason spam --dry-run
  reckoner void --domain support --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --reason "a broken survey"`;

/** Adds `reckoner void`. */
export function registerVoid(program: Command, { terminal, env }: Cli): void {
  program
    .command('void')
    .description('take rewards of a person or a span of time out of what is learned')
    .requiredOption('--domain <name>', 'the domain')
    .option('--subject <person>', 'whose rewards, as they were named when they rewarded; default everybody’s')
    .option('--from <time>', 'recorded at this time or later (ISO 8601, UTC where it says no zone)')
    .option('--to <time>', 'recorded before this time')
    .option('--reason <text>', 'why, for those who read the log')
    .option('--dry-run', 'count them, and change nothing', false)
    .option('--json', 'as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async ({ domain, subject, from, to, reason = '', dryRun, json, dataDir }: VoidOptions) => {
      if (subject === undefined && from === undefined && to === undefined)
        throw usageError('Whose rewards, or of when?', 'Give --subject, --from or --to.');
      const node = await openNode(presentNode(dataDir, env));
      try {
        const caller = { tenant: DEFAULT_TENANT, by: 'cli' };
        const span = { from: timeOf('from', from), to: timeOf('to', to) };
        const done = await node.reckoner.voidRewards(domain, { subject, ...span, reason, dryRun }, caller);
        const lines = json
          ? [JSON.stringify(done)]
          : linesOf(done, dryRun, dataDirShown(dataDir), terminal.out.colours);
        for (const line of lines) await terminal.out.line(line);
      } finally {
        await node.close();
      }
    });
}

function timeOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = timeAsked(text);
  if (time === undefined) throw usageError(`--${option} is no time: ${text}`, 'Write it as 2026-03-01T00:00:00Z.');
  return new Date(time).toISOString();
}

function linesOf(
  { domain, revision, recorded, rewards, buckets, arms }: Voiding,
  dryRun: boolean,
  place: string,
  colours: Colours,
): string[] {
  if (rewards === 0) return [`${domain} has no such rewards that count.`];
  const what = `${rewards} rewards in ${buckets} buckets`;
  const table = tableLines(
    [{ title: 'arm' }, { title: 'pulls', align: 'right' }, { title: 'mean reward', align: 'right' }],
    arms.map(({ arm, pulls, mean }) => [
      { text: arm, paint: colours.bold },
      String(Math.round(pulls * 10) / 10),
      mean.toFixed(3),
    ]),
    colours.dim,
  );
  if (!recorded) return [dryRun ? `would void  ${what}:` : `${what}:`, ...table];
  return [
    `${colours.green('voided')}  ${what}:`,
    ...table,
    `${colours.cyan('→')} To take that back: reckoner rollback --domain ${domain} --to ${revision - 1}${place}`,
  ];
}
