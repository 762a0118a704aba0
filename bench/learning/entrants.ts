/** Who plays: the default of a domain, the policies that were asked for, and the references. */
import { policyOf } from '../../adapters/simulate/options.ts';
import { ReckonerError } from '../../events/errors.ts';
import { PolicySpec } from '../../policies/catalogue.ts';
import { domainLearner } from './domain-learner.ts';
import type { Entrant } from './experiment.ts';
import { flatThompson } from './flat-thompson.ts';
import { ridgeLinUcb } from './ridge-linucb.ts';

export const DEFAULT = 'default';
export const LINUCB = 'ridge LinUCB';
export const FLAT = 'flat Beta-TS';
export const GLOBAL = 'flat Beta-TS, one bucket';

export interface Circumstances {
  readonly floor: number;
  readonly buckets: boolean;
}

export function defaultEntrant({ floor, buckets }: Circumstances): Entrant {
  const make: Entrant['make'] = (problem) =>
    domainLearner(problem, { name: DEFAULT, policy: undefined, floor, buckets });
  return { name: DEFAULT, reference: false, make };
}

/** @param written as JSON, or as on the command line: `name` or `name:param=value,…` */
export function policyEntrant(written: string, { floor, buckets }: Circumstances): Entrant {
  const policy = written.trimStart().startsWith('{') ? specOf(written) : PolicySpec.parse(policyOf(written));
  return {
    name: written,
    reference: false,
    make: (problem) => domainLearner(problem, { name: written, policy, floor, buckets }),
  };
}

export const references: readonly Entrant[] = [
  {
    name: LINUCB,
    reference: true,
    make: (problem) => ridgeLinUcb(problem, LINUCB, { alpha: 1, lambda: 1 }),
  },
  { name: FLAT, reference: true, make: (problem) => flatThompson(problem, FLAT, true) },
  { name: GLOBAL, reference: true, make: (problem) => flatThompson(problem, GLOBAL, false) },
];

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
