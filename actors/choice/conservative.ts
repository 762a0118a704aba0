/** Conservative mode: candidates that the bucket cannot afford to try yet are set aside, and what is left is the baseline. */
import { conservativeBudget, isAffordable } from '../../policies/conservative.ts';
import { type ArmEarnings, boundsOf, type Held, wasHeldTo } from '../bucket/earnings.ts';
import type { CompiledDomain } from '../domain/compiled-domain.ts';
import type { Sifted } from './candidates.ts';

/** The constraint of an exclusion that this made. */
export const CONSERVATIVE = 'conservative';

/** How surely the promise is kept, over all arms and decisions of a bucket. */
const CONFIDENCE = 0.95;

type Ruled = Pick<CompiledDomain, 'config' | 'armNames'>;
type Known = ReadonlyMap<string, ArmEarnings>;

/** How a bucket stands before a decision. */
export interface Standing {
  readonly baseline: string;
  readonly risk: number;
  /** What its decisions so far earned at least, and what they owe with this one. */
  readonly earned: number;
  readonly owed: number;
  /** The least that the arm's reward is, on average. */
  readonly leastOf: (arm: string) => number;
}

/** Undefined where the domain is not conservative. */
export function standingOf({ config, armNames }: Ruled, earnings: Known): Standing | undefined {
  if (config.conservative === undefined) return undefined;
  const { risk, conservative } = config;
  const { baseline } = conservative;
  // Every arm may err a little, so that all of them together err no more than is allowed.
  const delta = (1 - CONFIDENCE) / armNames.length;
  const played = ({ arm, decided }: Pick<ArmEarnings, 'arm' | 'decided'>) => ({
    played: decided,
    bounds: boundsOf(earnings, arm, delta),
  });
  const others = [...earnings.values()].filter(({ arm }) => arm !== baseline).map(played);
  const held = played(earnings.get(baseline) ?? { arm: baseline, decided: 0 });
  const budget = conservativeBudget(held, others, risk);
  return { baseline, risk, ...budget, leastOf: (arm) => boundsOf(earnings, arm, delta).lower };
}

/** Sets aside what the bucket cannot afford. Where the baseline is no candidate there is nothing to be held to. */
export function holdBack(domain: Ruled, earnings: Known, sifted: Sifted): Sifted {
  const standing = standingOf(domain, earnings);
  if (standing === undefined || !sifted.kept.includes(standing.baseline)) return sifted;
  const kept = sifted.kept.filter((arm) => mayBeTried(standing, arm));
  if (kept.length === sifted.kept.length) return sifted;
  const held = sifted.kept.filter((arm) => !mayBeTried(standing, arm));
  const limit = `${standing.owed}`;
  return { kept, excluded: [...sifted.excluded, ...held.map((arm) => ({ arm, constraint: CONSERVATIVE, limit }))] };
}

function mayBeTried(standing: Standing, arm: string): boolean {
  return arm === standing.baseline || isAffordable(standing, standing.leastOf(arm));
}

/** Whether a recorded decision set aside exactly what the bucket could not afford then. */
export function wasHeldRightly(domain: Ruled, earnings: Known, decision: Held): boolean {
  const held = decision.excluded.filter(({ constraint }) => constraint === CONSERVATIVE);
  const standing = standingOf(domain, earnings);
  if (standing === undefined || !wasHeldTo(decision, standing.baseline)) return held.length === 0;
  return (
    decision.candidates.every((arm) => mayBeTried(standing, arm)) &&
    held.every(({ arm, limit }) => !mayBeTried(standing, arm) && limit === `${standing.owed}`)
  );
}
