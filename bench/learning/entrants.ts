/** Who plays: the default of a domain, the policies that were asked for, and the references. */
import { parseDomainConfig } from '../../actors/config/domain-config.ts';
import { policyOf } from '../../adapters/simulate/options.ts';
import { ReckonerError } from '../../events/errors.ts';
import { learnsFeatures, PolicySpec, policyNames } from '../../policies/catalogue.ts';
import { domainLearner } from './domain-learner.ts';
import type { Entrant } from './experiment.ts';
import { flatThompson } from './flat-thompson.ts';
import type { Problem } from './problem.ts';
import { referencePacer } from './reference-pacer.ts';
import { ridgeLinUcb } from './ridge-linucb.ts';

export const DEFAULT = 'default';
export const LINUCB = 'ridge LinUCB(1)';
/** The one whose figure on llmrouter/train_a is published with the bars. */
export const LINUCB_HALF = 'ridge LinUCB(0.5)';
export const PACED = 'LinUCB(0.5), price alone';
export const FLAT = 'flat Beta-TS';
export const FLAT_GLOBAL = 'flat Beta-TS, one bucket';

export interface Circumstances {
  /** Probability that our policies spread evenly over the arms. References have none. */
  readonly floor: number;
  /** False: our policies get one bucket for all rows, also those that do not learn about features. */
  readonly buckets: boolean;
}

/** What a domain gets that names no policy. */
export function defaultEntrant(circumstances: Circumstances): Entrant {
  return ours(DEFAULT, undefined, circumstances);
}

/**
 * @param written as JSON, or as on the command line: `name` or `name:param=value,…`
 * @throws ReckonerError request_invalid for what the catalogue does not know
 */
export function policyEntrant(written: string, circumstances: Circumstances): Entrant {
  const policy = written.trimStart().startsWith('{') ? specOf(written) : PolicySpec.parse(policyOf(written));
  return ours(written, policy, circumstances);
}

/**
 * Every other policy of the catalogue that needs no parameter, as a domain would have it: in buckets; where it learns about
 * features, in one bucket, because within a bucket what makes it is always the same.
 */
export function catalogueEntrants(problem: Problem, circumstances: Circumstances): Entrant[] {
  const usual = parseDomainConfig({ arms: [...problem.arms], context: problem.context }).policy;
  return policyNames.flatMap((name) => {
    const spec = PolicySpec.safeParse({ name });
    if (!spec.success || JSON.stringify(spec.data) === JSON.stringify(usual)) return [];
    const bucketed = problem.bucketBy.length > 0 && circumstances.buckets;
    return [ours(bucketed && learnsFeatures(name) ? `${name}, one bucket` : name, spec.data, circumstances)];
  });
}

/** The default, and what learns about features, has all rows in one bucket. */
function ours(name: string, policy: PolicySpec | undefined, { floor, buckets: wanted }: Circumstances): Entrant {
  const buckets = wanted && policy !== undefined && !learnsFeatures(policy.name);
  return { name, reference: false, make: (problem) => domainLearner(problem, { name, policy, floor, buckets }) };
}

/** The references for recorded requests. */
export function recordedReferences({ bucketBy }: Problem): Entrant[] {
  const thompson = (name: string, buckets: boolean): Entrant => ({
    name,
    reference: true,
    make: (problem) => flatThompson(problem, name, buckets),
  });
  const references = [linUcb(LINUCB, 1), linUcb(LINUCB_HALF, 0.5), thompson(FLAT, true)];
  return bucketBy.length === 0 ? references : [...references, thompson(FLAT_GLOBAL, false)];
}

/** Policies that keep one ceiling for all requests, and do not spend a part of it on each bucket. */
export function inOneBucket(floor: number): Entrant[] {
  return (['lin_ts', 'nig_thompson'] as const).map((name) =>
    ours(`${name}, one bucket`, PolicySpec.parse({ name }), { floor, buckets: false }),
  );
}

/** The reference under a ceiling of dollars. */
export function pacedReference(): Entrant {
  const parameters = { alpha: 0.5, lambda: 1 };
  return { name: PACED, reference: true, make: (problem) => referencePacer(problem, PACED, parameters) };
}

/** The reference for labelled rows. */
export const labelledReferences: readonly Entrant[] = [linUcb(LINUCB, 1)];

function linUcb(name: string, alpha: number): Entrant {
  return { name, reference: true, make: (problem) => ridgeLinUcb(problem, name, { alpha, lambda: 1 }) };
}

/** @throws ReckonerError request_invalid for what is not JSON, or not a policy of the catalogue */
function specOf(json: string): PolicySpec {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new ReckonerError('request_invalid', `--policy ${json} is not JSON.`, {
      cause,
      remedy: 'Write it as {"name":"beta_thompson","shrinkage":10} or as beta_thompson:shrinkage=10.',
    });
  }
  const spec = PolicySpec.safeParse(parsed);
  if (spec.success) return spec.data;
  const what = spec.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new ReckonerError('request_invalid', `--policy ${json}: ${what}.`, {
    remedy: 'Name a policy of policies/catalogue.ts and its parameters.',
  });
}
