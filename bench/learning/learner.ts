/** What the bench plays a problem with: a policy as a domain runs it, or a reference. Both are made for one problem. */
export interface Learner {
  readonly name: string;
  /** A fresh start. @param seed of all its randomness, unsigned 32 bits */
  begin(seed: number): Pass;
}

/** One pass over the rows. Rows and arms are given by their index in the problem. */
export interface Pass {
  choose(row: number): number;
  /**
   * @param reward of the arm that was chosen, in [0, 1], its cost not taken off
   * @param dollars that its call has cost, where the rows have them
   */
  learn(row: number, arm: number, reward: number, dollars?: number): void;
}
