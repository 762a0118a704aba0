/** Looks over a domain's configuration as somebody who knows what comes of it: what is wrong, and what is allowed but hardly meant. */
import { createPolicy, matrixNumbers } from '../../policies/catalogue.ts';
import { siftCandidates } from '../choice/candidates.ts';
import { createTimeline, type DomainState } from '../domain/domain-state.ts';
import { canonical } from '../identity/canonical.ts';
import { DEFAULT_TENANT } from '../reckoner.ts';
import { conservativeWarnings } from './check-conservative.ts';
import { objectiveWarnings } from './check-objective.ts';
import { type ConfigWarning, figure, someOf } from './config-warning.ts';
import { featureKinds } from './context.ts';
import { type DomainConfig, parseDomainConfig } from './domain-config.ts';

export interface CheckedConfig {
  /** With every default filled in. */
  readonly config: DomainConfig;
  /** The domain that it would make. */
  readonly domain: DomainState;
  readonly warnings: readonly ConfigWarning[];
}

const checks: readonly ((domain: DomainState) => readonly ConfigWarning[])[] = [
  supportWarnings,
  constraintWarnings,
  thresholdWarnings,
  learningWarnings,
  unheededWarnings,
  unheededPriorWarnings,
  detectionWarnings,
  sizeWarnings,
  budgetWarnings,
  objectiveWarnings,
  conservativeWarnings,
];

/** @throws ReckonerError config_invalid with the paths that are wrong */
export function checkConfig(input: unknown): CheckedConfig {
  const config = parseDomainConfig(input);
  const timeline = createTimeline(createPolicy);
  timeline.apply(0, { type: 'DomainConfigured', data: { config: canonical(config), by: '', reason: '' } });
  const domain = timeline.latest;
  if (domain === undefined) throw new Error('a configuration made no domain');
  return { config, domain, warnings: checks.flatMap((check) => check(domain)) };
}

/** What would have come of another choice can be told from a log only where that choice might have been made. */
function supportWarnings({ config, policy, armNames }: DomainState): ConfigWarning[] {
  const { exploration } = config;
  const warnings: ConfigWarning[] = [];
  if (armNames.length > 1 && policy.deterministic) {
    const least = exploration / armNames.length;
    warnings.push({
      path: exploration === 0 ? 'exploration' : 'policy',
      message:
        exploration === 0
          ? `${policy.name} draws nothing, and with a floor of 0 every propensity is 0 or 1: counterfactuals will refuse these logs`
          : `${policy.name} draws nothing: the floor leaves an arm that it does not choose a propensity of ${figure(least)}, and counterfactuals will refuse these logs unless they are very long`,
      remedy: `Choose a policy that draws, as beta_thompson does${exploration === 0 ? ', or set exploration above 0' : ', or a higher exploration'}.`,
    });
  }
  if (exploration > 0.5) {
    warnings.push({
      path: 'exploration',
      message: `${Math.round(exploration * 100)} % of all decisions are drawn evenly, whatever was learned`,
      remedy: 'Set it to a few hundredths where most decisions should follow what was learned.',
    });
  }
  return warnings;
}

function constraintWarnings(domain: DomainState): ConfigWarning[] {
  const { constraints, objective, arms, fallback } = domain.config;
  const warnings: ConfigWarning[] = [];
  const estimates = {
    maxCostUsd: { field: 'costUsd', limit: constraints?.maxCostUsd, path: 'constraints.maxCostUsd' },
    maxLatencyMs: { field: 'latencyMs', limit: constraints?.maxLatencyMs, path: 'constraints.maxLatencyMs' },
    minReliability: {
      field: 'reliability',
      limit: constraints?.minReliability ?? objective?.minReliability,
      path: constraints?.minReliability === undefined ? 'objective.minReliability' : 'constraints.minReliability',
    },
    minQuality: {
      field: 'quality',
      limit: objective?.baseQuality === undefined ? constraints?.minQuality : undefined,
      path: 'constraints.minQuality',
    },
  } as const;
  for (const { field, limit, path } of Object.values(estimates)) {
    if (limit === undefined || limit === 0 || arms.some((arm) => arm[field] !== undefined)) continue;
    warnings.push({
      path,
      message: `no arm declares its ${field}, and what is not declared breaks no limit: this one sets nobody aside`,
      remedy: `Give the arms their ${field}, or leave the limit out.`,
    });
  }
  const broken = brokenForGood(domain);
  if (broken.length > 0) {
    const all = broken.length === arms.length;
    warnings.push({
      path: 'arms',
      message: `${all ? 'every arm is' : `${someOf(broken)} ${broken.length === 1 ? 'is' : 'are'}`} set aside for every request${all ? '' : ', by what the domain itself asks'}`,
      remedy:
        all && fallback === undefined
          ? 'Relax the constraints: as they are, every request is refused (candidates_none).'
          : 'Relax the constraints, or leave these arms out.',
    });
  }
  return warnings;
}

