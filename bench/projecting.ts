/**
 * What live decisions lose while read models are made of them: decisions and rewards in this process, on disk and synced, alone;
 * while the thread of the server folds them into every projection; and while it rebuilds every projection besides. The three take
 * turns, so that what else the machine does meets all of them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { dataFiles } from '../adapters/cli/compose/data-files.ts';
import { openNode, type ReckonerNode } from '../adapters/cli/compose.ts';
import { allProjections } from '../adapters/projector/catalogue.ts';
import { ask, requestIn } from '../adapters/projector/requests.ts';
import { type ProjectingThread, startProjectingThread } from '../adapters/projector/thread.ts';
import type { BenchOptions, Figures } from './bench.ts';
import { DOMAIN, decidingDomain } from './deciding-domain.ts';
import { driveLoad, forSeconds, randomBuckets, times } from './load.ts';
import { withScratch } from './scratch.ts';
import { median, quantile, rounded } from './statistics.ts';

const IN_FLIGHT = 256;
const BUCKETS = 2_000;
const ROUNDS = 7;
const SECONDS = 3;
/** So long a log takes longer to rebuild than a round takes. */
const WARM_UP_DECISIONS = 40_000;
/** The most that may be lost, as a part of the decisions alone. */
const LOSS = 0.15;
/** Readers may be so far behind, in seconds, once a burst is over. */
const LAG_SECONDS = 2;
const PATIENCE_MS = 600_000;

/** Decisions and rewards. */
interface Rate {
  /** A second. */
  readonly events: number;
  /** A second of processor time of the thread that decides: what else runs on the machine does not lower it. NaN where Linux is not there to tell. */
  readonly perProcessorSecond: number;
}

interface Round {
  readonly alone: Rate;
  readonly projecting: Rate;
  readonly rebuilding: Rate;
  /** Seconds until readers saw everything after the round with projections. */
  readonly lag: number;
  /** The part of the round with a rebuild in which there was one. */
  readonly rebuilt: number;
}

export function run({ data }: BenchOptions): Promise<Figures> {
  return withScratch(data, async (dataDir) => {
    const node = await openNode({ dataDir });
    try {
      await node.reckoner.configure(DOMAIN, decidingDomain(BUCKETS));
      await decide(node, 0, times(WARM_UP_DECISIONS));
      const built = await buildAll(node, dataDir);
      console.log(`all projections built of ${built.events} events: ${built.eventsPerSecond} events/s`);
      const rounds: Round[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        const measured = await measure(node, dataDir, round);
        rounds.push(measured);
        console.log(`round ${round} ${told(measured)}`);
      }
      const lost = (kind: 'projecting' | 'rebuilding', what: keyof Rate) =>
        rounded(1 - median(rounds.map((round) => round[kind][what] / round.alone[what])), 3);
      const [projecting, rebuilding] = [lost('projecting', 'events'), lost('rebuilding', 'events')];
      const lag = quantile(
        rounds.map((round) => round.lag),
        1,
      );
      return {
        bench: 'projecting',
        inFlight: IN_FLIGHT,
        buckets: BUCKETS,
        aloneEventsPerSecond: Math.round(median(rounds.map(({ alone }) => alone.events))),
        builtEventsPerSecond: built.eventsPerSecond,
        lossProjecting: projecting,
        lossRebuilding: rebuilding,
        processorLossProjecting: lost('projecting', 'perProcessorSecond'),
        processorLossRebuilding: lost('rebuilding', 'perProcessorSecond'),
        secondsUntilReadAfterBurst: rounded(lag, 2),
        targets: { loss: LOSS, secondsUntilReadAfterBurst: LAG_SECONDS },
        pass: projecting <= LOSS && rebuilding <= LOSS && lag <= LAG_SECONDS,
      };
    } finally {
      await node.close();
    }
  });
}

