import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { Changes } from '../../actors/config/changes.ts';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { inOurWords } from '../../actors/config/invalid.ts';
import { ReckonerError } from '../../events/errors.ts';
import { PolicySpec, policyNames } from '../../policies/catalogue.ts';
import { decimalOf } from '../datasets/decimal.ts';
import type { PromptFeature } from '../datasets/layout.ts';
import { promptFeaturesOf } from '../datasets/prompt-features.ts';
import { PUBLISHED_PRICE_FACTOR, type ScenarioName, type ScenarioOptions, scenarioNames } from './scenario/scenario.ts';

/** The command's options, checked. */
export interface SimulateOptions {
  readonly dataset: string;
  readonly data?: string;
  readonly shuffles: number;
  readonly seed: number;
  readonly policy?: DomainConfigInput['policy'];
  /** The policy as it was written. */
  readonly policyName?: string;
  /** Cost of a call of the strong arm, in units of reward. */
  readonly utilityCost: number;
  readonly floor: number;
  /** Dollars a request that the domain may spend on average. */
  readonly budgetPerRequest?: number;
  /** What restarts a bucket whose arm has changed. */
  readonly changes?: Changes;
  readonly limit?: number;
  readonly dataDir?: string;
  readonly workers: number;
  readonly json: boolean;
  /** False: one bucket for the whole domain, whatever the policy. */
  readonly buckets: boolean;
  /** What the domain is told of the prompts; not given: their length where there is no bucket. */
  readonly features?: readonly PromptFeature[];
  /** Worlds that change; empty: the recorded one, as it is. */
  readonly scenarios: readonly ScenarioName[];
  readonly change: ScenarioOptions;
}

export const simulateDefaults = {
  shuffles: 20,
  seed: 1,
  utilityCost: 0,
  floor: 0.01,
  workers: Math.max(2, availableParallelism()),
  priceFactor: Number(PUBLISHED_PRICE_FACTOR.toPrecision(3)),
} as const;

const decimal = (what: string) =>
  z
    .string()
    .trim()
    .refine((text) => !Number.isNaN(decimalOf(text)), what)
    .transform(decimalOf);
const between = (min: number, max: number) => {
  const what = `must be a number from ${min} to ${max}`;
  return decimal(what).pipe(z.number().min(min, what).max(max, what));
};
const whole = (min: number, max: number) => {
  const what = `must be a whole number from ${min} to ${max}`;
  return decimal(what).pipe(z.int(what).min(min, what).max(max, what));
};

const Options = z.object({
  dataset: z.string({ error: 'is missing: <folder>/<file>, or a path' }).min(1, 'is empty'),
  data: z.string().min(1, 'is empty').optional(),
  shuffles: whole(1, 10_000).default(simulateDefaults.shuffles),
  seed: whole(0, 2 ** 31).default(simulateDefaults.seed),
  policy: z.string().optional(),
  utilityCost: between(0, 1).default(simulateDefaults.utilityCost),
  floor: between(0, 1).default(simulateDefaults.floor),
  budgetPerRequest: between(1e-9, 1e6).optional(),
  changes: z.string().optional(),
  limit: whole(1, 1e9).optional(),
  dataDir: z.string().min(1, 'is empty').optional(),
  workers: whole(1, 64).default(simulateDefaults.workers),
  json: z.boolean().default(false),
  buckets: z.boolean().default(true),
  features: z.string().optional(),
  scenario: z.enum([...scenarioNames, 'all'], `must be ${scenarioNames.join(', ')} or all`).optional(),
  arm: z.string().min(1, 'is empty').optional(),
  dropTo: between(0, 1).optional(),
  priceFactor: between(0, 1).default(simulateDefaults.priceFactor),
});

/**
 * Checks the options as commander gives them: strings and flags.
 * @throws ReckonerError request_invalid that names the option
 */
