/** A policy whose posterior is carried within another one. */

import type { Policy } from './policy.ts';

/** The parts of a policy that only look at its posterior, for one that carries it: all but what begins, moves and keeps it. */
export function carried<P, Q extends { readonly posterior: P }>(
  policy: Policy<P>,
): Omit<Policy<Q>, 'init' | 'learn' | 'forget' | 'serialise' | 'restore'> {
  const { path, parameters } = policy;
  return {
    name: policy.name,
    version: policy.version,
    priorWidth: policy.priorWidth,
    choosesWithoutPrior: policy.choosesWithoutPrior,
    deterministic: policy.deterministic,
    usesFeatures: policy.usesFeatures,
    needsPropensity: policy.needsPropensity,
    prior: policy.prior,
    choose: ({ posterior }, ...rest) => policy.choose(posterior, ...rest),
    propensities: ({ posterior }, situation) => policy.propensities(posterior, situation),
    rankPropensities: ({ posterior }, ...rest) => policy.rankPropensities(posterior, ...rest),
    belief: ({ posterior }, ...rest) => policy.belief(posterior, ...rest),
    parameters: parameters === undefined ? undefined : ({ posterior }, arm) => parameters(posterior, arm),
    path: path === undefined ? undefined : ({ posterior }, situation) => path(posterior, situation),
  };
}
