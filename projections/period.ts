/** Hours and days, in UTC. */

export type Period = 'hour' | 'day';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Start of the hour or day that a time is in; both in milliseconds since 1970. */
export function startOf(period: Period, time: number): number {
  const length = period === 'hour' ? HOUR_MS : DAY_MS;
  return Math.floor(time / length) * length;
}
