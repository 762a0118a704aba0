import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { AgentDefinition } from '../../actors/agents/agent.ts';
import { DEFAULT_TENANT, type Reckoner } from '../../actors/reckoner.ts';
import { ReckonerError } from '../../events/errors.ts';
import { toldOf } from '../datasets/dataset.ts';
import { recordedAgents } from '../datasets/recorded-agent.ts';
import { type LearnedBucket, learnedBuckets, visits } from './learned.ts';
import type { SimulationPlan } from './plan.ts';
import { type Tally, tally } from './tally.ts';

/** What one pass over the shuffled requests earned. */
export interface ShuffleResult extends Tally {
  readonly shuffle: number;
  /** What was learned, most pulled bucket first; only of the last shuffle, empty for the others. */
  readonly learned: readonly LearnedBucket[];
}

/** A node of its own for one shuffle. */
export interface SimulatedNode {
  readonly reckoner: Reckoner;
  /** Settles when the domain has shared what the log so far calls for. */
  settled(domain: string): Promise<void>;
  close(): Promise<void>;
}

/** How the composition root makes one; without a data directory it lives in memory. */
export type OpenNode = (options: {
  readonly dataDir?: string;
  readonly seed: number;
  readonly agents: readonly AgentDefinition[];
}) => Promise<SimulatedNode>;

/** How often progress is told, in requests. */
export const TICK = 250;

/**
 * Sends the dataset's requests, in the order that seed + shuffle draws, one by one through a node of their own: decide, ask
 * the chosen arm's recorded agent, reward. The same plan and shuffle give the same result, digit by digit.
 * @param progress is told how many requests have been served since it was last told
 * @throws the signal's reason when it is aborted; ReckonerError where the node refuses
 */
export async function runShuffle(
  plan: SimulationPlan,
  shuffle: number,
  openNode: OpenNode,
  progress: (requests: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<ShuffleResult> {
  const { dataset, domain } = plan;
  const seed = plan.seed + shuffle;
  const node = await openNode({ ...placeOfLog(plan, shuffle), seed, agents: recordedAgents(dataset.arms) });
  try {
    const { config } = await node.reckoner.configure(domain, plan.config, { tenant: DEFAULT_TENANT, by: 'simulate' });
    const earned = tally(plan);
    const seen = visits();
    let served = 0;
    for (const request of shuffled(dataset.rows, seed)) {
      signal?.throwIfAborted();
      const context = toldOf(request);
      const run = await node.reckoner.run(domain, { context, propensity: 'lazy', question: request });
      const reward = run.quality ?? 0;
      await node.reckoner.reward(run.decision.decisionId, { value: reward, kind: 'outcome' });
      served++;
      // What the domain lends is shared every so many rewards: wait for it, so that no timing decides who sees it first.
      if (config.sharing.every > 0 && served % config.sharing.every === 0) await node.settled(domain);
      earned.add(request, run.arm, { reward, dollars: run.costUsd });
      seen.add(request, run.decision);
      if (served % TICK === 0) progress(TICK);
    }
    progress(served % TICK);
    const told = shuffle === plan.shuffles - 1;
    const learned = told ? await learnedBuckets(dataset.arms, seen, (id) => node.reckoner.explain(id)) : [];
    return { ...earned.result(), shuffle, learned };
  } finally {
    await node.close();
  }
}

/** Fisher and Yates (1938), as Durstenfeld (1964) has it. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const order = [...items];
  // Not the generator that the node is seeded with: the order of the requests must know nothing of its choices.
  const random = mersenne(seed);
  for (let last = order.length - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last);
    const moved = order[last] as T; // both indices lie within the array
    order[last] = order[other] as T;
    order[other] = moved;
  }
  return order;
}

/** The data directory itself for one shuffle, a folder in it for each of several. A log that is there already is not continued. */
export function placeOfLog(plan: Pick<SimulationPlan, 'dataDir' | 'shuffles'>, shuffle: number): { dataDir?: string } {
  if (plan.dataDir === null) return {};
  const dataDir =
    plan.shuffles === 1 ? plan.dataDir : join(plan.dataDir, `shuffle-${String(shuffle).padStart(4, '0')}`);
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new ReckonerError(
      'request_invalid',
      `${dataDir} is not empty: a simulation keeps its log in a directory of its own.`,
      {
        remedy: 'Name a new directory, or remove that one.',
      },
    );
  }
  return { dataDir };
}
