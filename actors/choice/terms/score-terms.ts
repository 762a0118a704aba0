/**
 * What moves the candidates' scores beside what was learned: a list of named terms, each a number a candidate in units of reward.
 * The policy sees their sum; the log keeps the terms apart, so that an explanation can name them.
 */
import type { EventData } from '../../../events/catalogue.ts';
import type { ShiftTerm } from '../../../proto/generated/events.ts';
import type { BucketView } from '../../bucket/bucket-state.ts';
import type { DecideRequest } from '../choose.ts';

export interface ScoreTerm {
  /** As it is recorded and explained. */
  readonly name: string;
  /** Finite, length of the candidates, or empty for all zero. Whoever asks does not change it. */
  readonly values: (view: BucketView, request: DecideRequest, candidates: readonly string[]) => readonly number[];
}

/** Name of the term that the arms' own `shift` makes. */
export const SHIFT = 'shift';

/** Name of the term that a budget makes, and of the constraint by which it sets candidates aside. */
export const BUDGET = 'budget';

/** The shifts of a decision: their sum, and what it is the sum of where that is more than the arms' own `shift`. */
export type Shifts = Pick<EventData<'DecisionMade'>, 'shifts' | 'terms'>;

/** Shared by all decisions that nothing shifts. */
export const UNSHIFTED: Shifts = { shifts: [], terms: [] };

/**
 * Sums the terms of the view's domain, in their order.
 * @param budget what the budget makes of the candidates' costs, which comes last: it says too who the candidates are
 */
export function shiftsOf(
  view: BucketView,
  request: DecideRequest,
  candidates: readonly string[],
  budget: readonly number[] = UNSHIFTED.shifts,
): Shifts {
  const { terms } = view.domain;
  if (terms.length === 0 && budget.length === 0) return UNSHIFTED;
  const moving: ShiftTerm[] = [];
  for (const { name, values } of terms) {
    const each = values(view, request, candidates);
    if (each.some((value) => value !== 0)) moving.push({ name, values: each });
  }
  if (budget.some((value) => value !== 0)) moving.push({ name: BUDGET, values: budget });
  const [first] = moving;
  if (first === undefined) return UNSHIFTED;
  if (moving.length === 1 && first.name === SHIFT) return { shifts: first.values, terms: UNSHIFTED.terms };
  return { shifts: sumOf(moving, candidates.length), terms: moving };
}

function sumOf(terms: readonly ShiftTerm[], count: number): number[] {
  const sum = new Array<number>(count).fill(0);
  for (const { values } of terms) for (let i = 0; i < count; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0);
  return sum;
}

/** What a recorded decision's shifts are made of; where the log does not say, it is the arms' own. */
export function termsOf({ shifts, terms }: Shifts): readonly ShiftTerm[] {
  return terms.length > 0 || shifts.length === 0 ? terms : [{ name: SHIFT, values: shifts }];
}

/** Whether the recorded terms make the recorded shifts, to the bit. */
export function addsUp({ shifts, terms }: Shifts): boolean {
  if (terms.length === 0) return true;
  const sum = sumOf(terms, shifts.length);
  return shifts.every((shift, index) => Object.is(shift, sum[index]));
}
