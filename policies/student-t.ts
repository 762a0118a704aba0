/** Student's t distribution: a draw, and its 97.5 % point. */

import { betaQuantile } from './beta-distribution.ts';
import { drawUniform, type Randomness } from './sampling.ts';

/** From here on the normal distribution is as good. */
const NORMAL = 1e7;

/**
 * A draw from Student's t by the polar method (Bailey 1994), which is that of Marsaglia for the normal when freedom grows.
 * @param freedom degrees of freedom, >= 1
 */
export function drawStudent(random: Randomness, freedom: number): number {
  for (;;) {
    const x = 2 * drawUniform(random) - 1;
    const y = 2 * drawUniform(random) - 1;
    const square = x * x + y * y;
    if (!(square < 1 && square > 0)) continue;
    return x * Math.sqrt((freedom * Math.expm1((-2 * Math.log(square)) / freedom)) / square);
  }
}

/**
 * The t that |T| exceeds once in 20, to about 1e-11 relative: T^2 / (freedom + T^2) ~ Beta(1/2, freedom / 2).
 * @param freedom degrees of freedom, >= 1
 */
export function student975(freedom: number): number {
  if (freedom > NORMAL) return 1.959963984540054;
  const y = betaQuantile(0.95, 0.5, 0.5 * freedom);
  return Math.sqrt((freedom * y) / (1 - y));
}
