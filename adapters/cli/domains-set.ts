/** `reckoner domains set`: configures a domain, and shows how far its buckets have learned anew for that. */
import type { Command } from 'commander';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { Configured, ConfigurePreview } from '../../actors/messages/domain.ts';
import { DEFAULT_TENANT, type Reckoner } from '../../actors/reckoner.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { readConfig } from './config.ts';
import { dataDirOption, dataDirShown, presentNode } from './data-dir.ts';
import { helpText } from './help-text.ts';
import { changeLines } from './rollback-view.ts';
import type { Colours, Terminal } from './terminal.ts';
import { workBar } from './work-bar.ts';

interface SetOptions {
  readonly file: string;
  readonly confirmPrices: boolean;
  readonly reason?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
Creates a domain, or replaces its configuration, by the JSON that PUT /v1/domains/{domain} takes; the same once more changes nothing.
Shows what differs. Where the policy or what rewards are worth changes, all buckets first learn anew from the log, which takes as long
as it takes; until then decisions are made by what was in force, and Ctrl-C leaves everything as it was.

Works beside a running server, which hears of it from the log. The configuration from before comes back with reckoner rollback.

Examples:
  reckoner domains set support --file support.json --dry-run
  reckoner domains set support --file support.json --reason "a policy that forgets"
  reckoner domains support --json | jq '.config.exploration = 0.1 | .config' | reckoner domains set support --file -`;

/** Adds `set` to `reckoner domains`. */
export function registerDomainsSet(domains: Command, { terminal, env }: Cli): void {
  domains
    .command('set')
    .description('create a domain, or replace its configuration')
    .argument('<domain>', 'the domain')
    .requiredOption('--file <file>', 'a JSON file with its configuration; - reads the standard input')
    .option('--confirm-prices', 'prices may move by more than ten times', false)
    .option('--reason <text>', 'why, for those who read the log')
    .option('--dry-run', 'show what would change, and change nothing', false)
    .option('--json', 'as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async (domain: string, { file, confirmPrices, reason = '', dryRun, json, dataDir }: SetOptions) => {
      // The node validates it; that it is an object at all is enough to add to it here.
      const read = (await readConfig(file)) as DomainConfigInput;
      const config = confirmPrices && typeof read === 'object' && read !== null ? { ...read, confirmPrices } : read;
      const node = await openNode(presentNode(dataDir, env));
      try {
        const { reckoner } = node;
        const caller = { tenant: DEFAULT_TENANT, by: 'cli' };
        const { colours } = terminal.out;
        const preview = await reckoner.previewConfiguration(domain, config, caller);
        if (dryRun || !json)
          for (const line of json ? [JSON.stringify(preview)] : previewLines(preview, confirmPrices, colours))
            await terminal.out.line(line);
        if (dryRun) return;
        const watching = watchRelearning(reckoner, domain, terminal, json);
        const done = await reckoner
          .configure(domain, config, caller, { reason, ahead: 'all' })
          .finally(() => watching.stop());
        if (json) return terminal.out.line(JSON.stringify({ ...done, changes: preview.changes }));
        for (const line of doneLines(done, preview, dataDirShown(dataDir), colours)) await terminal.out.line(line);
      } finally {
        await node.close();
      }
    });
}

function previewLines(
  { domain, created, changes, relearns, heldPrices }: ConfigurePreview,
  confirmed: boolean,
  colours: Colours,
): string[] {
  const held = confirmed ? [] : heldPrices;
  return [
    `${colours.bold(domain)}  ${created ? 'is new' : changes.length === 0 ? '' : 'changes:'}`.trimEnd(),
    ...changeLines(changes, colours),
    ...(relearns ? ['All its buckets learn anew from the log before this takes over.'] : []),
    ...held.map((arm) => `${colours.yellow('held')}  the price of ${arm} moves by more than ten times`),
    ...(held.length === 0 ? [] : [`${colours.cyan('→')} Say --confirm-prices if that is meant.`]),
  ];
}

function doneLines(
  { domain, revision, created }: Configured,
  { changes }: ConfigurePreview,
  place: string,
  colours: Colours,
): string[] {
  if (!created && changes.length === 0) return ['Nothing was recorded.'];
  if (created) return [`${colours.green('created')}  ${domain}, at revision ${revision}.`];
  return [
    `${colours.green('configured')}  ${domain}, at revision ${revision}.`,
    `${colours.cyan('→')} reckoner rollback-points --domain ${domain}${place} lists what it can be returned to.`,
  ];
}

const LOOK_MS = 100;
/** Who reads lines is told so often, in parts of the whole. */
const TOLD_EVERY = 0.25;

/** Shows how far the buckets are: a bar on a terminal, some lines elsewhere, nothing beside JSON. */
function watchRelearning(reckoner: Reckoner, domain: string, terminal: Terminal, json: boolean): { stop(): void } {
  const bar = workBar('learns anew', terminal, json);
  let told = -1;
  let stopped = false;
  const look = async () => {
    const { relearning } = await reckoner.domain(domain);
    if (stopped || relearning === undefined || relearning.buckets === 0) return;
    const { events, ofEvents, buckets, done } = relearning;
    const share = Math.min(1, events / Math.max(1, ofEvents));
    bar.show(share);
    const step = Math.floor(share / TOLD_EVERY);
    if (json || terminal.err.interactive || step === told) return;
    told = step;
    await terminal.err.line(
      `learns anew: ${Math.floor(100 * share)} %, ${events} of ${ofEvents} events, ${done} of ${buckets} buckets`,
    );
  };
  const timer = setInterval(() => {
    look().catch((thrown) => {
      // One that is created now is not there yet.
      if (!(thrown instanceof ReckonerError)) throw thrown;
    });
  }, LOOK_MS);
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      bar.stop();
    },
  };
}
