/** Hard requests for good arms, easy ones for cheap arms: a score shift by the request's complexity. */
import type { DomainConfig } from '../../config/domain-config.ts';
import { declaredTerm, filled, shares } from './estimates.ts';
import type { ScoreTerm } from './score-terms.ts';

const NONE: readonly number[] = [];

/**
 * The term `complexity`, in [−weight, 0]: above `neutral` what an arm's expected quality lacks to the best candidate's, below it
 * the arm's cost as a share of the dearest candidate's, times weight and how far the complexity is from neutral to its end.
 * A request that tells no complexity is neutral. Undefined where the domain has no such preference.
 */
export function complexityTerm({
  arms,
  complexity,
  objective,
}: Pick<DomainConfig, 'arms' | 'complexity' | 'objective'>): ScoreTerm | undefined {
  if (complexity === undefined || complexity.weight === 0) return undefined;
  const { weight, neutral } = complexity;
  const lacking = declaredTerm('complexity', arms, (candidates) => {
    const qualities = filled(candidates.map(({ quality }) => quality ?? objective?.baseQuality)) ?? NONE;
    const best = Math.max(0, ...qualities);
    return qualities.map((quality) => best - quality);
  });
  const dear = declaredTerm(
    'complexity',
    arms,
    (candidates) => shares(candidates.map(({ costUsd }) => costUsd)) ?? NONE,
  );
  return {
    name: 'complexity',
    values: (view, request, candidates) => {
      const { complexity: given = neutral } = request.command;
      if (given === neutral) return NONE;
      const [losses, share] =
        given > neutral ? [lacking, (given - neutral) / (1 - neutral)] : [dear, (neutral - given) / neutral];
      return losses.values(view, request, candidates).map((loss) => 0 - weight * share * loss);
    },
  };
}
