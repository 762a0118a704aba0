/** `reckoner posterior`: what was learned, now and at any moment of the past. */
import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { dataDirOption, presentNode } from './data-dir.ts';
import { helpText } from './help-text.ts';
import { diffLines, posteriorLines } from './posterior-view.ts';

interface PosteriorOptions {
  readonly domain: string;
  readonly bucket?: string;
  readonly at: string;
  readonly diff?: string;
  readonly limit: string;
  readonly offset: string;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
A moment is now, a position of the log (position:123, with the number at the left of reckoner events), a time (ISO 8601), a
rollback point by its name (reckoner rollback-points lists them; name@revision picks one of several), or a revision of the
domain: how it stood at the end of that. By time, what belongs to a moment is what each writer had recorded by then.

Folded from the log, so that it is what the buckets held then, to the last bit. Without --bucket the log is read once to find the
largest. Mean and interval are of what the bucket itself learned, without what its domain lends. Works beside a running server and
changes nothing.

Of policies that learn about features they are in the context of the bucket: its own categories and booleans, numbers at their
means in it, and of other features all values alike (reckoner explain tells what is believed in the context of one decision). Of a
tree they are told where what the bucket says leads to one leaf.

Examples:
  reckoner posterior --domain support
  reckoner posterior --domain support --bucket "language=de" --at 2026-03-01T12:00:00Z
  reckoner posterior --domain support --diff "before the big launch"        what changed since then
  reckoner posterior --domain support --at 12 --diff 7 --json               from revision 7 to revision 12`;

/** Adds `reckoner posterior`. */
export function registerPosterior(program: Command, { terminal, env }: Cli): void {
  program
    .command('posterior')
    .description('what was learned, at any moment, and what changed between two')
    .requiredOption('--domain <name>', 'the domain')
    .option('--bucket <bucket>', 'one bucket, by its id or its label')
    .option('--at <moment>', 'position, time, rollback point or revision', 'now')
    .option('--diff <moment>', 'show what changed from this moment to the other')
    .option('--limit <n>', 'so many buckets, the largest first', '5')
    .option('--offset <n>', 'how many of them to pass over', '0')
    .option('--json', 'as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async ({ domain, bucket, at, diff, limit, offset, json, dataDir }: PosteriorOptions) => {
      const node = await openNode(presentNode(dataDir, env));
      const { colours } = terminal.out;
      try {
        const page = { bucket, limit, offset };
        if (diff === undefined) {
          const found = await node.reckoner.posterior(domain, { at, ...page });
          for (const line of json ? [JSON.stringify(found)] : posteriorLines(found, colours))
            await terminal.out.line(line);
        } else {
          const found = await node.reckoner.posteriorDiff(domain, { from: diff, to: at, ...page });
          for (const line of json ? [JSON.stringify(found)] : diffLines(found, colours)) await terminal.out.line(line);
        }
      } finally {
        await node.close();
      }
    });
}
