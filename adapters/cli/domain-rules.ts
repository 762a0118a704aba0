/** What a domain asks beside its arms, features and policy, in the words of its configuration. */
import type { DomainConfig } from '../../actors/config/domain-config.ts';

/** One line for each part that is configured; none where nothing is. */
export function ruleLines(config: DomainConfig): string[] {
  const { objective, complexity, constraints, budget, conservative, risk, reward, changes } = config;
  const rules = {
    objective,
    complexity,
    constraints,
    budget,
    conservative: conservative && { ...conservative, risk },
    'reward.window': reward.window,
    changes,
  };
  return Object.entries(rules).flatMap(([name, rule]) => {
    const said = rule === undefined ? [] : pairsOf(rule);
    return said.length === 0 ? [] : [`${name}: ${said.join(', ')}`];
  });
}

/** `perRequestUsd 0.002`, `weights.cost 0.4`. A weight of 0 weighs nothing, and is not told. */
function pairsOf(rule: object, prefix = ''): string[] {
  return Object.entries(rule).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined || (prefix === 'weights.' && value === 0)) return [];
    if (Array.isArray(value)) return [`${prefix}${key} ${value.join(' and ')}`];
    if (typeof value === 'object' && value !== null) return pairsOf(value, `${prefix}${key}.`);
    return [`${prefix}${key} ${String(value)}`];
  });
}