async function measure(node: ReckonerNode, dataDir: string, round: number): Promise<Round> {
  const alone = await decide(node, 3 * round, forSeconds(SECONDS));
  const thread = start(node, dataDir);
  try {
    await caughtUp(node, thread);
    const projecting = await decide(node, 3 * round + 1, forSeconds(SECONDS));
    const lag = await caughtUp(node, thread);
    const rebuild = askForAll(dataDir);
    const began = performance.now();
    const rebuilding = await decide(node, 3 * round + 2, forSeconds(SECONDS));
    const decided = performance.now() - began;
    const took = await rebuild.done();
    await caughtUp(node, thread);
    return { alone, projecting, rebuilding, lag, rebuilt: Math.min(1, took / decided) };
  } finally {
    await thread.stop();
  }
}

async function decide(node: ReckonerNode, seed: number, more: () => boolean): Promise<Rate> {
  const [began, processor] = [performance.now(), processorSeconds()];
  const next = randomBuckets(BUCKETS, seed + 1, more);
  const { decisions } = await driveLoad(node.reckoner, {
    inFlight: IN_FLIGHT,
    next,
    propensity: 'lazy',
    seed: seed + 1,
  });
  await node.settled(DOMAIN);
  const events = 2 * decisions;
  return {
    events: (events * 1000) / (performance.now() - began),
    perProcessorSecond: events / (processorSeconds() - processor),
  };
}

/** Of the main thread. */
function processorSeconds(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
  } catch {
    return Number.NaN;
  }
}

function start(node: ReckonerNode, dataDir: string): ProjectingThread {
  return startProjectingThread({
    script: new URL('../adapters/projector/worker.js', import.meta.url),
    ...{ logFile: join(dataDir, dataFiles.log), file: join(dataDir, dataFiles.readModels) },
    ...{ owner: `bench ${performance.now()}`, random: Math.random },
    projections: allProjections(node.log).map(({ name }) => name),
    onTrouble: (where, thrown) => {
      throw new Error(`${where} failed`, { cause: thrown });
    },
  });
}

/** @returns seconds until readers saw everything that is in the log */
async function caughtUp(node: ReckonerNode, thread: ProjectingThread): Promise<number> {
  const began = performance.now();
  if (!(await thread.whenProcessed(await node.log.head(), PATIENCE_MS))) throw new Error('the projections do not come');
  return (performance.now() - began) / 1000;
}

async function buildAll(node: ReckonerNode, dataDir: string) {
  const thread = start(node, dataDir);
  const seconds = await caughtUp(node, thread);
  await thread.stop();
  const events = Number(await node.log.head());
  return { events, eventsPerSecond: Math.round(events / seconds) };
}

/** Asks for a rebuild of everything, as `reckoner projections rebuild --all` does. */
function askForAll(dataDir: string): { done(): Promise<number> } {
  const database = new Database(join(dataDir, dataFiles.readModels), { timeout: 10_000 });
  const began = performance.now();
  const id = ask(database, 'rebuild', undefined, Date.now());
  const watched = new Promise<number>((resolve, reject) => {
    const look = setInterval(() => {
      const state = requestIn(database, id)?.state;
      if (state !== 'done' && state !== 'failed') return;
      clearInterval(look);
      database.close();
      if (state === 'done') resolve(performance.now() - began);
      else reject(new Error('the rebuild failed'));
    }, 100);
  });
  return { done: () => watched };
}

function told({ alone, projecting, rebuilding, lag, rebuilt }: Round): string {
  const part = (rate: number, of: number) => `${rounded(100 * (1 - rate / of), 1)} %`;
  const lost = ({ events, perProcessorSecond }: Rate) =>
    `${Math.round(events)} (${part(events, alone.events)} lost, ${part(perProcessorSecond, alone.perProcessorSecond)} of the processor)`;
  const seen = `everything read ${rounded(lag, 2)} s after`;
  const [first, last] = [Math.round(alone.events), Math.round(100 * rebuilt)];
  return `alone ${first} events/s, projecting ${lost(projecting)}, ${seen}, rebuilding ${lost(rebuilding)} for ${last} % of it`;
}
