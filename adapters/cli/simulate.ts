import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { defaultPolicy, policyNames } from '../../policies/catalogue.ts';
import { dataFolder, findDataset } from '../datasets/find-dataset.ts';
import { understoodColumns } from '../datasets/layout.ts';
import { readDataset } from '../datasets/read-dataset.ts';
import { jsonOf } from '../simulate/json.ts';
import { policyForms, type SimulateOptions, simulateDefaults, simulateOptions } from '../simulate/options.ts';
import { planOf } from '../simulate/plan.ts';
import { runShuffles } from '../simulate/pool.ts';
import { summarise } from '../simulate/summary.ts';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { exitCodes } from './failure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import { reportLines } from './simulate-report.ts';
import type { Terminal } from './terminal.ts';

const NOTES = `
Recorded requests are streamed through the whole system, each shuffle through a node and a log of its own: decide, look up
what the chosen arm answered (and nothing else), reward, learn. No model is called.

A file needs a header with ${understoodColumns.replaceAll(', optionally', ',\noptionally')}.
Rows in which an arm's outcome is missing are left out.

Policies and their defaults: ${policyForms.join(', ')}.
Those with a linear model see the bucket feature: --no-buckets gives them one model for all buckets.

Shuffle i = 0 to N - 1 draws its order and its node's randomness from seed S + i: one seed, one result, whatever --workers is.
Intervals are t intervals over shuffles: they say what chance in order and choices does, not what other requests would.

In the report:
  utility  reward, less --utility-cost where the strong one of two arms (the higher mean reward) was called
  regret   total of a run: utility of the best arm of each request, less the utility earned (mean over shuffles)
  usd      total dollars of a run (mean over shuffles); null where the file has none

Exit codes: 0 done, 2 the options or the file are not right, 130 interrupted (what is complete is printed as partial).

Examples:
  reckoner simulate --dataset routellm/mmlu --utility-cost 0.1 --shuffles 40
  reckoner simulate --dataset llmrouter/train_a --policy lin_ucb --no-buckets
  reckoner simulate --dataset ./mine.csv --policy epsilon_greedy:epsilon=0.05 --json | jq .meanUtility`;

/** Node 20 does not run TypeScript: from the sources, as tests do, there are no threads. */
const THREAD = import.meta.url.endsWith('.ts') ? undefined : new URL('./simulate-thread.js', import.meta.url);

/** Adds `reckoner simulate` to the command line. */
export function registerSimulate(program: Command, cli: Omit<Cli, 'version'>): void {
  program
    .command('simulate')
    .description('measure a policy on recorded requests, through the whole system')
    .option('--dataset <name>', 'recorded requests: <folder>/<file> in the data folder, or a path; .csv or .csv.gz')
    .option('--data <dir>', 'the data folder (default: RECKONER_DATA, else ../shared/data)')
    .option(
      '--shuffles <n>',
      `passes over the requests, each in an order of its own (default: ${simulateDefaults.shuffles})`,
    )
    .option('--seed <s>', `what all randomness comes from (default: ${simulateDefaults.seed})`)
    .option('--policy <policy>', `${policyNames.join(', ')}; or name:param=value,… (default: ${defaultPolicy.name})`)
    .option(
      '--utility-cost <l>',
      `cost of a call of the strong one of two arms, in reward (default: ${simulateDefaults.utilityCost})`,
    )
    .option('--floor <f>', `probability spread evenly over the arms (default: ${simulateDefaults.floor})`)
    .option('--limit <rows>', 'use the first rows of the file only (default: all)')
    .option('--no-buckets', 'one bucket for all requests: the bucket feature is context only')
    .option('--data-dir <dir>', 'keep the log there, in a folder for each of several shuffles (default: in memory)')
    .option('--workers <n>', `threads (default: ${simulateDefaults.workers}, the cores of this machine)`)
    .option('--json', 'print one JSON object in place of the report')
    .addHelpText('after', helpText(NOTES))
    .action(async (given: unknown) => cli.exit(await simulate(simulateOptions(given), cli)));
}

/** @returns the exit code */
async function simulate(options: SimulateOptions, { terminal, env }: Pick<Cli, 'terminal' | 'env'>): Promise<number> {
  const path = findDataset(options.dataset, dataFolder(options.data, env));
  const plan = planOf(await readDataset(path, options.dataset.replace(/\.csv(\.gz)?$/, '')), options);
  const interrupted = onInterrupt();
  const bar = progressBar(plan.dataset.rows.length * plan.shuffles, terminal);
  const begun = performance.now();
  try {
    const results = await runShuffles(plan, {
      openNode,
      workers: options.workers,
      ...(THREAD === undefined ? {} : { thread: THREAD }),
      progress: bar.add,
      signal: interrupted.signal,
    });
    const seconds = (performance.now() - begun) / 1000;
    bar.stop();
    if (results.length === 0) {
      await terminal.err.line('Interrupted before the first shuffle was complete: there is nothing to report.');
      return exitCodes.interrupted;
    }
    const summary = summarise(plan, results, seconds);
    const { colours } = terminal.out;
    const lines = options.json ? [JSON.stringify(jsonOf(plan, summary))] : reportLines(plan, results, summary, colours);
    for (const line of lines) await terminal.out.line(line);
    return interrupted.signal.aborted ? exitCodes.interrupted : exitCodes.ok;
  } finally {
    bar.stop();
    interrupted.dispose();
  }
}

/** A bar where a person watches, nothing elsewhere. */
function progressBar(
  total: number,
  terminal: Terminal,
): { readonly add: (requests: number) => void; readonly stop: () => void } {
  if (!terminal.err.interactive) return { add: () => undefined, stop: () => undefined };
  const format = '{bar} {percentage} %  {value}/{total} requests  {eta_formatted} left';
  const bar = new SingleBar({ format, clearOnComplete: true });
  bar.start(total, 0);
  return { add: (requests) => bar.increment(requests), stop: () => bar.stop() };
}
