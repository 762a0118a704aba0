/**
 * A domain as data: its arms, context schema, bucketing, policy and reward definition. This schema is the one declaration:
 * type, validation, defaults, documentation and the stored form follow from it.
 */
import { z } from 'zod';
import { ReckonerError } from '../../events/errors.ts';
import { createPolicy, defaultPolicy, PolicySpec } from '../../policies/catalogue.ts';
import { Arm, BetaPrior } from './arms.ts';
import { Budget } from './budget.ts';
import { Changes } from './changes.ts';
import { ComplexityPreference } from './complexity.ts';
import { Constraints } from './constraints.ts';
import { Feature, featureKinds } from './context.ts';
import { inOurWords, invalid } from './invalid.ts';
import { ArmName, FeatureName } from './names.ts';
import { Objective } from './objective.ts';
import { FeedbackMapping, RewardDefinition } from './reward.ts';
import { RollbackRule } from './rollback.ts';
import { checkedTogether } from './together.ts';

const unit = z.number().min(0).max(1);

/** Defaults that a profile sets and a domain may override. */
const profiles = {
  production: { autonomous: 0.85, exploration: 0.05, learningRate: 0.1, risk: 0.05 },
  staging: { autonomous: 0.7, exploration: 0.15, learningRate: 0.2, risk: 0.15 },
  development: { autonomous: 0.5, exploration: 0.3, learningRate: 0.3, risk: 0.25 },
} as const;

/** What holds without a profile. */
const unprofiled = { autonomous: 0.75, exploration: 0.01, learningRate: 0.1, risk: 0.05 } as const;

/** Rewards after which a domain shares, where nothing else is said. */
const SHARED_EVERY = 50;
/** A sharing names every arm that earned something: so many of them a reward cost about as much as the reward itself. */
const SHARED_ARMS_A_REWARD = 100;

/** The least rewards between two sharings: with fewer, what is shared outweighs what is learned, in the log and in time. */
function sharedSeldomEnough(arms: number): number {
  return Math.ceil(arms / SHARED_ARMS_A_REWARD);
}

const Fields = z.strictObject({
  description: z.string().max(500).default('').describe('what is decided here, for people'),
  arms: z.array(Arm).min(1).max(10_000).describe('names, or objects with what is known of the arm'),
  context: z.record(FeatureName, Feature).default({}).describe('the features of a request, by name'),
  bucketBy: z
    .array(FeatureName)
    .max(16)
    .default([])
    .describe('features whose values make a bucket; [] is one bucket for the domain'),
  policy: PolicySpec.optional().describe(
    'how an arm is chosen, and learned from. Not given: rand_ucb over the features; beta_thompson where bucketBy parts them, or where ' +
      'arms times the square of the features (a category counts once for each value) is above a million',
  ),
  changes: Changes.optional(),
  profile: z
    .enum(['production', 'staging', 'development'])
    .optional()
    .describe('sets the defaults of exploration, learningRate, risk and confidence'),
  exploration: unit.optional().describe('probability spread evenly over the candidates'),
  learningRate: unit.optional().describe("1 - the discount of a policy whose discount is 'profile'"),
  risk: unit
    .optional()
    .describe('the share of what the baseline would earn that conservative mode may lose: its alpha'),
  conservative: z
    .strictObject({ baseline: ArmName.describe('the arm that is taken where others cannot be afforded') })
    .optional()
    .describe(
      'explore only while what a bucket earned so far, with this decision, is at least 1 - risk of what the baseline alone would have ' +
        'earned there, with 95 % confidence; else the other arms are set aside. Not given: explore freely',
    ),
  prior: BetaPrior.default({ alpha: 1, beta: 1 }).describe('what is believed of every arm before its first reward'),
  sharing: z
    .strictObject({ every: z.int().min(0).max(1_000_000) })
    .optional()
    .describe(
      'share what all buckets learned after every so many rewards, at least a hundredth of the number of arms; 0: never. ' +
        'Not given: 50, more above 5,000 arms',
    ),
  objective: Objective.optional().describe('what else counts beside the reward: cost, latency, reliability'),
  complexity: ComplexityPreference.optional().describe(
    'hard requests prefer arms of higher expected quality, easy ones cheaper arms; not given: complexity is only recorded',
  ),
  constraints: Constraints.optional().describe(
    'what candidates of every request must keep; where a request asks for more, that holds',
  ),
  budget: Budget.optional().describe('what may be spent; not given: whatever calls cost'),
  rollback: RollbackRule.optional().describe(
    'what becomes of what a rollback sets aside; not given: it teaches nothing',
  ),
  reward: RewardDefinition.prefault({}),
  feedback: FeedbackMapping.prefault({}),
  confidence: z
    .strictObject({
      gate: z.boolean().default(false).describe('whether decisions get a mode by their confidence'),
      autonomous: unit.optional().describe('from this confidence on decisions are autonomous; default by the profile'),
      supervised: unit.optional().describe('from this one supervised, below escalated; default autonomous - 0.1'),
    })
    .prefault({}),
  fallback: ArmName.optional().describe('taken where no candidate meets the constraints; need not be among the arms'),
  propensity: z
    .enum(['auto', 'eager', 'lazy'])
    .default('auto')
    .describe(
      'auto: at once up to 8 candidates, above that from the log; eager: at once up to 32; offset_tree: always at once',
    ),
  timezone: z.string().default('UTC').describe('IANA name, for features derived from the time'),
  confirmPrices: z
    .boolean()
    .optional()
    .describe(
      'true: declared prices (costUsd) may move by more than 10 times; without it such a configuration is held, because prices ' +
        'that are read somewhere are wrong now and then. Not a part of the domain: it is said with each such change',
    ),
});

