import type { Decision } from '../../actors/messages/decide.ts';
import type { Explanation } from '../../actors/messages/explanation.ts';
import { problemOf } from '../../events/errors.ts';
import { meanUtilities } from '../datasets/baselines.ts';
import type { RecordedRequest } from '../datasets/dataset.ts';

/** One bucket after a run, or the requests of one value of the bucket feature where all are in one bucket. */
export interface LearnedBucket {
  readonly label: string;
  readonly pulls: number;
  /** Why its last decision could not be explained; null where it could. */
  readonly unexplained: string | null;
  /** In the order of the dataset's arms. */
  readonly arms: readonly {
    readonly pulls: number;
    /** Posterior mean of the reward, as the last decision of these requests saw it; null where that could not be explained. */
    readonly learned: number | null;
    /** Mean recorded reward of the arm over all requests of the bucket. */
    readonly recorded: number;
  }[];
}

interface Visit {
  readonly label: string;
  readonly requests: RecordedRequest[];
  readonly pulls: Map<string, number>;
  lastDecision: string;
}

/** Remembers which bucket served which requests; one that serves requests of several values of the bucket feature, by those. */
export function visits() {
  const buckets = new Map<string, Visit>();
  return {
    buckets: buckets as ReadonlyMap<string, Visit>,
    add(request: RecordedRequest, decision: Pick<Decision, 'bucket' | 'bucketLabel' | 'arm' | 'decisionId'>): void {
      const values = Object.entries(request.context)
        .map(([feature, value]) => `${feature}=${value}`)
        .join(', ');
      const key = `${decision.bucket} ${values}`;
      let visit = buckets.get(key);
      if (visit === undefined) {
        const label = decision.bucketLabel === 'all' && values !== '' ? values : decision.bucketLabel;
        visit = { label, requests: [], pulls: new Map(), lastDecision: '' };
        buckets.set(key, visit);
      }
      visit.requests.push(request);
      visit.pulls.set(decision.arm, (visit.pulls.get(decision.arm) ?? 0) + 1);
      visit.lastDecision = decision.decisionId;
    },
  };
}

/** How many buckets are told of. */
const TOLD = 30;

/** What the most visited buckets believe of each arm, told by the explanation of their last decision, beside what is true. */
export async function learnedBuckets(
  arms: readonly string[],
  seen: ReturnType<typeof visits>,
  explain: (decisionId: string) => Promise<Explanation>,
): Promise<LearnedBucket[]> {
  const most = [...seen.buckets.values()].sort((a, b) => b.requests.length - a.requests.length).slice(0, TOLD);
  const learned: LearnedBucket[] = [];
  for (const { label, requests, pulls, lastDecision } of most) {
    // The run is over and its figures stand: an explanation that fails is told, and takes nothing else with it.
    const explained = await explain(lastDecision).catch((thrown: unknown) => problemOf(thrown));
    const beliefs = new Map('arms' in explained ? explained.arms.map((belief) => [belief.arm, belief.mean]) : []);
    const recorded = meanUtilities(requests, []);
    learned.push({
      label,
      pulls: requests.length,
      unexplained: 'arms' in explained ? null : explained.message,
      arms: arms.map((arm, place) => ({
        pulls: pulls.get(arm) ?? 0,
        learned: beliefs.get(arm) ?? null,
        recorded: recorded[place] ?? Number.NaN,
      })),
    });
  }
  return learned;
}
