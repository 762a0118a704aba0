/** A domain's budget, as one of its buckets keeps it: what a choice is told of costs, and what its events make of the pacer. */
import type { EventData } from '../../events/catalogue.ts';
import { keyOf } from '../../policies/context-cost.ts';
import { type Charge, charge, type Pacer, type Pacing, pace, settle } from '../../policies/pacer.ts';
import type { Exclusion, PacerState } from '../../proto/generated/events.ts';
import type { BucketView } from '../bucket/bucket-state.ts';
import { costContextOf } from './cost-context.ts';
import { BUDGET } from './terms/score-terms.ts';

/** What of a bucket and its domain a pacer goes by. */
export interface PacedView extends Pick<BucketView, 'pacer'> {
  readonly domain: Pick<BucketView['domain'], 'config' | 'arms' | 'armNames'>;
}

/** The candidates of a choice that the budget can pay. */
export interface PacedCandidates {
  readonly candidates: readonly string[];
  /** Added to each candidate's score. */
  readonly shifts: readonly number[];
  readonly excluded: readonly Exclusion[];
  /** What is recorded of the choice of one of the candidates. */
  readonly paceOf: (candidate: number) => EventData<'DecisionMade'>['pace'];
}

/** Undefined where the domain has no budget. @param candidates at least one @param features of the request, encoded */
export function paceCandidates(
  view: PacedView,
  candidates: readonly string[],
  features: readonly number[],
): PacedCandidates | undefined {
  const { budget } = view.domain.config;
  if (budget === undefined) return undefined;
  const context = costContextOf(view.domain.config, features);
  const pacing = pacingOf(view, candidates, context);
  if (pacing === undefined) return undefined;
  const { perRequestUsd } = budget;
  const { kept, costs, shifts, price, least, most } = pacing;
  const all = kept.length === candidates.length;
  return {
    candidates: all ? candidates : kept.map((index) => candidates[index] ?? ''),
    shifts: all ? shifts : kept.map((index) => shifts[index] ?? 0),
    excluded: all ? [] : setAside(candidates, kept, perRequestUsd),
    paceOf: (candidate) => ({
      perRequestUsd,
      chargedUsd: costs[kept[candidate] ?? -1] ?? 0,
      context,
      price,
      leastPrice: least,
      mostPrice: most,
    }),
  };
}

/**
 * What the bucket's pacer says of candidates; undefined where the domain has no budget.
 * @param context the one that the decision is charged in
 */
export function pacingOf(
  { domain, pacer }: PacedView,
  candidates: readonly string[],
  context: string,
): Pacing | undefined {
  const { budget } = domain.config;
  if (budget === undefined) return undefined;
  const declared = (arm: string) => domain.arms.get(arm)?.costUsd;
  return pace(pacer, budget.perRequestUsd, { arms: domain.armNames, candidates, declared, context });
}

function setAside(candidates: readonly string[], kept: readonly number[], perRequestUsd: number): Exclusion[] {
  const remaining = new Set(kept);
  return candidates.flatMap((arm, index) =>
    remaining.has(index) ? [] : [{ arm, constraint: BUDGET, limit: `${perRequestUsd}` }],
  );
}

/** The pacer after a decision. One that was made without a budget leaves it as it is. @param revision the decision's */
export function charged(
  pacer: Pacer | undefined,
  revision: number,
  { pace }: Pick<EventData<'DecisionMade'>, 'pace'>,
): Pacer | undefined {
  if (pace === undefined) return pacer;
  const { perRequestUsd, chargedUsd, context, price, leastPrice, mostPrice } = pace;
  const made: Charge = { perRequestUsd, chargedUsd, context, price, least: leastPrice, most: mostPrice };
  return charge(pacer, revision, made);
}

/** Tells the pacer what a reward says of its decision's cost. What was spent stays spent when the reward is taken back. */
export function settleCost(
  pacer: Pacer | undefined,
  { decisionRevision, arm, costUsd, declaredUsd }: EventData<'RewardObserved'>,
): void {
  if (pacer !== undefined && costUsd !== undefined) settle(pacer, decisionRevision, arm, declaredUsd, costUsd);
}

/** The pacer as a snapshot holds it. */
export function storedPacer({ price, balance, arms, contexts, open }: Pacer): PacerState {
  return {
    price,
    balance,
    arms: [...arms].map(([arm, cost]) => ({ arm, ...cost })),
    open: [...open.keys()],
    charged: [...open.values()].map(({ usd }) => usd),
    chargedIn: [...open.values()].map(({ context }) => context),
    contexts: [...contexts.values()],
  };
}

/** The pacer that a snapshot holds. */
export function restoredPacer({ price, balance, arms, open, charged, chargedIn, contexts }: PacerState): Pacer {
  return {
    price,
    balance,
    arms: new Map(arms.map(({ arm, ...cost }) => [arm, cost])),
    contexts: new Map(contexts.map((known) => [keyOf(known.context, known.arm), known])),
    open: new Map(
      open.map((revision, index) => [revision, { usd: charged[index] ?? 0, context: chargedIn[index] ?? '' }]),
    ),
  };
}
