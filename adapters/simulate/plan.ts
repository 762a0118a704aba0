import { type DomainConfig, type DomainConfigInput, parseDomainConfig } from '../../actors/config/domain-config.ts';
import { ReckonerError } from '../../events/errors.ts';
import { learnsFeatures } from '../../policies/catalogue.ts';
import { type Baselines, baselines, declaredDollars, strongArm } from '../datasets/baselines.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { promptContext } from '../datasets/prompt-features.ts';
import type { SimulateOptions } from './options.ts';

/** Everything a shuffle needs to know, as data: it crosses to worker threads. */
export interface SimulationPlan {
  readonly dataset: Dataset;
  /** Name of the domain the requests go to. */
  readonly domain: string;
  readonly config: DomainConfig;
  /** The policy as it was asked for. */
  readonly policy: string;
  /** What a call of each arm costs, in units of reward, in the order of the arms. */
  readonly utilityCosts: readonly number[];
  readonly baselines: Baselines;
  readonly shuffles: number;
  /** Shuffle i = 0, 1, … is drawn from seed + i, and so is its node. */
  readonly seed: number;
  /** Where the logs are kept; null: in memory. */
  readonly dataDir: string | null;
}

/**
 * Makes a domain out of a dataset: its arms, its bucket feature, the policy. A utility cost is the shift of the strong arm. Under a
 * budget it is declared what every arm costs, by the first rows of the file.
 * @throws ReckonerError request_invalid for a utility cost without a strong arm; for a dataset or a policy that a domain does not take
 */
export function planOf(dataset: Dataset, options: SimulateOptions): SimulationPlan {
  // Which arm is the strong one is said by the whole file, not by the part that a limit leaves.
  const strong = strongArm(dataset);
  if (options.utilityCost !== 0 && strong === null) {
    throw new ReckonerError(
      'request_invalid',
      `--utility-cost asks for two arms, ${dataset.name} has ${dataset.arms.length}.`,
      {
        remedy: 'Leave --utility-cost out.',
      },
    );
  }
  if (options.budgetPerRequest !== undefined && !dataset.priced) {
    throw new ReckonerError('request_invalid', `${dataset.name} records no dollars, so there is nothing to pace.`, {
      remedy: 'Leave --budget-per-request out, or give a file with a column c_<arm> for every arm.',
    });
  }
  const utilityCosts = dataset.arms.map((_, arm) => (arm === strong ? options.utilityCost : 0));
  const used = limited(dataset, options.limit);
  const config: DomainConfigInput = {
    description: `Recorded requests of ${dataset.name}`.slice(0, 500),
    arms: used.arms.map((name, arm) => ({
      name,
      shift: 0 - (utilityCosts[arm] ?? 0),
      ...(options.budgetPerRequest === undefined ? {} : { costUsd: declaredDollars(used.rows, arm) }),
    })),
    context: {
      ...(used.bucketFeature === null
        ? {}
        : { [used.bucketFeature]: { type: 'categorical', values: [...used.buckets] } }),
      ...promptContext(used.promptFeatures),
    },
    bucketBy: used.bucketFeature !== null && isBucketed(options) ? [used.bucketFeature] : [],
    exploration: options.floor,
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    ...(options.changes === undefined ? {} : { changes: options.changes }),
    ...(options.budgetPerRequest === undefined ? {} : { budget: { perRequestUsd: options.budgetPerRequest } }),
  };
  const parsed = checked(config);
  return {
    dataset: used,
    domain: domainNameOf(dataset.name),
    config: parsed,
    policy: options.policyName ?? parsed.policy.name,
    utilityCosts,
    baselines: baselines(used, utilityCosts, strong),
    shuffles: options.shuffles,
    seed: options.seed,
    dataDir: options.dataDir ?? null,
  };
}

/** The default, and what learns about features, learns about the bucket feature too: it needs all requests in one bucket. */
function isBucketed({ buckets, policy }: SimulateOptions): boolean {
  return buckets && policy !== undefined && !learnsFeatures(policy.name);
}

function checked(config: DomainConfigInput): DomainConfig {
  try {
    return parseDomainConfig(config);
  } catch (thrown) {
    if (!(thrown instanceof ReckonerError)) throw thrown;
    // Nobody wrote this configuration: what is wrong with it is wrong with the options or the file.
    const wrong = thrown.problem.details?.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new ReckonerError(
      'request_invalid',
      `The dataset and the options make no domain: ${wrong ?? thrown.message}.`,
      {
        cause: thrown,
        remedy: 'Correct --policy, or give a file with other arms or buckets.',
      },
    );
  }
}

function limited(dataset: Dataset, limit: number | undefined): Dataset {
  if (limit === undefined || limit >= dataset.rows.length) return dataset;
  const rows = dataset.rows.slice(0, limit);
  const seen = new Set(rows.flatMap(({ context }) => Object.values(context)));
  return { ...dataset, rows, buckets: dataset.buckets.filter((bucket) => seen.has(bucket)) };
}

function domainNameOf(name: string): string {
  const legal = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(-24)
    .replace(/^_+|_+$/g, '');
  return legal === '' ? 'recorded' : legal;
}