/** What may be written as a domain: everything but the arms has a default. */
export const DomainConfigInput = checkedTogether(Fields)
  .transform(({ confirmPrices, ...config }) => {
    const profile = config.profile === undefined ? unprofiled : profiles[config.profile];
    const autonomous = config.confidence.autonomous ?? profile.autonomous;
    // 0.75 - 0.1 is 0.65 on paper only: keep the digits a person would write.
    const supervised = config.confidence.supervised ?? Math.max(0, Math.round((autonomous - 0.1) * 1e6) / 1e6);
    const learningRate = config.learningRate ?? profile.learningRate;
    return {
      ...config,
      policy: withLearningRate(config.policy ?? policyFor(config), learningRate),
      sharing: config.sharing ?? { every: Math.max(SHARED_EVERY, sharedSeldomEnough(config.arms.length)) },
      exploration: config.exploration ?? profile.exploration,
      learningRate,
      risk: config.risk ?? profile.risk,
      confidence: { gate: config.confidence.gate, autonomous, supervised },
    };
  })
  .superRefine((config, issues) => {
    if (config.confidence.supervised > config.confidence.autonomous) {
      issues.addIssue({ code: 'custom', path: ['confidence', 'supervised'], message: 'must not be above autonomous' });
    }
    // All else of it was found valid as it was given.
    if (!PolicySpec.safeParse(config.policy).success) {
      issues.addIssue({
        code: 'custom',
        path: ['learningRate'],
        message: 'is too high for a policy that discounts by it',
      });
    }
  });

/** A configuration as a caller writes it. */
export type DomainConfigInput = z.input<typeof DomainConfigInput>;
/** A configuration with every default filled in, as it is stored and acted on. */
export type DomainConfig = z.output<typeof DomainConfigInput>;

/** Chosen when the configuration is written, and recorded: what a version would choose later changes no domain. */
function policyFor(config: {
  arms: readonly unknown[];
  bucketBy: readonly string[];
  context: Record<string, Feature>;
}): PolicySpec {
  return defaultPolicy(config.arms.length, config.bucketBy.length > 0, featureKinds(config.context));
}

/** A discount that is left to the profile is recorded as the number it comes to. */
function withLearningRate(policy: PolicySpec, learningRate: number): PolicySpec {
  if (!('discount' in policy) || policy.discount !== 'profile') return policy;
  return { ...policy, discount: 1 - learningRate };
}

/**
 * Validates a configuration and fills in its defaults.
 * @throws ReckonerError config_invalid with the paths that are wrong
 */
export function parseDomainConfig(input: unknown): DomainConfig {
  const parsed = DomainConfigInput.safeParse(input, inOurWords);
  if (!parsed.success) throw invalid('config_invalid', 'The domain configuration is not valid.', parsed.error);
  refuseCostlySharing(parsed.data);
  refuseUnlearnable(parsed.data);
  return parsed.data;
}

/** Whether a configuration that was found to be valid says that its prices are meant. */
export function confirmsPrices(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'confirmPrices' in input && input.confirmPrices === true;
}

/** A policy says itself which contexts are too large for it. */
function refuseUnlearnable({ policy, context }: DomainConfig): void {
  try {
    createPolicy(policy, featureKinds(context));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ReckonerError('config_invalid', `The domain configuration is not valid. context: ${cause.message}.`, {
      cause,
      details: [{ path: 'context', message: cause.message }],
    });
  }
}

/** Not a rule of the schema: a log in which such a configuration was recorded stays as readable as it is. */
function refuseCostlySharing({ sharing, arms, bucketBy }: DomainConfig): void {
  const least = sharedSeldomEnough(arms.length);
  if (bucketBy.length === 0 || sharing.every === 0 || sharing.every >= least) return;
  const message = `with ${arms.length} arms it must be at least ${least}, or 0`;
  throw new ReckonerError('config_invalid', `The domain configuration is not valid. sharing.every: ${message}`, {
    details: [{ path: 'sharing.every', message }],
    remedy: `Every sharing names all arms: share after ${least} rewards or more (leave sharing out for a default that fits), or with 0 never.`,
  });
}
