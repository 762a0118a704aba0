import { DEFAULT_TENANT } from '../../../actors/reckoner.ts';
import { type RecordedRequest, toldOf } from '../../datasets/dataset.ts';
import { recordedAgents } from '../../datasets/recorded-agent.ts';
import { type OpenNode, placeOfLog, shuffled, TICK } from '../run.ts';
import { knowingRouter } from './knowing-router.ts';
import { armsIn, configIn, type ScenarioPlan } from './plan.ts';
import { changed, type Phase } from './scenario.ts';

/** What one shuffle of a scenario did, request by request. */
export interface ScenarioResult {
  readonly shuffle: number;
  /** Place of the arm that changed or appeared. */
  readonly arm: number;
  /** Place of the arm that was called. */
  readonly called: readonly number[];
  /** Reward less utility cost. */
  readonly utilities: readonly number[];
  /** US dollars; 0 where none are recorded. */
  readonly dollars: readonly number[];
  /** By phase: what a router would have earned a request that knew it. */
  readonly knowing: readonly number[];
}

/** What sets the order of the second time apart from that of the first. */
const SECOND_TIME = 2 ** 31;

/**
 * Plays one shuffle: the requests go one by one through a node of their own, as in `runShuffle`, and the world changes between
 * two of them. The system learns of it what a real one would: the new configuration where there is one, and the rewards.
 */
export async function runScenario(
  plan: ScenarioPlan,
  shuffle: number,
  openNode: OpenNode,
  progress: (requests: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<ScenarioResult> {
  const { dataset, domain, scenario, utilityCosts } = plan;
  const seed = plan.seed + shuffle;
  const places = new Map(dataset.arms.map((arm, place) => [arm, place]));
  const stream = [...shuffled(dataset.rows, seed), ...shuffled(dataset.rows, seed + SECOND_TIME)];
  const called: number[] = [];
  const utilities: number[] = [];
  const dollars: number[] = [];
  const knowing: number[] = [];
  let arm = scenario.arm ?? -1;
  const node = await openNode({ ...placeOfLog(plan, shuffle), seed, agents: recordedAgents(dataset.arms) });
  try {
    for (const [index, phase] of scenario.phases.entries()) {
      if (arm === -1 && phase.name === 'after')
        arm = mostCalled(called.slice(-(scenario.phases[index - 1]?.requests ?? 0)));
      const { config } = await node.reckoner.configure(
        domain,
        // A price that falls so far is held until somebody says that it is meant.
        { ...configIn(plan, phase, arm), confirmPrices: true },
        { tenant: DEFAULT_TENANT, by: 'simulate' },
      );
      const requests = requestsOf(stream.slice(called.length, called.length + phase.requests), phase, plan, arm);
      for (const request of requests) {
        signal?.throwIfAborted();
        const run = await node.reckoner.run(domain, {
          context: toldOf(request),
          propensity: 'lazy',
          question: request,
        });
        const reward = run.quality ?? 0;
        await node.reckoner.reward(run.decision.decisionId, { value: reward, kind: 'outcome' });
        const place = places.get(run.arm) ?? -1;
        called.push(place);
        utilities.push(reward - (utilityCosts[place] ?? 0));
        dollars.push(run.costUsd);
        // As in `runShuffle`: no timing decides who sees first what is shared.
        if (config.sharing.every > 0 && called.length % config.sharing.every === 0) await node.settled(domain);
        if (called.length % TICK === 0) progress(TICK);
      }
      knowing.push(
        knowingRouter(
          requests,
          armsIn(dataset, scenario, phase, arm),
          utilityCosts,
          plan.config.budget?.perRequestUsd ?? null,
        ),
      );
    }
    progress(called.length % TICK);
    return { shuffle, arm, called, utilities, dollars, knowing };
  } finally {
    await node.close();
  }
}

function requestsOf(
  requests: readonly RecordedRequest[],
  phase: Phase,
  { scenario }: ScenarioPlan,
  arm: number,
): readonly RecordedRequest[] {
  return phase.name === 'after' ? requests.map((request) => changed(request, scenario, arm)) : requests;
}

/** The place that is there most often; the first of several. */
function mostCalled(called: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const place of called) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts].sort(([one, calls], [other, others]) => others - calls || one - other)[0]?.[0] ?? 0;
}
