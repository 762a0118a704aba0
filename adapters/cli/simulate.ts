import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { policyNames } from '../../policies/catalogue.ts';
import { dataFolder, findDataset } from '../datasets/find-dataset.ts';
import { understoodColumns } from '../datasets/layout.ts';
import { readDataset } from '../datasets/read-dataset.ts';
import { jsonOf } from '../simulate/json.ts';
import {
  changesForms,
  policyForms,
  type SimulateOptions,
  simulateDefaults,
  simulateOptions,
} from '../simulate/options.ts';
import { planOf, type SimulationPlan } from '../simulate/plan.ts';
import { type PoolOptions, runShuffles } from '../simulate/pool.ts';
import { scenariosJson } from '../simulate/scenario/json.ts';
import { type ScenarioPlan, scenarioPlanOf, scenarioRequests } from '../simulate/scenario/plan.ts';
import { scenarioNames } from '../simulate/scenario/scenario.ts';
import { summariseScenario } from '../simulate/scenario/summary.ts';
import { summarise } from '../simulate/summary.ts';
import type { Cli } from './cli.ts';
import { exitCodes } from './failure.ts';
import { helpText } from './help-text.ts';
import { onInterrupt } from './signals.ts';
import { playRecorded, playScenario } from './simulate-play.ts';
import { reportLines } from './simulate-report.ts';
import { type PlayedScenario, scenarioLines } from './simulate-scenarios.ts';
import type { Colours, Terminal } from './terminal.ts';

