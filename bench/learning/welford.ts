/** Mean and variance of a stream of numbers (Welford 1962): no value is kept. */
import { studentT975 } from '../../adapters/simulate/student.ts';

export interface Moments {
  count: number;
  mean: number;
  /** Sum of squared differences from the mean. */
  squares: number;
}

/** What is told of a mean over shuffles. Null where one shuffle says nothing of it. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number | null;
  /** 95 %: mean ± t(0.975, n - 1) standard errors. */
  readonly interval: readonly [number, number] | null;
}

export function noMoments(): Moments {
  return { count: 0, mean: 0, squares: 0 };
}

export function add(moments: Moments, value: number): void {
  moments.count += 1;
  const off = value - moments.mean;
  moments.mean += off / moments.count;
  moments.squares += off * (value - moments.mean);
}

export function estimateOf({ count, mean, squares }: Moments): Estimate {
  if (count < 2) return { mean, standardError: null, interval: null };
  const standardError = Math.sqrt(squares / (count - 1) / count);
  const half = studentT975(count - 1) * standardError;
  return { mean, standardError, interval: [mean - half, mean + half] };
}
