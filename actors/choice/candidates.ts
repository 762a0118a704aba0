/** Who may be chosen for a request: the arms it names, or all, less those that break a constraint. */
import { ReckonerError } from '../../events/errors.ts';
import type { Exclusion } from '../../proto/generated/events.ts';
import type { ArmConfig } from '../config/arms.ts';
import type { DomainConfig } from '../config/domain-config.ts';
import type { DomainState } from '../domain/domain-state.ts';
import type { DecideRequest } from './choose.ts';
import { expectedQuality } from './expected-quality.ts';

/** What is asked of candidates. */
export type Selection = Pick<DecideRequest, 'tenant'> & {
  readonly command: Pick<DecideRequest['command'], 'candidates' | 'constraints' | 'taskType' | 'tokens'>;
};

/** The candidates of a request, in their order, and why the others are none. */
export interface Sifted {
  readonly kept: readonly string[];
  readonly excluded: readonly Exclusion[];
}

/** @throws ReckonerError arm_unknown */
export function siftCandidates(domain: DomainState, selection: Selection): Sifted {
  const candidates = wantedOf(domain, selection.command.candidates);
  if (!domain.selective && selection.command.constraints === undefined) return { kept: candidates, excluded: [] };
  const limits = limitsOf(domain.config, selection);
  const excluded: Exclusion[] = [];
  const kept = candidates.filter((name) => {
    const arm = domain.arms.get(name);
    const broken = arm === undefined ? undefined : brokenLimit(domain.config, arm, limits);
    if (broken !== undefined) excluded.push({ arm: name, ...broken });
    return broken === undefined;
  });
  return { kept: excluded.length === 0 ? candidates : kept, excluded };
}

/** Whether a domain may set candidates aside for a request that has no constraints. */
export function isSelective({ arms, constraints, objective }: DomainConfig): boolean {
  return (
    constraints !== undefined ||
    objective?.minReliability !== undefined ||
    arms.some(({ contextWindow, tenants }) => contextWindow !== undefined || tenants !== undefined)
  );
}

function wantedOf(domain: DomainState, wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return domain.armNames;
  const unknown = wanted.find((arm) => !domain.arms.has(arm));
  if (unknown !== undefined) {
    throw new ReckonerError('arm_unknown', 'A candidate is not an arm of this domain.', {
      details: [{ path: `candidates.${wanted.indexOf(unknown)}`, message: 'is not an arm of this domain' }],
    });
  }
  return [...new Set(wanted)];
}

interface Limits {
  readonly maxCostUsd: number;
  readonly maxLatencyMs: number;
  readonly minQuality: number;
  readonly minReliability: number;
  readonly capabilities: readonly string[];
  readonly tokens: number;
  readonly taskType: string | undefined;
  readonly tenant: string;
}

/** The stricter of what the domain and the request ask. */
function limitsOf({ constraints, objective }: DomainConfig, { command, tenant }: Selection): Limits {
  const asked = [constraints ?? {}, command.constraints ?? {}];
  return {
    maxCostUsd: Math.min(...asked.map(({ maxCostUsd = Infinity }) => maxCostUsd)),
    maxLatencyMs: Math.min(...asked.map(({ maxLatencyMs = Infinity }) => maxLatencyMs)),
    minQuality: Math.max(...asked.map(({ minQuality = 0 }) => minQuality)),
    minReliability: Math.max(objective?.minReliability ?? 0, ...asked.map(({ minReliability = 0 }) => minReliability)),
    capabilities: asked.flatMap(({ capabilities = [] }) => capabilities),
    tokens: command.tokens ?? 0,
    taskType: command.taskType,
    tenant,
  };
}

/** The first limit that the arm breaks. An estimate that is not declared breaks none; a capability that is not, is not there. */
function brokenLimit(
  config: DomainConfig,
  arm: ArmConfig,
  limits: Limits,
): Pick<Exclusion, 'constraint' | 'limit'> | undefined {
  const { maxCostUsd, maxLatencyMs, minQuality, minReliability } = limits;
  if ((arm.costUsd ?? 0) > maxCostUsd) return { constraint: 'maxCostUsd', limit: `${maxCostUsd}` };
  if ((arm.latencyMs ?? 0) > maxLatencyMs) return { constraint: 'maxLatencyMs', limit: `${maxLatencyMs}` };
  if ((expectedQuality(config, arm, limits.taskType) ?? 1) < minQuality)
    return { constraint: 'minQuality', limit: `${minQuality}` };
  if ((arm.reliability ?? 1) < minReliability) return { constraint: 'minReliability', limit: `${minReliability}` };
  const missing = limits.capabilities.find((capability) => !(arm.capabilities ?? []).includes(capability));
  if (missing !== undefined) return { constraint: 'capabilities', limit: missing };
  if (limits.tokens > (arm.contextWindow ?? Infinity))
    return { constraint: 'contextWindow', limit: `${limits.tokens}` };
  return arm.tenants?.includes(limits.tenant) === false ? { constraint: 'tenants', limit: limits.tenant } : undefined;
}

/** Where in a request a constraint is; those that are not of the request are the domain's. */
const paths: Readonly<Record<string, string>> = { contextWindow: 'tokens', tenants: 'tenant' };

/** That nobody is left, and who was set aside for what. */
export function noCandidate(excluded: readonly Exclusion[]): ReckonerError {
  return new ReckonerError('candidates_none', 'No candidate meets the constraints.', {
    details: excluded.slice(0, 20).map(({ arm, constraint, limit }) => ({
      path: paths[constraint] ?? `constraints.${constraint}`,
      message: `excludes ${arm} (${limit})`,
    })),
  });
}
