/** What one reward says of two arms: the offset transform (Beygelzimer & Langford 2009, section 4). */

/** A weighted binary example. */
export interface OffsetExample {
  /** True where the example votes for the arm that was tried, false where it votes for the other one. */
  readonly forTried: boolean;
  /** Importance weight, >= 0. */
  readonly weight: number;
}

/**
 * The vote of a reward between the arm that was tried and the arm it is compared with: for the tried arm where the reward
 * reaches the offset, with weight (p + p') / p * |reward - offset|. Over draws from the pair the weighted votes differ
 * by exactly the difference of the two arms' expected rewards, whatever the offset: it only sets how noisy they are.
 * @param reward in [0, 1]
 * @param propensity p of the tried arm, > 0
 * @param pair p + p', > 0: or any number that depends on the context alone, which weighs contexts and favours no arm
 * @param offset 1/2 has the smallest worst case; an estimate of the reward may do better (section 4.1)
 */
export function offsetExample(reward: number, propensity: number, pair: number, offset = 0.5): OffsetExample {
  return { forTried: reward >= offset, weight: (pair / propensity) * Math.abs(reward - offset) };
}
