/** What should be known of a domain's objective and complexity preference: where they say nothing, too much, or twice. */
import { emptyBucket, viewUnder } from '../bucket/bucket-state.ts';
import { expectedQuality } from '../choice/expected-quality.ts';
import { shiftsOf } from '../choice/terms/score-terms.ts';
import type { DomainState } from '../domain/domain-state.ts';
import { type ConfigWarning, figure, someOf } from './config-warning.ts';

export function objectiveWarnings(domain: DomainState): ConfigWarning[] {
  return [...estimateWarnings(domain), ...qualityWarnings(domain), ...weightWarnings(domain), ...hopeless(domain)];
}

/** Weights of what arms do not declare. */
function estimateWarnings({ config: { arms, objective } }: DomainState): ConfigWarning[] {
  if (objective === undefined) return [];
  const fields = { cost: 'costUsd', latency: 'latencyMs', reliability: 'reliability' } as const;
  return Object.entries(fields).flatMap(([name, field]) => {
    const silent = arms.filter((arm) => arm[field] === undefined).map((arm) => arm.name);
    // The keys of the table above.
    if (objective.weights[name as keyof typeof fields] === 0 || silent.length === 0) return [];
    const nobody = silent.length === arms.length;
    return {
      path: nobody ? `objective.weights.${name}` : 'arms',
      message: nobody
        ? `no arm declares its ${field}: this weight moves nothing`
        : `${someOf(silent)}: no ${field}, so the mean of the others is taken`,
      remedy: `Give ${nobody ? 'the arms' : 'them'} a ${field}${nobody ? ', or leave the weight out' : ''}.`,
    };
  });
}

/** What an arm is thought to be before its first reward. */
function qualityWarnings({ config, policy }: DomainState): ConfigWarning[] {
  const { arms, objective, complexity } = config;
  const warnings: ConfigWarning[] = [];
  const known = arms.some((arm) => expectedQuality(config, arm, undefined) !== undefined);
  if (objective !== undefined && policy.choosesWithoutPrior) {
    if (known) {
      warnings.push({
        path: 'policy',
        message: `${policy.name} chooses without a prior: what is expected of an arm’s quality has no say in its choices`,
        remedy: 'Choose a policy with a prior, such as beta_thompson, or do without the qualities.',
      });
    }
  } else if (objective !== undefined) {
    const priorless = arms.filter(
      (arm) => arm.prior === undefined && expectedQuality(config, arm, undefined) === undefined,
    );
    if (priorless.length > 0) {
      warnings.push({
        path: 'arms',
        message: `${someOf(priorless.map(({ name }) => name))}: neither quality nor prior, so the objective begins with the domain’s prior for them, whatever they cost`,
        remedy: 'Give them a quality or a prior, or the objective a baseQuality.',
      });
    }
  }
  if (objective?.taskTypes !== undefined && !known) {
    warnings.push({
      path: 'objective.taskTypes',
      message: 'no quality is known that they could be added to',
      remedy: 'Give the arms a quality, or the objective a baseQuality.',
    });
  }
  if (complexity !== undefined && complexity.weight > 0) {
    const idle = [
      ...(known ? [] : ['no quality is known: hard requests prefer nobody']),
      ...(arms.some(({ costUsd = 0 }) => costUsd > 0)
        ? []
        : ['no arm declares its costUsd: easy requests prefer nobody']),
    ];
    for (const message of idle)
      warnings.push({ path: 'complexity', message, remedy: 'Give the arms a quality and a costUsd.' });
  }
  return warnings;
}

/** Weights that count twice, and savings that are never large enough. */
function weightWarnings({ config: { arms, objective, reward } }: DomainState): ConfigWarning[] {
  if (objective === undefined) return [];
  const warnings: ConfigWarning[] = [];
  for (const name of ['cost', 'latency'] as const) {
    if (objective.weights[name] === 0 || reward.weights[name] === 0) continue;
    warnings.push({
      path: `reward.weights.${name}`,
      message: `${name} is weighed by the objective already: in rewards that have such a component it counts twice`,
      remedy: `Set reward.weights.${name} to 0: under an objective rewards are about quality.`,
    });
  }
  const costs = arms.flatMap(({ costUsd }) => costUsd ?? []);
  const most = Math.max(...costs) - Math.min(...costs);
  const { minSavingUsd = 0, weights } = objective;
  if (weights.cost > 0 && costs.length > 1 && most < minSavingUsd) {
    warnings.push({
      path: 'objective.minSavingUsd',
      message: `no arm saves that much against another: at most ${figure(most)}, so cost moves nothing`,
      remedy: 'Set it below the savings that should count, in dollars a call.',
    });
  }
  return warnings;
}

/** Arms that are shifted so far down that a reward of 1 against 0 does not make up for it. */
function hopeless(domain: DomainState): ConfigWarning[] {
  const view = viewUnder(emptyBucket(domain), domain);
  const features = domain.schema.encode(domain.schema.example, 0);
  const asked = { tenant: '', requestId: '', requestHash: new Uint8Array(0), features, subject: '', seed: 0 };
  const { shifts } = shiftsOf(view, { ...asked, command: { context: {} } }, domain.armNames);
  const best = Math.max(...shifts);
  const lost = domain.armNames.filter((_, index) => best - (shifts[index] ?? 0) >= 1);
  if (lost.length === 0) return [];
  return [
    {
      path: domain.config.objective === undefined ? 'arms' : 'objective.weights',
      message: `${someOf(lost)}: shifted below another arm by 1 or more, so that a reward of 1 against 0 does not make up for it; hardly anything but the floor chooses ${lost.length === 1 ? 'it' : 'them'}`,
      remedy: 'Give quality more weight, or leave these arms out.',
    },
  ];
}
