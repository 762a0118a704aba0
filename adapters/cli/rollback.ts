/** `reckoner rollback`: returns a domain to how it stood. */
import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { dataDirOption, dataDirShown, presentNode } from './data-dir.ts';
import { usageError } from './failure.ts';
import { helpText } from './help-text.ts';
import { previewLines, rollbackLines } from './rollback-view.ts';

interface RollbackOptions {
  readonly domain: string;
  readonly to: string;
  readonly reason?: string;
  readonly keepConfig: boolean;
  readonly contexts: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
What all buckets of the domain have learned, and its configuration, return to how they stood. What came between stays in the log
and counts no more: rewards that come later for its decisions are recorded and teach nothing. Whether the domain is frozen stays
as it is. A rollback is an event like others: the same command, to the revision that it names, takes it back exactly.

Works beside a running server, whose buckets take it into account with their next request. Shows what would change and asks
first; --yes does not ask, --dry-run does nothing else.

--to takes a rollback point (reckoner rollback-points lists them; name@revision picks one of several of a name), a revision of the
domain, or a time (ISO 8601): the newest moment by then at which something was recorded of the domain.

Examples:
  reckoner rollback --domain support --to "before the big launch" --reason "answers got worse" --dry-run
  reckoner rollback --domain support --to daily-2026-03-01 --reason "a bad week" --yes
  reckoner rollback --domain support --to 2026-03-01T12:00:00Z --keep-config --reason "spam"`;

/** Adds `reckoner rollback`. */
export function registerRollback(program: Command, { terminal, exit, env }: Cli): void {
  program
    .command('rollback')
    .description('return a domain to a rollback point, a revision or a time')
    .requiredOption('--domain <name>', 'the domain')
    .requiredOption('--to <point>', 'rollback point, revision, or time')
    .option('--reason <text>', 'why, for those who read the log')
    .option('--keep-config', 'only what was learned goes back, the configuration stays', false)
    .option('--dry-run', 'show what would change, and change nothing', false)
    .option('--contexts <n>', 'on how many of the last decisions the arms are compared', '200')
    .option('--yes', 'do not ask', false)
    .option('--json', 'as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async (options: RollbackOptions) => {
      const { domain, to, reason = '', keepConfig, dryRun, yes, json } = options;
      const asks = !dryRun && !yes;
      if (asks && (json || stdin.isTTY !== true || !terminal.out.interactive))
        throw usageError('Nobody is there to be asked.', 'Look with --dry-run first, then say --yes.');
      const contexts = Number(options.contexts);
      const node = await openNode(presentNode(options.dataDir, env));
      try {
        const caller = { tenant: DEFAULT_TENANT, by: 'cli' };
        const { reckoner } = node;
        const { colours } = terminal.out;
        if (dryRun || asks) {
          const preview = await reckoner.previewRollback(domain, { to, reason, keepConfig, contexts }, caller);
          for (const line of json ? [JSON.stringify(preview)] : previewLines(preview, colours))
            await terminal.out.line(line);
        }
        if (dryRun) return;
        if (asks && !(await agreed())) {
          await terminal.out.line('Nothing was changed.');
          return exit(1);
        }
        const done = await reckoner.rollBack(domain, { to, reason, keepConfig }, caller);
        for (const line of json ? [JSON.stringify(done)] : rollbackLines(done, dataDirShown(options.dataDir), colours))
          await terminal.out.line(line);
      } finally {
        await node.close();
      }
    });
}

async function agreed(): Promise<boolean> {
  const asking = createInterface({ input: stdin, output: stdout });
  try {
    return /^y(es)?$/i.test((await asking.question('Roll it back? [y/N] ')).trim());
  } finally {
    asking.close();
  }
}
