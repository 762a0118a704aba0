/**
 * The objective as score shifts. The score that an objective means is the weighted sum
 *   quality q + cost (1 − c) + latency (1 − l) + reliability (1 − f),
 * with q the expected reward, c the arm's cost as a share of the dearest candidate's, l its latency as a share of the slowest
 * one's, f the share of its calls that fail. Divided by the weight of quality, and less what is the same for all, it is the
 * expected reward, which is learned, less three losses, which are declared.
 */
import type { DomainConfig } from '../../config/domain-config.ts';
import { declaredTerm, type Estimates, filled, shares, withoutSmallSavings } from './estimates.ts';
import type { ScoreTerm } from './score-terms.ts';

const NONE: readonly number[] = [];

/** The terms `cost`, `latency` and `reliability`, each in [−weight / quality, 0]; without an objective none. */
export function objectiveTerms({ arms, objective }: Pick<DomainConfig, 'arms' | 'objective'>): ScoreTerm[] {
  if (objective === undefined) return [];
  const { weights, minSavingUsd = 0 } = objective;
  const costs = (declared: Estimates) => shares(withoutSmallSavings(declared, minSavingUsd));
  const failures = (declared: Estimates) =>
    filled(declared.map((reliability) => (reliability === undefined ? undefined : 1 - reliability)));
  const measures = [
    { name: 'cost', estimate: 'costUsd', losses: costs },
    { name: 'latency', estimate: 'latencyMs', losses: shares },
    { name: 'reliability', estimate: 'reliability', losses: failures },
  ] as const;
  return measures
    .filter(({ name }) => weights[name] > 0)
    .map(({ name, estimate, losses }) =>
      declaredTerm(name, arms, (candidates) => {
        const worth = weights[name] / weights.quality;
        return losses(candidates.map((arm) => arm[estimate]))?.map((loss) => 0 - worth * loss) ?? NONE;
      }),
    );
}
