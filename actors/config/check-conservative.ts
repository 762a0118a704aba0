/** What is hardly meant by a conservative domain: that nothing is ever held back. */
import { siftCandidates } from '../choice/candidates.ts';
import type { DomainState } from '../domain/domain-state.ts';
import { DEFAULT_TENANT } from '../reckoner.ts';
import { type ConfigWarning, figure } from './config-warning.ts';

export function conservativeWarnings(domain: DomainState): ConfigWarning[] {
  const { conservative, risk, budget } = domain.config;
  if (conservative === undefined) return [];
  const { baseline } = conservative;
  const warnings: ConfigWarning[] = [];
  if (risk === 1) {
    warnings.push({
      path: 'risk',
      message: 'with a risk of 1 all that the baseline would earn may be lost: nothing is ever held back',
      remedy: 'Set it to the share that exploring may cost, as 0.05.',
    });
  }
  const cost = domain.arms.get(baseline)?.costUsd;
  if (budget !== undefined && cost !== undefined && cost > budget.perRequestUsd) {
    warnings.push({
      path: 'conservative.baseline',
      message: `${baseline} costs more a call (${figure(cost)}) than the budget allows: while a bucket is held to it, the ceiling cannot be kept`,
      remedy: 'Name a baseline that the budget can pay for, or raise the budget.',
    });
  }
  const tenant = domain.arms.get(baseline)?.tenants?.[0] ?? DEFAULT_TENANT;
  const [broken] = siftCandidates(domain, { tenant, command: { candidates: [baseline] } }).excluded;
  if (broken !== undefined) {
    warnings.push({
      path: 'conservative.baseline',
      message: `${baseline} breaks ${broken.constraint} ${broken.limit}: where it is no candidate, nothing is held back`,
      remedy: 'Name a baseline that requests can get, or relax the constraints.',
    });
  }
  return warnings;
}