export function simulateOptions(asked: unknown): SimulateOptions {
  const parsed = Options.safeParse(asked);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const option = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new ReckonerError('request_invalid', `--${option} ${issue?.message ?? 'is not valid'}.`, {
      remedy: '`reckoner simulate --help` lists the options and their defaults.',
    });
  }
  const { policy, changes, scenario, arm, dropTo, priceFactor, features, ...given } = parsed.data;
  const options = {
    ...given,
    scenarios: scenario === undefined ? [] : scenario === 'all' ? scenarioNames : [scenario],
    change: { arm, dropTo, priceFactor },
    ...(changes === undefined ? {} : { changes: changesOf(changes) }),
    ...(features === undefined ? {} : { features: promptFeaturesOf(features) }),
  };
  return policy === undefined ? options : { ...options, policy: policyOf(policy), policyName: policy };
}

/**
 * A policy as it is written on a command line: `name` or `name:param=value,param=value`, or as in a domain, in JSON.
 * @throws ReckonerError request_invalid for what the catalogue does not know
 */
export function policyOf(written: string): DomainConfigInput['policy'] {
  const spec = fieldsOf(written);
  const parsed = PolicySpec.safeParse(spec, inOurWords);
  if (parsed.success) return parsed.data;
  const known = policyNames.some((one) => one === spec.name);
  throw new ReckonerError(
    'request_invalid',
    `--policy ${written}: ${known ? wrongIn(parsed.error) : 'there is no policy of this name'}.`,
    { remedy: `Write ${policyForms.join(', or ')}; what has a default may be left out.` },
  );
}

/**
 * A detector of changes as it is written on a command line: `name` or `name:param=value,param=value`.
 * @throws ReckonerError request_invalid for what a domain does not take
 */
function changesOf(written: string): Changes {
  const { name, ...params } = fieldsOf(written);
  const parsed = Changes.safeParse({ ...params, detector: name }, inOurWords);
  if (parsed.success) return parsed.data;
  throw new ReckonerError('request_invalid', `--changes ${written}: ${wrongIn(parsed.error)}.`, {
    remedy: `Write ${changesForms.join(' or ')}; what has a default may be left out.`,
  });
}

function fieldsOf(written: string): { readonly name?: unknown } {
  if (written.trimStart().startsWith('{')) {
    try {
      // What begins with a brace is an object, or no JSON.
      return JSON.parse(written) as object;
    } catch {
      return {};
    }
  }
  const [name = '', ...rest] = written.split(':');
  const params = rest.join(':');
  const entries = params === '' ? [] : params.split(',').map((pair) => pair.split('=', 2));
  const spec = Object.fromEntries(entries.map(([key = '', value = '']) => [key.trim(), scalarOf(value.trim())]));
  return { ...spec, name: name.trim() };
}

function wrongIn(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') return `it has no ${issue.keys.join(', no ')}`;
      if (issue.code === 'invalid_type' && issue.input === undefined) return `${issue.path.join('.')} is missing`;
      return `${issue.path.join('.')}: ${issue.message}`;
    })
    .join('; ');
}

/** How each policy is written, with all of its parameters and their defaults. */
export const policyForms: readonly string[] = PolicySpec.options.map(({ shape: { name, ...params } }) =>
  formOf(name.value, params),
);

/** The same for detectors of changes. */
export const changesForms: readonly string[] = Changes.options.map(({ shape: { detector, ...params } }) =>
  formOf(detector.value, params),
);

/** What may be left out and then is nothing stands in brackets. */
function formOf(name: string, params: Readonly<Record<string, z.ZodType>>): string {
  const written = Object.entries(params).map(([param, schema]) => {
    const parsed = schema.safeParse(undefined);
    if (!parsed.success) return `${param}=<${param}>`;
    return parsed.data === undefined ? `[${param}]` : `${param}=${String(parsed.data)}`;
  });
  return written.length === 0 ? name : `${name}:${written.join(',')}`;
}

function scalarOf(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  const number = decimalOf(value);
  return Number.isNaN(number) ? value : number;
}
