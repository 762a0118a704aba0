/** `reckoner explain`: one decision in full, recomputed from the log. */
import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { dataDirOption, presentNode } from './data-dir.ts';
import { explanationLines } from './explain-view.ts';
import { helpText } from './help-text.ts';

interface ExplainOptions {
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
Shows what was believed of every arm when the decision was made, why this arm, its rewards, and whether recomputing the choice
from the log gives the same. Works beside a running server and changes nothing.

Examples:
  reckoner explain DECISION_ID
  reckoner explain "$(reckoner events --type DecisionMade --json | tail -1 | jq -r .decisionId)"`;

/** Adds `reckoner explain`. */
export function registerExplain(program: Command, { terminal, env }: Cli): void {
  program
    .command('explain')
    .description('tell why a decision was made, and what came of it')
    .argument('<decisionId>', 'from the answer to the request, or from reckoner events')
    .option('--json', 'the explanation as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async (decisionId: string, { json, dataDir }: ExplainOptions) => {
      const node = await openNode(presentNode(dataDir, env));
      try {
        const told = await node.reckoner.explain(decisionId);
        const lines = json
          ? [JSON.stringify(told)]
          : explanationLines(told, terminal.out.colours, terminal.out.width());
        for (const line of lines) await terminal.out.line(line);
      } finally {
        await node.close();
      }
    });
}
