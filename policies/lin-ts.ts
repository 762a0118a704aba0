/**
 * Linear Thompson sampling with disjoint models (Agrawal & Goyal 2013): theta is drawn from N(theta, v^2 A^-1), and the arm with the
 * highest x'theta is taken. Of one decision only x'theta counts, so the scalar is drawn: x'theta + v sqrt(x' A^-1 x) z with z
 * standard normal has the same law, costs O(d^2) and needs no factorisation.
 */

import type { FeatureKind } from './encoding.ts';
import { type LinearPosterior, linearModels } from './linear-models.ts';
import type { Policy, Situation } from './policy.ts';
import type { ScoreArms } from './score-propensity.ts';
import { LEAST_SCALE, scoreThompson } from './score-thompson.ts';
import { shiftOf } from './situation.ts';

/** Parameters of `linTs`. */
export interface LinTsParameters {
  /** Standard deviation of a reward that draws are made with, > 0. */
  readonly v: number;
  /** Ridge, > 0. */
  readonly lambda: number;
}

/** The policy `lin_ts`. */
export function linTs({ v, lambda }: LinTsParameters, kinds: readonly FeatureKind[]): Policy<LinearPosterior> {
  const models = linearModels(kinds, lambda);

  function scoreArms(posterior: LinearPosterior, situation: Situation): ScoreArms {
    const { count, means, widths } = models.predict(posterior, situation);
    const arms = { location: [] as number[], scale: [] as number[] };
    for (let i = 0; i < count; i++) {
      arms.location.push(means[i]! + shiftOf(situation, i));
      arms.scale.push(Math.max(LEAST_SCALE, v * widths[i]!));
    }
    return arms;
  }

  return {
    ...models.policy,
    ...scoreThompson(scoreArms),
    name: 'lin_ts',
    version: 1,
    deterministic: false,
  };
}
