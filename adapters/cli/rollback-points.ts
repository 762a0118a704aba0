/** `reckoner checkpoint` and `reckoner rollback-points`: moments that a domain can be returned to. */
import type { Command } from 'commander';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { shellWord } from '../files/shell-word.ts';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { dataDirOption, dataDirShown, presentNode } from './data-dir.ts';
import { helpText } from './help-text.ts';
import { pointsAround } from './points-around.ts';
import { aroundNote, pointLines } from './rollback-view.ts';

interface PointOptions {
  readonly domain: string;
  readonly reason?: string;
  readonly json: boolean;
  readonly dataDir: string;
}

const CHECKPOINT_NOTES = `
Works beside a running server. A name may be used again: reckoner rollback then means the newest.

Examples:
  reckoner checkpoint "before the big launch" --domain support`;

/** Adds `reckoner checkpoint`. */
export function registerCheckpoint(program: Command, { terminal, env }: Cli): void {
  program
    .command('checkpoint')
    .description('mark a domain as it is now, to be returned to by this name')
    .argument('<name>', 'what to call it')
    .requiredOption('--domain <name>', 'the domain')
    .option('--reason <text>', 'why, for those who read the log')
    .option('--json', 'as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(CHECKPOINT_NOTES))
    .action(async (name: string, { domain, reason = '', json, dataDir }: PointOptions) => {
      const node = await openNode(presentNode(dataDir, env));
      try {
        const caller = { tenant: DEFAULT_TENANT, by: 'cli' };
        const point = await node.reckoner.checkpoint(domain, { name, reason }, caller);
        const { green } = terminal.out.colours;
        const told = `${green('marked')}  ${point.name}@${point.revision}: reckoner rollback --domain ${domain} --to ${shellWord(point.name)}${dataDirShown(dataDir)} returns here.`;
        await terminal.out.line(json ? JSON.stringify(point) : told);
      } finally {
        await node.close();
      }
    });
}

const POINTS_NOTES = `
The newest 200, newest first. They arise with every configuration, thaw, rollback and voiding, with the first decision of a day
(UTC), and by reckoner checkpoint. Beside each stands how the domain did in the day before it and in the day after: decisions,
mean reward, and dollars as far as somebody told them. That is from the read models, and it is said where they are behind the log
or missing. Works beside a running server and changes nothing.

Examples:
  reckoner rollback-points --domain support
  reckoner query "SELECT name, reward_mean_before, reward_mean_after FROM rollback_points WHERE domain = 'support'"
  reckoner rollback-points --domain support --json | jq -r '.points[] | select(.cause == "manual").name'`;

/** Adds `reckoner rollback-points`. */
export function registerRollbackPoints(program: Command, { terminal, env }: Cli): void {
  program
    .command('rollback-points')
    .description('list the moments that a domain can be returned to')
    .requiredOption('--domain <name>', 'the domain')
    .option(
      '--json',
      'one JSON object: points, asOf (how far the read models are), missing (why there are none)',
      false,
    )
    .addOption(dataDirOption())
    .addHelpText('after', helpText(POINTS_NOTES))
    .action(async ({ domain, json, dataDir }: PointOptions) => {
      const node = await openNode(presentNode(dataDir, env));
      try {
        const told = await pointsAround(await node.reckoner.rollbackPoints(domain), domain, node.analytics);
        const lines = json ? [JSON.stringify(told)] : pointLines(told, terminal.out.colours);
        for (const line of lines) await terminal.out.line(line);
        const note = json || told.points.length === 0 ? '' : aroundNote(told);
        if (note !== '') await terminal.err.line(terminal.err.colours.dim(note));
      } finally {
        await node.close();
      }
    });
}
