/** Who may be chosen for a request: the arms it names, or all, less those that break a constraint. */
import { ReckonerError } from '../events/errors.ts';
import type { Exclusion } from '../proto/generated/events.ts';
import type { ArmConfig } from './config/arms.ts';
import type { DomainState } from './domain-state.ts';
import type { DecideCommand } from './messages.ts';

/** The candidates of a request, in their order, and why the others are none. */
export interface Sifted {
  readonly kept: readonly string[];
  readonly excluded: readonly Exclusion[];
}

/** @throws ReckonerError arm_unknown */
export function siftCandidates(domain: DomainState, command: DecideCommand): Sifted {
  const candidates = wantedOf(domain, command.candidates);
  const { constraints } = command;
  const excluded: Exclusion[] = [];
  if (constraints === undefined) return { kept: candidates, excluded };
  const kept = candidates.filter((name) => {
    const arm = domain.arms.get(name);
    const broken = arm === undefined ? undefined : brokenConstraint(arm, constraints);
    if (broken !== undefined) excluded.push({ arm: name, constraint: broken });
    return broken === undefined;
  });
  return { kept, excluded };
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

/** The first constraint that the arm's declared estimates break. What is not declared breaks nothing. */
function brokenConstraint(arm: ArmConfig, limits: NonNullable<DecideCommand['constraints']>): string | undefined {
  const { maxCostUsd = Infinity, maxLatencyMs = Infinity, minQuality = 0 } = limits;
  if ((arm.costUsd ?? 0) > maxCostUsd) return 'maxCostUsd';
  if ((arm.latencyMs ?? 0) > maxLatencyMs) return 'maxLatencyMs';
  return (arm.quality ?? 1) < minQuality ? 'minQuality' : undefined;
}

/** That nobody is left, and who was set aside for what. */
export function noCandidate(excluded: readonly Exclusion[]): ReckonerError {
  return new ReckonerError('candidates_none', 'No candidate meets the constraints.', {
    details: excluded
      .slice(0, 20)
      .map(({ arm, constraint }) => ({ path: `constraints.${constraint}`, message: `excludes ${arm}` })),
  });
}
