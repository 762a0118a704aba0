/**
 * What watches the rewards of one arm for a change of their mean. Like a policy it is pure: what it has seen is a row of numbers,
 * kept and stored as it stands, and observing the same rewards again says the same.
 */

export interface ChangeDetector {
  readonly name: string;
  /** Nothing seen. */
  begin(): number[];
  /**
   * Sees one reward, in place.
   * @param value in [0, 1]
   * @param share the part of one pull that it is, in (0, 1]
   * @param label of the reward, a number that grows over time: of what came before a change, the greatest one is told
   * @returns the change, where it is sure of one. It then begins anew, or is asked no more.
   */
  observe(seen: number[], value: number, share: number, label: number): Change | undefined;
}

/** A change of the mean, as far as the detector can tell. */
export interface Change {
  /** What exceeded the threshold. */
  readonly statistic: number;
  readonly threshold: number;
  /** Mean reward before the change and after it. */
  readonly before: number;
  readonly after: number;
  /** Sum of shares seen, before the change and after it. */
  readonly pulls: number;
  /** The greatest label of those before the change; -1 where there was none. */
  readonly lastBefore: number;
}
