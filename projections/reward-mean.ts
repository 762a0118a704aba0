/** The mean of rewards that are each a share of one pull, and how sure it is. */

/** 97.5th percentile of the standard normal distribution. */
const Z = 1.959963984540054;

export interface MeanInterval {
  readonly mean: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Weighted mean with its 95 % Wilson score interval (Wilson 1927, "Probable inference, the law of succession, and statistical
 * inference", eq. for the score test turned around), where the number of pulls is the effective one of Kish (1965, "Survey
 * Sampling"), shares² / sharesSquared. For rewards of 0 or 1 with equal shares it is the plain Wilson interval; what lies between
 * varies less than a coin with the same mean, so that the interval is then wider than need be.
 * @param shares sum of the shares
 * @param sharesSquared sum of their squares
 * @param sum sum of share times reward, each in [0, 1]
 * @returns all in [0, 1]; null without shares
 */
export function meanInterval(shares: number, sharesSquared: number, sum: number): MeanInterval {
  if (!(shares > 0 && sharesSquared > 0)) return { mean: null, lower: null, upper: null };
  const mean = Math.min(1, Math.max(0, sum / shares));
  const pulls = (shares * shares) / sharesSquared;
  const z2 = (Z * Z) / pulls;
  const centre = (mean + z2 / 2) / (1 + z2);
  const half = (Math.sqrt(mean * (1 - mean) * z2 + (z2 * z2) / 4) || 0) / (1 + z2);
  return { mean, lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}

/** A quotient of sums; null where there is nothing to divide by. */
export function ratio(sum: number, by: number): number | null {
  return by > 0 ? sum / by : null;
}