const NOTES = `
Recorded requests are streamed through the whole system, each shuffle through a node and a log of its own: decide, look up
what the chosen arm answered (and nothing else), reward, learn. No model is called.

A file needs a header with ${understoodColumns.replaceAll(', optionally', ',\noptionally')}.
Rows in which an arm's outcome is missing are left out.

Policies and their defaults: ${policyForms.join(', ')}.
Detectors of changes: ${changesForms.join(', ')}.
Those that learn about features see the bucket feature, and have one bucket; the others have a bucket for each of its values.
The default is that of a domain without bucketBy: one with bucketBy has beta_thompson.

Shuffle i = 0 to N - 1 draws its order and its node's randomness from seed S + i: one seed, one result, whatever --workers is.
Intervals are t intervals over shuffles: they say what chance in order and choices does, not what other requests would.

Scenarios: the requests come twice, each time in an order of their own. The first time is to learn from; the second is three
equal phases, before, after and restored. A new arm appears with the second time and stays.
  price-drop    the dearest arm's dollars fall, and the configuration says so; needs a budget, by default the geometric mean
                of what the cheapest and the dearest arm cost
  quality-drop  the rewards of the arm that is called most fall, and nothing is said
  new-good-arm  the arm with the second highest mean reward appears
  new-bad-arm   the same, at half of its recorded rewards

In the report:
  utility  reward, less --utility-cost where the strong one of two arms (the higher mean reward) was called
  regret   total of a run: utility of the best arm of each request, less the utility earned (mean over shuffles)
  usd      total dollars of a run (mean over shuffles); null where the file has none

Exit codes: 0 done, 2 the options or the file are not right, 130 interrupted (what is complete is printed as partial).

Examples:
  reckoner simulate --dataset routellm/mmlu --utility-cost 0.1 --shuffles 40
  reckoner simulate --dataset llmrouter/train_a --policy beta_thompson
  reckoner simulate --dataset pareto/val --scenario all --changes glr:deviation=0.15
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
    .option('--policy <policy>', `${policyNames.join(', ')}; or name:param=value,… (default: rand_ucb)`)
    .option(
      '--utility-cost <l>',
      `cost of a call of the strong one of two arms, in reward (default: ${simulateDefaults.utilityCost})`,
    )
    .option('--scenario <name>', `a world that changes: ${scenarioNames.join(', ')} or all (default: the recorded one)`)
    .option('--arm <arm>', 'the arm that changes or appears in a scenario (defaults: below)')
    .option('--drop-to <r>', 'mean reward that it falls to in quality-drop (default: 0.75, or 0.81 of its own)')
    .option(
      '--price-factor <f>',
      `what its dollars are multiplied by in price-drop (default: ${simulateDefaults.priceFactor})`,
    )
    .option('--floor <f>', `probability spread evenly over the arms (default: ${simulateDefaults.floor})`)
    .option('--budget-per-request <usd>', 'dollars a request that may be spent on average (default: no limit)')
    .option('--changes <detector>', 'restart a bucket whose arm has changed: glr or page_hinkley (default: never)')
    .option('--limit <rows>', 'use the first rows of the file only (default: all)')
    .option(
      '--no-buckets',
      'one bucket for all requests, whatever the policy; those that learn about features have one anyway',
    )
    .option(
      '--features <names>',
      'what is told of the prompts: text,chars or none (default: chars where there is no bucket feature)',
    )
    .option('--data-dir <dir>', 'keep the log there, in a folder for each of several shuffles (default: in memory)')
    .option('--workers <n>', `threads (default: ${simulateDefaults.workers}, the cores of this machine)`)
    .option('--json', 'print one JSON object in place of the report')
    .addHelpText('after', helpText(NOTES))
    .action(async (given: unknown) => cli.exit(await simulate(simulateOptions(given), cli)));
}

/** @returns the exit code */
async function simulate(options: SimulateOptions, { terminal, env }: Pick<Cli, 'terminal' | 'env'>): Promise<number> {
  const path = findDataset(options.dataset, dataFolder(options.data, env));
  const name = options.dataset.replace(/\.csv(\.gz)?$/, '');
  const plan = planOf(
    await readDataset(path, name, options.features === undefined ? {} : { prompt: options.features }),
    options,
  );
  const scenarios = options.scenarios.map((name) => scenarioPlanOf(plan, name, options.change));
  const requests =
    scenarios.length === 0
      ? plan.dataset.rows.length
      : scenarios.reduce((sum, { scenario }) => sum + scenarioRequests(scenario), 0);
  const interrupted = onInterrupt();
  const bar = progressBar(requests * plan.shuffles, terminal);
  const thread = THREAD === undefined ? {} : { thread: THREAD };
  const how = { workers: options.workers, ...thread, progress: bar.add, signal: interrupted.signal };
  try {
    const report = await (scenarios.length === 0 ? asRecorded(plan, how) : changing(scenarios, how));
    bar.stop();
    if (report === undefined) {
      await terminal.err.line('Interrupted before the first shuffle was complete: there is nothing to report.');
      return exitCodes.interrupted;
    }
    const lines = options.json ? [JSON.stringify(report.json())] : report.lines(terminal.out.colours);
    for (const line of lines) await terminal.out.line(line);
    return interrupted.signal.aborted ? exitCodes.interrupted : exitCodes.ok;
  } finally {
    bar.stop();
    interrupted.dispose();
  }
}

/** What came out, for whom it is asked; undefined where no shuffle was complete. */
type Report = { readonly json: () => unknown; readonly lines: (colours: Colours) => string[] } | undefined;
type How = Omit<PoolOptions<never, never>, 'run'>;

async function asRecorded(plan: SimulationPlan, how: How): Promise<Report> {
  const begun = performance.now();
  const results = await runShuffles(plan, { ...how, run: playRecorded });
  if (results.length === 0) return undefined;
  const summary = summarise(plan, results, (performance.now() - begun) / 1000);
  return { json: () => jsonOf(plan, summary), lines: (colours) => reportLines(plan, results, summary, colours) };
}

async function changing(plans: readonly ScenarioPlan[], how: How): Promise<Report> {
  const begun = performance.now();
  const played: PlayedScenario[] = [];
  for (const plan of plans) {
    const results = await runShuffles(plan, { ...how, run: playScenario });
    if (results.length > 0) played.push({ plan, summary: summariseScenario(plan, results) });
  }
  if (played.length === 0) return undefined;
  const seconds = (performance.now() - begun) / 1000;
  return { json: () => scenariosJson(played, seconds), lines: (colours) => scenarioLines(played, colours) };
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
