/** What events tell, made fit for a cell: a number that is none would be stored as null, and a fraction is no integer. */
import type { DecodedEvent } from '../events/catalogue.ts';

/** The number, or what stands for it where it is not finite. */
export function finite(value: number, otherwise = 0): number {
  return Number.isFinite(value) ? value : otherwise;
}

/** The number, null where there is none or it is not finite. */
export function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
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
  return whole(time);
}

/** The whole part of a number; 0 where it is none that an integer can hold exactly. */
export function whole(value: number): number {
  const floor = Math.floor(value);
  return Number.isSafeInteger(floor) ? floor : 0;
}
