/** `reckoner domains`: what is decided here, and what was learned; and to configure one. */
import type { Command } from 'commander';
import type { DomainView } from '../../actors/messages/domain.ts';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { dataDirOption, presentNode } from './data-dir.ts';
import { registerDomainsSet } from './domains-set.ts';
import { domainLines, domainsLines } from './domains-view.ts';
import { helpText } from './help-text.ts';

interface DomainsOptions {
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
Works beside a running server and changes nothing. What arms earned is what all buckets of a domain last shared, which they do
every 50 rewards unless the domain says otherwise: a reward of just now is not among them yet, but reckoner events shows it.

Examples:
  reckoner domains
  reckoner domains model_routing
  reckoner domains set support --file support.json --dry-run
  reckoner domains --json | jq '.[].config.arms[].name'`;

/** Adds `reckoner domains`. */
export function registerDomains(program: Command, cli: Cli): void {
  const { terminal } = cli;
  const domains = program
    .command('domains')
    .description('list the domains, show one of them, or configure one')
    .addHelpText('after', helpText(NOTES));
  registerDomainsSet(domains, cli);

  domains
    .command('show', { isDefault: true })
    .description('list the domains, or show one of them')
    .argument('[name]', 'show this domain in full')
    .option('--json', 'as JSON: an array of domains, or the one', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async (name: string | undefined, { json, dataDir }: DomainsOptions) => {
      const node = await openNode(presentNode(dataDir, cli.env));
      try {
        const found: DomainView | readonly DomainView[] =
          name === undefined ? await node.reckoner.domains() : await node.reckoner.domain(name);
        for (const line of json ? [JSON.stringify(found)] : linesOf(found)) await terminal.out.line(line);
      } finally {
        await node.close();
      }
    });

  function linesOf(found: DomainView | readonly DomainView[]): string[] {
    return 'domain' in found ? domainLines(found, terminal.out.colours) : domainsLines(found, terminal.out.colours);
  }
}
