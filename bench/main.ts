/** Runs the benches: `npm run -s bench -- <name> [--json] [--data DIR]`. Ends with 1 where a bar is missed, with 2 on bad usage. */
import { Command, CommanderError } from 'commander';
import { ReckonerError } from '../events/errors.ts';
import { type Bench, type BenchOptions, type Figures, missedBar } from './bench.ts';
import { runModule } from './child.ts';

interface Entry {
  readonly about: string;
  readonly load: () => Promise<Bench>;
  /** Adds what this bench understands beside --json; default: --data, for the files it writes. */
  readonly options?: (command: Command) => Command;
}

const benches: Readonly<Record<string, Entry>> = {
  decisions: {
    about: 'durable decisions and rewards against raw inserts of the same rows: at least 0.30 of them lazy, 0.10 eager',
    load: () => import('./decisions.ts'),
  },
  projecting: {
    about: 'live decisions while all projections run, and while all are rebuilt: at most 15 % fewer',
    load: () => import('./projecting.ts'),
  },
  buckets: {
    about: '100,000 buckets, 10,000 live: less than 600 MB; a passivated bucket against a live one',
    load: () => import('./buckets.ts'),
  },
  restart: {
    about: 'a log of 1,000,000 events: first decision in at most 0.1 of the time to scan the log',
    load: () => import('./restart.ts'),
  },
  replay: {
    about:
      'all posteriors from a log of 1,000,000 events: at least 0.25 of the rate of a scan, in memory that does not grow',
    load: () => import('./replay.ts'),
  },
  rollback: {
    about:
      'a domain of 2,000 buckets and 500,000 events is rolled back under load: first decision after it, and how many wait meanwhile',
    load: () => import('./rollback.ts'),
  },
  cluster: {
    about:
      '1, 2 and 3 nodes on this machine, over a real nats-server and one log: throughput, what sharing costs a decision, and a model of 100 nodes',
    load: () => import('./cluster.ts'),
  },
  propensity: {
    about: 'exact propensities of 6 Beta arms: no more than 600 Beta draws cost',
    load: () => import('./propensity.ts'),
  },
  'offset-tree': {
    about: 'accuracy of the offset tree on the half that was not logged: within 0.02 of the reference',
    load: () => import('./offset-tree.ts'),
    options: (command) =>
      command.option('--data <dir>', 'the data folder (default: RECKONER_DATA, else ../shared/data)'),
  },
  policies: {
    about: 'policies alone: 300,000 choices/s of Beta Thompson sampling, 20 us to choose and learn with LinUCB',
    load: () => import('./policies.ts'),
  },
  convergence: {
    about:
      'every policy on four arms: regret, convergence, memory growth, and time against a bare loop; writes nothing',
    load: () => import('./convergence.ts'),
    options: (command) => command,
  },
  http: {
    about: 'decisions over HTTP against a bare handler: at least 0.4 of its requests',
    load: () => import('./http.ts'),
  },
  nats: {
    about:
      'decisions over a real nats-server against bare request-reply: at least 0.35 of its requests, the log in memory',
    load: () => import('./nats.ts'),
  },
  learning: {
    about: 'what policies earn on recorded requests, against committed references; reads data sets, writes nothing',
    load: () => import('./learning.ts'),
    options: (command) =>
      command
        .option('--data <dir>', 'the data folder (default: RECKONER_DATA, else ../shared/data)')
        .option('--set <name>', 'a set of that folder, <folder>/<file>; may be repeated (default: all)', collected)
        .option('--policy <policy>', 'JSON or name:param=value,…; may be repeated (default: the catalogue)', collected)
        .option('--shuffles <n>', 'passes in orders of their own, seeds 1 to n (default: 100; 5 for labelled rows)')
        .option('--floor <f>', 'probability ours spread evenly over the arms (default: 0.01; 0 for labelled rows)')
        .option(
          '--no-buckets',
          'one bucket for all rows, whatever the policy; the default and what learns about features have one anyway',
        )
        .option(
          '--features <names>',
          'tell ours alone of the prompts: text,chars or none (default: all are told chars where there is no bucket)',
        )
        .option('--no-sweep', 'leave the runs out that sweep the price of the strong arm')
        .option('--workers <n>', 'threads (default: the cores of this machine)'),
  },
};

const program = new Command('bench')
  .description('Measurements, each against a peer or a limit in the same run. A bar that is missed ends with code 1.')
  .showSuggestionAfterError()
  .showHelpAfterError('→ npm run -s bench -- --help lists the benches.')
  .exitOverride();
for (const [name, { about, options }] of Object.entries(benches))
  command(name, about, (given) => runOne(name, given), options);
command('all', 'every bench, one after another, each in a process of its own', runAll);
try {
  await program.parseAsync();
} catch (thrown) {
  // 1 is for bars.
  if (thrown instanceof ReckonerError) {
    console.error(`error: ${thrown.message}\n→ ${thrown.problem.remedy}`);
    process.exitCode = 2;
  } else if (thrown instanceof CommanderError) {
    // Commander has already said what is wrong.
    process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  } else throw thrown;
}

function writesFiles(command: Command): Command {
  return command.option('--data <dir>', 'write files here; default: a temporary directory');
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function command(
  name: string,
  about: string,
  run: (options: BenchOptions) => Promise<Figures>,
  options: (command: Command) => Command = writesFiles,
): void {
  options(program.command(name))
    .description(about)
    .option('--json', 'print the figures as one JSON object, as the last line', false)
    .action(async (options: BenchOptions) => {
      const figures = await run(options);
      const missed = missedBar(figures);
      if (options.json) console.log(JSON.stringify(figures));
      else console.log(`${name}${missed ? ' MISSED its bar' : ''}: ${inWords(figures)}`);
      // Set, not called: what was printed may still be in a pipe.
      process.exitCode = missed ? 1 : 0;
    });
}

/** The plain figures; what is nested a bench tells itself. */
function inWords(figures: Figures): string {
  const plain = Object.entries(figures).filter(([name, value]) => name !== 'bench' && typeof value !== 'object');
  return plain.map(([name, value]) => `${name} ${value}`).join(', ');
}

async function runOne(name: string, options: BenchOptions): Promise<Figures> {
  const bench = await benches[name]?.load();
  if (bench === undefined) throw new Error(`there is no bench ${name}`);
  return bench.run(options);
}

async function runAll({ data }: BenchOptions): Promise<Figures> {
  const rows: Figures[] = [];
  const missed: string[] = [];
  for (const name of Object.keys(benches)) {
    console.log(`\n${name}`);
    // The directory is for files that benches write; one with options of its own reads.
    const files = data === undefined || benches[name]?.options !== undefined ? [] : ['--data', data];
    const { code, lines } = await runModule('main', [name, '--json', ...files]);
    const last = lines.at(-1) ?? '';
    const figures: Figures = last.startsWith('{') ? JSON.parse(last) : { bench: name, exitCode: code, pass: false };
    rows.push(figures);
    if (missedBar(figures)) missed.push(name);
    console.log(last);
  }
  console.log(missed.length === 0 ? '\nevery bar was met' : `\nmissed: ${missed.join(', ')}`);
  return { bench: 'all', rows, pass: missed.length === 0 };
}
