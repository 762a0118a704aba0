/** Holds changes of declared prices that are more likely a mistake than a price: feeds have told of a hundredth for weeks. */
import { ReckonerError } from '../../events/errors.ts';
import type { ArmConfig } from './arms.ts';

/** A price may move by this factor without being confirmed. */
export const MOVES_AT_MOST = 10;

/** A declared price that moves by more than that. */
export interface HeldPrice {
  readonly arm: string;
  /** Place among the new arms. */
  readonly index: number;
  /** Dollars a call. */
  readonly from: number;
  readonly to: number;
  /** How many times the greater is the smaller; infinite for a price of 0. */
  readonly factor: number;
}

type Priced = Pick<ArmConfig, 'name' | 'costUsd'>;

/** The first price of an arm is no move, and neither is one that is no longer declared, or one from 0. */
export function heldPrices(before: readonly Priced[], after: readonly Priced[]): HeldPrice[] {
  const known = new Map(before.map(({ name, costUsd }) => [name, costUsd]));
  return after.flatMap(({ name, costUsd: to }, index) => {
    const from = known.get(name);
    if (from === undefined || from === 0 || to === undefined) return [];
    const factor = Math.max(from, to) / Math.min(from, to);
    return factor > MOVES_AT_MOST ? [{ arm: name, index, from, to, factor }] : [];
  });
}

/** That nothing was changed, and how to change it. @param held at least one */
export function priceHeld(held: readonly HeldPrice[]): ReckonerError {
  const what = held.length === 1 ? 'The price of an arm moves' : `The prices of ${held.length} arms move`;
  return new ReckonerError('price_held', `${what} by more than ${MOVES_AT_MOST} times: nothing was changed.`, {
    details: held.slice(0, 20).map(({ arm, index, from, to, factor }) => ({
      path: `arms.${index}.costUsd`,
      message: `${arm} goes from ${from} to ${to}, ${to > from ? 'a factor of' : 'divided by'} ${Number(factor.toPrecision(3))}`,
    })),
  });
}
