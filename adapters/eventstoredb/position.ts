/** Positions of EventStoreDB as ours: commit and prepare, padded so that they order as strings. */
import type { Position as StoredPosition } from '@eventstore/db-client';
import { ReckonerError } from '../../events/errors.ts';
import { type Position, START } from '../../events/event-log.ts';

/** Digits of the largest unsigned 64-bit number. */
const DIGITS = 20;
/** From here on a number is no position: -1 as unsigned stands for one that is not known. */
const NOT_TOLD = 2n ** 63n;

/** The position where the server tells one: of events that are read from their stream some do not. */
export function toldPosition(stored: StoredPosition | undefined): Position | undefined {
  const told = stored !== undefined && stored.commit < NOT_TOLD && stored.prepare < NOT_TOLD;
  return told ? positionOf(stored) : undefined;
}

export function positionOf({ commit, prepare }: StoredPosition): Position {
  return `${padded(commit)}-${padded(prepare)}` as Position; // made nowhere else
}

/**
 * The position as the client takes it; START gives `start`.
 * @throws ReckonerError request_invalid where it is none of this store's
 */
export function storedPosition(position: Position): StoredPosition | 'start' {
  if (position === START) return 'start';
  const [, commit, prepare] = /^(\d{20})-(\d{20})$/.exec(position) ?? [];
  if (commit === undefined || prepare === undefined) {
    throw new ReckonerError('request_invalid', 'This is no position in an EventStoreDB.');
  }
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

function padded(number: bigint): string {
  return number.toString().padStart(DIGITS, '0');
}
