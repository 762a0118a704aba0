/** A recorded configuration made ready for use: its schema compiled, its policy, detector and score terms made. */
import type { PolicySpec } from '../../policies/catalogue.ts';
import type { ChangeDetector } from '../../policies/change-detector.ts';
import type { FeatureKind } from '../../policies/encoding.ts';
import type { AnyPolicy } from '../../policies/policy.ts';
import { isSelective } from '../choice/candidates.ts';
import { complexityTerm } from '../choice/terms/complexity.ts';
import { configuredShift } from '../choice/terms/configured-shift.ts';
import { objectiveTerms } from '../choice/terms/objective.ts';
import type { ScoreTerm } from '../choice/terms/score-terms.ts';
import type { ArmConfig } from '../config/arms.ts';
import { detectorOf } from '../config/changes.ts';
import { type DomainConfig, DomainConfigInput } from '../config/domain-config.ts';
import { type ContextSchema, compileContext } from '../context/features.ts';
import { type RewardRules, rewardKeyOf } from '../rewards/reward-value.ts';

/** A configuration made ready for use. */
export interface CompiledDomain {
  readonly config: DomainConfig;
  readonly schema: ContextSchema;
  readonly policy: AnyPolicy;
  /** Equal for two configurations exactly if a posterior may be carried from one to the other. */
  readonly policyKey: string;
  /** What says what rewards are worth. */
  readonly rewards: RewardRules;
  /** Equal for two configurations exactly if every reward is worth the same under both. */
  readonly rewardKey: string;
  /** What watches for changes of what an arm earns; undefined where nothing does. */
  readonly detector: ChangeDetector | undefined;
  /** Equal for two configurations exactly if what a detector has seen may be carried from one to the other. */
  readonly detectorKey: string;
  readonly arms: ReadonlyMap<string, ArmConfig>;
  readonly armNames: readonly string[];
  /** What moves the candidates' scores beside what was learned; none in most domains. */
  readonly terms: readonly ScoreTerm[];
  /** Whether candidates may be set aside for requests without constraints. */
  readonly selective: boolean;
}

/** Makes the policy of a domain. @param kinds what the doubles of its contexts stand for */
export type MakePolicy = (spec: PolicySpec, kinds: readonly FeatureKind[]) => AnyPolicy;

/** Makes a recorded configuration ready for use. @param text as `DomainConfigured` holds it */
export function compileDomain(text: string, makePolicy: MakePolicy): CompiledDomain {
  const config = recordedConfig(text);
  const schema = compileContext(config);
  const policy = makePolicy(config.policy, schema.kinds);
  return {
    config,
    schema,
    policy,
    policyKey: policyKeyOf(policy, config, schema),
    // Not the whole configuration: it is kept for every turn of a domain.
    rewards: { reward: config.reward, feedback: config.feedback },
    rewardKey: rewardKeyOf(config),
    detector: detectorOf(config.changes),
    detectorKey: JSON.stringify(config.changes ?? null),
    arms: new Map(config.arms.map((arm) => [arm.name, arm])),
    armNames: config.arms.map((arm) => arm.name),
    terms: scoreTerms(config),
    selective: isSelective(config),
  };
}

/** In the order in which they are summed. */
function scoreTerms(config: DomainConfig): ScoreTerm[] {
  return [configuredShift(config), ...objectiveTerms(config), complexityTerm(config)].filter(
    (term) => term !== undefined,
  );
}

/** The schema of contexts is part of it only where the policy learns about features: others keep their posterior when it changes. */
function policyKeyOf(policy: AnyPolicy, config: DomainConfig, schema: ContextSchema): string {
  const key = `${policy.version}:${JSON.stringify(config.policy)}`;
  return policy.usesFeatures ? `${key}:${schema.meaning()}` : key;
}

/**
 * A configuration as it was recorded. Its writer validated it; where this version's rules are stricter, or do not know a key that
 * a newer version wrote, it holds as it stands: a log must stay readable.
 */
function recordedConfig(text: string): DomainConfig {
  const stored: unknown = JSON.parse(text);
  const parsed = DomainConfigInput.safeParse(stored);
  return parsed.success ? parsed.data : (stored as DomainConfig); // what was recorded was the output of such a parse
}
