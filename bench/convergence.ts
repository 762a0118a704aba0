/**
 * Every policy of the catalogue on the same stationary bandit: how fast it comes to the best arm, what that costs against a bare
 * loop of the same run, and how its posterior grows. Nothing here is a bar: on four arms far apart every learner should get there.
 */
import { PolicySpec, policyNames } from '../policies/catalogue.ts';
import { growthOf, UPDATES } from './convergence/memory.ts';
import { type ConvergenceRow, reportOf } from './convergence/report.ts';
import {
  ARMS,
  bareEpsilonGreedy,
  FLOOR,
  MEANS,
  NOISE,
  type Outcome,
  type Player,
  play,
  policyPlayer,
  ROUNDS,
  rewardTable,
} from './convergence/rounds.ts';
import { add, type Estimate, estimateOf, noMoments } from './learning/welford.ts';
import { median, rounded } from './statistics.ts';

/** Of the noise; a player's own choices are seeded with 1,000 more. */
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const EPSILON = 0.1;
/** The loop is quick: played so many times a measurement. */
const REPEATS = 8;

export async function run(_options: { readonly json: boolean }): Promise<object> {
  const tables = SEEDS.map(rewardTable);
  const bare = bareEpsilonGreedy(EPSILON);
  const looped: number[] = [];
  /** Microseconds a round of the loop, measured beside every policy. */
  const timeLoop = () => void looped.push(timed(bare, tables, REPEATS).microseconds);
  const measured = entrants().map(({ name, spec }) => {
    timeLoop();
    const { outcomes, microseconds } = timed(policyPlayer(name, spec), tables, 1);
    return { name, outcomes, microseconds, growth: growthOf(spec) };
  });
  timeLoop();
  const loop = median(looped);
  const rows: ConvergenceRow[] = [
    ...measured.map(({ name, outcomes, microseconds, growth }) => ({
      ...rowOf(name, outcomes, microseconds, loop),
      heapGrowthBytes: growth.heap,
      posteriorBytes: { before: growth.before, after: growth.after },
    })),
    rowOf(bare.name, timed(bare, tables, 1).outcomes, loop, loop),
  ];
  console.log(reportOf(rows, { seeds: SEEDS.length, rounds: ROUNDS, updates: UPDATES }));
  const scenario = { arms: ARMS, means: MEANS, noise: NOISE, clip: [0, 1], rounds: ROUNDS, seeds: SEEDS, floor: FLOOR };
  return { bench: 'convergence', scenario, updates: UPDATES, rows };
}

/** Every policy with its own defaults; `fixed` has the best arm, and is what can be had at most. */
function entrants(): { readonly name: string; readonly spec: PolicySpec }[] {
  return policyNames.map((name) => {
    const best = ARMS[MEANS.indexOf(Math.max(...MEANS))];
    return name === 'fixed'
      ? { name: 'fixed, best arm', spec: PolicySpec.parse({ name, arm: best }) }
      : { name, spec: PolicySpec.parse({ name }) };
  });
}

/** Plays all seeds; processor time, so that what else runs on the machine does not count. */
function timed(player: Player, tables: readonly Float64Array[], repeats: number) {
  play(player, tables[0]!, 0); // warms the compiler up
  let outcomes: Outcome[] = [];
  const start = process.cpuUsage();
  for (let i = 0; i < repeats; i++) {
    outcomes = tables.map((table, seed) => play(player, table, 1000 + SEEDS[seed]!));
  }
  const { user, system } = process.cpuUsage(start);
  return { outcomes, microseconds: (user + system) / (repeats * tables.length * ROUNDS) };
}

function rowOf(policy: string, outcomes: readonly Outcome[], microseconds: number, loop: number): ConvergenceRow {
  const converged = outcomes.flatMap(({ convergenceRound }) => convergenceRound ?? []);
  return {
    policy,
    regret: estimate(outcomes.map(({ regret }) => regret)),
    optimalShare: estimate(outcomes.map(({ optimalShare }) => optimalShare)),
    lastShare: estimate(outcomes.map(({ lastShare }) => lastShare)),
    // Runs that never converged are later than all that did.
    convergenceRound: 2 * converged.length > outcomes.length ? middle(converged, outcomes.length) : null,
    converged: converged.length,
    roundsPerSecond: Math.round(1e6 / microseconds),
    timesLoop: rounded(microseconds / loop, 2),
  };
}

/** The median where all that are missing of `count` values are larger. */
function middle(values: readonly number[], count: number): number {
  const missing = new Array<number>(count - values.length).fill(Number.POSITIVE_INFINITY);
  return Math.ceil(median([...values, ...missing]));
}

function estimate(values: readonly number[]): Estimate {
  const moments = noMoments();
  for (const value of values) add(moments, value);
  return estimateOf(moments);
}
