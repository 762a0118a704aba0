/** The shift that the configuration gives an arm by hand. */
import type { DomainConfig } from '../../config/domain-config.ts';
import { type ScoreTerm, SHIFT } from './score-terms.ts';

/** The term `shift`; undefined where no arm has one. */
export function configuredShift({ arms }: Pick<DomainConfig, 'arms'>): ScoreTerm | undefined {
  if (arms.every(({ shift }) => shift === 0)) return undefined;
  const ofAll = arms.map(({ shift }) => shift);
  return {
    name: SHIFT,
    values: ({ domain }, _, candidates) =>
      candidates === domain.armNames ? ofAll : candidates.map((name) => domain.arms.get(name)?.shift ?? 0),
  };
}