/** The arms that no request can get, with what they break. */
function brokenForGood(domain: DomainState): string[] {
  if (!domain.selective) return [];
  const taskTypes = [undefined, ...Object.keys(domain.config.objective?.taskTypes ?? {})];
  return domain.config.arms.flatMap(({ name, tenants }) => {
    const broken = taskTypes.map((taskType) => {
      const command = { candidates: [name], taskType };
      return siftCandidates(domain, { tenant: tenants?.[0] ?? DEFAULT_TENANT, command }).excluded[0];
    });
    const [first] = broken;
    return first === undefined || broken.includes(undefined) ? [] : [`${name} (${first.constraint} ${first.limit})`];
  });
}

/** Limits on either side of which nothing can be. */
function thresholdWarnings({ config, armNames }: DomainState): ConfigWarning[] {
  const warnings: ConfigWarning[] = [];
  const { confidence, feedback, context, propensity } = config;
  if (confidence.gate && confidence.autonomous === 1) {
    warnings.push({
      path: 'confidence.autonomous',
      message: 'no confidence ever reaches 1: no decision will be autonomous',
      remedy: 'Set it to 0.95 or below.',
    });
  }
  for (const name of ['successRating', 'failureRating'] as const) {
    if (Math.abs(feedback[name]) <= MOST_RATING) continue;
    warnings.push({
      path: `feedback.${name}`,
      message: `no rating lies beyond ${MOST_RATING.toLocaleString('en-US')}, on either side`,
      remedy: 'Give it in the scale of the ratings that are sent.',
    });
  }
  for (const [name, feature] of Object.entries(context)) {
    if (feature.type !== 'numeric') continue;
    const { bins = [], min = -Infinity, max = Infinity } = feature;
    const beyond = bins.filter((edge) => edge < min || edge > max);
    if (beyond.length === 0) continue;
    warnings.push({
      path: `context.${name}.bins`,
      message: `${beyond.join(', ')}: no value that is accepted lies beyond`,
      remedy: 'Put the edges between min and max.',
    });
  }
  if (propensity === 'eager' && armNames.length > 32) {
    warnings.push({
      path: 'propensity',
      message: `it is eager for up to 32 candidates: with all ${armNames.length} arms propensities are left to the log`,
      remedy: 'Leave it out, or have requests name fewer candidates.',
    });
  }
  return warnings;
}

/** Texts and embeddings make no bucket: a policy that does not learn about features never sees them. */
function unheededWarnings({ config, policy }: DomainState): ConfigWarning[] {
  if (policy.usesFeatures) return [];
  return Object.entries(config.context)
    .filter(([, { type }]) => type === 'text' || type === 'embedding')
    .map(([name]) => ({
      path: `context.${name}`,
      message: `${policy.name} knows of a context only its bucket: this is recorded with every decision, and heeded by none`,
      remedy: 'Choose a policy that learns about features, as lin_ts does, or leave it out.',
    }));
}

/** As many numbers are 80 MB, and some ten milliseconds of every choice. */
const MANY_NUMBERS = 1e7;

