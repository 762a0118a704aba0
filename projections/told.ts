/**
 * What events tell, made fit for a cell. What is no number would be stored as null, and a fraction is no integer; and a log that
 * another hand wrote, with numbers out of all range, is to be folded without sums that overflow.
 */
import type { DecodedEvent } from '../events/catalogue.ts';

/** Dollars, milliseconds and expected rewards beyond this are taken for it. */
const MOST = 1e15;
/** The last time that a date can have. */
const LAST_TIME = 8.64e15;

/** The number between two ends, 0 (or the end that is nearer to it) where it is none. */
export function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, Number.isNaN(value) ? 0 : value));
}

/** The number, of a size that millions of them can be summed. */
export function bounded(value: number): number {
  return within(-MOST, value, MOST);
}

/** The same; null where there is none. */
export function boundedOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : bounded(value);
}

/** A probability above 0; null where there is none. */
export function probability(value: number | undefined): number | null {
  return value !== undefined && value > 0 && value <= 1 ? value : null;
}

/** Empty texts stand for what was not said. */
export function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}

export function flag(value: boolean): number {
  return value ? 1 : 0;
}

/** When an event was recorded, whole milliseconds since 1970; 0 where its writer’s clock gave no time. */
export function timeOf({ metadata: { time } }: Pick<DecodedEvent, 'metadata'>): number {
  return Math.floor(within(-LAST_TIME, time, LAST_TIME));
}

/** A count; 0 where it is none. */
export function countOf(value: number): number {
  return Math.floor(within(0, value, Number.MAX_SAFE_INTEGER));
}