/** Linear models so large that everybody waits for a bucket that chooses, learns or is stored. */
function sizeWarnings({ config, policy, armNames }: DomainState): ConfigWarning[] {
  const numbers = matrixNumbers(config.policy, armNames.length, featureKinds(config.context));
  if (numbers <= MANY_NUMBERS) return [];
  return [
    {
      path: 'policy',
      message: `${policy.name} keeps the square of the features for each of ${armNames.length} arms: up to ${figure((8 * numbers) / 1e6)} MB a bucket, and every choice goes through it`,
      remedy:
        'Declare fewer values, dimensions or places of a hash, or choose a policy without linear models, as beta_thompson is.',
    },
  ];
}

/** Pulls that an arm was declared to begin with, where they choose nothing. */
function unheededPriorWarnings({ config, policy }: DomainState): ConfigWarning[] {
  if (!policy.choosesWithoutPrior) return [];
  const declared = config.arms.filter(({ prior }) => prior !== undefined);
  if (declared.length === 0) return [];
  return [
    {
      path: 'arms',
      message: `${someOf(declared.map(({ name }) => name))}: ${policy.name} shows a prior in what it believes, and chooses without it`,
      remedy: 'Choose a policy that begins with its priors, as beta_thompson does, or leave them out.',
    },
  ];
}

/** A detector knows of rewards only: what a policy learns about features moves them too. */
function detectionWarnings({ config, policy }: DomainState): ConfigWarning[] {
  if (config.changes === undefined || !policy.usesFeatures || Object.keys(config.context).length === 0) return [];
  return [
    {
      path: 'changes',
      message: `the detector looks at rewards, and ${policy.name} learns about features: other requests may look like another arm`,
      remedy: 'Choose a policy that knows only the bucket, as beta_thompson does, or one that forgets (discount).',
    },
  ];
}

/** Rewards that teach nothing, or are forgotten before the arms can be compared. */
function learningWarnings({ config, armNames }: DomainState): ConfigWarning[] {
  const { policy, reward } = config;
  const warnings: ConfigWarning[] = [];
  if (reward.window?.silence === 'neutral') {
    warnings.push({
      path: 'reward.window.silence',
      message: 'neutral silence is recorded for every decision that no reward came for, and moves nothing',
      remedy: 'Say what silence means, or leave the window out.',
    });
  }
  const discount = 'discount' in policy && typeof policy.discount === 'number' ? policy.discount : 1;
  const windowed = 'window' in policy && policy.window !== undefined ? policy.window : Infinity;
  const counted = Math.min(windowed, 1 / (1 - discount));
  if (counted < armNames.length) {
    warnings.push({
      path: windowed === counted ? 'policy.window' : 'policy.discount',
      message: `about ${figure(counted)} rewards of a bucket count, fewer than it has arms: they cannot be compared`,
      remedy: 'Let it remember at least some tens of rewards for each arm.',
    });
  }
  return warnings;
}

/** Ceilings that nobody's cost can keep, or that none can reach. */
function budgetWarnings({ config: { budget, arms } }: DomainState): ConfigWarning[] {
  if (budget === undefined) return [];
  const path = 'budget.perRequestUsd';
  const silent = arms.filter(({ costUsd }) => costUsd === undefined).map(({ name }) => name);
  if (silent.length > 0) {
    return [
      {
        path: 'arms',
        message: `${someOf(silent)}: no costUsd, so taken to cost the ceiling until a reward says what a call cost`,
        remedy: 'Declare costUsd for every arm, and send costUsd with rewards where calls are not carried out here.',
      },
    ];
  }
  const costs = arms.map(({ costUsd = 0 }) => costUsd);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  if (least > budget.perRequestUsd) {
    const message = `even the cheapest arm costs more a call (${figure(least)}): the ceiling cannot be kept`;
    return [{ path, message, remedy: 'Raise it, or add a cheaper arm.' }];
  }
  if (most <= budget.perRequestUsd) {
    const message = `no arm costs more a call (${figure(most)} at most, as declared): the ceiling changes nothing`;
    return [{ path, message, remedy: 'Lower it, or leave the budget out.' }];
  }
  return [];
}

/** The largest rating that a reward may have. */
const MOST_RATING = 1e6;
